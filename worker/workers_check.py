"""Whether workers take our messages: they are asked through the broker, by Celery's own remote control."""

from collections.abc import Iterator
from typing import Any

from celery import Celery

from callbeat.doctor.notices import Notice, error, warning, well
from worker.config import configuration

WAITS = (1.0, 5.0)  # seconds; the second only where nobody has answered in the first
START = "start one: `callbeat up`, or the service that runs `callbeat worker`; its log says why it ended"


def check_workers(*, needed: bool) -> Iterator[Notice]:
    """Workers of our queue. Where nothing was ever started (`needed` False) that there are none is no fault."""
    app, count = Celery("callbeat", set_as_current=False), 0  # not worker.app: its log is that of a worker
    app.conf.update(configuration())
    for wait in WAITS if needed else WAITS[:1]:
        if count := workers_of(app.conf.task_default_queue, app.control.inspect(timeout=wait).active_queues()):
            break
    yield judge_workers(count, needed=needed)


def workers_of(queue: str, told: dict[str, list[dict[str, Any]]] | None) -> int:
    """How many take from our queue: others may share the broker. Pure."""
    return sum(any(taken.get("name") == queue for taken in queues) for queues in (told or {}).values())


def judge_workers(count: int, *, needed: bool) -> Notice:
    """Pure."""
    if count:
        return well("workers", f"{count} at work")
    words = "no worker answers: runs are planned, and nothing is done about them"
    return (
        error("workers", words, START) if needed else warning("workers", "none was ever started", "`callbeat up`")
    )
