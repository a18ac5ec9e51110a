"""Every request that a provider can be asked, by name, for tests that hold for all of them."""

from collections.abc import Callable
from typing import Any

from callbeat.providers.answers import Answer
from callbeat.providers.port import Contact, Needs, NewBatch, Provider

AGENT = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
REF = "0123456789abcdef0123456789abcdef"
CALL = "7a3f2f5e-6e7c-4a57-a9a5-0d9f5f2b8f11"
LABEL = "cb-main-renewals-20261201T1210Z-1"
TEXT = "2026-12-01T12:04:00+00:00"


def a_contact(row: int = 1, number: str = "+919800000001", **variables: str) -> Contact:
    return Contact(row, number, variables)


def a_new_batch(*contacts: Contact, label: str = LABEL, agent: str = AGENT, **needs: Any) -> NewBatch:
    """A batch that every provider takes; a test names only the field it is about."""
    return NewBatch(label, Needs(agent, **needs), contacts or (a_contact(),))


CHANGES: dict[str, Callable[[Provider], Answer[Any]]] = {
    "create": lambda provider: provider.create(a_new_batch()),
    "schedule": lambda provider: provider.schedule(REF, TEXT),
    "stop": lambda provider: provider.stop(REF),
    "delete": lambda provider: provider.delete(REF),
    "stop_call": lambda provider: provider.stop_call(CALL),
}
READS: dict[str, Callable[[Provider], Answer[Any]]] = {
    "get": lambda provider: provider.get(REF),
    "list_batches": lambda provider: provider.list_batches(AGENT),
    "list_calls": lambda provider: provider.list_calls(REF),
    "account": lambda provider: provider.account(),
}
ASKS = {**CHANGES, **READS}
