"""Every part is looked at whatever becomes of the others, and the exit code says what a monitor must know."""

import pytest

from callbeat.doctor.notices import Check, Held, error, examine, exit_code, unseen, warning, well
from callbeat.errors import LedgerError, Problem

HELD = Held("", 0, "batch a/1", "is held", "look", "warning")


@pytest.mark.parametrize(
    ("notices", "code"),
    [
        ([], 0),
        ([well("redis", "there"), unseen("workers", "not asked")], 0),
        ([warning("disk", "little", "make room")], 0),
        ([warning("disk", "little", "make room"), HELD], 3),
        ([HELD, error("beat", "none", "start it")], 1),
    ],
)
def test_only_what_is_held_asks_for_somebody_and_only_where_nothing_is_broken(notices, code):
    """A monitor wakes somebody for the one, and writes a ticket for the other."""
    assert exit_code(notices) == code


def test_a_check_that_fails_is_told_and_the_next_one_is_made():
    """With half of the installation gone, the other half is what somebody needs to hear of."""

    def broken():
        yield well("one", "seen before it broke")
        raise RuntimeError("bn-secret and +12025550101")

    def closed():
        raise LedgerError("the ledger does not work: the disk is full")

    looked = []
    checks = [Check("one", broken), Check("two", closed), Check("three", lambda: [well("three", "fine")])]
    first, failed, told, last = examine(checks, looked.append)
    assert looked == ["one", "two", "three"]
    assert (first.where, last.where) == ("one", "three")
    assert isinstance(failed, Problem)
    assert "RuntimeError" in failed.problem
    assert "secret" not in str(failed)
    assert "555" not in str(failed)
    assert (told.where, told.level, "the disk is full" in told.problem) == ("two", "error", True)
