"""Calls as data files: other programs read back what was written, and a spreadsheet runs none of it."""

import csv
import io
import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.runs.call_files import FORMS, harmless, write_calls
from callbeat.runs.call_pages import CONTACT_COLUMNS
from tests.trying import tried

CALL = {
    "run": "daily@20261201T0500Z", "row": 1, "number": "+12025550101", "batch": "daily@20261201T0500Z/1",
    "provider_call": "x1", "outcome": "answered", "provider_status": "completed", "attempts": 1,
    "started_at": "2026-12-01T05:00:00+00:00", "seconds": 20, "cost": "0.0581", "currency": "USD", "error": None,
    "variables": {"name": "Zoë, the \"first\"\n=1+1"}, "reason": None,
}  # fmt: skip
NOBODY = dict.fromkeys(CONTACT_COLUMNS) | {
    "run": CALL["run"], "row": 2, "outcome": "invalid", "attempts": 0, "variables": {}, "reason": "no_number",
}  # fmt: skip


def written(form, pages, columns=CONTACT_COLUMNS):
    out = io.BytesIO()
    write_calls(form, columns, pages, out)
    return out.getvalue()


def test_csv_is_what_a_reader_of_csv_reads():
    """One line a contact, whatever is in it."""
    header, *rows = csv.reader(io.StringIO(written("csv", [[CALL], [NOBODY]]).decode(), newline=""))
    assert tuple(header) == CONTACT_COLUMNS
    first, second = (dict(zip(header, row, strict=True)) for row in rows)
    assert (first["number"], first["seconds"], first["cost"], first["error"]) == (
        "+12025550101",
        "20",
        "0.0581",
        "",
    )
    assert json.loads(first["variables"]) == CALL["variables"]
    assert (second["row"], second["number"], second["outcome"], second["reason"]) == (
        "2",
        "",
        "invalid",
        "no_number",
    )


def test_csv_is_what_polars_reads():
    """The numbers of calls as text: no reader may take away their plus."""
    frame = pl.read_csv(written("csv", [[CALL, NOBODY]]), schema_overrides={"number": pl.String})
    assert frame["number"].to_list() == ["+12025550101", None]
    assert frame["seconds"].to_list() == [20, None]


def test_json_lines_are_documents():
    """Each with all that is known, nested as it is."""
    assert [json.loads(line) for line in written("jsonl", [[CALL], [NOBODY]]).splitlines()] == [CALL, NOBODY]


@pytest.mark.parametrize("pages", [[[CALL], [NOBODY]], [[NOBODY] * 3, [CALL] * 2], []])
def test_parquet_has_types_even_where_nothing_is_known(pages):
    """A first page without any cost must not make the column one of nothings."""
    frame = pl.read_parquet(written("parquet", pages))
    assert frame.columns == list(CONTACT_COLUMNS)
    assert (frame.schema["row"], frame.schema["cost"]) == (pl.Int64, pl.String)
    told = [row | {"variables": json.loads(row["variables"])} for row in frame.to_dicts()]
    assert told == [row for page in pages for row in page]


@pytest.mark.parametrize("form", FORMS)
def test_what_goes_wrong_while_pages_are_read_is_what_is_raised(form):
    """A run that another process took over must be told as that, not as a fault of some format."""

    def pages():
        yield [CALL]
        raise LookupError("taken")

    with pytest.raises(LookupError, match="taken"):
        written(form, pages())


@pytest.mark.parametrize("form", FORMS)
def test_pages_are_written_as_they_come(form):
    """A million calls take no more memory than a thousand: what has been written is let go."""
    alive, most = [0], [0]

    class Row(dict):
        def __init__(self, row):
            super().__init__(CALL | {"row": row})
            alive[0] += 1
            most[0] = max(most[0], alive[0])

        def __del__(self):
            alive[0] -= 1

    write_calls(form, CONTACT_COLUMNS, ([Row(n) for n in range(100)] for _ in range(50)), io.BytesIO())
    assert most[0] <= 300


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("+12025550101", "+12025550101"),
        ("-5", "-5"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1+cmd", "'+1+cmd"),
        ("@SUM(1)", "'@SUM(1)"),
        ("-2-3", "'-2-3"),
        (" =1+1", "' =1+1"),
        ("\t=1+1", "'\t=1+1"),
        ("\rx", "'\rx"),
        ("\nx", "'\nx"),
        ("＝1+1", "'＝1+1"),
        ("+12•••••••01", "'+12•••••••01"),
        ("+1\n=1+1", "'+1\n=1+1"),
        ("-0.0581", "-0.0581"),
        ("+١٢", "'+١٢"),
        ("a=1+1", "a=1+1"),
        ({"=cmd": "=1"}, '{"=cmd": "=1"}'),
        ("plain", "plain"),
        ("'=1", "''=1"),
        ("'t Hooft", "''t Hooft"),
        ("\u200b=1", "'\u200b=1"),
        ("\ufeff@x", "'\ufeff@x"),
        ("﹢1+x", "'﹢1+x"),
        (None, ""),
    ],
)
def test_a_formula_is_marked_and_a_number_is_not(value, cell):
    """A spreadsheet must run nothing; a program must find the number again that it gave us."""
    table = csv.reader(io.StringIO(written("csv", [[{"value": value}]], ["value"]).decode(), newline=""))
    assert list(table) == [["value"], [cell] if cell else []]


texts = st.text(st.sampled_from("'=+-@\t\r\n 0159.aé＝\u00a0\u200b\ufeff"), max_size=6)


@tried(300)
@given(texts)
def test_a_marked_cell_can_be_read_back_by_a_program(text):
    """One apostrophe at the front is left out: nothing else was changed, and no cell begins as a formula does."""
    cell = pl.DataFrame({"cell": [text]}).select(harmless("cell")).item()
    assert (cell[1:] if cell.startswith("'") else cell) == text
    first = cell.lstrip(" \t\r\n\u00a0\u200b\ufeff")[:1]
    assert first not in tuple("=＝@") or first == ""
    assert first not in ("+", "-") or cell[1:].replace(".", "", 1).isdigit()
