"""What the processes log over a whole run: one form, one line for each decision, and nobody's number."""

import json
import subprocess
import sys
from collections import Counter

import httpx
from sqlalchemy import select

from callbeat.ledger.tables import BatchRow, EventRow, RunRow
from cli.ports import free_port
from cli.processes import flower_argv
from tests.integration.installation import CELERY, Installation, Json
from tests.integration.test_secrets import BAD, NEEDLES, PEOPLE

OURS = ("run.", "batch.")
REMINDER = "batch.still_held"


def test_every_line_is_json_every_decision_is_one_line_and_no_number_is_in_any(installation: Installation):
    """A collector reads all of it; whoever looks for a run finds what was decided, and each thing once."""
    installation.start()
    sandbox = installation.sandbox
    for operation in ("create", "schedule", "calls"):
        sandbox.fault("status", operation, status=500, after=True)
    sandbox.fault("malformed", "list", skip=1)
    installation.campaign("told", [*PEOPLE, PEOPLE[0], BAD], due=installation.soon(), schedule={"late": "2h"})
    processes = [installation.spawn(name) for name in ("beat", "worker")]
    port = free_port()
    processes.append(installation.run_process("flower", flower_argv("127.0.0.1", port)))
    installation.wait_for_run("told", "finished")
    installation.wait_until(lambda: _answers(port), "Flower answers")
    for process in processes:
        process.terminate()
        process.wait(timeout=30)

    lines = [line for name in ("beat", "worker", "flower", "sandbox") for line in _lines(installation, name)]
    assert {line["process"] for line in lines} == {"beat", "worker", "flower", "sandbox"}
    assert all(line["event"] and line["level"] and line["timestamp"].endswith("Z") for line in lines)
    assert _decisions_told(lines) == _decisions(installation)
    assert all(line["site"] == "main" for line in lines if line["process"] != "sandbox")
    assert [line for line in lines if line.get("batch") and not line.get("run")] == []
    assert {"create", "schedule", "poll", "collect"} <= {line.get("task") for line in lines}
    assert {line["level"] for line in lines if line["event"] == "batch.uncertain"} == {"warning"}
    assert any(line["event"] == "process.stopped" for line in lines)
    told = json.dumps(lines, ensure_ascii=False)
    assert [needle for needle in NEEDLES if needle in told] == []


def test_a_wrong_setting_is_one_readable_line_in_any_process(installation: Installation):
    """The log is what one looks at when a process does not come up: also for a mistake in its own settings."""
    for words in ("worker", "beat"):
        ended = subprocess.run(
            [sys.executable, "-m", *CELERY, words],
            cwd=installation.folder,
            env={**installation.environment, "CALLBEAT_LOG_LEVEL": "loud"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        (line,) = ended.stderr.splitlines()
        told = json.loads(line)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert (told["event"], told["level"], told["process"]) == ("process.refused", "error", words)
        assert "CALLBEAT_LOG_LEVEL" in told["why"]
        assert "'warning'" in told["why"]


def test_what_nobody_catches_is_a_line_too(installation: Installation):
    """A traceback of many lines is torn apart by every collector, and shows whatever it likes."""
    dies = f"import worker.app; raise RuntimeError('cannot call {PEOPLE[0]}')"
    ended = subprocess.run(
        [sys.executable, "-c", dies],
        cwd=installation.folder,
        env=installation.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    (line,) = ended.stderr.splitlines()
    assert json.loads(line)["event"] == "process.failed"
    assert "RuntimeError: cannot call •••" in json.loads(line)["exception"]
    assert PEOPLE[0] not in ended.stderr


def _lines(installation: Installation, name: str) -> list[Json]:
    """Each line of a log; what is no JSON fails here, and is shown."""
    text = installation.log(name).read_text()
    assert text, f"{name} has told nothing"
    plain = [line for line in text.splitlines() if not line.startswith("{")]
    assert plain == []
    return [json.loads(line) for line in text.splitlines()]


def _decisions_told(lines: list[Json]) -> Counter[tuple[str | None, ...]]:
    """Moves and notes of runs and batches among the lines."""
    kept = ("event", "run", "batch", "from", "why", "actor", "at")
    mine = [line for line in lines if line["event"].startswith(OURS) and line["event"] != REMINDER]
    return Counter(tuple(line.get(name) for name in kept) for line in mine)


def _decisions(installation: Installation) -> Counter[tuple[str | None, ...]]:
    """The same from the ledger."""
    with installation.ledger.read() as session:
        wanted = (
            select(EventRow, RunRow.key, BatchRow.key)
            .join(RunRow, RunRow.id == EventRow.run_id)
            .outerjoin(BatchRow, BatchRow.id == EventRow.batch_id)
        )
        return Counter(_as_told(*found) for found in session.execute(wanted))


def _as_told(event: EventRow, run: str, batch: str | None) -> tuple[str | None, ...]:
    word = "note" if event.from_state == event.to_state else event.to_state
    kind = "batch" if batch else "run"
    at = event.at.replace(microsecond=0).isoformat()
    return (f"{kind}.{word}", run, batch, event.from_state, event.why, event.actor, at)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthcheck", timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
