"""What contacts may be written in: each says the same rows, and what was guessed is told."""

import gzip
import json
import os
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.contacts.cells import cell, text_column
from callbeat.contacts.rows import ROWS_AT_ONCE, ZONE
from callbeat.contacts.source import SourceError, Wanted
from callbeat.contacts.sources import FileSource, read_source
from tests.trying import tried
from tests.unit.contacts.reading import NOW, PHONE, frames, notes_of, rows_of

TEXT = "phone,name\n+1,Åse Müller\n+2,Bo\n"
NAMES = [("+1", "Åse Müller"), ("+2", "Bo")]


@pytest.fixture
def put(tmp_path):
    """A file of that name and content."""

    def write(content: bytes | str, name: str = "today.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def refused(path: Path, wanted: Wanted = PHONE) -> SourceError:
    with pytest.raises(SourceError) as caught:
        rows_of(path, wanted)
    return caught.value


def named(path: Path) -> list[tuple[str, str]]:
    return [(row.phone, row.variables.get("name", row.broken)) for row in rows_of(path)]


# -- encodings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_in_every_form_is_read_without_a_word(put, encoding):
    """Spreadsheets write all of these."""
    mark = "\ufeff" if encoding.endswith(("le", "be")) else ""
    path = put((mark + TEXT).encode(encoding))
    assert named(path) == NAMES
    assert notes_of(path) == []


@pytest.mark.parametrize(
    ("content", "name"),
    [(TEXT.encode("cp1252"), "Windows-1252"), (TEXT.encode("latin-1") + b"+3,\x81\n", "Latin-1")],
)
def test_what_is_not_unicode_is_read_and_said_out_loud(put, content, name):
    """Guessed wrong, an agent greets somebody by a name that is not theirs."""
    path = put(content)
    assert named(path)[:2] == NAMES
    (note,) = notes_of(path)
    assert name in note


def test_a_sign_far_behind_tells_the_encoding_of_the_whole_file(put):
    """And not from there on."""
    path = put(b"phone,name\n" + b"+1,Ann\n" * 300_000 + "+2,Åse\n".encode("cp1252"))
    some = frames(path)
    assert some[0].notes
    assert not any(later.notes for later in some[1:])
    assert some[-1].frame["variable:name"][-1] == "Åse"


def test_a_broken_utf_16_is_refused(put):
    """It ends within a sign."""
    assert refused(put(TEXT.encode("utf-16")[:-1])).reason == "source_unreadable"


# -- packed ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["today.csv.gz", "today.csv"])
def test_what_is_packed_is_unpacked_by_how_it_begins(put, name):
    """Its name may say nothing."""
    assert named(put(gzip.compress(TEXT.encode(), mtime=0), name)) == NAMES


@pytest.mark.parametrize("cut", [5, 15, -1, -8])
def test_half_of_what_is_packed_is_refused(put, cut):
    """Of an upload that broke off nobody is called."""
    error = refused(put(gzip.compress(TEXT.encode() * 50, mtime=0)[:cut], "today.csv.gz"))
    assert (error.reason, "upload it again" in error.words) == ("source_unreadable", True)


@pytest.mark.slow
def test_what_unpacks_without_end_is_refused(put, monkeypatch):
    """A few kilobytes become gigabytes."""
    monkeypatch.setattr("callbeat.contacts.opening.MOST_BYTES", 3_000_000)
    assert "unpacked, is larger" in refused(put(gzip.compress(b"phone\n" + b"1" * 40_000_000))).words


def test_a_workbook_in_a_packed_file_is_told(put):
    """It is nobody's CSV."""
    assert "spreadsheet's own file" in refused(put(gzip.compress(b"PK\x03\x04\x14\0", mtime=0), "x.csv.gz")).words


# -- JSONL -------------------------------------------------------------------------------------------------------


def test_one_object_a_line_is_a_row(put):
    """Keys in any order; numbers as people say them; what is missing is empty."""
    lines = [
        {"phone": "+1", "name": "Ann", "owes": 12.0, "paid": True},
        {"name": "Bo", "phone": 919876543210, "owes": 12.5},
        {"phone": None, "name": "Cy", "owes": None, "paid": False},
    ]
    rows = rows_of(put("\n".join(json.dumps(line) for line in lines) + "\n\n", "today.jsonl"))
    assert [(row.row, row.phone, dict(row.variables), row.broken) for row in rows] == [
        (1, "+1", {"name": "Ann", "owes": "12", "paid": "true"}, None),
        (2, "919876543210", {"name": "Bo", "owes": "12.5", "paid": ""}, None),
        (3, "", {"name": "Cy", "owes": "", "paid": "false"}, None),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "{", "[1]", "12", "null", '{"phone": "+2"', '{"phone": "+2"} {"phone": "+3"}', '{"phone": NaN, "name": ""}',
        '{"phone": ["+2"], "name": ""}', '{"phone": "+2", "name": {"first": "Bo"}}',
        '{"phone": "+2", "nmae": "Bo"}',
        '{"phone": "+2", "name": "a\\u0000b"}', '{"phone": "+2", "name": "\\ud800"}', "[" * 100_000,
        '{"phone": ' + "9" * 5000 + "}",
    ],
)  # fmt: skip
def test_what_is_no_object_of_single_values_is_a_broken_row(put, line):
    """Told, and those beside it are called."""
    rows = rows_of(put(f'{{"phone": "+1", "name": "Ann"}}\n{line}\n{{"phone": "+3", "name": "Cy"}}\n'))
    assert [bool(row.broken) for row in rows] == [False, True, False]
    assert [(row.row, row.phone) for row in rows] == [(1, "+1"), (2, ""), (3, "+3")]


