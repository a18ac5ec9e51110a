"""Lists of numbers that are never called: whole, or nobody is called."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.contacts.source import SourceError
from callbeat.contacts.suppression import BadList, numbers_in, read_suppressed
from tests.trying import tried

ONE, TWO = "+12025550101", "+447700900101"


def read(folder: Path, data: str | bytes) -> list[str]:
    path = folder / "dnc.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_suppressed(path, within=folder).to_list()


@pytest.mark.parametrize(
    "data",
    [
        f"{ONE}\n{TWO}\n",
        f"{ONE}\r\n{TWO}",
        f"\ufeffphone\n{ONE}\n\n'{TWO}\n",
        f'Phone Number\n"{ONE}"\n{TWO}\n{ONE}\n',
        f"name,phone,since\nA,{ONE},2026\n\n,,\nB,{TWO},2026\n",
        f"id;Mobile;why\n1;+1 (202) 555-0101;x\n2;{TWO};\n",
        f"msisdn\twhy\n{ONE}\tx\n{TWO}\ty\n",
        f"to_number\n{ONE}\n+44 7700 900101\n",
    ],
)
def test_plain_lines_and_usual_tables_are_read(tmp_path, data):
    """Whoever keeps the list exports it from somewhere else."""
    assert read(tmp_path, data) == [ONE, TWO]


def test_a_number_that_is_given_out_no_more_does_not_stop_every_campaign(tmp_path):
    """A list of many years has some. Nobody can be called there, so nobody who said no is overlooked."""
    assert read(tmp_path, f"{ONE}\n+12015550123\n+1 000 555 0123\n") == [ONE, "+12015550123", "+10005550123"]


def test_national_numbers_are_those_of_the_region(tmp_path):
    """As in the contacts."""
    (tmp_path / "dnc.csv").write_text("98765 00003\n")
    assert read_suppressed(tmp_path / "dnc.csv", "IN", tmp_path).to_list() == ["+919876500003"]


def test_a_header_alone_is_a_list_of_nobody(tmp_path):
    """The first day of a list."""
    assert read(tmp_path, "phone\n") == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "is empty: write a header such as phone"),
        (" \n\n", "is empty"),
        (f"{ONE}\n12025550199x\n", "no number that can be read on line 2;"),
        (f"{ONE}\n1\n2\n3\n", "on line 2 and 2 further ones"),
        ("somebody\n", "on line 1;"),
        (f"name,phone\nA,{ONE}\nB,\n", "on line 3;"),
        (f"name,phone\nA,{ONE}\nB\n", "has 1 fields on line 3 where the first line has 2"),
        (f"a,b\n{ONE},x\n", "has 2 columns, and no header that names one of them phone"),
        (f"phone,mobile\n{ONE},{TWO}\n", "has 2 columns"),
        (f'phone\n"{ONE}\n', "cannot be divided into columns"),
        (b"phone\n\xff\xfe\n", "is not UTF-8 (byte 6)"),
        (f"phone\n{ONE}\n".encode("utf-16"), "is not UTF-8"),
    ],
)
def test_a_list_that_is_read_in_part_is_not_read(tmp_path, data, words):
    """The line that was overlooked is the person who said no. What stands there is never told."""
    with pytest.raises(SourceError) as told:
        read(tmp_path, data)
    assert (told.value.reason, told.value.may_come) == ("suppression_unreadable", True)
    assert words in told.value.words
    assert "nobody is called" in told.value.words
    assert "555019" not in told.value.words


LINES = st.sampled_from(["phone", " Phone-no ", ONE, f" {TWO}", f"'{ONE}", "", "  ", "12", "\x0b", "x" * 10_001])


def said(text):
    try:
        return numbers_in(text).to_list()
    except BadList as bad:
        return str(bad)


@tried(60)
@given(st.lists(LINES, max_size=6), st.sampled_from(["\n", "\r\n", "\r"]))
def test_lines_alone_say_what_they_say_as_a_table(lines, end):
    """A list without quotes and separators is not taken apart by the reader of tables: it would find the same."""
    quoted = [f'"{line}"' if line.strip() else line for line in lines]
    assert said(end.join(lines)) == said(end.join(quoted))


def test_what_is_no_file_below_the_folder_is_not_read(tmp_path):
    """Missing, a folder, a pipe, a link that leads out."""
    inside = tmp_path / "config"
    inside.mkdir()
    (tmp_path / "other.csv").write_text(f"{ONE}\n")
    (inside / "out.csv").symlink_to(tmp_path / "other.csv")
    os.mkfifo(inside / "pipe.csv")
    (inside / "folder.csv").mkdir()
    for name, words in [
        ("none.csv", "is not there"),
        ("out.csv", "leads out"),
        ("pipe.csv", "cannot be used"),
        ("folder.csv", "cannot be used"),
    ]:
        with pytest.raises(SourceError, match=words) as told:
            read_suppressed(inside / name, within=inside)
        assert told.value.reason == "suppression_unreadable"
