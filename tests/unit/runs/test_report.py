"""What commands print: exactly the shapes of the design, and sums that are right."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from callbeat.errors import Refusal
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import ExclusionRow
from callbeat.outcomes import Outcome
from callbeat.runs import report
from callbeat.runs.by_hand import stop_run
from callbeat.runs.story import story
from tests.factories import DUE, NOW, a_campaign

S, O = BatchState, Outcome  # noqa: E741
RUN = """run campaign revision due_at start_at state reason needs_attention rows invalid excluded excluded_by calls
    outcomes cost batches"""
BATCH = "batch provider account label provider_ref state reason start_at dial_until calls"
CALL = """row number batch provider_call outcome provider_status attempts started_at seconds cost currency error
    variables"""


@pytest.fixture
def told(world):
    """A run with three calls and four exclusions."""
    run = world.a_run(rows=7)
    batch = world.a_batch(S.RUNNING, run=run, rows=3, dial_until=DUE.replace(hour=20))
    first, second, _ = world.calls(batch)
    world.set(first, outcome=O.ANSWERED, cost=Decimal("0.10"), currency="USD", started_at=DUE, seconds=42)
    world.set(second, outcome=O.ANSWERED, cost=Decimal("0.20"), currency="USD")
    out = [
        ("invalid", "invalid_number"),
        ("invalid", "broken_row"),
        ("excluded", "duplicate"),
        ("excluded", "duplicate"),
    ]
    with world.ledger.write() as writer:
        for row, (kind, reason) in enumerate(out, start=4):
            writer.session.add(ExclusionRow(run_id=run.id, row=row, kind=kind, reason=reason))
    return run


def test_a_run_has_exactly_the_keys_of_the_design(world, told):
    """Somebody's program reads them."""
    (shown,) = report.runs(world.ledger)
    assert list(shown) == RUN.split()
    assert list(shown["batches"][0]) == BATCH.split()
    assert json.loads(json.dumps(shown)) == shown


def test_a_run_says_what_it_is(world, told):
    """Instants in UTC with +00:00, absent values null, money as text."""
    (shown,) = report.runs(world.ledger)
    assert (shown["run"], shown["campaign"], shown["revision"]) == (told.key, "daily", a_campaign().revision)
    assert (shown["due_at"], shown["start_at"]) == ("2026-12-01T05:00:00+00:00",) * 2
    assert (shown["state"], shown["reason"], shown["needs_attention"]) == ("active", None, False)
    (batch,) = shown["batches"]
    assert (batch["batch"], batch["label"]) == (f"{told.key}/1", "cb-main-daily-20261201T0500Z-1")
    assert (batch["dial_until"], batch["calls"], batch["state"]) == ("2026-12-01T20:00:00+00:00", 3, "running")


def test_the_sums_are_right(world, told):
    """Every row ends in exactly one place."""
    (shown,) = report.runs(world.ledger)
    assert (shown["rows"], shown["invalid"], shown["excluded"], shown["calls"]) == (7, 2, 2, 3)
    assert shown["rows"] == shown["invalid"] + shown["excluded"] + shown["calls"]
    assert shown["excluded_by"] == {"duplicate": 2}
    assert shown["outcomes"] == {"answered": 2, "waiting": 1}
    assert sum(shown["outcomes"].values()) == shown["calls"]
    assert shown["cost"] == "0.30"


def test_a_run_without_costs_has_none(world):
    """Nothing is not nought."""
    world.a_batch(S.RUNNING)
    assert report.runs(world.ledger)[0]["cost"] is None


def test_a_run_that_has_nothing_yet_is_shown_whole(world):
    """Planned ones are looked at most."""
    world.a_run(state=RunState.PLANNED)
    (shown,) = report.runs(world.ledger)
    assert (shown["start_at"], shown["batches"], shown["outcomes"], shown["calls"]) == (None, [], {}, 0)


