"""Contact files that nobody should have uploaded: no row is lost without a word, and no file fills the memory."""

import csv
import io
import os
import threading
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from callbeat.contacts import numbered
from callbeat.contacts.screening import EXCLUDED, INVALID, Screen
from callbeat.contacts.source import SourceError, Wanted
from callbeat.contacts.sources import FileSource, read_source
from tests.trying import tried
from tests.unit.contacts.reading import NOW, SourceRow, frames, rows_of

pytestmark = pytest.mark.slow

PHONE = Wanted(phone="phone")
MEGABYTE = 1024 * 1024
ANN = "+12025550101"


@pytest.fixture
def put(tmp_path):
    """A file of that content."""

    def write(content: bytes | str) -> Path:
        path = tmp_path / "any.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def refused(path: Path, wanted: Wanted = PHONE, within: Path | None = None) -> SourceError:
    root = within or path.parent
    with pytest.raises(SourceError) as caught:
        rows_of(FileSource(str(path.relative_to(root)), root), wanted)
    return caught.value


def read(path: Path) -> tuple[list[SourceRow], SourceError | None]:
    """The rows of a file, or why nobody is called from it."""
    try:
        return rows_of(path), None
    except SourceError as error:
        return [], error


def people(first: int, last: int) -> str:
    return "".join(f"+1202555{n:04},Name {n}\n" for n in range(first, last))


# -- every row becomes exactly one thing -------------------------------------------------------------------------

CELLS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=10) | st.sampled_from(
    [ANN, "+1 202 555 0102", "", '"', '""', "\n", "\r\n", "\r", ",", "a,b\nc", "\ufeff", "'", "=1+1", "x" * 40]
)


@tried(40)
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8),
    how=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    ends=st.sampled_from(["\n", "\r\n", "\r"]),
    mark=st.booleans(),
)
def test_what_a_spreadsheet_writes_is_read_back_row_by_row(put, rows, how, ends, mark):
    """As many rows, with those numbers and values; a row that looks like several stops the run."""
    text = io.StringIO()
    how = how if ends == "\r\n" else csv.QUOTE_ALL  # else Python's writer leaves the other line end unquoted
    writer = csv.writer(text, quoting=how, lineterminator=ends)
    writer.writerows([["phone", "a", "b"], *rows])
    path = put(("\ufeff" if mark else "") + text.getvalue())
    found, error = read(path)
    if error is not None:
        assert "a quote is opened there and not closed" in error.words
        return
    assert [(one.row, one.broken, one.phone, dict(one.variables)) for one in found] == [
        (number, None, phone, {"a": a, "b": b}) for number, (phone, a, b) in enumerate(rows, 1)
    ]


LINES = st.lists(
    st.sampled_from(
        [b"+12025550101,Ann", b"+12025550101,", b"x,y", b"", b",,", b'"', b'"+12025550103","B\no"', b"\xff,\xfe"]
    )
    | st.binary(max_size=12),
    max_size=8,
)


@tried(80)
@given(lines=LINES, ends=st.sampled_from([b"\n", b"\r\n", b"\r"]))
@example(lines=[b'+12025550101,"Ann', b"+12025550102,Bo", b'+12025550103,"Cy"'], ends=b"\n")
@example(lines=[b'+12025550101,"Ann', b'+12025550102,Bo"'], ends=b"\n")
def test_of_any_bytes_each_row_is_a_call_or_left_out_for_one_reason(put, lines, ends):
    """The sums of a run must come out, or somebody is neither called nor told."""
    path = put(b"phone,name" + ends + ends.join(lines))
    found, error = read(path)
    if error is not None:
        assert error.reason in ("source_unreadable", "source_empty")
        assert "2025550" not in error.words
        return
    sieves = [sieve for _, sieve in Screen().each(some for some in frames(path))]
    called = [row for sieve in sieves for row in sieve.left["row"]]
    out = [row for sieve in sieves for row in sieve.dropped["row"]]
    assert sorted([*called, *out]) == [row.row for row in found] == [*range(1, len(found) + 1)]
    assert {kind for sieve in sieves for kind in sieve.dropped["kind"]} <= {INVALID, EXCLUDED}


