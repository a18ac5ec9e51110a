"""Operators know workers by their names: short ones, and never the same for two that live."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker import names
from worker.names import take_name

TAKE = "import sys; from pathlib import Path; from worker.names import take_name; \
print(take_name(sys.argv[1], Path(sys.argv[2])), flush=True); sys.stdin.read()"


@pytest.fixture(autouse=True)
def _lets_go(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process has one name for as long as it lives; a test takes many."""
    held: list[int] = []
    monkeypatch.setattr(names, "_held", held)
    yield
    for descriptor in held:
        os.close(descriptor)


def test_workers_of_a_home_are_counted_even_if_their_hosts_are_called_the_same(tmp_path: Path) -> None:
    """Containers that share a network share the host's name: Flower would take the two for one."""
    taken = [take_name(f"{name}@box", tmp_path) for name in ("worker-1", "celery", "worker-1", "worker-7")]
    assert taken == ["worker-1@box", "worker-2@box", "worker-3@box", "worker-7@box"]
    assert take_name("worker-1@box", tmp_path / "another") == "worker-1@box"


def test_a_name_of_the_operators_own_is_kept_while_it_is_free(tmp_path: Path) -> None:
    assert [take_name("night@box", tmp_path) for _ in range(3)] == ["night@box", "night-2@box", "night-3@box"]


def test_a_killed_workers_name_is_free_again(tmp_path: Path) -> None:
    """Else each restart would leave one more dead row in Flower, and nobody could tell which is which."""
    argv = [sys.executable, "-c", TAKE, "worker-1@box", str(tmp_path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "worker-1@box"
        assert take_name("worker-1@box", tmp_path) == "worker-2@box"
        other.kill()
        other.wait()
    assert take_name("worker-1@box", tmp_path) == "worker-1@box"
