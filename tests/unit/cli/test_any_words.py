"""Whatever is typed after any command: an exit code and a line that says what and how, never a traceback.

The commands and their options are read off the program itself, so a new one is tried without being named here.
Those that start processes, replace this one or wait are tried too, up to the moment at which they would.
"""

import io
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.core import TyperCommand

from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.store import Ledger
from callbeat.settings import AccountSettings, ClockSettings, Settings
from cli.main import main
from tests.factories import World, a_campaign
from tests.trying import tried
from tests.unit.cli.command_lines import leaves

COMMANDS = dict(leaves())
CAMPAIGN = """
name: daily
provider: bolna
agent: 3c90c3cc-0d44-4b50-8888-8dd25736052a
schedule: {cron: "0 5 * * *", timezone: UTC}
contacts: {source: contacts/daily.csv}
hours: any
"""
RUN = "daily@20261201T0500Z"
HOSTILE = "[/red]\x1b[2J\u202e=1+1 «ü»"
OURS = ("daily", RUN, f"{RUN}/1", "bolna", "beat", "worker", "config/campaigns", "var/callbeat.db", "x.db")
GARBAGE = (
    *(
        "",
        " ",
        "-",
        "--",
        "../../etc/passwd",
        "/dev/null",
        "/",
        "x" * 5000,
        "' OR 1=1 --",
        "[/b]",
        "[red]",
        "😀",
        "é",
    ),
    *("%", "%s{0}{x}", "\x1b[31m", "\u202e", "a\nb", "\udcff", "file:///etc/passwd", "*", "~", "$(id)", "daily\t"),
    *("0", "-1", "1", "99999999999999999999", "1e9", "nan", "inf", "٣", "0x10", "true", "None", "json", "csv"),
    *(
        "2026-12-01",
        "2026-12-01T09:30+05:30",
        "0001-01-01",
        "9999-12-31",
        "9999-12-31T23:59:59-23:59",
        "2026-W01-1",
    ),
    *("0001-01-01T00:00+05:30", "2026-02-30", "tomorrow", "T", "20261201T0500Z", "2026-12-01T00:00+99:99"),
)
WORDS = (
    st.sampled_from(OURS) | st.sampled_from(GARBAGE) | st.text(st.characters(exclude_characters="\0"), max_size=6)
)


class WouldStart(SystemExit):
    """A process would be started here, or waited for."""


def would_start(*_: Any, **__: Any) -> None:
    raise WouldStart(0)


@dataclass(frozen=True)
class Left:
    """How a command ended."""

    code: int
    out: str
    said: str
    started: bool = False


def type_it(*words: str) -> Left:
    """A whole command line, in this process."""
    out, said = Console("strict"), Console("backslashreplace")
    sys.argv = ["callbeat", *words]
    before = os.umask(0o077)
    with redirect_stdout(out), redirect_stderr(said), pytest.raises(SystemExit) as left:
        main()
    os.umask(before)
    out.flush(), said.flush()
    return Left(int(left.value.code or 0), out.told(), said.told(), isinstance(left.value, WouldStart))


class Console(io.TextIOWrapper):
    """Standard output and error as they are where they go to a file."""

    def __init__(self, errors: str) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", errors=errors, write_through=True)

    def told(self) -> str:
        return self.buffer.getvalue().decode(errors="replace")  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    """A ledger with a run in each state, and texts of others in it that no terminal should meet."""
    path = tmp_path_factory.mktemp("ledger") / "callbeat.db"
    world = World(Ledger(f"sqlite:///{path}"), path.parent)
    world.ledger.upgrade()
    for hour, state in enumerate(RunState):
        run = world.a_run(a_campaign(), state=state, key=f"daily+manual-{hour + 1}", manual=hour + 1)
        world.a_batch(BatchState.HELD if hour % 2 else BatchState.FINISHED, run=run, reason=HOSTILE,
                      label=f"l{hour}", key=f"daily+manual-{hour + 1}/1")  # fmt: skip
    batch = world.a_batch(BatchState.HELD, reason=HOSTILE)
    for call in world.calls(batch):
        world.set(call, error=HOSTILE, provider_status=HOSTILE, variables={"=cmd": HOSTILE}, provider_call=HOSTILE)
    world.ledger.close()
    return path


