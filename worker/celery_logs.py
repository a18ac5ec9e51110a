"""Celery's own lines, in the same stream as ours; its task chatter is left to the events that Flower shows."""

import logging
import sys


def configure_celery_logs(level: int | str | None) -> None:
    """Warnings of libraries and Celery's start-up lines go to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("celery").setLevel(level or logging.INFO)
    for chatter in ("celery.app.trace", "celery.worker.strategy"):
        logging.getLogger(chatter).setLevel(logging.WARNING)
