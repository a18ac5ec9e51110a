"""What becomes of a call: chosen by the last two digits of the number, timed by a hash."""

from dataclasses import dataclass
from enum import StrEnum

from sandbox.dice import Dice
from sandbox.endings import Ending, Endings


class EndReason(StrEnum):
    """A machine-readable enum indicating why a call ended."""

    AGENT_HANGUP = "agent_hangup"
    CLIENT_HANGUP = "client_hangup"
    API_CANCELLED = "api_cancelled"
    MAX_DURATION = "max_duration"
    INACTIVITY = "inactivity"
    CLIENT_DISCONNECTED = "client_disconnected"
    DIAL_BUSY = "dial_busy"
    DIAL_FAILED = "dial_failed"
    DIAL_NO_ANSWER = "dial_no_answer"
    ERROR = "error"


class Story(StrEnum):
    ANSWERED = "answered"
    NO_ANSWER = "no answer"
    BUSY = "busy"
    DIAL_FAILED = "dial failed"
    VOICEMAIL = "voicemail"
    SILENCE = "silence"
    DISCONNECTED = "disconnected"
    ERROR = "error"
    NEVER_DIALLED = "never dialled"
    MAX_DURATION = "max duration"
    NEVER_SETTLES = "never settles"
    SETTLES_LATE = "settles late"
    LONG_TALK = "long talk"


ENDINGS = Endings(
    (
        Ending(0, 59, Story.ANSWERED, "answered, talks, completed", always=True),
        Ending(60, 65, Story.NO_ANSWER, "dial_no_answer; a retry is answered"),
        Ending(66, 67, Story.NO_ANSWER, "dial_no_answer, every time", always=True),
        Ending(68, 71, Story.BUSY, "dial_busy; a retry is answered"),
        Ending(72, 72, Story.BUSY, "dial_busy, every time", always=True),
        Ending(73, 75, Story.DIAL_FAILED, "dial_failed; a retry is answered"),
        Ending(76, 76, Story.DIAL_FAILED, "dial_failed, every time", always=True),
        Ending(77, 81, Story.VOICEMAIL, "completed by inactivity: a voicemail that nobody recognised", always=True),
        Ending(82, 82, Story.SILENCE, "completed by inactivity: somebody talks, then falls silent", always=True),
        Ending(83, 84, Story.DISCONNECTED, "failed by client_disconnected in mid-talk; a retry is answered"),
        Ending(85, 86, Story.ERROR, "failed by error; a retry is answered"),
        Ending(87, 87, Story.ERROR, "failed by error, every time", always=True),
        Ending(
            88,
            89,
            Story.NEVER_DIALLED,
            "fails before dialling, every time: an error_message and no call",
            always=True,
        ),
        Ending(90, 92, Story.MAX_DURATION, "answered, talks until max_call_duration_minutes are over", always=True),
        Ending(93, 93, Story.NEVER_SETTLES, "answered, then started for ever", always=True),
        Ending(
            94,
            96,
            Story.SETTLES_LATE,
            "answered; the recipient settles two minutes after its call has ended",
            always=True,
        ),
        Ending(97, 97, Story.LONG_TALK, "answered, talks for ten minutes", always=True),
        Ending(98, 99, Story.ANSWERED, "answered, talks, completed", always=True),
    ),
    Story.ANSWERED,
)


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds a batch lets ring, and lets talk."""

    ringing: int
    talking: int


@dataclass(frozen=True, slots=True)
class Course:
    """One dialled attempt, in seconds after its dial; None is never."""

    answered: int | None
    ended: int | None
    settled: int | None  # when its recipient shows the end
    line: int  # how long it holds one of the lines
    reason: EndReason
    succeeded: bool


LATE_BY = 120
_UNANSWERED = {Story.BUSY: (4, EndReason.DIAL_BUSY), Story.DIAL_FAILED: (2, EndReason.DIAL_FAILED)}
_TALK = {
    Story.VOICEMAIL: (15, 30),
    Story.SILENCE: (45, 60),
    Story.DISCONNECTED: (5, 40),
    Story.LONG_TALK: (600, 600),
}
_REASONS = {
    Story.VOICEMAIL: EndReason.INACTIVITY,
    Story.SILENCE: EndReason.INACTIVITY,
    Story.DISCONNECTED: EndReason.CLIENT_DISCONNECTED,
    Story.MAX_DURATION: EndReason.MAX_DURATION,
}


def course_of(story: Story, seed: str, patience: Patience) -> Course:
    if story is Story.ERROR:
        return _unanswered(1, EndReason.ERROR)
    if story is Story.NO_ANSWER:
        return _unanswered(patience.ringing, EndReason.DIAL_NO_ANSWER)
    if story in _UNANSWERED:
        return _unanswered(*_UNANSWERED[story])
    return _answered(story, Dice(seed), patience)


def _unanswered(seconds: int, reason: EndReason) -> Course:
    return Course(None, seconds, seconds, seconds, reason, succeeded=False)


def _answered(story: Story, dice: Dice, patience: Patience) -> Course:
    longest_ring = patience.ringing - 1
    ring = dice.between("ring", min(5, longest_ring), min(25, longest_ring))
    talk, reason = _talk(story, dice, patience.talking)
    over = ring + talk
    succeeded = reason is not EndReason.CLIENT_DISCONNECTED
    if story is Story.NEVER_SETTLES:
        return Course(ring, None, None, over, reason, succeeded)
    settled = over + (LATE_BY if story is Story.SETTLES_LATE else 0)
    return Course(ring, over, settled, over, reason, succeeded)


def _talk(story: Story, dice: Dice, longest: int) -> tuple[int, EndReason]:
    """How long they talk and who ends it: the batch's limit cuts whatever is longer."""
    talk = longest if story is Story.MAX_DURATION else dice.between("talk", *_TALK.get(story, (20, 90)))
    if talk > longest:
        return longest, EndReason.MAX_DURATION
    hangs_up = (EndReason.AGENT_HANGUP, EndReason.CLIENT_HANGUP)[dice.between("who hangs up", 0, 1)]
    return talk, _REASONS.get(story, hangs_up)
