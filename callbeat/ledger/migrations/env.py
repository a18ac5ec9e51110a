"""Alembic's way in: the connection comes from the ledger, already inside a transaction."""

from typing import Any, Literal

from alembic import context

from callbeat.ledger.columns import Instant, Money, Word
from callbeat.ledger.tables import RunRow

PLAIN = {Instant: "sa.DateTime(timezone=True)", Word: "sa.String(length=20)", Money: "sa.String(length=40)"}


def _plain_types(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A migration must not change when the code of our column types does."""
    return PLAIN.get(type(item), False) if kind == "type" else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=RunRow.metadata,
    render_as_batch=True,
    render_item=_plain_types,
)
with context.begin_transaction():
    context.run_migrations()
