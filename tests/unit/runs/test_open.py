"""A run opens once: its contacts are screened, its calls written, or the reason why not is."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import ExclusionRow
from callbeat.runs import open as opening
from callbeat.runs.by_hand import stop_run
from callbeat.runs.open import open_run
from callbeat.runs.roster import Part, Roster
from tests.factories import DUE, LONG_PAST, NOW, a_campaign, minutes, office

R, S = RunState, BatchState
CSV = "contact_number,name\n+12025550101,Ann\n+12025550102,Bo\nnonsense,Cy\n+1 202 555 0101,Di\n+1,2,3\n"


def opened(world, run):
    open_run(world.context, run.id)
    return world.get(run)


def planned(world, campaign=None, **over):
    return world.a_run(campaign, **{"state": R.PLANNED} | over)


def while_reading(monkeypatch, do):
    """Something happens once, while the contacts are read."""

    class Slow(Roster):
        def parts(self):
            monkeypatch.setattr(opening, "Roster", Roster)
            do()
            yield from super().parts()

    monkeypatch.setattr(opening, "Roster", Slow)


def exclusions(world):
    with world.ledger.read() as session:
        rows = session.execute(select(ExclusionRow).order_by(ExclusionRow.row)).scalars()
        return [(row.row, row.kind, row.reason) for row in rows]


def test_a_run_opens_with_a_call_for_each_contact(world):
    """Every row ends in exactly one place."""
    world.write_contacts(CSV)
    after = opened(world, planned(world))
    (batch,) = world.batches()
    assert (after.state, after.rows, after.lease_until) == (R.ACTIVE, 5, None)
    assert [(call.row, call.number, call.variables) for call in world.calls(batch)] == [
        (1, "+12025550101", {"name": "Ann"}),
        (2, "+12025550102", {"name": "Bo"}),
    ]
    assert [row for row, _, _ in exclusions(world)] == [3, 4, 5]
    assert [kind for _, kind, _ in exclusions(world)] == ["invalid", "excluded", "invalid"]
    assert after.rows == len(world.calls(batch)) + len(exclusions(world))


def test_how_a_source_was_read_is_told(world):
    """A file that is not UTF-8 is read by a guess, and a wrong guess spells names wrong."""
    path = world.folder / "contacts" / "daily.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes("contact_number;name\n+12025550101;Zoë\n".encode("latin-1"))
    run = planned(world)
    opened(world, run)
    told = [event.why for event in world.events(run) if "its source" in event.why]
    assert any("semicolons" in why for why in told)
    assert any("UTF-8" in why for why in told)


def test_its_batch_is_ready_and_bears_its_label(world):
    """By the label it is found again at the provider."""
    world.write_contacts(CSV)
    run = planned(world)
    opened(world, run)
    (batch,) = world.batches()
    assert (batch.key, batch.label, batch.state, batch.calls) == (
        "daily@20261201T0500Z/1", "cb-main-daily-20261201T0500Z-1", S.READY, 2,
    )  # fmt: skip
    assert batch.next_action_at <= world.now
    assert world.sent == [("create", [batch.id])]
    assert [event.to_state for event in world.events(run)][:2] == ["opening", "active"]


def test_a_run_whose_process_died_while_it_opened_opens_again(world):
    """A crash leaves nothing behind, and nobody is called twice for it."""
    world.write_contacts(CSV)
    run = planned(world, state=R.OPENING, lease_until=LONG_PAST)
    assert opened(world, run).state is R.ACTIVE
    assert len(world.batches()) == 1


def test_an_old_message_opens_nothing_twice(world):
    """Two batches would be two calls."""
    world.write_contacts(CSV)
    run = planned(world)
    opened(world, run)
    opened(world, run)
    assert len(world.batches()) == 1


def test_two_that_open_at_once_write_one_batch(world, monkeypatch):
    """A stalled process must not add its own to what another has written."""
    world.write_contacts(CSV)
    run = planned(world)

    def overtaken():
        world.set(run, lease_until=LONG_PAST)
        open_run(world.context, run.id)

    while_reading(monkeypatch, overtaken)
    with pytest.raises(Exception, match="somebody else"):
        open_run(world.context, run.id)
    assert len(world.batches()) == 1
    assert len(world.calls(world.batches()[0])) == 2


def test_a_source_named_by_date_is_that_of_the_due_day_in_the_campaigns_zone(world):
    """At 20:00 UTC it is tomorrow in India already."""
    schedule = {"timezone": "Asia/Kolkata"}
    campaign = a_campaign(contacts={"source": "contacts/%Y-%m-%d.csv"}, schedule=schedule)
    due = DUE.replace(hour=20)
    world.clock.time = due - minutes(20)
    world.write_contacts(CSV, "contacts/2026-12-02.csv")
    assert opened(world, planned(world, campaign, due_at=due)).state is R.ACTIVE


def test_a_source_may_not_lead_out_of_the_folder(world):
    """A campaign file is not to read the machine's secrets into a call."""
    campaign = a_campaign(contacts={"source": "../%Y.csv"})
    (world.folder.parent / "2026.csv").write_text(CSV)
    after = opened(world, planned(world, campaign))
    assert (after.state, after.reason) == (R.FAILED, "source_unreadable")


