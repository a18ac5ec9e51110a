"""ARCHITECTURE.md says what the code does, and stays short enough to be read."""

import re
import tomllib
from pathlib import Path

import pytest

from callbeat.ledger.states import BATCH_MOVES, RUN_MOVES

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```mermaid\n(.*?)^```", re.MULTILINE | re.DOTALL)
ARROW = re.compile(r"^\s*(\w+) --> ([\w &]+)$", re.MULTILINE)


def drawn(heading: str) -> set[tuple[str, str]]:
    """Every arrow of the picture that bears a heading."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    (block,) = [block for block in BLOCK.findall(text) if heading in block]
    return {(old, new.strip()) for old, targets in ARROW.findall(block) for new in targets.split("&")}


@pytest.mark.parametrize(("heading", "moves"), [("batch states", BATCH_MOVES), ("run states", RUN_MOVES)])
def test_the_picture_shows_every_move_and_no_other(heading, moves):
    """A picture that lies is worse than none, at three in the morning."""
    assert drawn(heading) == {(str(old), str(new)) for old, targets in moves.items() for new in targets}


def test_architecture_stays_under_120_lines():
    """It is read by somebody in a hurry."""
    assert len((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) < 120


@pytest.mark.parametrize("folder", ["callbeat", "tasks", "worker", "dashboard", "hooks", "sandbox", "cli"])
def test_every_folder_is_under_the_import_rules(folder):
    """A folder that import-linter does not know may import whatever it likes."""
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    assert folder in rules["root_packages"]


def test_the_core_knows_neither_celery_nor_redis():
    """What is true must not depend on how it is carried about."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "callbeat").rglob("*.py")))
    assert not re.findall(
        r"^\s*(?:from|import) (?:celery|kombu|redis|fastapi|tasks|worker|dashboard|hooks|sandbox|cli)\b",
        source,
        re.M,
    )


def test_only_the_writer_writes_a_state():
    """A state written elsewhere has no event, and no protection against two workers."""
    guilty = [
        path.name
        for path in sorted((ROOT / "callbeat").rglob("*.py"))
        if re.search(
            r"update\((?:RunRow|BatchRow)\)[^#]*?\.values\([^)]*\bstate=", path.read_text(encoding="utf-8")
        )
    ]
    assert guilty == []
