"""What Flower shows for a task's arguments: messages carry row ids, people know keys."""

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import select

from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import BatchRow, OutboxRow, RunRow

OF_RUNS = frozenset({"open", "finish", "let_go", "export"})  # the others take ids of batches
MOST = 5


def shown(ledger: Ledger, task: str, ids: Sequence[int]) -> str:
    """`renewals@20261201T0430Z/1`; of a larger group the first few, and how many more."""
    table = OutboxRow if task == "notify" else RunRow if task in OF_RUNS else BatchRow
    more = [f"and {len(ids) - MOST} more"] if len(ids) > MOST else []
    return ", ".join([*(_key(ledger, table, row_id) for row_id in ids[:MOST]), *more])


@lru_cache(maxsize=10_000)  # a row's key never changes, and its id is sent again at each step and poll
def _key(ledger: Ledger, table: type[RunRow] | type[BatchRow] | type[OutboxRow], row_id: int) -> str:
    with ledger.read() as session:
        return session.execute(select(table.key).where(table.id == row_id)).scalar_one()
