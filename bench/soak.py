"""A worker's memory over many tasks: after the first tenth of them, and after all.

No-ops that reach the ledger (a create of a batch that is on its way), beside real ones: polls of batches that a
provider answers for. What grows with the number of tasks is a leak; `--small` sees only that it works.
"""

import argparse
from collections.abc import Iterable

from celery import Celery
from sqlalchemy import update

from bench.figures import Figure, run
from bench.site import Site, Started, site
from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import BatchRow
from cli.processes import worker_argv
from worker.config import configuration
from worker.queues import QUEUES

TASKS = {False: 20_000, True: 400}  # the whole of `make bench` ends within the hour; --tasks 100000 for all
REAL = 10  # of so many tasks one is real
BATCHES = 500
MOST = 1.1
REACH = "no more than a tenth above"
AT_ONCE = 2_000  # messages that wait: more are memory of the broker


def measure(asked: argparse.Namespace) -> Iterable[Figure]:
    """One worker, watched from outside."""
    tasks = asked.tasks or TASKS[asked.small]
    with site() as here:
        ids = _scheduled(here, BATCHES)
        worker = here.worker("worker-1", worker_argv(asked.threads, "worker-1"))
        _do(here, ids, tasks // 10)
        early = worker.rss
        _do(here, ids, tasks - tasks // 10)
        yield _figure(early, worker, tasks)


def _figure(early: float, worker: Started, tasks: int) -> Figure:
    grown = worker.rss / early
    return Figure(
        f"memory of a worker, {tasks:,} tasks", f"{worker.rss:.0f} MB", f"{early:.0f} MB after {tasks // 10:,}",
        grown, REACH, grown <= MOST, f"{worker.cpu / tasks * 1000:.2f} ms of processor time a task",
    )  # fmt: skip


def _scheduled(here: Site, batches: int) -> list[int]:
    """Batches whose polls ask for the list, then for the batch itself, and write down what it says."""
    ids = here.seed(batches)
    with here.ledger.write() as writer:
        writer.session.execute(update(BatchRow).values(state=BatchState.SCHEDULED, provider_ref="none", verified=2))
    return ids


def _do(here: Site, ids: list[int], tasks: int) -> None:
    app = Celery("bench", set_as_current=False)
    app.conf.update(configuration())
    for first in range(0, tasks, AT_ONCE):
        with app.producer_or_acquire() as producer, producer.batch(500):
            for n in range(first, min(first + AT_ONCE, tasks)):
                task, row_id = (
                    ("poll", ids[n // REAL % len(ids)]) if n % REAL == 0 else ("create", ids[n % len(ids)])
                )
                app.send_task(f"runs.{task}", args=[[row_id]], producer=producer)
        here.drain(*QUEUES.values())


def options(parser: argparse.ArgumentParser) -> None:
    """What may be varied."""
    parser.add_argument("--tasks", type=int, help="how many in all")
    parser.add_argument("--threads", type=int, default=25, help="of the worker")


if __name__ == "__main__":
    run("soak", __doc__, measure, options)
