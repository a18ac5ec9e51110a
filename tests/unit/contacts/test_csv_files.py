"""CSV files as people send them: a broken row is told, a broken file stops the run, and what is guessed is told."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.contacts.source import SourceError, Wanted
from tests.trying import tried
from tests.unit.contacts.reading import notes_of, rows_of

PHONE = Wanted(phone="phone")


@pytest.fixture
def read(tmp_path):
    """The rows of a file with this content."""

    def rows(content: str | bytes, wanted: Wanted = PHONE):
        path = tmp_path / "contacts.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return rows_of(path, wanted)

    return rows


def reason(read, content, wanted=PHONE) -> str:
    with pytest.raises(SourceError) as caught:
        read(content, wanted)
    assert caught.value.words
    return caught.value.reason


def test_rows_are_counted_from_one(read):
    """So a person finds them: the header is none, and neither is an empty line."""
    rows = read("phone,name\n+1,Ann\n\n+2,Bo\n")
    assert [(row.row, row.phone, dict(row.variables)) for row in rows] == [
        (1, "+1", {"name": "Ann"}),
        (2, "+2", {"name": "Bo"}),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffphone,name\n+1,Ann\n",
        "phone,name\r\n+1,Ann\r\n",
        '"phone","name"\n"+1","Ann"\n',
        "phone,name\n+1,Ann",
        " phone , name \n+1,Ann\n",
    ],
)
def test_what_spreadsheets_make_of_a_file_is_read(read, content):
    """A byte order mark, Windows line ends, quotes everywhere, spaces in the header."""
    (row,) = read(content)
    assert (row.phone, dict(row.variables), row.broken) == ("+1", {"name": "Ann"}, None)


def test_quotes_keep_commas_and_line_ends(read):
    """An address has both."""
    (row,) = read('phone,address\n+1,"1, High Street\nOslo ""West"""\n')
    assert row.variables["address"] == '1, High Street\nOslo "West"'


def test_values_are_handed_on_as_they_are(read):
    """The agent says them aloud; we have no business in them."""
    (row,) = read("phone,name\n+1,  Ærøskøbing 東京  \n")
    assert row.variables["name"] == "  Ærøskøbing 東京  "


@pytest.mark.parametrize("line", ["+1", "+1,Ann,more", "+1,Ann,", "   "])
def test_a_ragged_row_is_told_and_not_guessed_at(read, line):
    """A missing comma shifts a name into the number."""
    rows = read(f"phone,name\n{line}\n+2,Bo\n")
    assert [bool(row.broken) for row in rows] == [True, False]
    assert (rows[0].phone, rows[0].variables) == ("", {})
    assert rows[1].row == 2


def test_a_nul_is_a_broken_row(read):
    """The provider's parser would end there."""
    rows = read("phone,name\n+1,A\0nn\n+2,Bo\n")
    assert [bool(row.broken) for row in rows] == [True, False]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("phone,phone\n+1,+2\n", "source_unreadable"),
        ("phone,name,name\n+1,a,b\n", "source_unreadable"),
        ("number,name\n+1,Ann\n", "source_unreadable"),
        ("Phone,name\n+1,Ann\n", "source_unreadable"),
        ("phone,name\n", "source_empty"),
        ("phone,name\n+1,Ann\n".encode("utf-16")[:-1], "source_unreadable"),
        ('phone,name\n+1,"Ann\n', "source_unreadable"),
        ('phone,name\n+1,"Ann" Smith\n', "source_unreadable"),
        ("phone,name\n+1," + "x" * 1_100_000 + "\n", "source_unreadable"),
    ],
)
def test_a_broken_file_stops_the_run(read, content, word):
    """Nobody is called from a file that is not what it should be."""
    assert reason(read, content) == word


def test_an_empty_file_is_refused(read):
    """An upload that failed."""
    assert reason(read, "") in ("source_empty", "source_unreadable")


def test_a_missing_column_names_the_columns_there_are(read):
    """Whoever mends it sees the typing error."""
    with pytest.raises(SourceError, match=r"mobile.*phone, name"):
        read("phone,name\n+1,Ann\n", Wanted(phone="mobile"))


def test_a_first_line_that_is_data_is_not_told(read):
    """A file without a header begins with somebody's number."""
    with pytest.raises(SourceError) as caught:
        read("+12025550101,Ann\n+12025550102,Bo\n")
    assert "2025550101" not in caught.value.words


