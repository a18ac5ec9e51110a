"""Batches of the pretended Bolna, made and read through the adapter."""

from datetime import UTC, datetime
from typing import Any

from callbeat.providers.answers import Accepted
from callbeat.providers.port import BatchSeen, CallSeen, Contact, Provider
from tests.contract.asks import AGENT, TEXT, a_contact, a_new_batch
from tests.contract.sandbox.asking import Asker

START = datetime(2026, 12, 1, 12, 10, tzinfo=UTC)
UNTIL_START = 600


def of(answer: Any) -> Any:
    assert isinstance(answer, Accepted), answer
    return answer.value


def created(bolna: Provider, *endings: int, **over: Any) -> str:
    numbers = [f"+9198000{place:03}{digits:02}" for place, digits in enumerate(endings or (0,))]
    return made(bolna, *(a_contact(row, one) for row, one in enumerate(numbers, 1)), **over)


def made(bolna: Provider, *contacts: Contact, **over: Any) -> str:
    return of(bolna.create(a_new_batch(*contacts, **over))).ref


def started(bolna: Provider, sandbox: Asker, *endings: int, **over: Any) -> str:
    """A batch at the very instant of its start."""
    ref = created(bolna, *endings, **over)
    of(bolna.schedule(ref, TEXT))
    sandbox.advance(UNTIL_START)
    return ref


def batch(bolna: Provider, ref: str) -> BatchSeen:
    return of(bolna.get(ref))


def calls(bolna: Provider, ref: str) -> list[CallSeen]:
    return of(bolna.list_calls(ref)).rows


def batches(bolna: Provider) -> list[BatchSeen]:
    return of(bolna.list_batches(AGENT)).rows
