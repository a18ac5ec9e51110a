"""Celery's settings: messages are hints and rows are the truth, so losing or repeating one costs a patience.

The broker's numbers make recovery quick; they must be equal on every client of one broker.
"""

import os
from typing import Any

from callbeat.settings import load_settings
from worker.home import redis_url
from worker.queues import STEPS, Turns, task_queues, task_routes
from worker.redis_urls import celery_tls, celery_url

VISIBILITY_SECONDS = 300


def configuration() -> dict[str, Any]:
    """All settings of the Celery app.

    Raises:
        SettingsError: a setting is missing or wrong.
    """
    os.umask(0o077)
    settings = load_settings()
    secret = settings.redis_url
    url = redis_url(secret.get_secret_value() if secret else None, settings.home)
    return {
        "broker_url": celery_url(url),
        "broker_use_ssl": celery_tls(url),
        "result_backend": None,
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "worker_pool": "threads",
        "worker_concurrency": 25,
        "worker_send_task_events": True,
        "worker_hijack_root_logger": False,
        "worker_log_color": False,
        "worker_eta_task_limit": 1000,
        "worker_enable_remote_control": True,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "task_send_sent_event": False,
        "task_default_queue": STEPS,
        "task_queues": task_queues(),
        "task_routes": task_routes(),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": _transport(),
        "beat_scheduler": "worker.beat:LedgerScheduler",
        "beat_max_loop_interval": 5,
        "enable_utc": True,
        "timezone": "UTC",
    }


def _transport() -> dict[str, Any]:
    return {
        "queue_order_strategy": f"{Turns.__module__}:{Turns.__name__}",
        "visibility_timeout": VISIBILITY_SECONDS,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "unacked_mutex_expire": 15,
        "unacked_restore_limit": None,
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 10,
    }
