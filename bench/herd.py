"""Many runs due at one minute: whether each starts in its slot, and how often their providers are asked."""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from sqlalchemy import select

from bench.figures import Figure, run
from callbeat.clock import Clock, real_now
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import BeatRow, RunRow
from cli.ports import free_port
from cli.valkey import EmbeddedValkey

ORIGIN = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
MARK = timedelta(minutes=10)  # Bolna rounds starts up to such
MINUTE = timedelta(minutes=1)
Asked = tuple[str, str, str, int | None]  # provider, when, path, status
SETTLE = timedelta(minutes=2)
AT_TRILLET = 60  # a minute, documented
KEYS = {"bolna": "bn-bench", "trillet": "trillet-bench"}
AGENTS = {"bolna": "3c90c3cc-0d44-4b50-8888-8dd25736052a", "trillet": "64f0c2a1b7d94e3f9a1c5d20"}
LOOK_EVERY = 3.0  # real seconds; the sandbox remembers its last 2,000 requests
DIRECT = build_opener(ProxyHandler({}))
CAMPAIGN = """name: {name}
provider: {provider}
agent: {agent}
schedule: {{cron: "{due:%M %H} 1 12 *", timezone: UTC, lead: {lead}m, late: {late}m}}
contacts: {{source: contacts/{provider}.csv, phone: contact_number}}
hours: any
"""


@dataclass(frozen=True, slots=True)
class Size:
    """So many runs at Bolna, which takes `a_minute` requests there, and a crowd at Trillet. Leads in minutes.

    `head` is how many real seconds beat has to read the files before the first run opens.
    """

    runs: int
    a_minute: int
    crowd: int
    lead: int
    late: int
    speed: float
    head: float
    workers: int


