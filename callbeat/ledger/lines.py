"""One line of the log for each decision, and one more in its total, once it is committed: what was rolled back was
never decided.
"""

import logging
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from callbeat import metrics
from callbeat.clock import iso
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import BatchRow, RunRow

ALARM = "ALARM"  # how a note begins that somebody must act on
NOTE = "note"
NOT_TOLD = "run.not_told"  # news of a run were given up: an alarm of the run, which wakes nobody
log = structlog.get_logger("callbeat")
# What did not go as planned, or waits for somebody. All other moves are the ordinary way.
WARNED = frozenset(
    {
        f"run.{RunState.FAILED}", f"run.{RunState.MISSED}", f"batch.{BatchState.FAILED}",
        f"batch.{BatchState.MISSED}", f"batch.{BatchState.HELD}", f"batch.{BatchState.UNCERTAIN}",
        "account.closed", "campaign.not_approved", "site.halted", "site.over_ceiling", "ledger.restored",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A decision as it will be told. `at` is campaign time; the line's own timestamp is real."""

    event: str
    at: datetime
    why: str
    actor: str
    ids: dict[str, Any]
    before: str | None = None

    @property
    def level(self) -> int:
        """As in `logging`."""
        if self.why.startswith(ALARM):
            return logging.ERROR
        return logging.WARNING if self.event in WARNED else logging.INFO

    def write(self) -> None:
        """Tell it: only after its transaction has been committed."""
        known = {**self.ids, "from": self.before, "why": self.why, "actor": self.actor, "at": iso(self.at)}
        log.log(self.level, self.event, **known)
        metrics.decided(self.event, alarm=self.why.startswith(ALARM) and self.event != NOT_TOLD)


def ids_of(row: RunRow | BatchRow) -> dict[str, Any]:
    """By which a line is found again. A batch's key begins with its run's, and that with its campaign."""
    if isinstance(row, RunRow):
        return {"campaign": row.campaign, "run": row.key}
    run = row.key.rpartition("/")[0]
    campaign = re.split("[@+]", run, maxsplit=1)[0]
    return {"campaign": campaign, "run": run, "batch": row.key, "account": row.account}
