"""An installation of callbeat in a folder of its own: real processes that can be killed one by one."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from callbeat.clock import Clock, real_now
from callbeat.ledger.store import Ledger
from callbeat.runs import report
from cli.valkey import EmbeddedValkey
from tests.integration.campaign_files import a_campaign, as_csv, as_yaml, cron_at
from tests.integration.sandboxes import KEYS, WORKSPACE, Sandbox
from tests.integration.waiting import LONGEST, until
from tests.integration.warm import Started, start
from tests.postgres import new_ledger_for_the_app

ORIGIN = datetime(2026, 12, 1, 6, 1, tzinfo=UTC)  # a Tuesday
FINAL = {"finished", "failed", "cancelled", "skipped", "missed"}
CELERY = ["celery", "--quiet", "-A", "worker.app"]
SANDBOXES = "tests.integration.many_sandboxes"
A_MARK = timedelta(minutes=10)
T = TypeVar("T")
Json = dict[str, Any]


class Installation:
    """One home, one folder of campaigns, and the processes that a test starts in it.

    Each of `accounts` goes to a sandbox of its own; `base_urls` sends one elsewhere. All are at `provider`.
    `settings` are further variables that every process is given.
    """

    def __init__(
        self,
        folder: Path,
        *,
        speed: float = 120,
        timeout: float = 2,
        accounts: Sequence[str] = (),
        base_urls: Mapping[str, str] | None = None,
        provider: str = "bolna",
        settings: Mapping[str, str] | None = None,
        ledger: str = "sqlite",
    ) -> None:
        self.folder, self.home, self.config = folder, folder / "var", folder / "config"
        self.campaigns = self.config / "campaigns"
        for made in (self.home, self.campaigns, self.config / "contacts", self.home / "logs"):
            made.mkdir(parents=True, mode=0o700)
        self.clock = Clock(ORIGIN, real_now(), speed)
        self.valkey = EmbeddedValkey(self.home)
        self.sandboxes: dict[str, Sandbox] = {}
        self._accounts, self._base_urls, self._timeout = accounts or [provider], dict(base_urls or {}), timeout
        self.provider, self.settings = provider, dict(settings or {})
        self.database = f"sqlite:///{self.home / 'callbeat.db'}"
        if ledger == "postgresql":
            self.database = self.settings["CALLBEAT_DATABASE_URL"] = new_ledger_for_the_app()
        self._processes: dict[str, Started | subprocess.Popen[bytes]] = {}
        self._ledger: Ledger | None = None

    # Processes

    @property
    def environment(self) -> dict[str, str]:
        """What every process of this installation is given."""
        outside = {
            name: value for name, value in os.environ.items() if not name.startswith(("CALLBEAT_", "BOLNA_"))
        }
        assert self.clock.origin is not None
        assert self.clock.started is not None
        mine = {
            "CALLBEAT_HOME": str(self.home),
            "CALLBEAT_CAMPAIGNS": str(self.campaigns),
            "CALLBEAT_CLOCK__ORIGIN": self.clock.origin.isoformat(),
            "CALLBEAT_CLOCK__STARTED": self.clock.started.isoformat(),
            "CALLBEAT_CLOCK__SPEED": str(self.clock.speed),
            "CALLBEAT_REQUEST_TIMEOUT": str(self._timeout),
            "PYTHONUNBUFFERED": "1",
        }
        for name, url in self._base_urls.items():
            prefix = f"CALLBEAT_ACCOUNTS__{name.upper()}__"
            mine |= {f"{prefix}PROVIDER": self.provider, f"{prefix}BASE_URL": url}
            mine |= {f"{prefix}API_KEY": KEYS[self.provider], f"{prefix}WORKSPACE_ID": WORKSPACE}
        return {**outside, **mine, **self.settings}

    def start(self, *processes: str) -> None:
        """Valkey, the sandboxes and the ledger's tables; then these of beat and worker, all by name."""
        self.valkey.start()
        self._start_sandboxes()
        before = os.umask(0o077)  # as every command sets it
        self.ledger.upgrade()
        os.umask(before)
        for name in processes:
            self.spawn(name)

    def spawn(self, name: str) -> Started:
        """A process by its name: `beat`, `worker`, or another that begins with one of these words."""
        if name.startswith("beat"):
            return self.run_module(name, [*CELERY, "beat"])
        quiet = ["--without-gossip", "--without-mingle", "--concurrency", "25"]
        argv = [*CELERY, "worker", "--hostname", f"{name}@%h", *quiet]
        return self.run_module(name, argv)

    def run_module(self, name: str, argv: Sequence[str]) -> Started:
        """`python -m …`, its libraries loaded already, otherwise as `run_process`."""
        log = self.log(name)
        process = start(argv, self.folder, self.environment, log, log)
        self._processes[name] = process
        return process

    def run_process(self, name: str, argv: Sequence[str], **environment: str) -> subprocess.Popen[bytes]:
        """Any process, in a session of its own, its output in the log of that name."""
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                list(argv),
                cwd=self.folder,
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes[name] = process
        return process

    def kill(self, name: str) -> None:
        """SIGKILL, to it and all it has started."""
        process = self._processes.pop(name)
        for kill in (os.killpg, os.kill):  # one that has only just been started leads no group yet
            with contextlib.suppress(ProcessLookupError):
                kill(process.pid, signal.SIGKILL)
        process.wait(timeout=10)

    def supervise(self, name: str) -> None:
        """Start it again if it has exited, as every supervisor does."""
        if self._processes[name].poll() is not None:
            self.spawn(name)

    def end(self) -> None:
        """Nothing of it is left running."""
        for name in list(self._processes):
            self.kill(name)
        for sandbox in self.sandboxes.values():
            sandbox.close()
        if self._ledger is not None:
            self._ledger.close()
        self.valkey.stop()

    def log(self, name: str) -> Path:
        return self.home / "logs" / f"{name}.log"

    def _start_sandboxes(self) -> None:
        names = [name for name in self._accounts if name not in self._base_urls]
        if not names:
            return
        alone = ["sandbox", "--port", "0"]
        self.run_module("sandbox", alone if len(names) == 1 else [SANDBOXES, str(len(names))])
        addresses = self.wait_until(lambda: self._addresses(len(names)), "the sandboxes say where they are")
        made = (Sandbox(address, self.provider) for address in addresses)
        self.sandboxes = dict(zip(names, made, strict=True))
        self._base_urls |= {name: sandbox.base_url for name, sandbox in self.sandboxes.items()}

    def _addresses(self, how_many: int) -> list[str]:
        lines = self.log("sandbox").read_text().splitlines()
        told = [json.loads(line)["url"] for line in lines if "sandbox.listening" in line]
        return told if len(told) == how_many else []

    # Files

    def campaign(
        self,
        name: str,
        people: Iterable[Sequence[str] | str] | None = None,
        *,
        due: datetime | None = None,
        **over: Any,
    ) -> Path:
        """Write a campaign file and whom it calls; `due` makes it due once, at that instant."""
        if people is not None:
            (self.config / "contacts" / f"{name}.csv").write_text(as_csv(people))
        if due is not None:
            over["schedule"] = {"cron": cron_at(due), **over.get("schedule", {})}
        over.setdefault("provider", self.provider)
        path = self.campaigns / f"{name}.yaml"
        path.write_text(as_yaml(a_campaign(name, **over)))
        return path

    # Time

    def now(self) -> datetime:
        return self.clock.now()

    def soon(self, minutes: float = 40) -> datetime:
        """The first ten-minute mark at least so many minutes (campaign time) from now."""
        earliest = self.now() + timedelta(minutes=minutes)
        day = earliest.replace(hour=0, minute=0, second=0, microsecond=0)
        return day - ((day - earliest) // A_MARK) * A_MARK

    # What people see

    def callbeat(self, *words: str, **environment: str) -> tuple[int, str, str]:
        """The command in a process of its own: exit code, stdout, stderr."""
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            process = start(["cli.main", *words], self.folder, {**self.environment, **environment}, out, err)
            code = process.wait(timeout=120)
            return code, out.read_text(), err.read_text()

    def json(self, *words: str) -> Any:
        """The one JSON document that a command prints."""
        _, out, err = self.callbeat(*words, "--format", "json")
        try:
            return json.loads(out)
        except ValueError:
            raise AssertionError(f"callbeat {' '.join(words)} printed no JSON: {out!r} {err!r}") from None

    # What is so

    @property
    def sandbox(self) -> Sandbox:
        """The only one."""
        (only,) = self.sandboxes.values()
        return only

    @property
    def ledger(self) -> Ledger:
        if self._ledger is None:
            self._ledger = Ledger(self.database)
        return self._ledger

    def runs(self, campaign: str | None = None) -> list[Json]:
        """As `callbeat runs --format json` prints them, without the seconds that a process takes to start."""
        return report.runs(self.ledger, campaign=campaign)

    def the_run(self, campaign: str) -> Json | None:
        """The campaign's only run, if there is one yet."""
        found = self.runs(campaign)
        assert len(found) <= 1, f"{campaign} has {len(found)} runs: {[run['run'] for run in found]}"
        return found[0] if found else None

    def show(self, run: str) -> Json:
        return report.run(self.ledger, run)

    def calls(self, run: str) -> list[Json]:
        """Every call, whole numbers."""
        return report.calls(self.ledger, run, reveal=True)

    def whys(self, run: str) -> str:
        """Everything the run's events say, one a line."""
        return "\n".join(event["why"] for event in self.show(run)["events"])

    # Waiting

    def wait_until(self, look: Callable[[], T], what: str, within: float = LONGEST) -> T:
        """What `look` finds; in vain, a failure with every event and the ends of the logs."""
        return until(look, what, told=self.story, within=within)

    def wait_for_run(self, campaign: str, *states: str, within: float = LONGEST) -> Json:
        """The campaign's only run once it is in one of these states (default: over, or in need of somebody)."""
        wanted = set(states)

        def look() -> Json | None:
            run = self.the_run(campaign)
            if run is None:
                return None
            settled = run["state"] in FINAL or run["needs_attention"]
            return run if (run["state"] in wanted if wanted else settled) else None

        return self.wait_until(look, f"the run of {campaign} is {' or '.join(states) or 'over'}", within)

    def wait_for_batch(self, campaign: str, *states: str, within: float = LONGEST) -> Json:
        """The batch of the campaign's only run once it is in one of these states."""

        def look() -> Json | None:
            run = self.the_run(campaign)
            return next((batch for batch in run["batches"] if batch["state"] in states), None) if run else None

        return self.wait_until(look, f"the batch of {campaign} is {' or '.join(states)}", within)

    def wait_for_worker(self, name: str = "worker") -> None:
        self.wait_until(lambda: " ready." in self.log(name).read_text(), f"{name} is ready")

    def story(self, *campaigns: str) -> str:
        """The runs (of these campaigns) with their events, and how each log ends: for a failure."""
        lines = [f"now {self.now():%H:%M:%S}"]
        for run in [run for run in self.runs() if not campaigns or run["campaign"] in campaigns]:
            lines.append(f"{run['run']}: {run['state']} {run['reason'] or ''} {run['outcomes']}")
            for event in self.show(run["run"])["events"]:
                lines.append(f"  {event['at'][11:19]} {event['from']} -> {event['to']}: {event['why']}")
        for log in sorted((self.home / "logs").glob("*.log")):
            lines += [f"-- {log.name}", *log.read_text(errors="replace").splitlines()[-12:]]
        return "\n".join(lines)
