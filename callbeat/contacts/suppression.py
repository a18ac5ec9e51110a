"""Lists of numbers that are never called, from files: a list is read as a whole, or nobody is called."""

import csv
import io
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import phonenumbers
import polars as pl

from callbeat.contacts.e164 import normalised
from callbeat.contacts.source import SourceError
from callbeat.regular_files import LeadsOut, NotAFile, open_regular

UNREADABLE = "suppression_unreadable"
MOST_BYTES = 64 * 1024 * 1024
LONGEST_FIELD = 10_000
SEPARATORS = ",;\t|"
NAMES = frozenset(
    {
        "phone", "phone_number", "phonenumber", "phone_no", "number", "mobile", "mobile_number", "mobile_phone",
        "contact_number", "to_number", "telephone", "telephone_number", "tel", "msisdn", "e164", "cell",
        "cell_phone", "recipient",
    }
)  # fmt: skip
_APART = re.compile(r"[\s_-]+")
_FULL = r"[^\s\x1c-\x1f]"  # what Python takes for no space
_OF_A_TABLE = re.compile(rf'["\r\0{SEPARATORS}]')


class BadList(Exception):
    """What is wrong with a list, in words without anything that stands in it."""


def read_suppressed(path: Path, region: str | None = None, within: Path | None = None) -> pl.Series:
    """What `read_list` reads, for a run.

    Raises:
        SourceError: suppression_unreadable. Nobody may be called.
    """
    try:
        return read_list(path, region, within)
    except BadList as bad:
        words = (
            f"the list {path.name} of numbers that are never called {bad}; until it can be read nobody is called"
        )
        raise SourceError(UNREADABLE, words, may_come=True) from None


def read_list(path: Path, region: str | None = None, within: Path | None = None) -> pl.Series:
    """The numbers (E.164, each once) of a list: plain lines, or CSV in UTF-8 whose header names their column.

    National numbers are those of `region`. The file may not lead out of the folder `within`. A header alone is a
    list of nobody.

    Raises:
        BadList: it is missing, empty, changing, or a single line of it cannot be understood.
    """
    try:
        return numbers_in(_text(path, within), region)
    except UnicodeDecodeError as error:
        raise BadList(f"is not UTF-8 (byte {error.start}); save it as CSV UTF-8") from None
    except FileNotFoundError:
        raise BadList("is not there") from None
    except (NotAFile, LeadsOut) as error:
        raise BadList(f"cannot be used: {error.strerror}") from None
    except OSError as error:
        raise BadList(f"cannot be read: {error.strerror}") from None


def numbers_in(text: str, region: str | None = None) -> pl.Series:
    """The numbers of a list's text, each once.

    Raises:
        BadList: it is empty, or a single line of it cannot be understood.
    """
    if not text.strip():
        raise BadList("is empty: write a header such as phone where nobody is on it")
    lines, phones = _phones(text)
    numbers = in_e164(phones, region)
    wrong = numbers.is_null().arg_true()
    if len(wrong):
        more = f" and {len(wrong) - 1:,} further ones" if len(wrong) > 1 else ""
        raise BadList(f"has no number that can be read on line {lines[wrong[0]]}{more}")
    return numbers.unique(maintain_order=True)


def _text(path: Path, within: Path | None) -> str:
    with open_regular(path, within) as file:
        before = os.fstat(file.fileno())
        if before.st_size > MOST_BYTES:
            raise BadList(f"is larger than {MOST_BYTES // 1024**2} MB")
        data = file.read(MOST_BYTES + 1)
        after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns, len(data)) != (after.st_size, after.st_mtime_ns, after.st_size):
        raise BadList("changed while it was read")
    return data.decode("utf-8-sig")


def _phones(text: str) -> tuple[pl.Series, pl.Series]:
    """The cells that should hold numbers, and the line of each."""
    plain = text.replace("\r\n", "\n")
    cells = pl.Series("phone", plain.split("\n"), dtype=pl.String)
    if _OF_A_TABLE.search(plain) or (cells.str.len_chars() > LONGEST_FIELD).any():
        return _phones_of_a_table(text)
    full = cells.str.contains(_FULL)
    lines, phones = full.arg_true() + 1, cells.filter(full)
    begin = 1 if _is_name(phones[0]) else 0
    return lines[begin:], phones[begin:]


def _is_name(cell: str) -> bool:
    return _APART.sub("_", cell.strip().lower()) in NAMES


def _phones_of_a_table(text: str) -> tuple[pl.Series, pl.Series]:
    rows = _rows(text)
    line, first = next(rows)
    named = [_is_name(cell) for cell in first]
    if sum(named) > 1 or (len(first) > 1 and not any(named)):
        raise BadList(f"has {len(first)} columns, and no header that names one of them phone")
    column = named.index(True) if any(named) else 0
    lines, phones = ([], []) if any(named) else ([line], [first[0]])
    for line, row in rows:
        if len(row) != len(first):
            raise BadList(f"has {len(row)} fields on line {line} where the first line has {len(first)}")
        lines.append(line)
        phones.append(row[column])
    return pl.Series("line", lines, dtype=pl.UInt32), pl.Series("phone", phones, dtype=pl.String)


def _rows(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Rows that are not empty, each with the line on which it ends."""
    csv.field_size_limit(LONGEST_FIELD)
    head = text.lstrip().partition("\n")[0]
    separator = next((sign for sign in SEPARATORS if sign in head), ",")
    table = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for row in table:
            if "".join(row).strip():
                yield table.line_num, row
    except csv.Error:
        raise BadList(f"cannot be divided into columns on line {table.line_num}") from None


def in_e164(phones: pl.Series, region: str | None) -> pl.Series:
    """Each in E.164, or null. National numbers are those of `region` (two letters).

    A number need not be valid to stand on a list: what was one years ago must not make the list unreadable.
    """
    numbers = normalised(phones, region)["number"]
    odd = phones.filter(numbers.is_null()).unique().drop_nulls().to_list()
    possible = {phone: number for phone in odd if (number := _possible(phone, region))}
    if not possible:
        return numbers
    kept = phones.replace_strict(possible, default=None, return_dtype=pl.String)
    return pl.select(pl.coalesce(numbers, kept)).to_series().alias("number")


def _possible(phone: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(phone.strip().lstrip("'"), region)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
