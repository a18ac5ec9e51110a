"""Campaign files that nobody wrote: whatever the bytes, the reader answers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeat.campaigns.reader import read_campaign
from callbeat.errors import Problem, has_errors
from tests.unit.campaigns.campaign_files import FULL


def is_consistent(data: bytes) -> bool:
    """What holds for every Reading whatsoever."""
    reading = read_campaign(data, "f.yaml")
    ordered = sorted(reading.problems, key=lambda problem: problem.line) == list(reading.problems)
    told = all(is_tellable(problem) for problem in reading.problems)
    return ordered and told and (reading.campaign is None) == has_errors(reading.problems)


def is_tellable(problem: Problem) -> bool:
    """One printable line, with a line number of the file."""
    return str(problem).isprintable() and problem.line >= 0 and all((problem.where, problem.problem, problem.fix))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_whatsoever_raise(data: bytes) -> None:
    """beat reads this folder every few seconds; a traceback there would stop every campaign."""
    assert is_consistent(data)


PIECES = st.sampled_from(
    [
        *("*a", "&a ", "!!x ", "!", "[", "]", "{", "}", ": ", "\n", "- ", "? ", "|\n", ">-\n", '"', "'", "#", ","),
        *("---\n", "...\n", "%YAML 1.3\n", "%TAG ! a\n", "<<: ", "@", "`", "~", "null", "true", "%", "../", "\t"),
        *("\\x", "\\u0000", "\\ud800", "\\U00110000", "\0", "\ufeff", "\x85", "é", "😀", "9" * 30, "1e999"),
    ]
)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(FULL)), st.integers(0, 12), PIECES), min_size=1, max_size=4))
def test_no_mangled_campaign_raises(edits: list[tuple[int, int, str]]) -> None:
    """Most broken files were whole a minute ago."""
    text = FULL
    for start, length, piece in edits:
        text = text[:start] + piece + text[start + length :]
    assert is_consistent(text.encode())