def test_keys_nobody_asked_for_break_no_row(put):
    """A list of orders does not matter to who asks for the name."""
    path = put('{"phone": "+1", "name": "Ann"}\n{"phone": "+2", "name": "Bo", "orders": [1]}\n')
    assert [row.broken for row in rows_of(path, Wanted("phone", {"who": "name"}))] == [None, None]


@pytest.mark.parametrize(("content", "reason"), [("\n\n", "source_empty"), ("+1,Ann\n", "source_unreadable")])
def test_what_holds_no_object_is_refused(put, content, reason):
    """And nothing of it is shown."""
    error = refused(put(content, "today.jsonl"))
    assert error.reason == reason
    assert "Ann" not in error.words


# -- Parquet -----------------------------------------------------------------------------------------------------


def test_parquet_is_read_as_text(tmp_path):
    """A number that a program wrote as 919876543210.0 is one all the same."""
    path = tmp_path / "today.parquet"
    pl.DataFrame(
        {
            "phone": [919876543210.0, None, 12.5],
            "name": ["Ann", None, "a\0b"],
            "due": [date(2026, 12, 1), None, None],
            "owes": [Decimal("3.00"), Decimal("3.10"), None],
            "sure": [True, False, None],
        }
    ).write_parquet(path)
    rows = rows_of(path)
    assert [(row.phone, dict(row.variables)) for row in rows] == [
        ("919876543210", {"name": "Ann", "due": "2026-12-01", "owes": "3", "sure": "true"}),
        ("", {"name": "", "due": "", "owes": "3.10", "sure": "false"}),
        ("", {}),
    ]
    assert rows[2].broken == "a NUL character"


def test_parquet_that_is_no_table_of_single_values_is_refused(tmp_path, put):
    """Lists, half a file, and none at all."""
    path = tmp_path / "today.parquet"
    pl.DataFrame({"phone": ["+1"], "orders": [[1, 2]]}).write_parquet(path)
    assert "lists" in refused(path).words
    assert [row.phone for row in rows_of(path, Wanted("phone", {}))] == ["+1"]
    assert refused(put(path.read_bytes()[:-9], "half.parquet")).reason == "source_unreadable"
    assert refused(put(b"PAR1 and no more", "none.parquet")).reason == "source_unreadable"


