"""A whole day with marked keys, passwords, names and numbers: the ledger and the providers alone may know them.

What a process is given in its environment its owner can read, and root: keys may be there, and nobody looks.
"""

import base64
import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.engine import make_url

from tests.integration.brokers import PASSWORD, Broker
from tests.integration.campaign_files import as_csv, numbers
from tests.integration.installation import FINAL, Installation, Json
from tests.integration.parrot import Parrot
from tests.integration.sandboxes import KEY
from tests.postgres import new_ledger_for_the_app

PEOPLE = [*numbers(3), *numbers(2, ending=87)]
BAD = "+1202555012345678"
NEEDLES = [KEY, *PEOPLE, *(number.lstrip("+") for number in PEOPLE), BAD.lstrip("+")]
NAME, POLICY = "Zyxwanda Marked", "policy-zyx-4711"
KEYS = {"bolna": "bn-zyxmarked-4f1c-key", "trillet": "zyxmarked-trillet-key", "cartesia": "sk_car_zyxmarked_key"}
WORKSPACE, DATABASE, FLOWER = "zyxmarked-workspace", "zyxmarked-database", "zyxmarked-flower"
SECRETS = [*NEEDLES, *KEYS.values(), WORKSPACE, DATABASE, FLOWER, PASSWORD, quote(PASSWORD, safe="")]
MARKED = [*SECRETS, NAME, POLICY]
CAMPAIGNS = {"quiet-bolna": "bolna", "held": "trillet", "quiet-trillet": "trillet", "quiet-cartesia": "cartesia"}
BODY = re.compile(r'\\?"body\\?": \\?"([A-Za-z0-9+/=]+)\\?"')


class Ear:
    """Hears every command to a broker: messages, events of tasks as Flower gets them, budgets; bodies decoded."""

    def __init__(self, broker: Broker) -> None:
        self.heard: list[str] = []
        self._redis: Redis = broker.client()
        self._monitor = self._redis.monitor().__enter__()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        with contextlib.suppress(RedisError, OSError, ValueError):
            while True:
                self.heard.append(str(self._monitor.next_command()["command"]))

    def everything(self) -> str:
        bodies = [
            base64.b64decode(body).decode(errors="replace") for one in self.heard for body in BODY.findall(one)
        ]
        return "\n".join([*self.heard, *bodies])


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    (tmp_path / "broker").mkdir()
    one = Broker(tmp_path / "broker")
    one.wait()
    yield one
    one.close()


@pytest.fixture
def day(install: Callable[..., Installation], broker: Broker) -> Iterator[Installation]:
    """An installation with all three providers behind parrots, a broker and a database with passwords."""
    ledger = make_url(new_ledger_for_the_app()).set(password=DATABASE).render_as_string(hide_password=False)
    one = install(speed=300, settings={"CALLBEAT_REDIS_URL": broker.url("redis"), "CALLBEAT_DATABASE_URL": ledger})
    one.database = ledger
    one.start()
    parrot = Parrot(one.sandbox.address, PEOPLE)
    for provider, key in KEYS.items():
        account = f"CALLBEAT_ACCOUNTS__{provider.upper()}__"
        one.settings |= {f"{account}API_KEY": key, f"{account}BASE_URL": f"{parrot.address}/{provider}"}
    one.settings |= {"CALLBEAT_ACCOUNTS__TRILLET__WORKSPACE_ID": WORKSPACE, "CALLBEAT_LOG_LEVEL": "debug"}
    yield one
    parrot.close()


def test_a_whole_day_leaves_no_secret_and_nobodys_number_outside_the_ledger(day: Installation, broker: Broker):
    """Logs and brokers are copied, backed up and read by people who may not know whom we call."""
    from tests.integration.test_flower import Flower  # noqa: PLC0415 - it takes what is marked from here

    ear, told = Ear(broker), {}
    _write_files(day)
    for name in ("beat", "worker"):
        day.spawn(name)
    flower = Flower(day, FLOWER_BASIC_AUTH=f"ann:{FLOWER}", login=("ann", FLOWER))
    told["process list"] = _command_lines(day)
    runs = _until_all_is_decided(day)
    told |= _said_by_commands(day, runs)
    told |= {f"Flower {path}": page for path, page in flower.everything().items()}
    told["broker"] = ear.everything()
    told |= {str(path.relative_to(day.home)): path.read_bytes().decode(errors="replace") for path in _kept(day)}

    assert "runs.open" in told["broker"], "no message was heard at all"
    assert "task-succeeded" in told["broker"], "no event was heard at all"
    assert "logs/worker.log" in told
    assert {where: found for where, text in told.items() if (found := _found_in(text, where))} == {}