def test_nobody_left_to_call_is_a_finished_run(world):
    """An empty day is no failure, and its exclusions are still told."""
    world.write_contacts("contact_number\nnonsense\n")
    after = opened(world, planned(world))
    assert (after.state, after.rows, world.batches()) == (R.FINISHED, 1, [])
    assert len(exclusions(world)) == 1


def test_a_run_that_ends_as_it_opens_is_added_up_too(world, monkeypatch):
    """No batch of it is ever finished, so nobody would look."""
    world.write_contacts("contact_number\nnonsense\n")
    monkeypatch.setattr(Part, "left_out", lambda _part, _most: iter(()))
    after = opened(world, planned(world))
    assert (after.state, after.reason, after.rows) == (R.FINISHED, "sums_differ", 1)
    assert any("1 rows ≠ 0 invalid + 0 excluded + 0 calls" in event.why for event in world.events(after))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("contact_number\n" + "+12025550101\n" * 3, "too_many_rows"),
        ("number\n+1\n", "source_unreadable"),
    ],
)
def test_a_wrong_source_fails_the_run_and_calls_nobody(world, text, reason):
    """Somebody uploaded the wrong file."""
    world.write_contacts(text)
    after = opened(world, planned(world, a_campaign(contacts={"max_rows": 2})))
    assert (after.state, after.reason, world.batches(), exclusions(world)) == (R.FAILED, reason, [], [])


@pytest.mark.parametrize(("text", "reason"), [(None, "source_missing"), ("contact_number\n", "source_empty")])
def test_a_missing_source_is_waited_for_and_then_the_run_fails(world, text, reason):
    """It may be uploaded late; but not later than the last start."""
    if text is not None:
        world.write_contacts(text)
    run = planned(world)
    after = opened(world, run)
    assert after.state in (R.PLANNED, R.OPENING)
    assert (after.reason, after.lease_until) == (reason, None)
    assert NOW < after.next_action_at <= NOW + minutes(2)
    while not (after := opened(world, run)).state.final:
        world.clock.go(minutes(1))
    assert (after.state, after.reason) == (R.FAILED, reason)
    assert DUE < world.now < DUE + minutes(20)


def test_a_source_that_comes_late_is_used(world):
    """That is what the waiting is for."""
    run = planned(world)
    opened(world, run)
    world.write_contacts(CSV)
    world.clock.go(minutes(1))
    after = opened(world, run)
    assert (after.state, after.reason) == (R.ACTIVE, None)


# -- decided against -------------------------------------------------------------------------------------------


def test_a_run_that_opens_too_late_is_missed(world):
    """After an outage nothing is fired in a heap."""
    world.clock.time = DUE + minutes(60)
    after = opened(world, planned(world))
    assert (after.state, after.reason) == (R.MISSED, "too_late")


def test_a_run_outside_its_hours_is_missed(world):
    """And says so."""
    after = opened(world, planned(world, a_campaign(hours=office("09:00", "20:00"))))
    assert (after.state, after.reason) == (R.MISSED, "outside_hours")


def test_a_run_of_a_broken_file_waits_for_the_mend(world):
    """A broken file stops its own campaign; mended in time, nothing is lost."""
    campaign = world.a_campaign_row(state="broken")
    run = planned(world, campaign)
    world.write_contacts(CSV)
    after = opened(world, run)
    assert (after.state, after.reason, world.batches()) == (R.PLANNED, "broken_file", [])
    assert after.next_action_at > NOW
    world.clock.time = DUE + minutes(60)
    assert (opened(world, run).state, world.get(run).reason) == (R.MISSED, "broken_file")


