"""Contacts some at a time: every row once, by whatever somebody looks for; whole numbers only where it is noted."""

import pytest
from sqlalchemy import update

from callbeat.contacts.hashing import hashed
from callbeat.contacts.numbers import masked
from callbeat.errors import Refusal
from callbeat.ledger.number_key import number_key
from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import CallRow, ExclusionRow
from callbeat.outcomes import Outcome
from callbeat.runs.contact_list import (
    Said,
    WantedContacts,
    contact_list,
    has_forgotten,
    note_reveal,
    number_of,
    read_what,
    what_was_said,
)
from callbeat.runs.retention import NOBODY
from tests.factories import a_campaign, number


@pytest.fixture
def run(world):
    """Rows 1 to 7 are called, 8 to 10 are not; the second is busy."""
    run = world.a_run(a_campaign(contacts={"region": "IN"}), rows=10)
    batch = world.a_batch(BatchState.RUNNING, run=run, rows=7)
    second, third = world.calls(batch)[1:3]
    world.set(second, outcome=Outcome.BUSY, provider_status="completed", error="line busy")
    world.set(third, provider_status="completed")
    with world.ledger.write() as writer:
        for row, kind, reason in (
            (8, "invalid", "no_number"),
            (9, "excluded", "duplicate"),
            (10, "excluded", "old"),
        ):
            writer.session.add(ExclusionRow(run_id=run.id, row=row, kind=kind, reason=reason))
    return run


def rows(page):
    return [contact["row"] for contact in page.contacts]


@pytest.mark.parametrize("most", [1, 3, 9, 10, 11])
def test_pages_have_every_row_once_there_and_back(world, run, most):
    """Wherever one ends, between calls or between those left out."""
    page = contact_list(world.ledger, run.key, WantedContacts(), most=most)
    there, told = [page], rows(page)
    assert page.back_before is None
    while page.next_after is not None:
        page = contact_list(world.ledger, run.key, WantedContacts(), after=page.next_after, most=most)
        there.append(page)
        told += rows(page)
    assert told == list(range(1, 11))
    for earlier in reversed(there[:-1]):
        page = contact_list(world.ledger, run.key, WantedContacts(), before=page.back_before, most=most)
        assert rows(page) == rows(earlier)
    assert page.back_before is None


@pytest.mark.parametrize(
    ("what", "found"),
    [
        ("", list(range(1, 11))), ("busy", [2]), ("waiting", [1, 3, 4, 5, 6, 7]), ("invalid", [8]),
        ("excluded", [9, 10]), ("excluded:old", [10]), ("excluded:nobody", []), ("unknown", []),
    ],
)  # fmt: skip
def test_what_is_looked_for_is_found_and_nothing_else(world, run, what, found):
    """An outcome is of calls, a reason of those left out."""
    assert rows(contact_list(world.ledger, run.key, read_what(what))) == found


@pytest.mark.parametrize(("row", "found"), [(2, [2]), (9, [9]), (11, []), (0, [])])
def test_a_row_of_the_source_is_found_by_its_number(world, run, row, found):
    """The person has the file, and asks what became of line nine."""
    assert rows(contact_list(world.ledger, run.key, WantedContacts(row=row))) == found


def test_what_is_no_outcome_is_refused():
    """An empty page would say that there is none of them."""
    with pytest.raises(Refusal, match="no outcome"):
        read_what("bussy")


@pytest.mark.parametrize(
    "written", [number(3), number(3)[3:], f" {number(3)[:3]} {number(3)[3:8]}-{number(3)[8:]} "]
)
def test_a_number_is_found_however_it_is_written(world, run, written):
    """A national one is of the campaign's country; of who was left out no number is kept."""
    found = contact_list(world.ledger, run.key, WantedContacts(number=number_of(world.ledger, run.key, written)))
    assert rows(found) == [3]
    assert found.contacts[0]["number"] == masked(number(3))


def test_a_number_is_found_by_its_hash_when_its_time_has_come(world, run):
    """Retention empties the number, and keeps the hash: that nobody was called there would be untrue."""
    forget(world, run, 3, number_hash=hashed(number(3), number_key(world.ledger)))
    found = contact_list(world.ledger, run.key, WantedContacts(number=number(3)))
    assert rows(found) == [3]
    assert not has_forgotten(world.ledger, run.key)


def test_where_the_hash_is_gone_too_it_is_known_that_nothing_is(world, run):
    """`forget` with all that leads to somebody."""
    forget(world, run, 3, number_hash=None)
    assert rows(contact_list(world.ledger, run.key, WantedContacts(number=number(3)))) == []
    assert has_forgotten(world.ledger, run.key)


def forget(world, run, row, **values):
    with world.ledger.write() as writer:
        theirs = (CallRow.run_id == run.id, CallRow.row == row)
        writer.session.execute(update(CallRow).where(*theirs).values(**NOBODY, **values))


def test_what_is_no_number_is_refused_without_being_repeated(world, run):
    """The words of a refusal may be logged."""
    with pytest.raises(Refusal, match="no phone number") as refused:
        number_of(world.ledger, run.key, "98765")
    assert "98765" not in str(refused.value)


def test_numbers_are_whole_only_where_that_is_asked_for(world, run):
    """And then it is an event, with who looked."""
    assert contact_list(world.ledger, run.key, WantedContacts()).contacts[0]["number"] == masked(number(1))
    shown = contact_list(world.ledger, run.key, WantedContacts(), reveal=True)
    assert shown.contacts[0]["number"] == number(1)
    note_reveal(world.context, run.key, "ann")
    assert (world.events(run)[-1].why, world.events(run)[-1].actor) == ("whole numbers were shown", "ann")


def test_the_providers_words_are_counted(world, run):
    """Calls of which it has said nothing are not among them."""
    said = what_was_said(world.ledger, run.key)
    assert set(said) == {Said("completed", None, 1), Said("completed", "line busy", 1)}
    assert len(said) == 2
