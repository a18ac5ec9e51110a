"""What a request is for decides how much of its account's budget it may use, and how long it waits once that is
gone. Pure.
"""

from datetime import datetime, timedelta
from enum import StrEnum

MINUTE = timedelta(minutes=1)
NEAR_START = timedelta(minutes=10)
SHORTEST_WAIT = timedelta(seconds=10)
LEAST_SPREAD, MOST_SPREAD = timedelta(seconds=10), timedelta(minutes=10)
MOST_SPREAD_OF_STOPS = timedelta(minutes=1)  # hours end whoever waits


class Errand(StrEnum):
    """What a request is for."""

    STOP = "stop"  # ends dialling: hours that end do not wait
    NEAR = "near"  # a start that is near: to create, schedule and prove its batch
    START = "start"  # the same for a start that is further away
    POLL = "poll"
    COLLECT = "collect"


# In hundredths. A twentieth is for stops alone, or a herd of creates could have people rung after their hours.
# What is further from its start leaves a twentieth to what is near it. Collects end first: those calls are over.
SHARES = {Errand.STOP: 100, Errand.NEAR: 95, Errand.START: 90, Errand.POLL: 70, Errand.COLLECT: 50}


def allowed(a_minute: int, errand: Errand) -> int:
    """How many may leave in a minute, of all errands together, while one more of this errand may still leave."""
    return max(1, a_minute * SHARES[errand] // 100)


def on_the_way(start_at: datetime, now: datetime) -> Errand:
    """The errand of what leads to a start: whose start is near goes before those that have time."""
    return Errand.NEAR if start_at - now <= NEAR_START else Errand.START


def spread(refused: int, a_minute: int, errand: Errand) -> timedelta:
    """Over how long those that wait are spread, judged by how many of this errand a minute were refused.

    Each refusal asks for a longer wait, and a longer wait makes fewer: of n that wait about the square root of
    2n times what the account takes in a minute come back in each, so they neither storm nor leave it idle.
    """
    most = MOST_SPREAD_OF_STOPS if errand is Errand.STOP else MOST_SPREAD
    return min(max(MINUTE * (refused / allowed(a_minute, errand)), LEAST_SPREAD), most)


def wait(refused: int, a_minute: int, errand: Errand, chance: float) -> timedelta:
    """How long one that was refused waits; `chance` is drawn between 0 and 1, so that not all come back at once."""
    return SHORTEST_WAIT + spread(refused, a_minute, errand) * chance


def no_longer_than(wait: timedelta, moments: tuple[datetime, ...], now: datetime) -> timedelta:
    """A wait, cut short to half of what is left until the next of these moments.

    So whoever nears one tries more often, and yet only some times more: each time half of it is gone.
    """
    left = min((moment - now for moment in moments if moment > now), default=None)
    return wait if left is None else min(wait, max(left / 2, SHORTEST_WAIT))
