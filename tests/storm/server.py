"""PostgreSQL that can be killed in the middle of anything, and comes back with all that it had committed."""

import contextlib
import shutil
import time
from pathlib import Path
from typing import Any

import psutil

from tests import postgres

START_WITHIN = 60.0


class Server:
    """The server of the tests, but what it has said is committed survives its own death (not the machine's)."""

    def __init__(self) -> None:
        self.database = postgres.new_database()
        self._server: Any = postgres.server()
        for setting in ("synchronous_commit = on", "max_connections = 250"):
            postgres.run(f"ALTER SYSTEM SET {setting}", self._server.get_uri())
        self.kill()
        self.start()

    def kill(self) -> None:
        """SIGKILL, to the postmaster and everyone whom it has started."""
        family = self._family()
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs([process for process in family if not _is_zombie(process)], timeout=10)
        # One that nobody has buried yet keeps its number: without this the next would take it for alive.
        (self._server.pgdata / "postmaster.pid").unlink(missing_ok=True)

    def start(self) -> None:
        """Start it again on what it left, until it answers."""
        ends = time.monotonic() + START_WITHIN
        while True:
            try:
                self._server.ensure_postgres_running()
                return
            except Exception:
                if time.monotonic() > ends:
                    raise
                time.sleep(1)

    def save_log(self, folder: Path) -> None:
        shutil.copy(self._server.log, folder / "postgresql.log")

    def _family(self) -> list[psutil.Process]:
        try:
            first = psutil.Process(self._server.get_pid())
            return [first, *first.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
