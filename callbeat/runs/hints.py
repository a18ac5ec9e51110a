"""What a webhook may do: bring a look forward. Nothing that it says is believed."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update

from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import BatchRow
from callbeat.runs.context import Context
from callbeat.runs.pace import on_a_mark

S = BatchState
BATCH_KEYS, AGENT_KEYS = ("batch_id", "batchId"), ("agent_id", "agentId")
OF_A_CALL = frozenset(
    {"call_id", "callId", "execution_id", "telephony_data", "conversation_duration", "event", "type"}
)
MOST_IDS, LONGEST_ID, DEEPEST = 10, 120, 4
EVERY = timedelta(seconds=15)  # marks: an agent is not looked at more often, however many hints come
LAST_STRETCH = timedelta(minutes=4)  # a call that ends tells something of its batch only near the end of that


@dataclass(frozen=True, slots=True)
class Hint:
    """Something may have happened to a batch or to one of an agent's; `of_a_call` that it was about one call."""

    provider: str
    batches: frozenset[str]
    agents: frozenset[str]
    of_a_call: bool


def read_hint(provider: str, body: bytes) -> Hint | None:
    """The ids in what was posted, wherever they stand; None where there are none. Pure."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    batches, agents = frozenset(_ids(told, BATCH_KEYS)), frozenset(_ids(told, AGENT_KEYS))
    if not (batches or agents) or len(batches | agents) > MOST_IDS:
        return None
    return Hint(provider, batches, agents, _is_of_a_call(told) or not batches)


def _is_of_a_call(told: Any) -> bool:
    return isinstance(told, dict) and not OF_A_CALL.isdisjoint(told)


def _ids(told: Any, keys: Collection[str], depth: int = 0) -> Iterator[str]:
    if depth > DEEPEST or not isinstance(told, dict):
        return
    for key, value in told.items():
        if key in keys and isinstance(value, str) and 0 < len(value) <= LONGEST_ID:
            yield value
        yield from _ids(value, keys, depth + 1)


def heed(context: Context, hints: Collection[Hint]) -> int:
    """Bring forward the next look at what these are about, and tell how many batches that is.

    Only what dials, by the ledger, and waits for its next look; and only to the next mark of its agent. So a flood
    of lies costs a look at each agent every 15 seconds at most, and those are polls: the budget holds them back.
    """
    if not hints:
        return 0
    now = context.clock.now()
    with context.ledger.read() as session:
        wanted = or_(*(_about(hint, now) for hint in hints))
        found = session.execute(
            select(BatchRow.id, BatchRow.account, BatchRow.agent, BatchRow.next_action_at).where(
                *_waits(now), wanted
            )
        ).all()
    at = {row.id: now + on_a_mark(now, EVERY, f"{row.account}/{row.agent}", EVERY) for row in found}
    sooner = {row.id: at[row.id] for row in found if row.next_action_at > at[row.id]}
    with context.ledger.write() as writer:
        for batch_id, mark in sooner.items():
            same = (BatchRow.id == batch_id, *_waits(now), BatchRow.next_action_at > mark)
            writer.session.execute(update(BatchRow).where(*same).values(next_action_at=mark))
    return len(sooner)


def _waits(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What dials and waits for its next look: not for its start, its next round, its turn, or a person."""
    begun = (BatchRow.state == S.SCHEDULED) & (BatchRow.verified >= 2) & (BatchRow.start_at <= now)
    dials = or_(BatchRow.state == S.RUNNING, begun)
    plain = (BatchRow.retry_at.is_(None), BatchRow.collect_wanted.is_(False), BatchRow.reason.is_(None))
    return BatchRow.next_action_at > now, dials, *plain


def _about(hint: Hint, now: datetime) -> ColumnElement[bool]:
    ids = or_(BatchRow.provider_ref.in_(hint.batches), BatchRow.agent.in_(hint.agents - _when(hint)))
    about = (BatchRow.provider == hint.provider) & ids
    return about & (BatchRow.next_action_at <= now + LAST_STRETCH) if hint.of_a_call else about


def _when(hint: Hint) -> frozenset[str]:
    """Where a batch is named, its agent's others are left alone."""
    return hint.agents if hint.batches else frozenset()
