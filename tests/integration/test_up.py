"""`callbeat up --sandbox`: everything on one machine by one command, and nothing left of it afterwards."""

import os
import re
import secrets
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli.ports import free_port
from tests.integration import tutorial
from tests.integration.processes import kill_all, linux_only, running_for
from tests.integration.waiting import until
from tests.integration.warm import start

pytestmark = linux_only
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


class Up:
    """`callbeat up --sandbox` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.mark = f"MARK_{secrets.token_hex(8)}"
        self.folder, self.home, self.told = folder, folder / "var", folder / "told.log"
        outside = {
            name: value for name, value in os.environ.items() if not name.startswith(("CALLBEAT_", "BOLNA_"))
        }
        path = f"{Path(sys.executable).parent}:{outside['PATH']}"
        self.environment = {**outside, "PATH": path, self.mark: "1"}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, line: str = "callbeat up --sandbox --speed 60") -> None:
        for what in ("flower", "dashboard"):  # others may run an `up` at the same time
            line += f" --{what}-port {free_port()}"
        with self.told.open("wb") as told:
            self.process = subprocess.Popen(
                shlex.split(line), cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=told, stderr=told, start_new_session=True,
            )  # fmt: skip

    def type(self, line: str) -> subprocess.CompletedProcess[str]:
        """A line as somebody types it there, until it ends; our command has its libraries loaded already."""
        name, *words = shlex.split(line)
        argv = ["cli.main", *words]
        with tempfile.TemporaryDirectory() as kept:
            out, err = Path(kept, "out"), Path(kept, "err")
            if name == "callbeat":
                code = start(argv, self.folder, self.environment, out, err).wait(timeout=120)
                return subprocess.CompletedProcess(argv, code, out.read_text(), err.read_text())
        return subprocess.run(
            ["sh", "-c", line], cwd=self.folder, capture_output=True, text=True, timeout=10, check=False
        )

    def address(self, what: str) -> str:
        """What it printed as the address of Flower or of the sandbox, once that answers."""

        def look() -> str | None:
            line = next((line for line in self.told.read_text().splitlines() if line.startswith(f"{what}:")), "")
            found = ADDRESS.search(line)
            return found[0] if found and _answers(found[0]) else None

        return until(look, f"{what} answers", told=self.story) or ""

    def processes(self) -> list[int]:
        """All that it has started and that still lives, itself included."""
        return running_for(self.mark, self.folder)

    def story(self) -> str:
        logs = sorted((self.home / "logs").glob("*.log"))
        return self.told.read_text() + "\n".join(f"-- {log.name}\n{log.read_text()[-1500:]}" for log in logs)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5, trust_env=False, follow_redirects=True).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    one = Up(tmp_path)
    yield one
    kill_all(one.mark, tmp_path)
    if one.process is not None:
        one.process.wait(timeout=10)


def test_the_tutorial_can_be_typed_from_top_to_bottom_and_leaves_nothing_behind(up: Up):
    """One command is how most people begin: they need its addresses, their other commands, and a clean end."""
    told = _type_all_of_it(up)
    assert "finished" in told["callbeat run first --wait --yes"].stderr
    shown = told["callbeat show first+manual-1"].stdout
    assert "5 rows = 1 invalid + 1 excluded (1 duplicate) + 3 calls (answered 1, busy 1, no_answer 1)" in shown
    dials = httpx.get(f"{up.address('sandbox')}/_sandbox/dials", timeout=10, trust_env=False).json()
    by_hand = [dial["number"] for dial in dials if dial["label"].startswith("cb-main-first-manual-1-")]
    assert sorted(by_hand) == ["+12025550101", "+12025550160", "+12025550168"]
    today, runs = (
        httpx.get(up.address("dashboard") + path, timeout=10, trust_env=False).text for path in ("/", "/runs")
    )
    assert "first+manual-1" in runs
    assert ("Nothing is being started" in today, "+1202" in today + runs) == (False, False)
    flower = up.address("Flower")
    assert "+1202" not in until(lambda: _workers_page(flower), "Flower lists the worker", told=up.story)

    second = up.type("callbeat up --sandbox")
    assert second.returncode == 1
    assert "already running" in second.stderr
    assert up.process is not None
    assert up.process.poll() is None, "the second `up` hurt the first"
    assert not _complaints(up)

    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(timeout=60) == 0
    assert up.processes() == []
    assert not list(up.home.glob("*.sock"))
    assert {entry.name for entry in up.folder.iterdir()} == {"calls", ".env", "var", "told.log"}


def _type_all_of_it(up: Up) -> dict[str, subprocess.CompletedProcess[str]]:
    """What each line of docs/first-campaign.md answered; its files are written as soon as their folder is there."""
    told = {}
    for line in tutorial.lines():
        if line.startswith("callbeat up"):
            up.start(line)
            until(lambda: "shows what happens" in up.told.read_text(), "it is up", told=up.story)
            continue
        told[line] = up.type(line)
        assert told[line].returncode == 0, f"{line}: {told[line].stderr}{up.story()}"
        if line.startswith("mkdir"):
            for path, text in tutorial.files().items():
                (up.folder / path).write_text(text, encoding="utf-8")
    return told


def _workers_page(flower: str) -> str:
    """Flower's page once it has heard of a worker."""
    page = httpx.get(f"{flower}/workers", timeout=10, trust_env=False, follow_redirects=True).text
    return page if "worker-1" in page else ""


def _complaints(up: Up) -> list[str]:
    """Lines of any log that are errors."""
    logs = [log for log in (up.home / "logs").glob("*.log") if log.name != "valkey.log"]
    lines = [f"{log.name}: {line}" for log in logs for line in log.read_text().splitlines()]
    return [line for line in lines if re.search(r"ERROR|Traceback|\"level\": \"error\"", line)]


def test_up_that_is_killed_outright_takes_its_processes_with_it(up: Up):
    """Nobody can clean up after SIGKILL, and a beat that lives on unseen would call people."""
    up.start()
    up.address("Flower")
    assert up.process is not None
    up.process.kill()
    up.process.wait(timeout=10)
    until(lambda: len(up.processes()) <= 1, "all but the broker have gone", told=up.story)
    up.start()
    until(lambda: "shows what happens" in up.told.read_text(), "it starts again in the same home", told=up.story)
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(timeout=60) == 0
    assert up.processes() == []
