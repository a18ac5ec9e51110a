"""A file that somebody pushed calls nobody on a real account until a person has looked at it."""

from dataclasses import replace

import pytest

from callbeat.campaigns.reader import Reading
from callbeat.errors import Refusal
from callbeat.ledger.states import RunState as R
from callbeat.ledger.tables import RevisionRow
from callbeat.runs.approval import Change, approval_of, approve, changes, changes_to_approve
from callbeat.runs.by_hand import run_by_hand
from callbeat.runs.catalog import apply
from callbeat.runs.open import open_run
from callbeat.runs.tick import plan_due
from tests.factories import DUE, NOW, a_campaign, minutes

CSV = "contact_number\n+12025550101\n"


@pytest.fixture
def strict(world):
    """A world whose account is a real one."""
    world.write_contacts(CSV)
    world.context = replace(world.context, needs_approval=lambda account: account == "bolna")
    return world


def read(world, campaign):
    apply(world.context, [Reading(f"{campaign.name}.yaml", campaign.name, campaign, [])])


def opened(world, run):
    open_run(world.context, run.id)
    return world.get(run)


def test_a_new_campaign_is_planned_and_waits(strict):
    """Its runs say what they wait for, and how to go on, once and not each minute."""
    read(strict, a_campaign())
    plan_due(strict.context)
    (run,) = strict.runs()
    for _ in range(3):
        after = opened(strict, run)
    assert (after.state, after.reason, after.next_action_at) == (R.PLANNED, "not_approved", NOW + minutes(1))
    assert strict.said(run).count("callbeat approve daily") == 1
    assert strict.batches() == []


def test_once_approved_it_opens_at_once(strict):
    """Whoever approves it a minute before it is due waits for no sweep of later."""
    read(strict, a_campaign())
    (run,) = strict.runs()
    opened(strict, run)
    approve(strict.context, a_campaign(), "ann")
    assert strict.get(run).next_action_at == NOW
    assert opened(strict, run).state is R.ACTIVE
    assert [event.actor for event in strict.events() if "approved" in event.why][-1] == "ann"


def test_what_nobody_approves_is_missed_and_says_so(strict):
    """Each due time ends in a recorded decision."""
    run = strict.a_run(strict.a_campaign_row(), R.PLANNED)
    strict.clock.time = DUE + minutes(30)
    after = opened(strict, run)
    assert (after.state, after.reason) == (R.MISSED, "not_approved")


def test_an_edit_must_be_approved_anew(strict):
    """The run that was to follow the approved file follows the new one, and waits."""
    read(strict, a_campaign())
    approve(strict.context, a_campaign(), "ann")
    edited = a_campaign(contacts={"max_rows": 5})
    read(strict, edited)
    (run,) = strict.runs()
    assert (opened(strict, run).reason, run.revision) == ("not_approved", edited.revision)
    read(strict, a_campaign())
    assert opened(strict, run).state is R.ACTIVE


def test_an_account_that_calls_nobody_needs_no_approval(strict):
    """The trial is for trying."""
    campaign = a_campaign(provider="cartesia", account="trial")
    run = strict.a_run(strict.a_campaign_row(campaign), R.PLANNED)
    strict.write_contacts("phone_number\n+12025550101\n")
    assert opened(strict, run).reason != "not_approved"


def test_a_run_by_hand_is_refused_with_the_command_that_helps(strict):
    """The file may have been changed by somebody else since yesterday."""
    with pytest.raises(Refusal, match="callbeat approve daily"):
        run_by_hand(strict.context, a_campaign(), None, "ann")
    approve(strict.context, a_campaign(), "ann")
    assert run_by_hand(strict.context, a_campaign(), None, "ann").startswith("daily+manual-1")


def test_it_can_be_approved_before_beat_has_read_it(strict):
    """One pushes, approves, and goes home."""
    approve(strict.context, a_campaign(), "ann")
    read(strict, a_campaign())
    assert opened(strict, strict.runs()[0]).state is R.ACTIVE


def test_an_approval_outlives_another_way_of_reckoning_revisions(strict):
    """An upgrade must not stop every campaign of an installation."""
    campaign = a_campaign()
    with strict.ledger.write() as writer:
        definition = campaign.model_dump_json(by_alias=True)
        old = {"approved_at": NOW, "approved_by": "ann", "first_seen_at": NOW}
        writer.session.add(RevisionRow(campaign="daily", revision="of-old", definition=definition, **old))
    strict.a_campaign_row(campaign)
    with strict.ledger.write() as writer:
        writer.session.get(type(strict.campaign_row()), "daily").revision = "of-old"
        writer.session.delete(writer.session.get(RevisionRow, ("daily", campaign.revision)))
    read(strict, campaign)
    with strict.ledger.read() as session:
        assert approval_of(session, "daily", campaign.revision).by == "ann"


def test_what_has_changed_since_the_last_approval_is_told(strict):
    """A person judges what differs, not a page of YAML."""
    with strict.ledger.read() as session:
        everything = {change.key for change in changes_to_approve(session, a_campaign())}
    assert {"agent", "schedule.cron", "contacts.source"} <= everything
    approve(strict.context, a_campaign(), "ann")
    with strict.ledger.read() as session:
        later = changes_to_approve(session, a_campaign(schedule={"cron": "0 6 * * *"}))
    assert later == [Change("schedule.cron", '"0 5 * * *"', '"0 6 * * *"')]


def test_values_that_are_added_and_left_out_are_changes():
    """A limit that is gone matters as much as one that is new."""
    before, after = {"a": {"b": 1, "gone": 2}, "same": [1]}, {"a": {"b": 3}, "same": [1], "new": True}
    assert changes(before, after) == [
        Change("a.b", "1", "3"),
        Change("new", None, "true"),
        Change("a.gone", "2", None),
    ]
