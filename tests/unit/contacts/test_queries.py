"""Contacts from a query: read only, in time, and nothing of people in what is told."""

import sqlite3
import time

import pytest

from callbeat.contacts.source import SourceError, Wanted
from callbeat.contacts.sources import QuerySource
from tests.postgres import new_database, run
from tests.unit.contacts.reading import PHONE, frames, rows_of

FILL = [
    "CREATE TABLE people (phone text, name text, owes numeric(9, 2), since date)",
    "INSERT INTO people VALUES ('+12025550101', 'Ann', 12.00, '2026-12-01')",
    "INSERT INTO people VALUES (NULL, NULL, 3.50, NULL)",
    "INSERT INTO people VALUES ('100%::text :x', 'Bo', NULL, NULL)",
]
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS phone FROM n WHERE i < 0"


@pytest.fixture(scope="module")
def postgres():
    address = new_database()
    for statement in FILL:
        run(statement.replace(" :x", " \\:x"), address)
    return address


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database(request, tmp_path):
    """The address of a database with people in it."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres")
    path = tmp_path / "crm.db"
    with sqlite3.connect(path) as connection:
        for statement in FILL:
            connection.execute(statement)
    connection.close()
    return f"sqlite:///{path}"


def refused(sql: str, database: str, wanted: Wanted = PHONE, seconds: float = 20.0) -> SourceError:
    with pytest.raises(SourceError) as caught:
        rows_of(QuerySource(sql, database, seconds), wanted)
    assert "2025550101" not in caught.value.words
    return caught.value


def test_a_query_says_its_rows(database):
    """Its columns by their names, everything as text."""
    rows = rows_of(QuerySource("SELECT phone, name, owes, since FROM people", database))
    assert [(row.row, row.phone, dict(row.variables)) for row in rows] == [
        (1, "+12025550101", {"name": "Ann", "owes": "12", "since": "2026-12-01"}),
        (2, "", {"name": "", "owes": "3.50" if database.startswith("post") else "3.5", "since": ""}),
        (3, "100%::text :x", {"name": "Bo", "owes": "", "since": ""}),
    ]


def test_signs_that_drivers_read_are_left_alone(database):
    """Nothing is filled in, so `%s` and `:x` mean themselves."""
    (row,) = rows_of(
        QuerySource("SELECT phone FROM people WHERE phone LIKE '%::text :x' AND '%s' <> ':y'", database)
    )
    assert row.phone == "100%::text :x"


@pytest.mark.parametrize(
    ("sql", "reason", "told"),
    [
        ("SELECT phone FROM nobody", "source_refused", "nobody"),
        ("SELECT fone FROM people", "source_refused", "fone"),
        ("SELECT phone FROM people WHERE 1 = 0", "source_empty", "no rows"),
        ("SELECT phone, phone FROM people", "source_unreadable", "stands twice"),
        ("SELECT name FROM people", "source_unreadable", "there is no column phone"),
    ],
)
def test_a_query_that_says_nothing_useful_stops_the_run(database, sql, reason, told):
    """In the words of the database where they are about the query."""
    error = refused(sql, database)
    assert (error.reason, told in error.words) == (reason, True)


WRITES = "DELETE FROM people"


@pytest.mark.parametrize(
    "sql", [WRITES, "DROP TABLE people", f"WITH x AS (SELECT 1) {WRITES}", f"SELECT phone FROM people; {WRITES}"]
)
def test_nothing_is_written(database, sql):
    """Whatever a campaign file says."""
    refused(sql, database)
    assert len(rows_of(QuerySource("SELECT phone FROM people", database))) == 3


def test_a_query_has_its_time(database):
    """It would hold up the other runs, and the database."""
    began = time.monotonic()
    error = refused(ENDLESS, database, seconds=0.5)
    assert (error.reason, error.may_come) == ("source_unreachable", True)
    assert time.monotonic() - began < 30


def test_rows_of_a_query_come_some_at_a_time(database):
    """None of them is read before somebody wants it."""
    sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS phone FROM n LIMIT 12000"
    some = frames(QuerySource(sql, database))
    assert len(some) > 1
    assert [part.frame["row"][0] for part in some][:2] == [1, some[0].frame.height + 1]
    assert sum(part.frame.height for part in some) == 12_000
    assert (
        refused(ENDLESS.replace("WHERE i < 0", ""), database, Wanted("phone", max_rows=9000)).reason
        == "too_many_rows"
    )


@pytest.mark.slow
def test_what_a_database_says_of_a_row_is_not_told(postgres):
    """It quotes the value it stumbled over."""
    error = refused("SELECT name::integer AS phone FROM people", postgres)
    assert "InvalidTextRepresentation" in error.words
    (row, *_) = rows_of(QuerySource("SELECT ARRAY[1] AS name, phone FROM people", postgres))
    assert row.broken == "a list or an object where one value belongs"


@pytest.mark.parametrize(
    ("address", "reason", "may_come"),
    [
        ("sqlite:////nowhere/at/all.db", "source_unreachable", True),
        ("postgresql://me:secret@127.0.0.1:1/x", "source_unreachable", True),
        ("mysql://me:secret@host/x", "source_refused", False),
        ("no address", "source_refused", False),
    ],
)
def test_a_database_that_is_not_there_is_told_without_its_password(address, reason, may_come):
    """It may come back."""
    error = refused("SELECT 1 AS phone", address)
    assert (error.reason, error.may_come) == (reason, may_come)
    assert "secret" not in error.words + repr(QuerySource("select", address))
