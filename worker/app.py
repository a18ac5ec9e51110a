"""The Celery app: `celery -A worker.app worker` adds a worker, `celery -A worker.app beat` runs beat."""

import signal
from typing import Any

from celery import Celery
from celery.signals import (
    beat_init,
    celeryd_init,
    setup_logging,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)
from celery.worker.control import inspect_command

from callbeat.errors import CallbeatError
from callbeat.settings import load_settings
from tasks import context
from worker import logs, metrics
from worker.budget import make_budget
from worker.config import configuration
from worker.ending import TO_ANSWER, Ending
from worker.names import take_name
from worker.redis_urls import masked

logs.begin()
app = Celery("callbeat")
try:
    logs.settle(load_settings())
    ending = Ending(load_settings().request_timeout + TO_ANSWER)
    app.conf.update(configuration())
except CallbeatError as error:
    logs.leave(error)
app.autodiscover_tasks(["tasks"], related_name="runs", force=True)
app.set_default()
context.keep_to(make_budget)


@setup_logging.connect
def _logs(**_: Any) -> None:
    """The log is there already: that somebody answers keeps Celery from making its own."""


@celeryd_init.connect
def _give_a_name(instance: Any, **_: Any) -> None:
    """Nothing else of the worker is set up yet, so everything of it goes by this name."""
    instance.hostname = take_name(instance.hostname, load_settings().home)


@inspect_command(name="stats")
def _stats(state: Any, **_: Any) -> dict[str, Any]:
    """As Celery has it, but for the password of a socket, which it would tell within the address."""
    told: dict[str, Any] = state.consumer.controller.stats()
    told["broker"]["hostname"] = masked(told["broker"]["hostname"] or "")
    return told


@worker_ready.connect
def _sweep_at_once(**_: Any) -> None:
    """A worker that has come up need not wait for beat to be told what is due."""
    context.send("sweep", [])


@beat_init.connect
def _metrics_of_beat(**_: Any) -> None:
    metrics.answer_of_beat()


@worker_ready.connect
def _metrics_of_worker(**_: Any) -> None:
    metrics.answer_of_worker()


@worker_ready.connect
def _one_way_to_end(**_: Any) -> None:
    """Celery's own second Ctrl-C, and its SIGQUIT, cannot end threads: they raise and leave a traceback."""
    for other in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(other, signal.getsignal(signal.SIGTERM))


@worker_shutting_down.connect
def _end(**_: Any) -> None:
    """In the handler of each signal to end."""
    ending.asked()


@worker_shutdown.connect
def _told(**_: Any) -> None:
    logs.log.info("process.stopped")