# -- quotes ------------------------------------------------------------------------------------------------------


def test_a_quote_that_is_never_closed_is_told_with_its_row(put):
    """A thousand people would be one name."""
    error = refused(put(f'phone,name\n{people(0, 5)}+12025559998,"Ann\n{people(6, 1000)}'))
    assert (error.reason, error.words) == (
        "source_unreadable", "row 6 cannot be read: a quote is opened in it and never closed"
    )  # fmt: skip


@pytest.mark.parametrize("swallowed", [1, 3, 99, 150])
def test_a_quote_that_the_next_one_closes_is_told_with_its_row(put, swallowed):
    """Valid CSV, and a field with people in it: they would be neither called nor left out."""
    text = f'phone,name\n+12025559998,"Ann\n{people(0, swallowed)}+12025559999,Cy"\n{people(500, 503)}'
    error = refused(put(text))
    assert f"row 1, which ends on line {swallowed + 3}, has a field of {swallowed + 2} lines" in error.words
    assert "2025" not in error.words


def test_a_long_address_is_one_field(put):
    """People write line ends, commas and numbers into notes."""
    note = "12, High Street\nOslo\n\ncall after 5, or +1 202 555 0199\n" + "more\n" * 40
    (row,) = rows_of(put(f'phone,note\n{ANN},"{note}"\n'))
    assert row.variables["note"] == note


# -- sizes -------------------------------------------------------------------------------------------------------


def test_a_file_of_a_gigabyte_is_refused_unread(tmp_path):
    """Its rows would be held in memory all at once; the file has holes, and takes no room on the disk."""
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.write(b"phone,name\n")
        file.truncate(1024 * MEGABYTE)
    began = time.monotonic()
    assert "larger than 256 MB" in refused(path).words
    assert time.monotonic() - began < 20


def memory_of(path: Path, wanted: Wanted) -> tuple[int, int]:
    """Rows read one after the other, and the most memory that it took."""
    tracemalloc.start()
    rows = sum(some.frame.height for some in read_source(FileSource(path.name, path.parent), wanted, NOW))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return rows, most


