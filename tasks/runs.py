"""One task for each step of a run. Each takes a group of ids, and one that fails does not stop the others."""

from collections.abc import Callable
from functools import partial

from celery import shared_task
from structlog.contextvars import bind_contextvars, clear_contextvars

from callbeat import metrics
from callbeat.clock import monotonic
from callbeat.errors import LedgerConflict
from callbeat.ledger.tables import BatchRow, RunRow
from callbeat.ledger.writer import R
from callbeat.runs import collect as collecting
from callbeat.runs import create as creating
from callbeat.runs import exports as exporting
from callbeat.runs import finish as finishing
from callbeat.runs import notify as telling
from callbeat.runs import open as opening
from callbeat.runs import poll as polling
from callbeat.runs import retention as keeping
from callbeat.runs import rounds as retrying
from callbeat.runs import schedule as scheduling
from callbeat.runs import stop as stopping
from callbeat.runs import sweep as sweeping
from callbeat.runs import verify as verifying
from callbeat.runs.context import Context, log
from callbeat.runs.lease import Lapsed
from callbeat.runs.stumbles import guarded
from tasks.context import context, ending

Step = Callable[[Context, int], None]
# What each task is called in the log and the metrics: by its step.
TOLD_AS = (
    "open_run", "create", "schedule", "verify", "poll", "collect", "retry", "stop", "finish", "let_go", "export",
    "notify", "sweep",
)  # fmt: skip


def _each(step: Step, ids: list[int], table: type[R]) -> None:
    for row_id in ids:
        if ending():
            return
        once = partial(guarded, context(), table, row_id, partial(step, context(), row_id))
        _one(once, step.__name__, row_id)


def _one(step: Callable[[], object], name: str, row_id: int) -> None:
    """What is not finished here is taken up again when its lease ends: nothing is lost by going on.

    A thread works on one row after the other: what its lines carried of the last must not stay.
    """
    clear_contextvars()
    bind_contextvars(task=name)
    began = monotonic()
    metrics.worked(name, _result(step, row_id), monotonic() - began)
    clear_contextvars()


def _result(step: Callable[[], object], row_id: int) -> str:
    """What became of it, in a word; a line of the log where it did not go its ordinary way."""
    try:
        well = step() is not False
    except LedgerConflict as conflict:
        log.info("task.overtaken", id=row_id, why=str(conflict))
        return "overtaken"
    except Lapsed:
        log.warning("task.lapsed", id=row_id, why="too little of the lease was left to send")
        return "lapsed"
    except Exception:
        log.exception("task.failed", id=row_id)
        return "failed"
    return "done" if well else "failed"


@shared_task(name="runs.open")
def open(ids: list[int]) -> None:
    """Read and screen the contacts of runs."""
    _each(opening.open_run, ids, RunRow)


@shared_task(name="runs.create")
def create(ids: list[int]) -> None:
    """Bring batches into being at their provider."""
    _each(creating.create, ids, BatchRow)


@shared_task(name="runs.schedule")
def schedule(ids: list[int]) -> None:
    """Give batches their start."""
    _each(scheduling.schedule, ids, BatchRow)


@shared_task(name="runs.verify")
def verify(ids: list[int]) -> None:
    """Prove that each batch will dial once."""
    _each(verifying.verify, ids, BatchRow)


@shared_task(name="runs.poll")
def poll(ids: list[int]) -> None:
    """See how the batches of one agent get on."""
    _one(partial(polling.poll, context(), ids), "poll", ids[0] if ids else 0)


@shared_task(name="runs.collect")
def collect(ids: list[int]) -> None:
    """Fetch what became of the calls of batches."""
    _each(collecting.collect, ids, BatchRow)


@shared_task(name="runs.retry")
def retry(ids: list[int]) -> None:
    """Have those tried again that were not reached, where that takes a request."""
    _each(retrying.retry, ids, BatchRow)


@shared_task(name="runs.stop")
def stop(ids: list[int]) -> None:
    """Stop batches."""
    _each(stopping.stop, ids, BatchRow)


@shared_task(name="runs.finish")
def finish(ids: list[int]) -> None:
    """End runs whose batches are final."""
    _each(finishing.finish, ids, RunRow)


@shared_task(name="runs.let_go")
def let_go(ids: list[int]) -> None:
    """Remove what is personal of runs whose retention is over; what fails is asked for again in a minute."""
    for run_id in ids:
        if ending():
            return
        _one(partial(keeping.let_go, context(), run_id), "let_go", run_id)


@shared_task(name="runs.export")
def export(ids: list[int]) -> None:
    """Write what became of the contacts of runs that have ended."""
    _each(exporting.export, ids, RunRow)


@shared_task(name="runs.notify")
def notify(ids: list[int]) -> None:
    """Tell somebody what became of a run; what fails is asked for again in a minute."""
    for row_id in ids:
        if ending():
            return
        _one(partial(telling.tell, context(), row_id), "notify", row_id)


@shared_task(name="runs.sweep")
def sweep(ids: list[int]) -> None:
    """Send what is due now, as a worker asks that has come up. What opens is beat's alone: it knows the files."""
    _one(partial(sweeping.sweep, context(), open_runs=False), "sweep", 0)