@pytest.mark.slow
@tried(100)
@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**60), 2**60).map(float))
def test_a_number_reads_the_same_whatever_the_file_is(value):
    """Row by row, and as a column."""
    column = text_column(pl.Series([value]))
    assert column is not None
    assert float(column[0]) == float(cell(value)) == value
    assert value % 1 != 0 or abs(value) >= 2**53 or "." not in column[0] + cell(value)


# -- all of them -------------------------------------------------------------------------------------------------


def test_frames_have_at_most_fifty_thousand_rows_and_go_on_counting(put):
    """So a million rows need no more memory than these."""
    some = frames(put("phone,zone\n" + "+1,UTC\nbroken\n+2,\n" * 40_000), Wanted("phone", {}, zone_column="zone"))
    assert max(part.frame.height for part in some) <= ROWS_AT_ONCE
    numbers = pl.concat([part.frame for part in some])
    assert numbers["row"].to_list() == [*range(1, 120_001)]
    assert numbers.head(3).rows() == [
        (1, "+1", None, "UTC"), (2, None, "1 fields where the header has 2", None), (3, "+2", None, None),
    ]  # fmt: skip
    assert numbers.columns == ["row", "phone", "broken", ZONE]


def test_a_zone_column_that_is_not_there_is_refused(put):
    """Everybody's zone would be unknown."""
    assert "there is no column tz" in refused(put(TEXT), Wanted("phone", zone_column="tz")).words


@pytest.mark.parametrize(("hours", "old"), [(47, False), (49, True)])
def test_a_file_that_is_older_than_it_may_be_stops_the_run(put, hours, old):
    """Yesterday's upload failed, and those people were called already. A newer one may still come."""
    path = put(TEXT)
    written = (NOW - timedelta(hours=hours)).timestamp()
    os.utime(path, (written, written))
    wanted = Wanted("phone", max_age=timedelta(days=2))
    if not old:
        assert len(rows_of(path, wanted)) == 2
        return
    error = refused(path, wanted)
    assert (error.reason, error.may_come) == ("source_too_old", True)
    assert f"{NOW - timedelta(hours=hours):%Y-%m-%d %H:%M} UTC" in error.words


@pytest.mark.parametrize(
    ("content", "name"),
    [("phone\n", "x.csv"), ("\n", "x.jsonl"), (gzip.compress(b"phone\n\n", mtime=0), "x.csv.gz")],
)
def test_an_empty_source_may_still_be_filled(put, content, name):
    """A header without rows is a table that is filled later."""
    error = refused(put(content, name))
    assert (error.reason, error.may_come) == ("source_empty", True)


def test_too_many_rows_stop_every_kind_of_file(put, tmp_path):
    """Somebody uploaded the whole database."""
    pl.DataFrame({"phone": ["+1"] * 4}).write_parquet(tmp_path / "x.parquet")
    for path in (put("phone\n" + "+1\n" * 4), put('{"phone": "+1"}\n' * 4, "x.jsonl"), tmp_path / "x.parquet"):
        assert refused(path, Wanted("phone", max_rows=3)).reason == "too_many_rows"
        assert len(rows_of(path, Wanted("phone", max_rows=4))) == 4


def test_a_file_that_changes_while_it_is_read_is_refused(put):
    """Somebody copies it into the folder just now."""
    path = put("phone\n" + "+1\n" * 60_000)
    some = read_source(FileSource(path.name, path.parent), PHONE, NOW)
    assert next(some).frame.height
    path.write_text("phone\n+2\n")
    with pytest.raises(SourceError) as caught:
        list(some)
    assert (caught.value.reason, caught.value.may_come) == ("source_changing", True)
