"""What closes an account to requests, and what opens it again. Pure, but for the count that each process keeps.

That an account is closed is a row of the ledger: all processes on all machines hold back, and one of them probes.
Libraries (pybreaker, purgatory) keep that in one process or in Redis, which may be emptied at any time.
"""

import threading
from enum import StrEnum

from callbeat.providers.answers import Accepted, Answer, Busy, Refused, Unknown, Why
from callbeat.providers.port import AccountSeen

IN_A_ROW = 5


class Closed(StrEnum):
    """Why an account is closed; what shuts least goes first.

    `funds` lets all but creates through, `failures` stops alone, `credentials` nothing.
    """

    FUNDS = "funds"
    FAILURES = "failures"
    CREDENTIALS = "credentials"


_ORDER = list(Closed)


def kind_of(told: str | None) -> Closed:
    """The ledger's word; one of a later version shuts all."""
    return Closed(told) if told in _ORDER else Closed.CREDENTIALS


def refused_for(answer: object) -> Closed | None:
    """What a refusal says of the whole account."""
    if not isinstance(answer, Refused):
        return None
    return {Why.CREDENTIALS: Closed.CREDENTIALS, Why.FUNDS: Closed.FUNDS}.get(answer.why)


def is_news(known: Closed | None, found: Closed) -> bool:
    """Whether an account that is closed so far for `known` is shut further by `found`."""
    return known is None or _ORDER.index(found) > _ORDER.index(known)


def failed(answer: object) -> bool | None:
    """Whether the provider failed. False: it is at work. None: we were told to wait, which says neither."""
    match answer:
        case Unknown() | Busy(away=True):
            return True
        case Busy():
            return None
    return False


def came_of(answer: object) -> str:
    """An answer in a word: accepted, refused, busy (told to wait), away (not reached, or failed) or unknown."""
    if isinstance(answer, Busy):
        return "away" if answer.away else "busy"
    return type(answer).__name__.lower()


def after_probe(kind: Closed, answer: Answer[AccountSeen]) -> Closed | None:
    """For what an account is closed after a harmless read; None opens it.

    After failures any answer opens it that shows a provider at work; a key or a wallet must be seen to be good.
    """
    if is_usable(answer):
        return None
    if isinstance(answer, Accepted):
        return Closed.FUNDS
    if (refused := refused_for(answer)) is not None:
        return refused
    return None if kind is Closed.FAILURES and failed(answer) is False else kind


def is_usable(answer: Answer[AccountSeen]) -> bool:
    """Whether a harmless read shows that the account can be used: a good key, and a wallet that is not empty."""
    if not isinstance(answer, Accepted):
        return False
    return answer.value.wallet is None or answer.value.wallet > 0


class Strikes:
    """How many requests of each account have failed in a row, as this process saw it. For any thread."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()

    def out(self, account: str, answer: object) -> bool:
        """Count an answer. Whether it was the last that is borne; then the count begins anew."""
        failure = failed(answer)
        if failure is None:
            return False
        with self._lock:
            count = self._counts.get(account, 0) + 1 if failure else 0
            self._counts[account] = count % IN_A_ROW
        return count == IN_A_ROW