@pytest.fixture
def place(tmp_path, monkeypatch, template) -> Path:
    """An installation in which nothing can be started, its ledger filled."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("CALLBEAT_", "BOLNA_", "CARTESIA_", "FLOWER_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CALLBEAT_ACCOUNTS__BOLNA__API_KEY", "bn-nobody")
    monkeypatch.setenv("CALLBEAT_ACCOUNTS__BOLNA__BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("cli.main.begin_logs", lambda *_, **__: None)
    monkeypatch.setattr("cli.health.WITHIN", 0.1)
    monkeypatch.setattr(sys, "argv", sys.argv)
    for module, name in ((os, "execv"), (subprocess, "Popen"), (time, "sleep")):
        monkeypatch.setattr(module, name, would_start)
    write_installation(tmp_path, template)
    return tmp_path


def write_installation(folder: Path, template: Path) -> None:
    (folder / "config" / "campaigns").mkdir(parents=True)
    (folder / "config" / "contacts").mkdir()
    (folder / "config" / "campaigns" / "daily.yaml").write_text(CAMPAIGN)
    (folder / "config" / "contacts" / "daily.csv").write_text("contact_number,name\n+12025550101,Ann\nx,Bo\n")
    (folder / "var").mkdir(mode=0o700)
    shutil.copy(template, folder / "var" / "callbeat.db")


def lines_of(command: TyperCommand) -> st.SearchStrategy[list[str]]:
    """Command lines with the options that there are, and any values."""
    named = [opt for param in command.params for opt in (*param.opts, *param.secondary_opts) if opt.startswith("-")]
    parts = WORDS.map(lambda word: [word])
    if named:
        with_value = st.tuples(st.sampled_from(named), WORDS).map(list)
        parts = parts | with_value | st.sampled_from(named).map(lambda name: [name]) | st.just(["--yes"])
        parts = parts | (st.just(["--format", "json"]) if "--format" in named else st.nothing())
    return st.lists(parts, max_size=4).map(lambda found: [word for part in found for word in part])


def is_answered(left: Left, words: list[str]) -> bool:
    """An exit code that means something, a line where it is not well, and JSON where JSON was asked for."""
    assert left.code in (0, 1, 2, 3), (words, left)
    assert "Traceback" not in left.said, (words, left)
    assert left.code in (0, 3) or left.said.strip() or left.out.strip(), (words, left)
    assert "\x1b" not in left.said + left.out, (words, left)
    if left.code in (0, 3) and not left.started and words[-2:] == ["--format", "json"] and "--help" not in words:
        json.loads(left.out)
    return True


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_whatever_is_typed_is_answered(place, name):
    """A pasted id, an id of something else, a date that no calendar has."""

    @tried(2)
    @given(words=lines_of(COMMANDS[name]))
    def every_line(words: list[str]) -> None:
        line = [*name.split(), *(word for word in words if word != "--reveal")]
        assert is_answered(type_it(*line), line)

    every_line()


VARIABLES = [f"CALLBEAT_{name.upper()}" for name in Settings.model_fields if not name.endswith("_api_key")]
VARIABLES += [
    f"CALLBEAT_ACCOUNTS__{name}__{field.upper()}"
    for name in ("BOLNA", "X")
    for field in AccountSettings.model_fields
]
VARIABLES += [f"CALLBEAT_CLOCK__{name.upper()}" for name in ClockSettings.model_fields]
VARIABLES += ["BOLNA_API_KEY", "CALLBEAT_SECRETS_DIR", "FLOWER_BASIC_AUTH", "FLOWER_URL_PREFIX"]
VALUES = (
    *GARBAGE, "http://[", "postgresql://[", "sqlite:///", "sqlite:////dev/null", "redis://[", "unix://", "{", "[]",
    "{}", "1e999999999", "NaN", "+12025550101,", "2026-12-01T00:00:00Z", "bolna", "config", "var", "off",
)  # fmt: skip


@pytest.mark.slow
@tried(10)
@given(
    environment=st.dictionaries(st.sampled_from(VARIABLES), st.sampled_from(VALUES), min_size=1, max_size=3),
    name=st.sampled_from(
        ["runs", "validate", "plan", "preview daily", "calls x", "stop --all --yes", "db upgrade"]
    ),
)
def test_whatever_stands_in_the_environment_is_answered(place, environment, name):
    """A variable of another service, or the line of a template that nobody filled in."""
    with pytest.MonkeyPatch.context() as variables:
        for variable, value in environment.items():
            variables.setenv(variable, value)
        left = type_it(*name.split())
    assert is_answered(left, [*environment.items(), name])
    assert left.code in (0, 1, 2, 3)  # the last: `stop --all` meets batches that are held


@pytest.mark.slow
@pytest.mark.parametrize("form", ["table", "json"])
@pytest.mark.parametrize("words", ["calls", "show", "runs"])
def test_a_terminal_is_never_steered_by_what_a_provider_says(place, words, form):
    """Its error texts may hold what clears a screen, and what rich takes for markup."""
    left = type_it(words, *([] if words == "runs" else [RUN]), "--format", form)
    assert left.code in (0, 3), left
    assert "\x1b" not in left.said + left.out
    assert words == "runs" or "[/red]" in left.out, "it is shown, and as it was said"