@pytest.mark.parametrize("state", S)
def test_a_run_needs_attention_while_a_batch_is_held(world, state):
    """And only then."""
    world.a_batch(state)
    assert report.runs(world.ledger)[0]["needs_attention"] is (state is S.HELD)


def test_a_run_starts_with_its_first_batch(world):
    """Later there will be several."""
    run = world.a_run()
    world.a_batch(S.SCHEDULED, run=run, rows=0, start_at=DUE + timedelta(hours=1))
    world.a_batch(S.SCHEDULED, run=run, rows=0, n=2, key="b", label="b")
    assert report.runs(world.ledger)[0]["start_at"] == "2026-12-01T05:00:00+00:00"


def test_runs_are_oldest_first_and_limited_to_the_newest(world):
    """As a person reads a log."""
    for day in (2, 0, 1):
        world.a_run(due_at=DUE + timedelta(days=day))
    world.a_run(a_campaign(name="other"))
    assert [run["due_at"][:10] for run in report.runs(world.ledger, campaign="daily")] == [
        "2026-12-01", "2026-12-02", "2026-12-03",
    ]  # fmt: skip
    assert [run["due_at"][:10] for run in report.runs(world.ledger, campaign="daily", limit=2)] == [
        "2026-12-02", "2026-12-03",
    ]  # fmt: skip
    assert len(report.runs(world.ledger)) == 4


def test_one_run_is_shown_with_its_events(world, told):
    """Oldest first, each with its actor."""
    stop_run(world.context, told.key, "ann")
    shown = report.run(world.ledger, told.key)
    assert list(shown) == [*RUN.split(), "events"]
    assert [list(event) for event in shown["events"]] == [["at", "from", "to", "why", "actor"]]
    assert (shown["events"][0]["actor"], shown["events"][0]["at"]) == ("ann", "2026-12-01T04:30:00+00:00")


def test_calls_have_exactly_the_keys_of_the_design(world, told):
    """By row, and with everything that the provider told."""
    first, _, third = report.calls(world.ledger, told.key, reveal=True)
    assert list(first) == CALL.split()
    assert (first["row"], first["outcome"], first["seconds"], first["cost"]) == (1, "answered", 42, "0.10")
    assert (first["started_at"], first["batch"]) == ("2026-12-01T05:00:00+00:00", f"{told.key}/1")
    assert (third["outcome"], third["cost"], third["started_at"], third["variables"]) == (
        "waiting",
        None,
        None,
        {"name": "A"},
    )


def test_numbers_are_masked_unless_revealed(world, told):
    """A screen is seen by many."""
    masked = [call["number"] for call in report.calls(world.ledger, told.key, reveal=False)]
    plain = [call["number"] for call in report.calls(world.ledger, told.key, reveal=True)]
    assert all(number not in json.dumps(masked) for number in plain)
    assert all(sum(sign.isdigit() for sign in number) <= 4 for number in masked)


def test_money_is_never_printed_as_a_power_of_ten(world):
    """A spreadsheet reads it."""
    batch = world.a_batch(S.RUNNING, rows=1)
    world.set(world.calls(batch)[0], cost=Decimal("1E+2"))
    key = world.runs()[0].key
    assert report.calls(world.ledger, key, reveal=False)[0]["cost"] == "100"
    assert report.run(world.ledger, key)["cost"] == "100"


@pytest.mark.parametrize("question", [report.run, lambda ledger, key: report.calls(ledger, key, reveal=False)])
def test_an_unknown_run_is_refused(world, question):
    """And the way to the list is told."""
    with pytest.raises(Refusal, match="callbeat runs"):
        question(world.ledger, "nobody@20261201T0500Z")


def test_the_story_of_a_run_that_goes_on_has_what_happened_meanwhile(world):
    """On either database; its end is open."""
    run = world.a_run()
    with world.ledger.write() as writer:
        writer.note(world.get(run), at=NOW, why="it goes on")
        writer.note_campaign(None, at=NOW, why="everything is stopped", actor="ann")
    assert [told.words for told in story(world.ledger, run.key).events][-1] == "meanwhile: everything is stopped"