def test_only_the_variables_asked_for_are_taken(read):
    """A column that the agent does not need does not leave the house."""
    wanted = Wanted(phone="phone", variables={"customer": "name"})
    (row,) = read("phone,name,salary\n+1,Ann,9\n", wanted)
    assert dict(row.variables) == {"customer": "Ann"}


def test_no_variables_asked_for_are_none(read):
    """`variables: {}` is not the same as leaving it out."""
    (row,) = read("phone,salary\n+1,9\n", Wanted(phone="phone", variables={}))
    assert dict(row.variables) == {}


def test_a_variable_without_its_column_is_refused(read):
    """The agent would say "hello nothing"."""
    assert reason(read, "phone,name\n+1,Ann\n", Wanted("phone", {"customer": "nmae"})) == "source_unreadable"


@pytest.mark.parametrize("variables", [None, {"callbeat_row": "name"}])
def test_a_variable_of_our_own_is_refused(read, variables):
    """It would be overwritten, and calls tied to the wrong people."""
    header = "callbeat_row" if variables is None else "name"
    wanted = Wanted("phone", variables, reserved=frozenset({"callbeat_row"}))
    assert reason(read, f"phone,{header}\n+1,x\n", wanted) == "source_unreadable"


def test_more_rows_than_permitted_stop_the_run(read):
    """Somebody uploaded the whole database."""
    content = "phone\n" + "+1\n" * 3
    assert len(read(content, Wanted("phone", max_rows=3))) == 3
    assert reason(read, content + "+1\n", Wanted("phone", max_rows=3)) == "too_many_rows"


def test_a_missing_file_may_still_come(tmp_path):
    """It is waited for; a broken one is not."""
    with pytest.raises(SourceError) as caught:
        rows_of(tmp_path / "today.csv")
    assert (caught.value.reason, caught.value.may_come) == ("source_missing", True)


def test_a_broken_file_is_not_waited_for(read, tmp_path):
    """It does not mend itself."""
    with pytest.raises(SourceError) as caught:
        read("number\n+1\n")
    assert not caught.value.may_come
    with pytest.raises(SourceError):
        rows_of(tmp_path)


cells = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)


@pytest.mark.slow
@tried(30)
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=8))
def test_whatever_is_written_as_csv_is_read_back(tmp_path_factory, pairs):
    """Any sign of any language, quote or line end."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(["phone", "name"])
    writer.writerows(pairs)
    path: Path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(text.getvalue().encode())
    rows = rows_of(path)
    assert [(row.phone, row.variables["name"]) for row in rows] == pairs


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("+12025550101;Ann\n", "the first line has 2 fields: is it a header?"),
        (b"PK\x03\x04\x14\x00workbook", "is a spreadsheet's own file; save it as CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1workbook", "is a spreadsheet's own file; save it as CSV UTF-8"),
        ("", "the file is empty"),
        ("mobile,name\n+1,Ann\n", "`contacts: {phone: …}` names another"),
        ("mobile;name\n+1;Ann\n", "there is no column phone; the header has mobile, name"),
    ],
)
def test_what_people_save_by_mistake_is_told_in_their_words(read, content, words):
    """Nobody's number stands in it."""
    with pytest.raises(SourceError) as caught:
        read(content)
    assert words in caught.value.words
    assert "2025550101" not in caught.value.words


@pytest.mark.parametrize(("sign", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_other_signs_between_fields_are_found_out_and_told(tmp_path, sign, name):
    """A spreadsheet of another country writes semicolons, and calls that CSV too."""
    path = tmp_path / "contacts.csv"
    path.write_text(f'phone{sign}name\n+1{sign}"Ann, Smith"\n+2{sign}Bo, Ray\n+3\n')
    rows = rows_of(path)
    assert [row.variables.get("name") for row in rows] == ["Ann, Smith", "Bo, Ray", None]
    assert [row.broken for row in rows] == [None, None, "1 fields where the header has 2"]
    assert notes_of(path) == [f"its fields are separated by {name}"]


def test_commas_are_no_news(tmp_path):
    """A note that always stands there is not read."""
    path = tmp_path / "contacts.csv"
    path.write_text("phone,name;more\n+1,Ann\n")
    assert notes_of(path) == []
