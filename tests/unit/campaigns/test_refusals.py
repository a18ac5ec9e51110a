"""Campaign files: every refusal with its line and its words."""

import time as stopwatch

import pytest

from tests.unit.campaigns.campaign_files import FULL, MINIMAL, changed, problems
from tests.unit.campaigns.refusals import UNREADABLE, WRONG_KEYS, WRONG_VALUES


def with_line(number: int, text: str) -> tuple[bytes, int]:
    """The valid file with one line replaced, and the number of the last line that was put in."""
    lines = FULL.splitlines()
    lines[number - 1] = text
    return "\n".join(lines).encode(), number + text.count("\n")


@pytest.mark.parametrize(("number", "text", "where", "words"), WRONG_VALUES)
def test_a_wrong_value_is_refused_at_its_line(number: int, text: str, where: str, words: str) -> None:
    """One mistake is one problem, and the operator finds it without searching."""
    data, line = with_line(number, text)
    (problem,) = problems(data)
    assert problem.startswith(f"f.yaml:{line}: {where}: ")
    assert words in problem


@pytest.mark.parametrize(("number", "text", "where", "words"), WRONG_KEYS)
def test_a_wrong_key_is_refused_at_its_line(number: int, text: str, where: str, words: str) -> None:
    """A typo must not be a default."""
    data, line = with_line(number, text)
    (problem,) = problems(data)
    assert problem.startswith(f"f.yaml:{line}: {where}: ")
    assert words in problem


@pytest.mark.parametrize(
    ("number", "line", "where"),
    [
        (1, 1, "name"),
        (2, 1, "provider"),
        (4, 1, "agent"),
        (6, 5, "schedule.cron"),
        (7, 5, "schedule.timezone"),
        (15, 14, "contacts.source"),
        (21, 19, "hours.between"),
    ],
)
def test_a_missing_key_is_missed_where_it_should_stand(number: int, line: int, where: str) -> None:
    """There is no line of its own to point at, so it is its mapping's."""
    (problem,) = problems(with_line(number, "#")[0])
    assert problem.startswith(f"f.yaml:{max(line, 2) if number == 1 else line}: {where}: missing: add it: ")


@pytest.mark.parametrize("block", ["schedule", "contacts", "hours"])
def test_a_missing_block_is_missed_at_the_top(block: str) -> None:
    """Without one of these nobody can be called."""
    lines = MINIMAL.replace("hours: any", "hours: any\n").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"{block}:"))
    end = next(number for number in range(start + 1, len(lines)) if not lines[number].startswith("  "))
    (problem,) = problems("\n".join(lines[:start] + lines[end:]).encode())
    assert problem.startswith(f"f.yaml:1: {block}: missing: add it: ")


def test_an_empty_block_of_options_is_refused() -> None:
    """Something was meant to stand there."""
    (problem,) = problems(("\n".join(FULL.splitlines()[:26])).encode())
    assert problem.startswith("f.yaml:26: bolna: expected a mapping, found nothing")


def test_another_providers_options_are_refused() -> None:
    """They would never be looked at."""
    told = problems(changed("provider: bolna", "provider: cartesia"))
    assert any("bolna: these options are bolna's, but the provider is cartesia" in problem for problem in told)


@pytest.mark.slow
@pytest.mark.parametrize(("data", "line", "words"), UNREADABLE)
def test_what_is_no_campaign_file_at_all_is_said_in_one_problem(data: bytes, line: int, words: str) -> None:
    """Hostile, mangled and mistaken files stop their own campaign and nothing else."""
    (problem,) = problems(data)
    assert problem.startswith(f"f.yaml:{line}: file: ")
    assert words in problem


def test_ten_megabytes_are_refused_at_once() -> None:
    """Somebody saves the contacts as a campaign one day; beat must not stand still for it."""
    data = b"name: x\n" * 1_250_000
    begun = stopwatch.monotonic()
    (problem,) = problems(data)
    assert stopwatch.monotonic() - begun < 20
    assert "larger than 1 MB" in problem


def test_a_bomb_of_aliases_is_never_followed() -> None:
    """Nine lines of these unfold into a billion entries."""
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    told = problems("\n".join(lines).encode())
    assert told[0].startswith("f.yaml:1: ")
    assert sum("aliases are refused" in problem for problem in told) >= 30