FULL = Size(runs=1000, a_minute=400, crowd=300, lead=30, late=10, speed=6, head=20, workers=2)
SMALL = Size(runs=8, a_minute=60, crowd=4, lead=12, late=0, speed=120, head=3, workers=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a provider's runs came to, by its own dials; what it was asked by its own log."""

    on_time: int
    late: int
    reasons: Counter[str]
    decided: int
    most: int
    turned_away: int
    asked: int


class Installation:
    """A ledger, a Valkey, a beat, workers and a sandbox in a folder; all of it ends with the block."""

    def __init__(self, folder: Path, size: Size) -> None:
        self.folder, self.size = folder, size
        self.home, self.campaigns = folder / "var", folder / "config/campaigns"
        for made in (self.home, self.campaigns, folder / "config/contacts"):
            made.mkdir(parents=True, mode=0o700)
        self.port = free_port()
        self.clock = Clock(ORIGIN, real_now(), size.speed)
        self.ledger = Ledger(f"sqlite:///{self.home / 'callbeat.db'}")
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "Installation":
        return self

    def start(self) -> None:
        """Until beat has ticked."""
        os.umask(0o077)
        self._stack.callback(self.ledger.close)
        self._stack.enter_context(EmbeddedValkey(self.home))
        self.ledger.upgrade()
        self._start("sandbox", "sandbox", "--port", str(self.port))
        self.ask("switches", {"provider": "bolna", "rate_limit_per_minute": self.size.a_minute})
        celery = ("celery", "--quiet", "-A", "worker.app")
        for n in range(self.size.workers):
            self._start(f"worker-{n}", *celery, "worker", "--hostname", f"bench-{n}@%h", "--concurrency", "25")
        self._start("beat", *celery, "beat")
        while not self._beats():
            time.sleep(0.2)

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def soon(self) -> datetime:
        """The first mark that is far enough away for the lead, and for beat to read the files before."""
        earliest = self.clock.now() + timedelta(minutes=self.size.lead, seconds=self.size.head * self.size.speed)
        return ORIGIN - ((ORIGIN - earliest) // MARK) * MARK

    def _beats(self) -> bool:
        with self.ledger.read() as session:
            return session.execute(select(BeatRow.id)).first() is not None

    def log(self, name: str) -> Path:
        """What a process says."""
        return self.home / f"{name}.log"

    def ask(self, what: str, order: dict[str, Any] | None = None) -> Any:
        """The sandbox's own controls; it is waited for."""
        data = None if order is None else json.dumps(order).encode()
        request = Request(
            f"http://127.0.0.1:{self.port}/_sandbox/{what}", data, {"Content-Type": "application/json"}
        )
        for _ in range(200):
            with contextlib.suppress(ConnectionError, OSError):
                return json.load(DIRECT.open(request, timeout=60))
            time.sleep(0.1)
        raise SystemExit(f"the sandbox does not answer: see {self.log('sandbox')}")

    def _start(self, name: str, module: str, *words: str) -> None:
        with self.log(name).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *words], cwd=self.folder, env=self._environment(),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self._stack.callback(_end, process)

    def _environment(self) -> dict[str, str]:
        outside = {name: value for name, value in os.environ.items() if not name.startswith("CALLBEAT_")}
        assert self.clock.origin is not None
        assert self.clock.started is not None
        mine = {"HOME": str(self.home), "CAMPAIGNS": str(self.campaigns), "LOG": "json", "LOG_LEVEL": "warning"}
        mine |= {"CLOCK__ORIGIN": self.clock.origin.isoformat(), "CLOCK__STARTED": self.clock.started.isoformat()}
        mine |= {"CLOCK__SPEED": str(self.clock.speed)}
        for provider, key in KEYS.items():
            base = f"http://127.0.0.1:{self.port}/{provider}"
            mine |= {f"ACCOUNTS__{provider.upper()}__API_KEY": key, f"ACCOUNTS__{provider.upper()}__BASE_URL": base}
        mine |= {"ACCOUNTS__TRILLET__WORKSPACE_ID": "bench"}
        mine |= {"ACCOUNTS__BOLNA__REQUESTS_A_MINUTE": str(self.size.a_minute)}
        return outside | {f"CALLBEAT_{name}": value for name, value in mine.items()}


def _end(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)


def _write(installation: Installation, due: datetime) -> None:
    """One campaign with one contact for each run, all due at once."""
    size = installation.size
    for provider, how_many in (("bolna", size.runs), ("trillet", size.crowd)):
        source = installation.folder / f"config/contacts/{provider}.csv"
        source.write_text("contact_number,name\n+12025550101,Ada\n")
        late = 0 if provider == "bolna" else size.late
        for n in range(how_many):
            name = f"{provider}-{n}"
            words: dict[str, Any] = {
                "name": name,
                "provider": provider,
                "agent": AGENTS[provider],
                "lead": size.lead,
                "late": late,
            }
            words["due"] = due
            (installation.campaigns / f"{name}.yaml").write_text(CAMPAIGN.format(**words))


def herd(size: Size) -> dict[str, Seen]:
    """What came of it, by provider."""
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    with folder, Installation(Path(folder.name), size) as installation:
        installation.start()
        due = installation.soon()
        _write(installation, due)
        end = due + timedelta(minutes=size.late) + SETTLE
        asked: set[Asked] = set()
        while installation.clock.now() < end:
            time.sleep(LOOK_EVERY)
            asked |= {
                (one["provider"], one["at"], one["path"], one["status"]) for one in installation.ask("requests")
            }
        dials = installation.ask("dials")
        runs = list(_runs(installation.ledger))
        return {one: _seen(one, due, runs, dials, asked) for one in KEYS}


def _runs(ledger: Ledger) -> Iterator[tuple[str, bool, str | None]]:
    """Campaign, whether it is decided what becomes of it, and why if it does not start."""
    with ledger.read() as session:
        for found in session.execute(select(RunRow.campaign, RunRow.state, RunRow.reason)):
            yield found.campaign, found.state not in ("planned", "opening"), found.reason


def _seen(
    provider: str, due: datetime, runs: list[tuple[str, bool, str | None]], dials: list[Any], asked: set[Asked]
) -> Seen:
    begun = [datetime.fromisoformat(dial["at"]) for dial in dials if dial["provider"] == provider]
    mine = [one for one in runs if one[0].startswith(provider)]
    heard = [(at, status) for told, at, _, status in asked if told == provider]
    taken = [datetime.fromisoformat(at) for at, status in heard if status != 429]
    return Seen(
        on_time=sum(due <= at < due + MINUTE for at in begun),
        late=sum(at >= due + MINUTE for at in begun),
        reasons=Counter(reason for _, _, reason in mine if reason),
        decided=sum(decided for _, decided, _ in mine),
        most=most_in_a_minute(taken),
        turned_away=len(heard) - len(taken),
        asked=len(heard),
    )


def most_in_a_minute(instants: Iterable[datetime]) -> int:
    """The most of them in any 60 seconds."""
    ordered = sorted(instants)
    return max((bisect_left(ordered, at + MINUTE) - place for place, at in enumerate(ordered)), default=0)


def figures(size: Size, seen: dict[str, Seen]) -> Iterator[Figure]:
    """One of what fits, one of what does not."""
    bolna, trillet = seen["bolna"], seen["trillet"]
    share = bolna.on_time / size.runs
    yield Figure(
        "runs due at one minute, started by the provider within it",
        f"{bolna.on_time:,} of {size.runs:,}, {bolna.late} later; {dict(bolna.reasons)}",
        f"Bolna pretended, {size.a_minute} requests a minute; the most in any minute: {bolna.most}, "
        f"{bolna.asked:,} in all, {bolna.turned_away} answered 429",
        share,
        "100 %, inside every provider's documented rate limit",
        share == 1 and bolna.most <= size.a_minute and not bolna.turned_away,
        f"one account, as full as one of 1,000 a minute with {size.runs * 1000 // size.a_minute:,} such runs; "
        f"lead {size.lead} minutes; time {size.speed:g} times as fast",
    )
    yield Figure(
        "more runs than one account takes: each is decided, and recorded",
        f"{trillet.on_time} on time, {trillet.late} late within {size.late} minutes, "
        f"{size.crowd - trillet.on_time - trillet.late} not started; {dict(trillet.reasons)}",
        f"Trillet pretended, {AT_TRILLET} requests a minute; the most in any minute: {trillet.most}, "
        f"{trillet.asked:,} in all, {trillet.turned_away} answered 429",
        trillet.decided / size.crowd,
        "100 % decided, inside every provider's documented rate limit",
        trillet.decided == size.crowd and trillet.most <= AT_TRILLET,
        "150 fit on one account with this lead; plan says so beforehand",
    )


def measure(asked: argparse.Namespace) -> Iterable[Figure]:
    """Start everything, let it be nine o'clock, read what the sandbox saw."""
    size = SMALL if asked.small else FULL
    if asked.runs:
        size = replace(size, runs=asked.runs, a_minute=asked.a_minute, speed=asked.speed)
    return figures(size, herd(size))


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=int, help="at Bolna, instead of 1,000")
    parser.add_argument(
        "--a-minute", type=int, default=FULL.a_minute, help="requests that Bolna takes, with --runs"
    )
    parser.add_argument("--speed", type=float, default=FULL.speed, help="of the pretended clock, with --runs")


if __name__ == "__main__":
    run("herd", __doc__, measure, _options)
