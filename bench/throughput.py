"""Tasks a second: create, schedule, verify and poll against a provider that answers at once.

Beside them, in the same run, on the same pool and broker: as many no-op tasks, and a chain of plain Celery tasks
that creates, schedules and polls by countdowns without a ledger.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from celery import Celery
from sqlalchemy import func, select

from bench import peers
from bench.figures import Figure, run
from bench.site import Site, Started, of_app, postgresql, site
from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import BatchRow
from cli.processes import worker_argv
from worker import queues
from worker.config import configuration

BATCHES = {False: 1500, True: 60}
STEPS = 4  # create, schedule, verify, poll; of the chain: create, schedule and two polls
REACH = "at least 0.5 of no-op tasks"
QUEUES = (*queues.QUEUES.values(), "peers")


@dataclass(frozen=True, slots=True)
class Rate:
    """So many tasks in so many seconds, by the clock on the wall and by that of the workers' processor time."""

    tasks: int
    seconds: float
    cpu: float

    @property
    def a_second(self) -> float:
        """Tasks a second."""
        return self.tasks / self.seconds

    @property
    def words(self) -> str:
        """With its unit."""
        return f"{self.a_second:,.0f} tasks/s, {self.cpu / self.tasks * 1000:.2f} ms of processor time a task"


def measure(asked: argparse.Namespace) -> Iterable[Figure]:
    """Both ledgers, each with its peers beside it."""
    for ledger in ("SQLite", "PostgreSQL"):
        if asked.ledger in (None, ledger.lower()):
            with ExitStack() as ends:
                database = ends.enter_context(postgresql()) if ledger == "PostgreSQL" else None
                here = ends.enter_context(site(database))
                yield from _figures(here, ledger, asked)


def _figures(here: Site, ledger: str, asked: argparse.Namespace) -> Iterator[Figure]:
    batches = asked.batches or BATCHES[asked.small]
    where = f"{ledger}, {asked.processes} × {asked.threads} threads"
    ours = _ours(here, here.seed(batches), asked)
    noop = _noop(here, batches * STEPS, asked)
    naive = _naive(here, batches, asked)
    ratio = ours.a_second / noop.a_second
    by_cpu = (noop.cpu / noop.tasks) / (ours.cpu / ours.tasks)
    yield Figure(
        f"task throughput, {where}", ours.words, f"no-op tasks: {noop.words}", ratio, REACH, ratio >= 0.5,
        f"{by_cpu:.2f}× by processor time; {batches} batches",
    )  # fmt: skip
    yield Figure(
        f"the same beside a chain without a ledger, {where}", ours.words, f"chain by countdowns: {naive.words}",
        ours.a_second / naive.a_second, "none: it forgets", None, f"{BETWEEN} s between polls are in its time",
    )  # fmt: skip


BETWEEN = peers.BETWEEN_POLLS * peers.POLLS


def _ours(here: Site, ids: list[int], asked: argparse.Namespace) -> Rate:
    workers = _workers(here, asked, "worker.app")
    app = _app()

    def place() -> None:
        _send(app, "runs.create", [[[row_id]] for row_id in ids])
        here.drain(*QUEUES)
        _send(app, "runs.poll", [[[row_id]] for row_id in ids])

    rate = _timed(here, workers, len(ids) * STEPS, place)
    _check(here, len(ids))
    return rate


def _noop(here: Site, tasks: int, asked: argparse.Namespace) -> Rate:
    workers = _workers(here, asked, "bench.peers")
    app = _app("peers")
    return _timed(here, workers, tasks, lambda: _send(app, peers.nothing.name, [[n] for n in range(tasks)]))


def _naive(here: Site, batches: int, asked: argparse.Namespace) -> Rate:
    workers = _workers(here, asked, "bench.peers")
    app = _app("peers")
    orders = [[n, f"naive-{n // 5}"] for n in range(batches)]
    return _timed(here, workers, batches * STEPS, lambda: _send(app, peers.create.name, orders))


def _workers(here: Site, asked: argparse.Namespace, app: str) -> list[Started]:
    names = [f"{app.rpartition('.')[2]}-{n}" for n in range(1, asked.processes + 1)]
    return [here.worker(name, of_app(worker_argv(asked.threads, name), app)) for name in names]


def _app(queue: str = queues.STEPS) -> Celery:
    app = Celery("bench", set_as_current=False)
    app.conf.update(configuration() | {"task_default_queue": queue, "task_queues": None, "task_routes": {}})
    return app


def _send(app: Celery, task: str, orders: list[list[object]]) -> None:
    with app.producer_or_acquire() as producer, producer.batch(500):
        for arguments in orders:
            app.send_task(task, args=arguments, producer=producer)


def _timed(here: Site, workers: list[Started], tasks: int, send: Callable[[], None]) -> Rate:
    """From the first message until nothing is left of them; then the workers end."""
    here.drain(*QUEUES)
    before, began = sum(worker.cpu for worker in workers), time.monotonic()
    send()
    here.drain(*QUEUES)
    seconds = time.monotonic() - began
    spent = sum(worker.cpu for worker in workers) - before
    for worker in workers:
        worker.end()
    return Rate(tasks, seconds, spent)


def _check(here: Site, batches: int) -> None:
    """What was measured is only worth something if it was done."""
    done = (BatchRow.state == BatchState.SCHEDULED, BatchRow.verified == 1, BatchRow.phase.is_not(None))
    with here.ledger.read() as session:
        count = session.execute(select(func.count()).where(*done)).scalar_one()
        found = (BatchRow.state, BatchRow.reason)
        states = session.execute(select(*found, func.count()).group_by(*found)).all()
    if count != batches:
        raise SystemExit(f"{count} of {batches} batches are scheduled and verified: {states[:9]}")


def options(parser: argparse.ArgumentParser) -> None:
    """What may be varied."""
    parser.add_argument("--ledger", choices=["sqlite", "postgresql"], help="one of the two alone")
    parser.add_argument("--batches", type=int, help="how many are placed")
    parser.add_argument("--threads", type=int, default=25, help="of each worker")
    parser.add_argument("--processes", type=int, default=1, help="workers")


if __name__ == "__main__":
    run("throughput", __doc__, measure, options)
