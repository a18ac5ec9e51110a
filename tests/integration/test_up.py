"""`callbeat up --sandbox`: everything on one machine by one command, and nothing left of it afterwards."""

import json
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli.ports import free_port
from tests.integration.campaign_files import a_campaign, as_csv, as_yaml, numbers
from tests.integration.processes import kill_all, linux_only, running_for
from tests.integration.waiting import until

pytestmark = linux_only
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


class Up:
    """`callbeat up --sandbox` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.mark = f"MARK_{secrets.token_hex(8)}"
        self.folder, self.home, self.told = folder, folder / "var", folder / "told.log"
        for made in (folder / "config" / "campaigns", folder / "config" / "contacts"):
            made.mkdir(parents=True)
        outside = {
            name: value for name, value in os.environ.items() if not name.startswith(("CALLBEAT_", "BOLNA_"))
        }
        self.environment = {**outside, "CALLBEAT_HOME": str(self.home), self.mark: "1"}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.told.open("wb") as told:
            argv = [sys.executable, "-m", "cli.main", "up", "--sandbox", "--speed", "60"]
            argv += ["--flower-port", str(free_port())]  # others may run an `up` at the same time
            self.process = subprocess.Popen(
                argv, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=told, stderr=told,
                start_new_session=True,
            )  # fmt: skip

    def callbeat(self, *words: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "cli.main", *words]
        return subprocess.run(
            argv, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip

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


def test_up_runs_campaigns_shows_them_in_flower_and_leaves_nothing_behind(up: Up):
    """One command is how most people run it: they need its addresses, their other commands, and a clean end."""
    (up.folder / "config/contacts/daily.csv").write_text(as_csv(numbers(3)))
    (up.folder / "config/campaigns/daily.yaml").write_text(as_yaml(a_campaign("daily")))
    up.start()
    flower, sandbox = up.address("Flower"), up.address("sandbox")
    page = until(lambda: _workers_page(flower), "Flower lists the worker", told=up.story)
    assert "+1202" not in page

    made = up.callbeat("run", "daily", "--wait", "--yes", "--format", "json")
    assert made.returncode == 0, made.stderr + up.story()
    assert json.loads(made.stdout)["state"] == "finished"
    dials = httpx.get(f"{sandbox}/_sandbox/dials", timeout=10, trust_env=False).json()
    by_hand = [dial["number"] for dial in dials if dial["label"].startswith("cb-main-daily-manual-1-")]
    assert sorted(by_hand) == numbers(3)

    second = up.callbeat("up", "--sandbox")
    assert second.returncode == 1
    assert "already running" in second.stderr
    assert up.process is not None
    assert up.process.poll() is None, "the second `up` hurt the first"
    assert not _complaints(up)

    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(timeout=60) == 0
    assert up.processes() == []
    assert not list(up.home.glob("*.sock"))
    assert {entry.name for entry in up.folder.iterdir()} == {"config", "var", "told.log"}


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
