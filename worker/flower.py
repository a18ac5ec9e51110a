"""Flower over our broker: `python -m worker.flower --port=5555`, with whatever else Flower takes."""

import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

from celery.bin.celery import main as celery
from flower.utils import broker

from callbeat.errors import CallbeatError
from worker.flower_login import hand_on_login

KEPT_TASKS = 10_000  # some 40 MB; Flower's own hundred thousand are 360
COLUMNS = "name,args,state,received,runtime,worker,uuid"
# A view only: where there is no login Flower refuses every change anyway, and its buttons would mislead.
OPTIONS = ["--read_only", f"--max_tasks={KEPT_TASKS}", f"--tasks_columns={COLUMNS}"]


class SocketWithDatabase(broker.RedisSocket):
    """Flower 2.2 looks into database 0 of every socket, as the default user."""

    def __init__(self, broker_url: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(broker_url, *args, **kwargs)
        database = parse_qs(urlsplit(broker_url).query).get("virtual_host", ["0"])[0]
        self.redis.connection_pool.connection_kwargs |= {"db": int(database), "username": self.username}


def main() -> None:
    """Become Flower, until it is told to stop."""
    try:
        hand_on_login()
    except CallbeatError as error:
        sys.exit(str(error))
    broker.RedisSocket = SocketWithDatabase
    sys.argv = ["celery", "-A", "worker.app", "flower", *OPTIONS, *sys.argv[1:]]
    celery()


if __name__ == "__main__":
    main()
