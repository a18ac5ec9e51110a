"""What people write first: plain Celery without a ledger, on the same pool, broker and settings.

A no-op, and a chain: create, schedule, then polls that send themselves again by a countdown.
"""

import os

import httpx
from celery import Celery

from worker.config import configuration

BETWEEN_POLLS = 1  # second
POLLS = 2
app = Celery("peers")
app.conf.update(configuration() | {"task_default_queue": "peers", "task_queues": None, "task_routes": {}})
client = httpx.Client(base_url=os.environ.get("BENCH_PROVIDER", "http://127.0.0.1"), trust_env=False)


@app.task
def nothing(_number: int) -> None:
    """A message taken and acknowledged."""


@app.task
def create(number: int, agent: str) -> None:
    """One upload."""
    upload = {"file": (f"naive-{number}.csv", b"contact_number\n+12025550100\n", "text/csv")}
    answer = client.post("/bolna/batches", data={"agent_id": agent}, files=upload)
    schedule.delay(answer.json()["batch_id"])


@app.task
def schedule(ref: str) -> None:
    """One start."""
    client.post(f"/bolna/batches/{ref}/schedule", files={"scheduled_at": (None, "2030-01-01T00:00:00+00:00")})
    poll.apply_async((ref, POLLS), countdown=BETWEEN_POLLS)


@app.task
def poll(ref: str, left: int) -> None:
    """One look, and the next."""
    client.get(f"/bolna/batches/{ref}")
    if left > 1:
        poll.apply_async((ref, left - 1), countdown=BETWEEN_POLLS)
