"""`make bench`: whatever one benchmark does, the others are measured, and nothing of it goes on."""

import json
import re
import subprocess
import sys
import time

import psutil
import pytest

from bench.__main__ import benchmarks, main
from bench.alone import end

GOOD = """
from bench.figures import Figure, run

def measure(asked):
    yield Figure("a thing", "2 ms", "a stock | thing: 8 ms", 4.0, "10× cheaper", False, f"small: {asked.small}")

run("good", None, measure)
"""
BAD = """
def measure(asked):
    raise SystemExit("no server answers")

measure(None)
"""
ENDLESS = "import time\ndef measure(asked):\n    time.sleep(600)\nmeasure(None)\n"
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print(child.pid, flush=True)
child.wait()
"""

LONG = {"storm", "throughput", "soak"}  # be they ever so small: half a minute and more
AS_ONE_WISHES = [name for name in benchmarks() if name not in LONG]


@pytest.fixture
def trial(tmp_path, monkeypatch):
    """A package of benchmarks: what is to be measured is written by each test."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    folder = tmp_path / "trial"
    folder.mkdir()

    def measured(*words, **modules):
        for name, text in modules.items():
            (folder / f"{name}.py").write_text(text)
        return main([*words, "--json", str(tmp_path / "found.json")], package="trial", folder=folder)

    measured.found = lambda: json.loads((tmp_path / "found.json").read_text())
    return measured


def test_a_benchmark_that_fails_is_a_row_and_the_others_are_measured(trial, capsys):
    """Half an hour of measuring is not lost because its first minute failed; and nobody takes it for whole."""
    code = trial("--small", bad=BAD, good=GOOD)
    told = capsys.readouterr()
    assert code == 1
    assert "| bad | failed: exit 1 (no server answers) |" in told.out
    assert "| a thing | 2 ms; small: True | a stock / thing: 8 ms | 4× | 10× cheaper | **missed** |" in told.out
    assert re.search(r"^ +\d+ s  2 of 2: good$", told.err, re.MULTILINE)
    bad, good = trial.found()["benchmarks"]
    assert (bad["figures"], good["failed"], good["figures"][0]["ratio"]) == ([], None, 4.0)
    assert {"cores", "memory", "Python", "celery", "polars"} <= trial.found()["machine"].keys()


def test_a_missed_aim_is_no_failure(trial):
    """Aims are not gates."""
    assert trial(good=GOOD) == 0


def test_a_benchmark_without_an_end_is_a_row(trial, capsys):
    """An hour later nobody would know why there is no table."""
    assert trial("--longest", "0.2", endless=ENDLESS) == 1
    assert "| endless | failed: not done after 0.2 s (nothing said) |" in capsys.readouterr().out


def gone(process, within=30):
    """Whether it is no more: one that was killed dies a moment later, and may lie unburied."""
    ends = time.monotonic() + within
    while time.monotonic() < ends:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False


def test_what_a_benchmark_has_started_ends_with_it():
    """What goes on in the background spoils every figure after it."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE)
    with parent.stdout:
        child = psutil.Process(int(parent.stdout.readline()))
    end(parent)
    assert parent.returncode is not None
    assert gone(child)


def test_one_can_be_measured_alone(trial):
    assert trial("--only", "good", bad=BAD, good=GOOD) == 0
    assert [one["name"] for one in trial.found()["benchmarks"]] == ["good"]


@pytest.mark.slow
@pytest.mark.parametrize("name", AS_ONE_WISHES)
def test_each_benchmark_can_be_run(name):
    """In a small size: what measures must work when somebody wants to know."""
    argv = [sys.executable, "-m", f"bench.{name}", "--small", "--json"]
    came = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert came.returncode == 0, came.stderr
    assert json.loads(came.stdout)
