"""Every row in exactly one place, for the first reason there is; wherever the rows are cut into frames."""

import threading

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.contacts.rows import Rows
from callbeat.contacts.screening import EXCLUDED, INVALID, Screen, on_list, told
from tests.trying import tried

ANN, BO, CY = "+12025550101", "+12025550102", "+12025550103"


def rows(*phones, first=1, broken=()):
    numbered = range(first, first + len(phones))
    why = ["too few fields" if row in broken else None for row in numbered]
    columns = {"row": list(numbered), "phone": list(phones), "broken": why}
    kinds = {"row": pl.UInt32, "phone": pl.String, "broken": pl.String}
    return Rows(pl.DataFrame(columns, schema=kinds), ())


def screened(*parts, **how):
    """Who is left, and who is out: over all frames."""
    left, out = [], []
    for _, sieve in Screen(**how).each(part for part in parts):
        left += sieve.left.select("row", "number").rows()
        out += sieve.dropped.rows()
    return left, out


def refused(reason, *numbers):
    """A stage that leaves out these."""
    return lambda frame: told(reason, frame["number"].is_in(numbers))


def test_who_stops_early_ends_the_source():
    """A run that cannot be opened leaves no file open, and no thread behind."""
    ended = []

    def source():
        try:
            yield from (rows(ANN, first=row) for row in range(1, 9))
        finally:
            ended.append(True)

    found = Screen().each(source())
    assert next(found)[1].left["number"].to_list() == [ANN]
    found.close()
    assert ended == [True]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]


def test_each_row_ends_with_its_first_reason():
    """Whoever asks why he was not called gets one answer, and always the same."""
    part = rows(ANN, "nonsense", "+1 202 555 0101", ANN, BO, CY, broken={4})
    left, out = screened(part, stages=[refused("suppressed", BO), refused("frequency", BO, CY)])
    assert left == [(1, ANN)]
    assert out == [
        (2, INVALID, "no_number"), (3, EXCLUDED, "duplicate"), (4, INVALID, "broken_row"),
        (5, EXCLUDED, "suppressed"), (6, EXCLUDED, "frequency"),
    ]  # fmt: skip


def test_a_duplicate_is_found_in_whatever_frame_it_stands():
    """A million rows come as twenty frames, and nobody is called twice for it."""
    left, out = screened(rows(ANN, BO), rows(BO, CY, first=3), rows(ANN, first=5))
    assert [number for _, number in left] == [ANN, BO, CY]
    assert [row for row, _, _ in out] == [3, 5]


def test_who_is_left_out_is_left_out_once():
    """The second row of somebody on a list is a duplicate, and not asked for again."""
    asked = []

    def stage(frame):
        asked.extend(frame["number"].to_list())
        return told("suppressed", frame["number"] == ANN)

    left, out = screened(rows(ANN, ANN, BO), stages=[stage])
    assert (left, asked) == ([(3, BO)], [ANN, BO])
    assert [reason for _, _, reason in out] == ["suppressed", "duplicate"]


def test_of_a_trial_only_the_numbers_that_are_allowed_are_called():
    """However they are written in the file; all others are counted, each for one reason."""
    part = rows("+1 (202) 555-0101", BO, BO, "12")
    left, out = screened(part, allowed={ANN})
    assert left == [(1, ANN)]
    assert [reason for _, _, reason in out] == ["not_allowed", "duplicate", "no_country_code"]
    assert screened(part, allowed=set())[0] == []


def test_who_is_on_a_list_is_left_out_and_who_was_erased_is_on_none():
    """A list holds more people than a frame, or fewer, or nobody."""
    frame = pl.DataFrame({"number": [ANN, "", None, BO, ANN]}, schema={"number": pl.String})
    crowd = [f"+1202556{last:04}" for last in range(1_000)]
    for listed in ([ANN], [*crowd, ANN, CY]):
        told_why = on_list("suppressed", pl.Series("number", listed))(frame)
        assert told_why.to_list() == ["suppressed", None, None, None, "suppressed"]
    assert on_list("suppressed", pl.Series("number", [], dtype=pl.String))(frame).null_count() == 5


def test_nobody_at_all_is_no_error():
    """A frame of which nothing is left goes through the same stages."""
    left, out = screened(rows("nonsense"), stages=[refused("suppressed", ANN)])
    assert (left, len(out)) == ([], 1)


phones = st.sampled_from([ANN, "+1 202 555 0101", BO, "'" + CY, "nonsense", "", None])


@pytest.mark.slow
@tried(25)
@given(st.lists(st.tuples(phones, st.booleans()), max_size=20), st.integers(3, 20))
def test_every_row_ends_in_exactly_one_place(people, size):
    """The sums are checked and shown; and how the rows are cut into frames changes nothing."""
    numbers, broken = [phone for phone, _ in people], {row for row, (_, bad) in enumerate(people, 1) if bad}
    parts = [rows(*numbers[at : at + size], first=at + 1, broken=broken) for at in range(0, len(numbers), size)]
    left, out = screened(*parts, stages=[refused("suppressed", BO)])
    assert sorted([row for row, _ in left] + [row for row, _, _ in out]) == list(range(1, len(people) + 1))
    assert len({number for _, number in left}) == len(left)
    assert (left, out) == screened(rows(*numbers, broken=broken), stages=[refused("suppressed", BO)])
