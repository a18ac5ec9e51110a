"""Whether an account takes all the requests that the runs it is known to have need before they are due. Pure."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from callbeat.providers.capabilities import Capabilities
from callbeat.runs.errands import MINUTE, Errand, allowed
from callbeat.runs.starts import MARGIN, VERIFY_AHEAD


@dataclass(frozen=True, slots=True)
class Start:
    """One due time of one campaign with the start it would have, and what its account takes (None: any number)."""

    name: Hashable
    account: str
    can: Capabilities
    opens_at: datetime
    start_at: datetime
    a_minute: int | None


@dataclass(frozen=True, slots=True)
class Crowd:
    """The starts that one account has at one instant, and cannot be asked for in time.

    `needed` requests have to leave between `since` and `until`, those of other runs at that time among them;
    the account's budget allows `allowed`.
    """

    account: str
    starts: int
    needed: int
    allowed: int
    since: datetime
    until: datetime

    @property
    def words(self) -> str:
        """For the notes of `plan`."""
        return (
            f"the lead is too short for what account {self.account} has to do: {self.starts:,} runs start then, "
            f"{self.needed:,} requests are needed from {self.since:%H:%M} to {self.until:%H:%M} UTC and its budget "
            f"allows {self.allowed:,}"
        )


@dataclass(frozen=True, slots=True)
class _Work:
    start: Start
    requests: int
    opens: datetime
    until: datetime


def requests_for_a_start(can: Capabilities) -> int:
    """How many requests bring one batch to its start: a look and its create, the same for a schedule, a proof."""
    return 3 if can.start_with_create else 5


def crowds(starts: Iterable[Start]) -> dict[Hashable, Crowd]:
    """By name, what is in the way of those that cannot all start on time; one batch for each run is reckoned with.

    Requests leave in the order in which their runs open, as fast as the budget allows. Each start is proved once
    more just before it, and no sooner.
    """
    by_account: dict[str, list[Start]] = defaultdict(list)
    for start in starts:
        if start.a_minute is not None:
            by_account[start.account].append(start)
    found: dict[Hashable, Crowd] = {}
    for of_account in by_account.values():
        for late, crowd in _late(of_account):
            found.setdefault(late.name, crowd)
    return found


def _late(starts: Sequence[Start]) -> Iterator[tuple[Start, Crowd]]:
    """All starts at an instant for which one of them is too late, in one pass by the time at which work comes."""
    rate = allowed(starts[0].a_minute or 1, Errand.START)
    behind: dict[datetime, Crowd] = {}
    at = since = datetime.min.replace(tzinfo=starts[0].opens_at.tzinfo)
    needed = 0
    for work in _in_order(starts):
        if work.opens >= at:  # nothing was left to do
            at = since = work.opens
            needed = 0
        at, needed = at + MINUTE * work.requests / rate, needed + work.requests
        if at > work.until:
            behind[work.start.start_at] = _crowd(work, needed, since, rate)
    counted = {start_at: list(group) for start_at, group in _by_start(starts)}
    for start_at, crowd in behind.items():
        for start in counted[start_at]:
            yield start, _with(crowd, len(counted[start_at]))


def _in_order(starts: Iterable[Start]) -> list[_Work]:
    before = [_Work(one, requests_for_a_start(one.can), one.opens_at, _asked_until(one)) for one in starts]
    proofs = [_Work(one, 1, one.start_at - VERIFY_AHEAD, one.start_at) for one in starts]
    return sorted([*before, *proofs], key=attrgetter("opens", "until"))


def _asked_until(start: Start) -> datetime:
    """The last moment at which its start can be asked for."""
    return start.start_at - start.can.earliest - MARGIN


def _crowd(work: _Work, needed: int, since: datetime, rate: int) -> Crowd:
    return Crowd(work.start.account, 0, needed, int(rate * ((work.until - since) / MINUTE)), since, work.until)


def _with(crowd: Crowd, starts: int) -> Crowd:
    return Crowd(crowd.account, starts, crowd.needed, crowd.allowed, crowd.since, crowd.until)


def _by_start(starts: Iterable[Start]) -> Iterator[tuple[datetime, Iterable[Start]]]:
    yield from groupby(sorted(starts, key=attrgetter("start_at")), key=attrgetter("start_at"))
