"""What becomes of a call: chosen by the last two digits of the number, timed by a hash."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sandbox.dice import Dice
from sandbox.endings import Ending, Endings


class Story(StrEnum):
    ANSWERED = "answered"
    NO_ANSWER = "no answer"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    VOICEMAIL = "voicemail"
    REJECTED = "rejected"
    ERROR = "error"
    NO_CREDIT = "no credit"
    NO_RESULT = "no result"
    NEVER_SETTLES = "never settles"
    LATE_END = "late end"
    LONG_TALK = "long talk"


ENDINGS = Endings(
    (
        Ending(0, 59, Story.ANSWERED, "completed, outcome successful"),
        Ending(60, 65, Story.NO_ANSWER, "failed: No answer; a retry is answered"),
        Ending(66, 67, Story.NO_ANSWER, "failed: No answer, every time", always=True),
        Ending(68, 71, Story.BUSY, "failed: Number busy; a retry is answered"),
        Ending(72, 72, Story.BUSY, "failed: Number busy, every time", always=True),
        Ending(73, 75, Story.UNREACHABLE, "failed: Number unreachable; a retry is answered"),
        Ending(76, 76, Story.UNREACHABLE, "failed: Number unreachable, every time", always=True),
        Ending(77, 81, Story.VOICEMAIL, "completed, outcome voicemail; a retry is answered"),
        Ending(82, 82, Story.VOICEMAIL, "completed, outcome voicemail, every time", always=True),
        Ending(83, 84, Story.REJECTED, "failed while it rings: Call rejected, every time", always=True),
        Ending(85, 86, Story.ERROR, "failed after a second: Failed to initiate call; a retry is answered"),
        Ending(87, 87, Story.ERROR, "failed after a second: Failed to initiate call, every time", always=True),
        Ending(88, 89, Story.NO_CREDIT, "failed: Insufficient credits, never dialled, never retried", always=True),
        Ending(90, 92, Story.NO_RESULT, "completed, without any result"),
        Ending(93, 93, Story.NEVER_SETTLES, "answered, then active for ever"),
        Ending(94, 96, Story.LATE_END, "answered; active for two minutes after it hung up, then completed"),
        Ending(97, 97, Story.LONG_TALK, "completed after ten minutes of talk"),
        Ending(98, 99, Story.ANSWERED, "completed, outcome successful"),
    ),
    Story.ANSWERED,
)


@dataclass(frozen=True, slots=True)
class CallCourse:
    """One attempt: how long it holds a line, when its job ends, and what it leaves behind."""

    line: timedelta
    lasts: timedelta | None  # until the job is called ended; None: it never is
    error: str | None = None
    outcome: str | None = None
    dialled: bool = True

    @property
    def voicemail(self) -> bool:
        return self.outcome == Story.VOICEMAIL

    @property
    def retriable(self) -> bool:
        return self.dialled and self.error is not None


_ERRORS = {  # the words, and after how many seconds
    Story.NO_ANSWER: ("No answer", 30),
    Story.BUSY: ("Number busy", 4),
    Story.UNREACHABLE: ("Number unreachable", 2),
    Story.REJECTED: ("Call rejected", 8),
    Story.ERROR: ("Failed to initiate call", 1),
}
_TALK = {Story.VOICEMAIL: (8, 20), Story.LONG_TALK: (600, 600)}
_OUTCOMES = {Story.VOICEMAIL: "voicemail", Story.NO_RESULT: None}
_SETTLING = timedelta(minutes=2)


def course_of(story: Story, seed: str) -> CallCourse:
    if story is Story.NO_CREDIT:
        return CallCourse(timedelta(), timedelta(), "Insufficient credits", dialled=False)
    dice = Dice(seed)
    if story in _ERRORS:
        error, seconds = _ERRORS[story]
        length = timedelta(seconds=seconds if seconds < 2 else seconds + dice.between("post dial", 1, 3))
        return CallCourse(length, length, error)
    ring, talk = dice.between("ring", 5, 25), dice.between("talk", *_TALK.get(story, (20, 90)))
    return _answered(story, timedelta(seconds=ring + talk))


def _answered(story: Story, line: timedelta) -> CallCourse:
    if story is Story.NEVER_SETTLES:
        return CallCourse(line, None)
    lasts = line + _SETTLING if story is Story.LATE_END else line
    return CallCourse(line, lasts, outcome=_OUTCOMES.get(story, "successful"))
