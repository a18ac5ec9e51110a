"""Whether workers take our messages: they are asked through the broker, by Celery's own remote control."""

from collections.abc import Iterator, Mapping
from typing import Any

from celery import Celery

from callbeat.doctor.notices import Notice, error, warning, well
from worker.config import configuration
from worker.queues import QUEUES

WAITS = (1.0, 5.0)  # seconds; the second only where nobody of one of the queues has answered in the first
LEFT = {"steps": "nothing is created, scheduled, polled or stopped", "open": "no run opens, and no file is written"}
START = "start one: `callbeat up`, or the service that runs `callbeat worker`; its log says why it ended"


Told = dict[str, list[dict[str, Any]]]


def check_workers(*, needed: bool) -> Iterator[Notice]:
    """Workers of our queues. Where nothing was ever started (`needed` False) that there are none is no fault."""
    app = Celery("callbeat", set_as_current=False)  # not worker.app: its log is that of a worker
    app.conf.update(configuration())
    served: dict[str, int] = {}
    for wait in WAITS if needed else WAITS[:1]:
        told = app.control.inspect(timeout=wait).active_queues()
        if all((served := workers_of(told)).values()):
            break
    yield from judge_workers(served, needed=needed)


def workers_of(told: Told | None) -> dict[str, int]:
    """How many take from each of our queues, by its word: others may share the broker. Pure."""
    taken = [{queue.get("name") for queue in queues} for queues in (told or {}).values()]
    return {word: sum(name in names for names in taken) for word, name in QUEUES.items()}


def judge_workers(served: Mapping[str, int], *, needed: bool) -> Iterator[Notice]:
    """Pure."""
    if not any(served.values()):
        words = "no worker answers: runs are planned, and nothing is done about them"
        none = warning("workers", "none was ever started", "`callbeat up`")
        yield error("workers", words, START) if needed else none
        return
    yield well("workers", ", ".join(f"{count} for {word}" for word, count in served.items()))
    for word in (word for word, count in served.items() if not count):
        words = f"no worker serves the queue `{word}` ({QUEUES[word]}): {LEFT[word]}"
        yield error("workers.queues", words, f"start one without --queue, or with --queue {word}")
