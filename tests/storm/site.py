"""The installation in the storm: one sandbox for three accounts, two beats, three workers, one ledger."""

import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from redis import Redis, RedisError
from sqlalchemy import select

from callbeat.clock import Clock, real_now
from callbeat.ledger.tables import CampaignRow
from tests.integration.installation import Installation
from tests.integration.sandboxes import KEYS, WORKSPACE
from tests.storm.campaigns import ROWS, Drawn
from tests.storm.plan import BEATS, WORKERS
from tests.storm.server import Server

PROCESSES = (*BEATS, *WORKERS)
RESTART_AFTER = 2.0  # seconds, as supervisors wait


class Site(Installation):
    """An installation that takes blows."""

    def __init__(self, folder: Path, begins: datetime, speed: float, timeout: float, server: Server | None) -> None:
        super().__init__(folder, speed=speed, timeout=timeout, provider="bolna")
        self.server = server
        if server is not None:
            self.database = self.settings["CALLBEAT_DATABASE_URL"] = server.database
        self.clock = Clock(begins, real_now(), speed)
        self.exits: Counter[str] = Counter()  # who ended without being asked to
        self._down: set[str] = set()
        self._ended_at: dict[str, float] = {}

    def open(self, drawn: Iterable[Drawn]) -> None:
        """Everything at work, the campaigns read; those are in time who are read before the first is due."""
        drawn = list(drawn)
        self.start()
        for provider in ("trillet", "cartesia"):
            prefix = f"CALLBEAT_ACCOUNTS__{provider.upper()}__"
            self.settings[f"{prefix}BASE_URL"] = f"{self.sandbox.address}/{provider}"
            self.settings[f"{prefix}API_KEY"] = KEYS[provider]
        self.settings["CALLBEAT_ACCOUNTS__TRILLET__WORKSPACE_ID"] = WORKSPACE
        for one in drawn:
            self.campaign(one.name, ROWS, **one.file)
        told = self.callbeat("validate")
        assert told[0] == 0, told
        for name in PROCESSES:
            self.spawn(name)
        self.wait_until(lambda: len(self._known()) == len(drawn), "beat has read every campaign")
        assert self.now() < min(one.due[0] for one in drawn), "too slow a machine: --speed 30 may serve"

    def _known(self) -> list[str]:
        with self.ledger.read() as session:
            return list(session.execute(select(CampaignRow.name)).scalars())

    def strike(self, name: str) -> None:
        """SIGKILL, until `revive`."""
        self.kill(name)
        self._down.add(name)

    def revive(self, name: str) -> None:
        self._down.discard(name)
        self.spawn(name)

    def pause(self, name: str) -> None:
        self._signal(name, signal.SIGSTOP)

    def wake(self, name: str) -> None:
        self._signal(name, signal.SIGCONT)

    def kill_valkey(self) -> None:
        if self.valkey.pid is not None:
            os.kill(self.valkey.pid, signal.SIGKILL)
            while self.valkey.running:
                time.sleep(0.01)

    def kill_ledger(self) -> None:
        if self.server is not None:
            self.server.kill()

    def start_ledger(self) -> None:
        if self.server is not None:
            self.server.start()

    def flush(self) -> bool:
        """FLUSHALL. Whether there was a server to hear it."""
        client = Redis(unix_socket_path=str(self.home / "valkey.sock"), socket_timeout=5)
        with contextlib.suppress(RedisError), client:
            return bool(client.flushall())
        return False

    def supervise_all(self) -> None:
        """Whoever has ended by itself is started again a little later."""
        for name in PROCESSES:
            process = self._processes.get(name)
            if name in self._down or process is None or process.poll() is None:
                continue
            if name not in self._ended_at:
                self.exits[name], self._ended_at[name] = self.exits[name] + 1, time.monotonic()
            elif time.monotonic() - self._ended_at[name] > RESTART_AFTER:
                del self._ended_at[name]
                self.spawn(name)

    def _signal(self, name: str, what: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, KeyError):
            os.killpg(self._processes[name].pid, what)