def _write_files(day: Installation) -> None:
    """Four campaigns, and one whose file is broken; the same people, one with a broken number, one twice."""
    rows = [(number, NAME, POLICY) for number in [*PEOPLE, PEOPLE[0], BAD]]
    due, schedule = day.soon(60), {"lead": "6h", "late": "12h"}
    for name, provider in CAMPAIGNS.items():
        retries = (
            {"attempts": 1, "after": ["15m"], "on": ["no_answer", "busy", "failed"]}
            if provider == "cartesia"
            else None
        )
        day.campaign(name, [], due=due, provider=provider, schedule=schedule, retries=retries)
        header = ("contact_number", "name", "policy")
        (day.config / "contacts" / f"{name}.csv").write_text(as_csv(rows, header))
    day.campaign("stopped", [], due=day.soon(300), schedule=schedule)
    (day.config / "contacts" / "stopped.csv").write_text(as_csv(rows, ("contact_number", "name", "policy")))
    day.campaign("broken", [], agent="")


def _until_all_is_decided(day: Installation) -> dict[str, Json]:
    """One of Trillet's is held, and given up; one is stopped before its start; the rest finish."""
    day.wait_for_batch("stopped", "scheduled")
    assert day.callbeat("stop", str((day.the_run("stopped") or {})["run"]), "--yes")[0] == 0
    both = [name for name, provider in CAMPAIGNS.items() if provider == "trillet"]

    def held() -> str | None:
        waiting = [batch for name in both for batch in (day.the_run(name) or {"batches": []})["batches"]]
        return next((batch["batch"] for batch in waiting if batch["state"] == "held"), None)

    batch = day.wait_until(held, "a lost create of Trillet is held")
    shown = day.callbeat("show", batch.removesuffix("/1"))
    assert shown[0] == 3, shown[2][-1500:]
    assert day.callbeat("resolve", batch, "--give-up", "--yes")[0] == 0
    runs = {name: day.wait_for_run(name, *FINAL) for name in [*CAMPAIGNS, "stopped"]}
    ends = sorted(str(run["state"]) for run in runs.values())
    assert ends == ["cancelled", "failed", "finished", "finished", "finished"], day.story()
    return runs


def _said_by_commands(day: Installation, runs: dict[str, Json]) -> dict[str, str]:
    """What a person sees who may know which campaigns there are, and not whom they call."""
    lines = [
        ("runs",),
        ("doctor",),
        ("plan",),
        ("validate",),
        ("preview", "quiet-bolna"),
        ("clock", "confirm", "--yes"),
    ]
    lines += [("show", str(run["run"])) for run in runs.values()]
    lines += [("calls", str(runs["quiet-bolna"]["run"])), ("resolve", "nothing/1", "--give-up", "--yes")]
    return {" ".join(line): "".join(day.callbeat(*line)[1:]) for line in lines}


def _command_lines(day: Installation) -> str:
    """Of every process of the installation, and of what these have started."""
    sessions = {process.pid for process in day._processes.values()}
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            if int((folder / "stat").read_text().rpartition(")")[2].split()[3]) in sessions:
                found.append((folder / "cmdline").read_text().replace("\0", " "))
    return "\n".join(found)


def _kept(day: Installation) -> list[Path]:
    """Every file of the home; the ledger is on a server."""
    return [path for path in day.home.rglob("*") if path.is_file()]


def _found_in(text: str, where: str) -> list[str]:
    """`calls` is for who wants to see what was said to whom; numbers and keys are not even there."""
    return [needle for needle in (SECRETS if where.startswith("calls ") else MARKED) if needle in text]
