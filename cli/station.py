"""Everything on this machine, broker, sandbox, beat, workers, Flower, dashboard: as `up` and `demo` run them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from callbeat.runs.world import TRIAL, claim_world, world_of
from callbeat.settings import Settings
from cli.context import lend, open_ledger, take_back
from cli.ports import answers
from cli.private import private_folder
from cli.processes import beat_argv, dashboard_argv, flower_argv, sandbox_argv, worker_argv
from cli.supervisor import Process, Supervisor
from cli.valkey import EmbeddedValkey, HomeLock

Told = Callable[[str, str], None]
TO_LEAVE = 10.0  # seconds a worker has beyond the deadline of a request; it ends by itself before that
SANDBOX_ACCOUNTS = {  # in each provider's own form; they open nothing anywhere else
    "bolna": {"API_KEY": "bn-sandbox"},
    "trillet": {"API_KEY": "trillet-sandbox", "WORKSPACE_ID": "workspace-sandbox"},
    "cartesia": {"API_KEY": "sk_car_sandbox"},
}

NOT_IN_A_TRIAL = ("BOLNA_API_KEY", "CARTESIA_API_KEY", "CALLBEAT_NOTIFY__URL", "CALLBEAT_NOTIFY__EMAIL")


@dataclass(frozen=True)
class Plan:
    """What is wanted. `environment` is added to that of every process; A port that is None is no such process."""

    settings: Settings
    environment: dict[str, str]
    sandbox_port: int | None = None
    flower_port: int | None = None
    dashboard_port: int | None = None
    workers: int = 1
    threads: int = 25


class Station:
    """The processes of a running installation, and the embedded broker if there is one."""

    def __init__(self, supervisor: Supervisor, valkey: EmbeddedValkey | None, told: Told) -> None:
        self._supervisor, self._valkey, self._told = supervisor, valkey, told

    def start(self, stop: Callable[[], bool]) -> None:
        """Start all; returns early on `stop`."""
        self._supervisor.start(stop)

    def run_until(self, stop: Callable[[], bool]) -> bool:
        """Look after all of them until `stop`. False if one had to be given up."""
        return self._supervisor.run_until(lambda: self._broker_lives() and stop())

    def _broker_lives(self) -> bool:
        """A broker that died is started again at the same address, with what its append-only file kept."""
        if self._valkey is not None and not self._valkey.running:
            self._told("valkey", "exited; starting again")
            self._valkey.start()
        return True


@contextmanager
def running(plan: Plan, told: Told) -> Iterator[Station]:
    """An installation ready to be started; when left, all its processes are gone, the broker last.

    Raises:
        Refusal: another `up` runs in this home.
        CallbeatError: the embedded Valkey does not start.
    """
    home = private_folder(plan.settings.home.resolve())
    with HomeLock(home), _broker(plan.settings, home, told) as valkey:
        ledger = open_ledger(plan.settings)  # its tables are made once, before several processes would
        claim_world(ledger, TRIAL if plan.sandbox_port is not None else world_of(plan.settings))
        ledger.close()
        lent = {**plan.environment, **_sandbox_settings(plan)}
        environment = {**lent, "CALLBEAT_HOME": str(home), "CALLBEAT_DATABASE_URL": plan.settings.ledger_url}
        environment["PYTHONUNBUFFERED"] = "1"
        lend(home, lent)
        supervisor = Supervisor(list(_processes(plan, home, environment)), on_event=told)
        try:
            yield Station(supervisor, valkey, told)
        finally:
            supervisor.stop()
            take_back(home)


@contextmanager
def _broker(settings: Settings, home: Path, told: Told) -> Iterator[EmbeddedValkey | None]:
    """The broker of the setting, or an embedded one for as long as this lasts: its socket is found by the home."""
    if settings.redis_url is not None:
        yield None
        return
    with EmbeddedValkey(home) as valkey:
        told("valkey", f"started (pid {valkey.pid})")
        yield valkey
    told("valkey", "stopped")


def _sandbox_settings(plan: Plan) -> dict[str, str]:
    """Every account goes to the sandbox, by credentials that open nothing else; only campaigns say whom to tell."""
    if plan.sandbox_port is None:
        return {}
    base = f"http://127.0.0.1:{plan.sandbox_port}"
    names = {*SANDBOX_ACCOUNTS, *plan.settings.account_names()}
    found: dict[str, str] = dict.fromkeys(NOT_IN_A_TRIAL, "")
    for name in sorted(names):
        account = plan.settings.account(name)
        provider = (account and account.provider) or name
        given = SANDBOX_ACCOUNTS[provider] | {"BASE_URL": f"{base}/{provider}"}
        found |= {f"CALLBEAT_ACCOUNTS__{name.upper()}__{field}": value for field, value in given.items()}
    return found


def _processes(plan: Plan, home: Path, environment: dict[str, str]) -> Iterator[Process]:
    logs = home / "logs"
    if plan.sandbox_port is not None:
        port = plan.sandbox_port
        argv = sandbox_argv("127.0.0.1", port)
        yield Process("sandbox", argv, environment, logs / "sandbox.log", grace=5, ready=lambda: answers(port))
    yield Process("beat", beat_argv(), environment, logs / "beat.log")
    for n in range(1, plan.workers + 1):
        name = f"worker-{n}"
        grace = plan.settings.request_timeout + TO_LEAVE
        yield Process(name, worker_argv(plan.threads, name), environment, logs / f"{name}.log", grace=grace)
    if plan.flower_port is not None:
        argv = flower_argv("127.0.0.1", plan.flower_port)
        yield Process("flower", argv, environment, logs / "flower.log", grace=5, essential=False)
    if plan.dashboard_port is not None:
        argv = dashboard_argv("127.0.0.1", plan.dashboard_port)
        yield Process("dashboard", argv, environment, logs / "dashboard.log", grace=10, essential=False)
