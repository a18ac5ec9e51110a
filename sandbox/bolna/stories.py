"""What becomes of a call: chosen by the last two digits of the number, timed by a hash."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sandbox.dice import Dice
from sandbox.endings import Ending, Endings


class Story(StrEnum):
    ANSWERED = "answered"
    NO_ANSWER = "no-answer"
    BUSY = "busy"
    FAILED = "failed"
    VOICEMAIL = "voicemail"
    CANCELED = "canceled"
    ERROR = "error"
    BALANCE_LOW = "balance-low"
    RESCHEDULED = "rescheduled"
    NEVER_SETTLES = "never-settles"
    SOFT_END = "soft-end"
    LONG_TALK = "long-talk"


ENDINGS = Endings(
    (
        Ending(0, 59, Story.ANSWERED, "answered, talks, completed"),
        Ending(60, 65, Story.NO_ANSWER, "no-answer; a retry is answered"),
        Ending(66, 67, Story.NO_ANSWER, "no-answer, every time", always=True),
        Ending(68, 71, Story.BUSY, "busy; a retry is answered"),
        Ending(72, 72, Story.BUSY, "busy, every time", always=True),
        Ending(73, 75, Story.FAILED, "failed; a retry is answered"),
        Ending(76, 76, Story.FAILED, "failed, every time", always=True),
        Ending(77, 81, Story.VOICEMAIL, "completed by a voicemail; a retry is answered"),
        Ending(82, 82, Story.VOICEMAIL, "completed by a voicemail, every time", always=True),
        Ending(83, 84, Story.CANCELED, "canceled while it rings"),
        Ending(85, 86, Story.ERROR, "error; a retry is answered"),
        Ending(87, 87, Story.ERROR, "error, every time", always=True),
        Ending(88, 89, Story.BALANCE_LOW, "balance-low, never dialled"),
        Ending(
            90, 92, Story.RESCHEDULED, "rescheduled by guardrails until 09:00 UTC of the next day, then answered"
        ),
        Ending(93, 93, Story.NEVER_SETTLES, "answered, then in-progress for ever"),
        Ending(94, 96, Story.SOFT_END, "answered; call-disconnected for two minutes before completed"),
        Ending(97, 97, Story.LONG_TALK, "answered, talks for ten minutes"),
        Ending(98, 99, Story.ANSWERED, "answered, talks, completed"),
    ),
    Story.ANSWERED,
)


@dataclass(frozen=True, slots=True)
class CallCourse:
    """One dialled attempt: statuses after so many seconds, and what it left behind."""

    steps: tuple[tuple[timedelta, str], ...]
    line: timedelta  # how long it holds one of the lines
    post_dial: int
    ring: int
    talk: int = 0
    voicemail: bool = False

    @property
    def final(self) -> str:
        return self.steps[-1][1]


_UNANSWERED = {Story.NO_ANSWER: 30, Story.BUSY: 4, Story.FAILED: 2, Story.CANCELED: 8}
_TALK = {Story.VOICEMAIL: (8, 20), Story.LONG_TALK: (600, 600)}


def course_of(story: Story, seed: str) -> CallCourse:
    dice = Dice(seed)
    post_dial = dice.between("post dial", 1, 3)
    if story is Story.ERROR:
        return CallCourse(_steps((0, "initiated"), (1, "error")), timedelta(seconds=1), 0, 0)
    if story in _UNANSWERED:
        return _unanswered(story, post_dial)
    return _answered(story, dice, post_dial)


def _steps(*steps: tuple[int, str]) -> tuple[tuple[timedelta, str], ...]:
    return tuple((timedelta(seconds=after), status) for after, status in steps)


def _unanswered(story: Story, post_dial: int) -> CallCourse:
    ring = _UNANSWERED[story]
    end = post_dial + ring
    steps = _steps((0, "initiated"), (post_dial, "ringing"), (end, story.value))
    return CallCourse(steps, timedelta(seconds=end), post_dial, ring)


def _answered(story: Story, dice: Dice, post_dial: int) -> CallCourse:
    ring, talk = dice.between("ring", 5, 25), dice.between("talk", *_TALK.get(story, (20, 90)))
    picked_up, hung_up = post_dial + ring, post_dial + ring + talk
    steps = [(0, "initiated"), (post_dial, "ringing"), (picked_up, "in-progress")]
    if story is not Story.NEVER_SETTLES:
        settling = 120 if story is Story.SOFT_END else dice.between("settling", 2, 6)
        steps += [(hung_up, "call-disconnected"), (hung_up + settling, "completed")]
    line = timedelta(seconds=hung_up)
    return CallCourse(_steps(*steps), line, post_dial, ring, talk, story is Story.VOICEMAIL)
