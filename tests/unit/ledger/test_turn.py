"""Threads that write to one file: each in its turn."""

import threading

import pytest

from callbeat.errors import LedgerError
from callbeat.ledger.turn import Turn
from tests.integration.waiting import until


def test_who_has_just_written_is_behind_all_who_wait():
    """An opening writes a long list in many parts: a create waited for half a minute while it went on and on."""
    turn, order = Turn(), []

    def other():
        with turn.taken(30):
            order.append("other")

    thread = threading.Thread(target=other)
    with turn.taken(30):
        thread.start()
        until(lambda: len(turn._waiting), "the other waits")
    with turn.taken(30):
        order.append("again")
    thread.join()
    assert order == ["other", "again"]


def test_nobody_waits_for_ever_and_who_gave_up_is_not_waited_for():
    """A place that is given up is handed to nobody."""
    turn, told = Turn(), []

    def other():
        try:
            with turn.taken(0.05):
                raise AssertionError("it was not free")
        except LedgerError as error:
            told.append(str(error))

    with turn.taken(30):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert "0.05 s" in told[0]
    with turn.taken(0.05):
        pass


def test_a_thread_does_not_wait_for_itself():
    """It would wait for ever; the database itself tells of a transaction within a transaction."""
    turn = Turn()
    with turn.taken(0.05), turn.taken(0.05):
        assert turn._depth == 2
    assert turn._holder is None


def test_many_threads_are_inside_one_at_a_time():
    """Handed on or taken freely, it is one lock."""
    turn, inside, most = Turn(), 0, 0

    def work():
        nonlocal inside, most
        for _ in range(50):
            with turn.taken(30):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    with pytest.raises(ZeroDivisionError), turn.taken(30):
        _ = 1 / 0
    assert turn._holder is None
