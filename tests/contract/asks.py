"""Every request that a provider can be asked, by name, for tests that hold for all of them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from callbeat.providers.answers import Answer
from callbeat.providers.capabilities import Capabilities, RetriesBy, TalkFrom
from callbeat.providers.port import Contact, Needs, NewBatch, Provider, Start

AGENT = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
REF = "0123456789abcdef0123456789abcdef"
CALL = "7a3f2f5e-6e7c-4a57-a9a5-0d9f5f2b8f11"
LABEL = "cb-main-renewals-20261201T1210Z-1"
TEXT = "2026-12-01T12:04:00+00:00"
HALF_PAST = datetime(2026, 12, 1, 12, 30, tzinfo=UTC)
TRAVELLING = Start(asked_at=HALF_PAST, start_at=HALF_PAST, text="2026-12-01T12:30:00Z")


def a_contact(row: int = 1, number: str = "+919800000001", **variables: str) -> Contact:
    return Contact(row, number, variables)


def a_new_batch(
    *contacts: Contact, label: str = LABEL, agent: str = AGENT, start: Start | None = None, **needs: Any
) -> NewBatch:
    """A batch that every provider takes which gives it a start; a test names only the field it is about."""
    return NewBatch(label, Needs(agent, **needs), contacts or (a_contact(),), start)


def with_start(*contacts: Contact, **over: Any) -> NewBatch:
    """A batch whose start travels along, with a number to call from: nothing that any adapter needs is missing."""
    return a_new_batch(*contacts, **{"start": TRAVELLING, "from_numbers": ("+911140000000",), **over})


CHANGES: dict[str, Callable[[Provider], Answer[Any]]] = {
    "create": lambda provider: provider.create(with_start()),
    "schedule": lambda provider: provider.schedule(REF, TEXT),
    "stop": lambda provider: provider.stop(REF),
    "delete": lambda provider: provider.delete(REF),
    "stop_call": lambda provider: provider.stop_call(CALL),
    "retry": lambda provider: provider.retry(REF),
}
READS: dict[str, Callable[[Provider], Answer[Any]]] = {
    "get": lambda provider: provider.get(REF),
    "list_batches": lambda provider: provider.list_batches(AGENT),
    "list_calls": lambda provider: provider.list_calls(REF),
    "get_call": lambda provider: provider.get_call(REF, CALL),
    "list_talks": lambda provider: provider.list_talks(REF),
    "account": lambda provider: provider.account(),
}
ASKS = {**CHANGES, **READS}


def lacking(can: Capabilities) -> set[str]:
    """What a provider with these capabilities cannot be asked: it is refused here, and nothing is sent."""
    impossible = {
        "schedule": can.start_with_create,
        "stop_call": not can.stops_single_calls,
        "retry": can.retries is not RetriesBy.REQUEST,
        "list_batches": not can.found_by_label,
        "get_call": can.talk_from is TalkFrom.TALKS,
        "list_talks": can.talk_from is not TalkFrom.TALKS,
    }
    return {ask for ask, cannot in impossible.items() if cannot}


def possible(can: Capabilities) -> list[str]:
    """What is really sent to a provider with these capabilities, in the order of `ASKS`."""
    return [ask for ask in ASKS if ask not in lacking(can)]