def test_a_run_opens_with_the_revision_that_it_was_planned_with(world):
    """The file may have changed since, and the ledger pointed it where it belongs."""
    old = a_campaign(contacts={"source": "contacts/old.csv"})
    world.write_contacts(CSV, "contacts/old.csv")
    world.a_campaign_row(a_campaign())
    assert opened(world, planned(world, old)).state is R.ACTIVE


@pytest.mark.parametrize("state", [R.PLANNED, R.OPENING])
def test_a_run_that_is_to_stop_does_not_open(world, state):
    """Nothing has left, so nothing is to be stopped."""
    world.write_contacts(CSV)
    after = opened(world, planned(world, state=state, stop_reason="stopped", lease_until=LONG_PAST))
    assert (after.state, after.reason, world.batches()) == (R.CANCELLED, "stopped", [])


def test_a_wish_to_stop_that_comes_while_it_opens_is_honoured(world, monkeypatch):
    """Reading a million contacts takes a while."""
    world.write_contacts(CSV)
    run = planned(world)
    while_reading(monkeypatch, lambda: stop_run(world.context, run.key, "ann"))
    after = opened(world, run)
    wishes = {batch.stop_reason for batch in world.batches()}
    assert after.state is R.CANCELLED or wishes == {"stopped"}


# -- overlap ---------------------------------------------------------------------------------------------------

LATER = DUE + minutes(60)


def second(world, *, overlap="skip", first=R.ACTIVE, due=LATER, **over):
    """A run with one before it."""
    campaign = a_campaign(schedule={"overlap": overlap})
    earlier = world.a_run(campaign, state=first, **over)
    world.clock.time = due - minutes(30)
    world.write_contacts(CSV)
    return earlier, planned(world, campaign, due_at=due)


@pytest.mark.parametrize("first", [R.ACTIVE, R.OPENING])
def test_a_run_is_skipped_while_the_one_before_is_active(world, first):
    """The same people would be rung from two batches at once."""
    _, run = second(world, first=first)
    while not (after := opened(world, run)).state.final:
        assert after.state is R.PLANNED
        world.clock.go(minutes(1))
    assert (after.state, after.reason, world.batches()) == (R.SKIPPED, "overlap", [])
    assert world.now < LATER


def test_the_run_before_may_end_in_time(world):
    """So it is decided as late as possible."""
    earlier, run = second(world)
    assert opened(world, run).state is R.PLANNED
    world.set(earlier, state=R.FINISHED)
    world.clock.go(minutes(10))
    assert opened(world, run).state is R.ACTIVE


@pytest.mark.parametrize(
    ("overlap", "over"),
    [
        ("allow", {}),
        ("skip", {"first": R.FINISHED}),
        ("skip", {"first": R.FAILED}),
        ("skip", {"manual": 1}),
    ],
)
def test_a_run_opens_beside_what_does_not_block_it(world, overlap, over):
    """A run by hand, and one that is over, are nobody's hindrance."""
    _, run = second(world, overlap=overlap, **over)
    assert opened(world, run).state is R.ACTIVE


def test_a_run_of_another_campaign_does_not_block(world):
    """Each has its own people."""
    world.a_run(a_campaign(name="other"), due_at=DUE - minutes(60))
    world.write_contacts(CSV)
    assert opened(world, planned(world)).state is R.ACTIVE


def test_a_run_by_hand_opens_beside_an_active_one(world):
    """A person decided so."""
    world.a_run()
    world.write_contacts(CSV)
    assert opened(world, planned(world, manual=1)).state is R.ACTIVE


HELD = [
    (timedelta(hours=12), DUE, True),
    (timedelta(days=2), DUE, False),
    (timedelta(hours=25), DUE + timedelta(hours=10), True),  # it started late: a day after its start is later
    (timedelta(hours=48), DUE + timedelta(hours=10), False),
]


@pytest.mark.parametrize(("later", "start", "blocks"), HELD)
def test_a_held_batch_blocks_for_a_day_after_its_start(world, later, start, blocks):
    """It may still be dialling; but not for ever."""
    earlier, run = second(world, due=DUE + later)
    world.a_batch(S.HELD, run=earlier, start_at=start)
    assert (opened(world, run).state is R.PLANNED) is blocks


def test_a_run_with_a_batch_that_dials_beside_a_held_one_still_blocks(world):
    """The day counts for what is held alone."""
    earlier, run = second(world, due=DUE + timedelta(days=2))
    world.a_batch(S.HELD, run=earlier)
    world.a_batch(S.RUNNING, run=earlier, n=2, key="second", label="second", rows=0)
    assert opened(world, run).state is R.PLANNED