@pytest.mark.parametrize("megabytes", [12, 36])
def test_memory_is_flat_over_many_megabytes(tmp_path, megabytes):
    """A few blocks of a file are in memory, however long it is."""
    path = tmp_path / "large.csv"
    with path.open("w") as file:
        file.write("phone,name\n")
        for _ in range(megabytes):
            file.write(f"{ANN},{'x' * 85}\n" * (MEGABYTE // 100))
    rows, most = memory_of(path, PHONE)
    assert (rows, most < 16 * MEGABYTE) == (megabytes * (MEGABYTE // 100), True)


def test_a_file_stops_at_its_most_rows_and_is_read_no_further(put, monkeypatch):
    """Ours where the campaign names none, or more."""
    monkeypatch.setattr(numbered, "MOST_ROWS", 5)
    path = put("phone,name\n" + people(0, 3000))
    for wanted in (PHONE, Wanted("phone", max_rows=1_000_000_000)):
        taken = []
        with pytest.raises(SourceError, match="more than 5 rows"):
            taken.extend(frames(path, wanted))
    assert refused(path, Wanted("phone", max_rows=3)).words == "more than 3 rows: is it the right file?"


@pytest.mark.parametrize("columns", [1001, 10_000, 900_000])
def test_columns_without_number_are_refused_at_once(put, columns):
    """Comparing each with each would take hours."""
    began = time.process_time()
    assert "at most 1,000 columns" in refused(put("phone," * columns + "\n" + "1," * columns)).words
    assert time.process_time() - began < 60


def test_as_many_columns_as_any_table_has_are_read(put):
    """A row of another length among them is told, and only that row."""
    names = [f"c{n}" for n in range(999)]
    wide = ",".join(["phone", *names])
    rows = list(rows_of(put(f"{wide}\n{ANN}{',' * 999}\n{ANN}{',' * 9999}\n")))
    assert [row.broken for row in rows] == [None, "10000 fields where the header has 1000"]


def test_of_many_columns_the_first_are_named(put):
    """The sentence stands in an event, and on a terminal."""
    words = refused(put(",".join(f"c{n}" for n in range(900)) + "\n1\n")).words
    assert "and 880 more" in words
    assert len(words) < 400


def test_a_number_that_stands_twice_in_the_first_line_is_not_told(put):
    """A file without a header begins with somebody."""
    assert "2025550101" not in refused(put(f"{ANN},{ANN}\n")).words


# -- what is no file, or elsewhere -------------------------------------------------------------------------------


def test_a_pipe_is_not_waited_for(tmp_path):
    """Nobody writes into it, and the worker's thread would wait for ever."""
    os.mkfifo(tmp_path / "pipe.csv")
    told: list[str] = []
    asking = threading.Thread(target=lambda: told.append(refused(tmp_path / "pipe.csv").words), daemon=True)
    asking.start()
    asking.join(5)
    assert told == ["pipe.csv cannot be used: not a file"]


@pytest.mark.parametrize("other", ["/dev/null", "/dev/zero", "/proc/self/mem", "/etc/passwd", "/"])
def test_a_link_to_elsewhere_is_refused(tmp_path, other):
    """Whoever may write contacts may not make us read what else is on the machine."""
    (tmp_path / "link.csv").symlink_to(other)
    assert "leads out of" in refused(tmp_path / "link.csv", within=tmp_path).words


def test_a_folder_that_is_a_link_to_elsewhere_is_refused(tmp_path):
    """The link may be anywhere on the way."""
    root = tmp_path / "config"
    root.mkdir()
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "all.csv").write_text(f"phone\n{ANN}\n")
    (root / "contacts").symlink_to(tmp_path / "private")
    assert "leads out of config/" in refused(root / "contacts" / "all.csv", within=root).words


def test_a_link_within_the_folder_is_followed(tmp_path):
    """Today's file is often a link to the newest."""
    (tmp_path / "2026-12-01.csv").write_text(f"phone\n{ANN}\n")
    (tmp_path / "today.csv").symlink_to("2026-12-01.csv")
    assert [row.phone for row in rows_of(tmp_path / "today.csv")] == [ANN]


def test_links_in_a_circle_lead_nowhere(tmp_path):
    """An exception of its own in Python, and of another kind."""
    (tmp_path / "a.csv").symlink_to("b.csv")
    (tmp_path / "b.csv").symlink_to("a.csv")
    assert refused(tmp_path / "a.csv", within=tmp_path).reason == "source_unreadable"


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "x/" * 3000 + "y.csv"])
def test_a_name_that_no_file_can_have_is_refused(tmp_path, name):
    """A campaign file may say anything."""
    assert refused(tmp_path / name, within=tmp_path).reason in ("source_unreadable", "source_missing")


def test_a_link_that_is_put_there_after_the_look_is_not_followed(tmp_path, monkeypatch):
    """What was judged is what is opened."""
    good, path = tmp_path / "good.csv", tmp_path / "config" / "today.csv"
    path.parent.mkdir()
    good.write_text(f"phone\n{ANN}\n")
    path.write_text("phone\n+12025550102\n")
    really = os.open

    def swapped(name: object, *flags: int) -> int:
        path.unlink()
        path.symlink_to(good)
        return really(name, *flags)

    monkeypatch.setattr(os, "open", swapped)
    assert refused(path, within=path.parent).words == "today.csv cannot be used: not a file"
