"""CSV read in blocks by polars says what a plain `csv.reader` in its strict form says, whatever the text is."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from callbeat.contacts import csv_rows
from callbeat.contacts.csv_by_hand import why_broken
from callbeat.contacts.csv_header import Header
from callbeat.contacts.csv_rows import CsvRows
from callbeat.contacts.rows import BROKEN, PHONE
from callbeat.contacts.source import SourceError
from callbeat.contacts.table import Table
from tests.trying import tried

SIGNS = st.sampled_from(
    [
        *'",;\n\r\t',
        '""',
        "\r\n",
        "a",
        " ",
        "'",
        "é",
        "東",
        "\0",
        "\ufeff",
        "\x1e",
        "\u2028",
        "x\x01",
        "#",
        '","',
        '"\n"',
    ]
)
TEXTS = st.lists(SIGNS, max_size=40).map("".join)
ROWS = st.lists(
    st.lists(st.sampled_from(["a", "", 'b"', '"c"', '"d,"', '"e\nf"', '"g""h"', "é"]), max_size=4), max_size=6
)
Told = list[tuple[str | None, tuple[str | None, ...]]] | str


def table(columns: int) -> Table:
    names = (PHONE, *(f"c{place}" for place in range(1, columns)))
    return Table(names, {name: place for place, name in enumerate(names)}, ())


def plainly(text: str, columns: int, separator: str) -> Told:
    told: Told = []
    try:
        for fields in csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator):
            why = why_broken(fields, columns)
            if fields:
                told.append((why, (None,) * columns if why else tuple(fields)))
    except csv.Error as error:
        return f"row {len(told) + 1} cannot be read: " + (
            "a quote is opened in it and never closed" if "unexpected end" in str(error) else str(error)
        )
    return told


def ours(text: str, columns: int, separator: str, behind: int = 0) -> Told:
    data = text.encode()
    wanted = table(columns)
    reader = CsvRows(wanted, separator, 1)
    try:
        frames = list(reader.frames(io.BytesIO(data[behind:]), Header((), separator, 1, data[:behind])))
    except SourceError as error:
        return error.words
    names = list(wanted.taken)
    return [
        (row[BROKEN], tuple(row.get(name) for name in names))
        for frame in frames
        for row in frame.iter_rows(named=True)
    ]


@pytest.mark.slow
@tried(50)
@given(text=TEXTS, columns=st.integers(1, 3), separator=st.sampled_from(",;\t|"))
@example(text='a,"b\n', columns=2, separator=",")
@example(text='a"b,c\r\nd,"e\rf"\ng', columns=2, separator=",")
@example(text='""\n\n""', columns=1, separator=",")
def test_any_text_is_read_as_python_reads_it(text, columns, separator):
    """Row by row: fields, reasons, and where it cannot be read at all."""
    assert ours(text, columns, separator) == plainly(text, columns, separator)


@pytest.mark.slow
@tried(150)
@given(rows=ROWS, ends=st.sampled_from(["\n", "\r\n", "\r"]), separator=st.sampled_from(",;"), last=st.booleans())
def test_rows_with_and_without_quotes_are_read_as_python_reads_them(rows, ends, separator, last):
    """What is nearly right is where two readers differ."""
    text = ends.join(separator.join(row) for row in rows) + (ends if last else "")
    assert ours(text, 2, separator) == plainly(text, 2, separator)


HARD = 'a,b\n"c","d\r\ne"\n\nf,"g""h"\ni"j,k\r\nl\n"m\n\n,n",o\np,é東,\n\r"q",\rr,s\nt,\0\n"u",v'


@pytest.mark.slow
@pytest.mark.parametrize("size", [*range(1, len(HARD.encode()) + 2)])
def test_blocks_may_be_cut_at_every_byte(monkeypatch, size):
    """Also within a sign, a line end, and a quoted field; and the file may end some bytes behind such a cut.

    What was read before the last cut does not depend on where the file ends; a file shorter than a block has none.
    """
    monkeypatch.setattr(csv_rows, "BLOCK", size)
    for behind in {0, 1, size}:
        assert ours(HARD, 2, ",", behind) == plainly(HARD, 2, ",")
    for text in (HARD[:end] for end in range(len(HARD))):
        if len(text.encode()) - size in {0, 1, 2, 3, size}:
            assert ours(text, 2, ",") == plainly(text, 2, ",")


@pytest.mark.slow
def test_a_file_may_end_anywhere():
    """Also within a line end, and within a quoted field."""
    for text in (HARD[:end] for end in range(len(HARD))):
        assert ours(text, 2, ",") == plainly(text, 2, ",")


@pytest.mark.slow
@tried(60)
@given(text=TEXTS, size=st.integers(1, 12))
def test_blocks_of_any_size_say_the_same(text, size):
    """A row that begins in one block and ends in another is one row."""
    before, csv_rows.BLOCK = csv_rows.BLOCK, size
    try:
        assert ours(text, 2, ",") == plainly(text, 2, ",")
    finally:
        csv_rows.BLOCK = before


@pytest.mark.parametrize("short", ["a", ""], ids=["too short", "empty"])
def test_lines_whose_separators_are_right_only_in_their_sum_are_told_one_by_one(short):
    """Blocks of even lines are split at once: a field too many, far behind one too few, must not slip through."""
    lines = ["a,b"] * 60_000
    lines[10], lines[50_000] = short, "a,b,"
    text = "\n".join(lines) + "\n"
    assert ours(text, 2, ",") == plainly(text, 2, ",")
