"""Ways to break an installation for real, one each; what is broken is mended when it is left."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import httpx
from alembic import command
from redis import Redis
from sqlalchemy import text

from callbeat.ledger.forms import alembic_config
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.store import Ledger
from callbeat.runs import report
from cli.ports import free_port
from tests.factories import DUE, World, minutes
from tests.integration.campaign_files import AGENT, as_csv, numbers
from tests.integration.installation import Installation
from tests.integration.sandboxes import KEY, KEYS
from worker.home import redis_url

PEOPLE = numbers(2)
NEXT_YEAR = DUE.replace(year=2027, month=3)
KEEPS_THE_LOCK = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""
Environment = dict[str, str]
Break = Callable[[Installation], AbstractContextManager[Environment]]


@contextmanager
def wrong_key(_installation: Installation) -> Iterator[Environment]:
    yield {"CALLBEAT_ACCOUNTS__BOLNA__API_KEY": "sk-of-somebody-else"}


@contextmanager
def no_key(_installation: Installation) -> Iterator[Environment]:
    yield {"CALLBEAT_ACCOUNTS__BOLNA__API_KEY": ""}


@contextmanager
def provider_away(_installation: Installation) -> Iterator[Environment]:
    yield {"CALLBEAT_ACCOUNTS__BOLNA__BASE_URL": f"http://127.0.0.1:{free_port()}/bolna"}


@contextmanager
def empty_wallet(installation: Installation) -> Iterator[Environment]:
    installation.sandbox.switch(wallet=0)
    yield {}
    installation.sandbox.switch(wallet=500)


@contextmanager
def another_time(installation: Installation) -> Iterator[Environment]:
    control = f"{installation.sandbox.address}/_sandbox"
    httpx.post(f"{control}/clock", json={"advance_seconds": 3600}).raise_for_status()
    yield {}
    httpx.post(f"{control}/reset").raise_for_status()


@contextmanager
def no_workspace(installation: Installation) -> Iterator[Environment]:
    wanted = installation.campaign("line-check", PEOPLE, due=NEXT_YEAR, provider="trillet")
    account = "CALLBEAT_ACCOUNTS__TRILLET__"
    yield {f"{account}API_KEY": KEYS["trillet"], f"{account}BASE_URL": f"{installation.sandbox.address}/trillet"}
    wanted.unlink()


@contextmanager
def evicting(installation: Installation) -> Iterator[Environment]:
    with valkey_of(installation) as valkey:
        valkey.config_set("maxmemory-policy", "allkeys-lru")
        yield {}
        valkey.config_set("maxmemory-policy", "noeviction")


@contextmanager
def broker_away(_installation: Installation) -> Iterator[Environment]:
    yield {"CALLBEAT_REDIS_URL": f"redis://:a-secret@127.0.0.1:{free_port()}/0"}


@contextmanager
def broken_file(installation: Installation) -> Iterator[Environment]:
    broken = installation.campaign("broken", PEOPLE, schedule={"cron": "61 * * * *"})
    yield {}
    broken.unlink()
    installation.wait_until(lambda: not report.broken_files(installation.ledger), "beat has seen that it is gone")


@contextmanager
def no_folder(installation: Installation) -> Iterator[Environment]:
    yield {"CALLBEAT_CAMPAIGNS": str(installation.folder / "nowhere")}


@contextmanager
def wrong_setting(_installation: Installation) -> Iterator[Environment]:
    yield {"CALLBEAT_REQUEST_TIMEOUT": "half a minute"}


@contextmanager
def locked(installation: Installation) -> Iterator[Environment]:
    argv = [sys.executable, "-c", KEEPS_THE_LOCK, str(installation.home / "callbeat.db")]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"locked\n"
        yield {}
        holder.communicate()


@contextmanager
def older_ledger(installation: Installation) -> Iterator[Environment]:
    with _another_home(installation, "older") as (ledger, environment):
        with ledger._writing.begin() as connection:
            config = alembic_config()
            config.attributes["connection"] = connection
            command.downgrade(config, "0003")
        yield environment


@contextmanager
def later_ledger(installation: Installation) -> Iterator[Environment]:
    with _another_home(installation, "later") as (ledger, environment):
        with ledger._writing.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        yield environment


@contextmanager
def spoilt_ledger(installation: Installation) -> Iterator[Environment]:
    with _another_home(installation, "spoilt") as (ledger, environment):
        ledger.close()
        Path(environment["CALLBEAT_HOME"], "callbeat.db").write_bytes(b"no ledger at all" * 1000)
        yield environment


@contextmanager
def label_not_echoed(installation: Installation) -> Iterator[Environment]:
    form, people = {"agent_id": AGENT}, {"file": ("somebody-elses.csv", as_csv(PEOPLE))}
    headers = {"Authorization": f"Bearer {KEY}"}
    made = httpx.post(f"{installation.sandbox.base_url}/batches", data=form, files=people, headers=headers)
    world = World(installation.ledger, installation.folder)
    run = world.a_run(state=RunState.FINISHED, due_at=DUE - minutes(60))
    batch = world.a_batch(BatchState.FINISHED, run=run, provider_ref=made.raise_for_status().json()["batch_id"])
    yield {}
    world.set(batch, provider_ref=None)


@contextmanager
def valkey_of(installation: Installation) -> Iterator[Redis]:
    with closing(Redis.from_url(redis_url(None, installation.home), decode_responses=True)) as valkey:
        yield valkey


@contextmanager
def _another_home(installation: Installation, name: str) -> Iterator[tuple[Ledger, Environment]]:
    """A ledger in a home where nothing else is; it is made as every command makes it."""
    home = installation.folder / name
    home.mkdir(mode=0o700)
    ledger = Ledger(f"sqlite:///{home / 'callbeat.db'}")
    ledger.upgrade()
    yield ledger, {"CALLBEAT_HOME": str(home)}
    ledger.close()


BROKEN: list[tuple[Break, str, str]] = [  # how, where it is told, and a word of what is told
    (wrong_key, "account bolna", "refused"),
    (no_key, "account bolna", "no key"),
    (provider_away, "account bolna", "cannot be asked"),
    (empty_wallet, "account bolna.wallet", "empty"),
    (another_time, "account bolna.clock", "ahead of ours"),
    (no_workspace, "account trillet", "WORKSPACE_ID"),
    (label_not_echoed, "account bolna.labels", "lost create"),
    (evicting, "redis.maxmemory-policy", "allkeys-lru"),
    (broker_away, "redis", "cannot be reached"),
    (broken_file, "schedule.cron", "61"),
    (no_folder, "folder", "no such file"),
    (wrong_setting, "settings", "CALLBEAT_REQUEST_TIMEOUT"),
    (locked, "ledger.lock", "locked"),
    (older_ledger, "ledger.revision", "older"),
    (later_ledger, "ledger.revision", "later"),
    (spoilt_ledger, "ledger.damage", "not a database"),
]
