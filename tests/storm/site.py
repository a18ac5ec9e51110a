"""The installation in the storm: one sandbox for three accounts, two beats, three workers, one ledger."""

import contextlib
import os
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from redis import Redis, RedisError
from sqlalchemy import String, case, cast, func, select, update

from callbeat.clock import Clock, real_now
from callbeat.errors import LedgerError
from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import BatchRow, CallRow, CampaignRow, EventRow, RunRow
from callbeat.runs.heartbeat import last_time
from tests.integration.installation import Installation
from tests.integration.sandboxes import KEYS, WORKSPACE
from tests.storm.campaigns import ROWS, Drawn
from tests.storm.judge import FINAL
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
        self._hurried = 0.0

    def open(self) -> None:
        """Everything at work, and nothing to do yet."""
        self.start()
        for provider in ("trillet", "cartesia"):
            prefix = f"CALLBEAT_ACCOUNTS__{provider.upper()}__"
            self.settings[f"{prefix}BASE_URL"] = f"{self.sandbox.address}/{provider}"
            self.settings[f"{prefix}API_KEY"] = KEYS[provider]
        self.settings["CALLBEAT_ACCOUNTS__TRILLET__WORKSPACE_ID"] = WORKSPACE
        for name in PROCESSES:
            self.spawn(name)
        for name in WORKERS:
            self.wait_for_worker(name)
        self.wait_until(lambda: last_time(self.ledger) is not None, "a beat ticks")

    def take(self, drawn: Sequence[Drawn]) -> None:
        """The campaigns in their folder, and read before the first of them is due."""
        for one in drawn:
            self.campaign(one.name, ROWS, **one.file)
        self.wait_until(lambda: len(self._known()) == len(drawn), "beat has read every campaign")
        assert self.now() < min(one.due[0] for one in drawn), "too slow a machine: --speed 30 may serve"

    def hurry(self) -> None:
        """Whose lease is over is swept up at once. In real life leases outlast the sweep's minute of patience.

        Not where somebody sleeps within a transaction: nobody waits for that one.
        """
        if self._hurried + 1 > time.monotonic():
            return
        self._hurried = time.monotonic()
        with contextlib.suppress(LedgerError), self.ledger.write() as writer:
            for table in (RunRow, BatchRow):
                stale = select(table.id).where(table.lease_until < real_now(), table.next_action_at > self.now())
                ids = list(writer.session.scalars(stale.with_for_update(skip_locked=True)))
                at_once = update(table).where(table.id.in_(ids)).values(next_action_at=self.now())
                writer.session.execute(at_once)

    def moves(self) -> list[tuple[str, str | None, str]]:
        """Every change of a state, oldest first: which row, from where, to where."""
        with self.ledger.read() as session:
            of_rows = select(EventRow).where(EventRow.run_id.is_not(None)).order_by(EventRow.id)
            keys = {
                (table, row.id): row.key for table in (RunRow, BatchRow) for row in session.scalars(select(table))
            }
            found = [(_row_of(event), event.from_state, event.to_state) for event in session.scalars(of_rows)]
        return [(keys[row], before, after or "") for row, before, after in found if before != after]

    def outcomes(self) -> dict[str, list[dict[str, Any]]]:
        """The calls of every run, as `callbeat calls --reveal` has them, in one look: `{row, number, outcome}`."""
        found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        of_all = select(RunRow.key, CallRow.row, CallRow.number, CallRow.outcome)
        of_all = of_all.join(CallRow, CallRow.run_id == RunRow.id).order_by(CallRow.row)
        with self.ledger.read() as session:
            for run, row, number, outcome in session.execute(of_all):
                found[run].append({"row": row, "number": number, "outcome": str(outcome)})
        return found

    def standing(self) -> Counter[str]:
        """How many runs are in which state; held is one with a held batch. A count: it is asked all the time."""
        held = select(BatchRow.run_id).where(BatchRow.state == BatchState.HELD)
        word = case((RunRow.id.in_(held), "held"), else_=cast(RunRow.state, String))
        with self.ledger.read() as session:
            return Counter(
                {str(state): runs for state, runs in session.execute(select(word, func.count()).group_by(word))}
            )

    def at_rest(self, expected: int) -> bool:
        """Whether all there will be is there, and nothing goes on by itself any more."""
        now = self.standing()
        return now.total() >= expected and now.keys() <= FINAL | {"held"}

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


def _row_of(event: EventRow) -> tuple[type[RunRow] | type[BatchRow], int]:
    return (BatchRow, event.batch_id) if event.batch_id is not None else (RunRow, event.run_id or 0)
