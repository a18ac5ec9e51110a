"""What is to be told of a move, and to whom: written beside it, so that it is told if and only if it happened."""

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from callbeat.ledger.keeping import definition_of
from callbeat.ledger.lines import log
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import BatchRow, OutboxRow, RunRow

WEBHOOK, EMAIL = "webhook", "email"
SUMS_DIFFER = "sums_differ"
INCOMPLETE = "run.incomplete"  # a run that does not add up: told to all, whatever they want to know of
WORDS: Mapping[tuple[type, str], str] = {
    (BatchRow, BatchState.HELD): "held",
    (RunRow, RunState.FAILED): "failed",
    (RunRow, RunState.MISSED): "missed",
    (RunRow, RunState.FINISHED): "finished",
}


@dataclass(frozen=True, slots=True)
class Receivers:
    """Whom to tell: a web address, e-mail addresses; of what (None: of all), and what goes with an e-mail."""

    url: str | None = None
    email: tuple[str, ...] = ()
    on: frozenset[str] | None = None
    attach: tuple[str, ...] = ()

    def wants(self, word: str, kind: str) -> bool:
        """Whether they are told of this."""
        return self.on is None or word in self.on or kind == INCOMPLETE

    def ways(self) -> Iterator[tuple[str, str]]:
        """(channel, receiver) of each."""
        if self.url is not None:
            yield WEBHOOK, self.url
        yield from ((EMAIL, one) for one in self.email)


NOBODY = Receivers()


@dataclass(frozen=True, slots=True)
class Told:
    """One message to one receiver, as it is decided."""

    kind: str
    channel: str
    receiver: str
    attach: tuple[str, ...] = ()


def to_be_told(
    table: type[RunRow] | type[BatchRow], to: str, reason: str | None, own: Receivers, always: Receivers
) -> list[Told]:
    """What is told of a row of that table that became `to`: each receiver is told once. Pure.

    `own` are those of its campaign, `always` those of the installation.
    """
    word = WORDS.get((table, to))
    if word is None:
        return []
    kind = f"{'run' if table is RunRow else 'batch'}.{word}"
    kind = INCOMPLETE if table is RunRow and reason == SUMS_DIFFER else kind
    found: dict[tuple[str, str], Told] = {}
    for whom in (own, always):
        for way in whom.ways() if whom.wants(word, kind) else ():
            attach = whom.attach if way[0] == EMAIL and table is RunRow else ()
            found.setdefault(way, Told(kind, *way, attach))
    return list(found.values())


def receivers_in(definition: str) -> Receivers:
    """Whom a campaign's definition names, as the ledger keeps it.

    Raises:
        ValueError: it cannot be read.
    """
    read = json.loads(definition)
    told: Any = read.get("notify") if isinstance(read, dict) else None
    if told is None:
        return NOBODY
    try:
        email, attach = tuple(map(str, told.get("email", ()))), tuple(map(str, told.get("attach", ())))
        return Receivers(told.get("url"), email, frozenset(told["on"]) if "on" in told else None, attach)
    except (AttributeError, TypeError) as error:
        raise ValueError("its notify cannot be read") from error


def lane_of(channel: str, receiver: str) -> str:
    """The way that a message goes: one at a time goes to a host, and one at a time to the mail server."""
    return urlsplit(receiver).netloc.lower()[:300] if channel == WEBHOOK else EMAIL


def write_news(session: Session, row: RunRow | BatchRow, at: datetime, always: Receivers) -> None:
    """A row for each message about the state that a row has now; within the transaction that gave it that state.

    A definition that cannot be read is no reason for a move not to be made.
    """
    if (type(row), row.state) not in WORDS:
        return
    own = _own_receivers(session, row)
    run_id = row.id if isinstance(row, RunRow) else row.run_id
    batch = row.key if isinstance(row, BatchRow) else None
    for told in to_be_told(type(row), row.state, row.reason, own, always):
        session.add(
            OutboxRow(
                key=f"msg_{uuid.uuid4().hex}", run_id=run_id, batch=batch, kind=told.kind, at=at,
                state=str(row.state), reason=row.reason, channel=told.channel, receiver=told.receiver,
                lane=lane_of(told.channel, told.receiver), attach=",".join(told.attach) or None, next_action_at=at,
            )
        )  # fmt: skip


def _own_receivers(session: Session, row: RunRow | BatchRow) -> Receivers:
    if isinstance(row, RunRow):
        campaign, revision = row.campaign, row.revision
    else:
        wanted = select(RunRow.campaign, RunRow.revision).where(RunRow.id == row.run_id)
        campaign, revision = session.execute(wanted).tuples().one()
    try:
        return receivers_in(definition_of(session, campaign, revision))
    except ValueError as error:
        log.error("run.notify_unread", row=row.key, revision=revision, why=type(error).__name__)
        return NOBODY
