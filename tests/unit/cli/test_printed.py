"""What commands print for programs, and while somebody waits."""

import pytest

from cli.acting import _told


@pytest.mark.parametrize(
    ("batch", "told"),
    [
        ({"state": "scheduled", "reason": None, "start_at": "2026-12-01T05:00:00+00:00"}, "scheduled until 05:00"),
        ({"state": "ready", "reason": "of 5 calls a day 5 are taken"}, "ready (of 5 calls a day 5 are taken)"),
        ({"state": "running", "reason": None}, "running"),
    ],
)
def test_whoever_waits_is_told_what_for(batch, told):
    """A run that a ceiling keeps from beginning looks like one that hangs."""
    made = {"state": "active", "batches": [batch], "outcomes": {"waiting": 3}}
    assert _told(made) == f"active {told} waiting 3"


def test_the_end_is_told_once():
    """`finished finished` is read as a slip."""
    made = {"state": "finished", "batches": [{"state": "finished", "reason": None}], "outcomes": {"busy": 1}}
    assert _told(made) == "finished busy 1"
