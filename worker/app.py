"""The Celery app: `celery -A worker.app worker` adds a worker, `celery -A worker.app beat` runs beat."""

from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_ready

from callbeat.logs import configure_logs
from tasks import context
from worker.budget import make_budget
from worker.celery_logs import configure_celery_logs
from worker.config import configuration

app = Celery("callbeat")
app.conf.update(configuration())
app.autodiscover_tasks(["tasks"], related_name="runs", force=True)
app.set_default()
context.keep_to(make_budget)


@setup_logging.connect
def _logs(loglevel: int | str | None = None, **_: Any) -> None:
    configure_logs()
    configure_celery_logs(loglevel)


@worker_ready.connect
def _sweep_at_once(**_: Any) -> None:
    """A worker that has come up need not wait for beat to be told what is due."""
    context.send("sweep", [])
