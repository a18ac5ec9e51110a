"""Processes forked from one that has loaded the libraries and the core: as real as any, and ready at once.

Nothing that looks at its surroundings is loaded before the fork: what the core knows it is told. That the command
lines work is seen by the tests of `up`.
"""

import atexit
import contextlib
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

LIBRARIES = [
    "celery.bin.celery",
    "celery.bin.worker",
    "celery.bin.beat",
    "celery.apps.worker",
    "celery.apps.beat",
    "celery.worker",
    "celery.concurrency.thread",
    "kombu.transport.redis",
    "kombu.transport.virtual.exchange",
    "celery.fixups.django",
    "sqlalchemy.orm",
    "sqlalchemy.dialects.sqlite",
    "sqlalchemy.dialects.postgresql.psycopg",
    "httpx",
    "pydantic_settings",
    "structlog",
    "ruamel.yaml",
    "croniter",
    "phonenumbers",
    "limits.storage",
    "limits.strategies",
    "rich.progress",
    "rich.table",
    "typer.main",
    "fastapi",
    "uvicorn",
    "uvicorn.protocols.http.h11_impl",
    "multipart",
    "redis.client",
    "polars",
]
CORE = ["callbeat.runs.tick", "callbeat.doctor.checks", "callbeat.runs.exports", "tasks.runs", "sandbox.app"]
_warm = multiprocessing.get_context("forkserver")
_warm.set_forkserver_preload([*LIBRARIES, *CORE, "tests.integration.warm_for_good"])


class Started:
    """A process that `start` has made, handled as one of `subprocess` is."""

    def __init__(self, process: multiprocessing.context.ForkServerProcess) -> None:
        self._process = process
        assert process.pid
        self.pid = process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return self._process.exitcode

    def send_signal(self, sign: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, sign)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def start(argv: Sequence[str], folder: Path, environment: Mapping[str, str], out: Path, err: Path) -> Started:
    """`python -m …` (argv[0] is the module) in that folder and a session of its own; its output goes to files."""
    for path in (out, err):
        path.touch(0o600)  # who looks at it need not wait for the process
    process = _warm.Process(target=_become, args=(argv, folder, dict(environment), out, err), daemon=True)
    process.start()
    return Started(process)


def _become(argv: Sequence[str], folder: Path, environment: dict[str, str], out: Path, err: Path) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    _write_to(1, out)
    _write_to(2, err)
    sys.stdout.reconfigure(write_through=True)  # type: ignore[union-attr]
    sys.argv = [*argv]
    sys.path.insert(0, "")
    try:
        runpy.run_module(argv[0], run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()  # a child of multiprocessing leaves them out


def _write_to(descriptor: int, path: Path) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, descriptor)
    os.close(file)
