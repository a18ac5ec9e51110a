"""What is to be told is written with the move that it tells of: never without it, once to each receiver."""

import pytest
from sqlalchemy import select, update

from callbeat.errors import LedgerConflict
from callbeat.ledger.states import BATCH_MOVES, RUN_MOVES, BatchState, RunState
from callbeat.ledger.tables import BatchRow, OutboxRow, RevisionRow, RunRow
from callbeat.ledger.telling import INCOMPLETE, NOBODY, SUMS_DIFFER, Receivers, lane_of, receivers_in, to_be_told
from tests.factories import a_campaign

URL, OPS, BOSS = "https://hooks.example.com/a?key=1", "ops@example.com", "boss@example.com"
HOOK = Receivers(URL)
TOLD = [
    (RunRow, RunState.FINISHED, "run.finished"),
    (RunRow, RunState.FAILED, "run.failed"),
    (RunRow, RunState.MISSED, "run.missed"),
    (BatchRow, BatchState.HELD, "batch.held"),
]
NOT_TOLD = [
    *((RunRow, state) for state in RUN_MOVES if (RunRow, state) not in [told[:2] for told in TOLD]),
    *((BatchRow, state) for state in BATCH_MOVES if (BatchRow, state) not in [told[:2] for told in TOLD]),
]


def outbox(world):
    with world.ledger.read() as session:
        return list(session.execute(select(OutboxRow).order_by(OutboxRow.id)).scalars())


def telling(**over):
    return a_campaign(notify={"url": URL} | over)


@pytest.mark.parametrize(("table", "state", "kind"), TOLD)
def test_four_moves_are_told(table, state, kind):
    """A missed batch of a run that goes on is the run's to tell."""
    (told,) = to_be_told(table, state, None, HOOK, NOBODY)
    assert (told.kind, told.channel, told.receiver) == (kind, "webhook", URL)


@pytest.mark.parametrize(("table", "state"), NOT_TOLD)
def test_no_other_move_is_told(table, state):
    """Whoever is told of each step reads none of them."""
    assert to_be_told(table, state, SUMS_DIFFER, HOOK, HOOK) == []


def test_only_what_was_asked_for_is_told_and_what_does_not_add_up_always():
    """`on: [failed]` was not meant to hide that somebody is missing from the sums."""
    failed = Receivers(URL, on=frozenset({"failed"}))
    assert to_be_told(RunRow, RunState.FINISHED, None, failed, NOBODY) == []
    assert [one.kind for one in to_be_told(RunRow, RunState.FAILED, None, failed, NOBODY)] == ["run.failed"]
    assert [one.kind for one in to_be_told(RunRow, RunState.FINISHED, SUMS_DIFFER, failed, HOOK)] == [INCOMPLETE]


def test_who_is_named_twice_is_told_once_and_as_the_campaign_says():
    """By the campaign and by the installation; the campaign's wish for a report holds."""
    own = Receivers(email=(OPS,), attach=("report",))
    always = Receivers(URL, (OPS, BOSS))
    found = to_be_told(RunRow, RunState.FINISHED, None, own, always)
    assert [(one.receiver, one.attach) for one in found] == [(OPS, ("report",)), (URL, ()), (BOSS, ())]
    assert [one.attach for one in to_be_told(BatchRow, BatchState.HELD, None, own, NOBODY)] == [()]


def test_a_definition_says_whom_to_tell():
    """As the ledger keeps it; one of a later version may be anything."""
    campaign = telling(email=[OPS], on=["held"], attach=["csv"])
    assert receivers_in(campaign.model_dump_json()) == Receivers(URL, (OPS,), frozenset({"held"}), ("csv",))
    assert receivers_in(a_campaign().model_dump_json()) == receivers_in("{}") == receivers_in("[]") == NOBODY
    for strange in ('{"notify": 7}', '{"notify": {"email": 7}}', "{"):
        with pytest.raises(ValueError):
            receivers_in(strange)


def test_a_host_and_the_mail_server_are_ways_on_which_one_goes_at_a_time():
    """A thousand campaigns may have as many addresses at one host."""
    assert lane_of("webhook", URL) == lane_of("webhook", "https://Hooks.example.com/b") == "hooks.example.com"
    assert lane_of("email", OPS) == lane_of("email", BOSS) == "email"


def test_a_move_writes_what_is_to_be_told_of_it(world):
    """With the time and the reason of the move; it is due at once."""
    run = world.a_run(telling(email=[OPS]))
    with world.ledger.write() as writer:
        writer.move(run, RunState.FAILED, at=world.now, why="it is gone", reason="source_missing")
    hook, mail = outbox(world)
    assert (hook.run_id, hook.batch, hook.kind, hook.at, hook.state) == (
        run.id, None, "run.failed", world.now, "failed",
    )  # fmt: skip
    assert (hook.reason, hook.receiver, hook.next_action_at, hook.tries) == ("source_missing", URL, world.now, 0)
    assert (mail.channel, mail.receiver, mail.lane) == ("email", OPS, "email")
    assert hook.key != mail.key


def test_a_held_batch_is_told_under_its_own_name(world):
    """Its run says whose campaign it is."""
    batch = world.a_batch(BatchState.RUNNING, run=world.a_run(telling()))
    with world.ledger.write() as writer:
        writer.move(batch, BatchState.HELD, at=world.now, why="who knows", reason="who knows")
    (row,) = outbox(world)
    assert (row.kind, row.batch, row.run_id, row.reason) == ("batch.held", batch.key, batch.run_id, "who knows")


def test_what_is_not_done_is_not_told(world):
    """The move and its message are one transaction: of two processes that end a run one tells of it."""
    run, late = world.a_run(telling()), world.runs()[0]
    with world.ledger.write() as writer:
        writer.move(world.get(run), RunState.FINISHED, at=world.now, why="done")
        writer.session.rollback()  # killed before the commit
    assert outbox(world) == []
    with world.ledger.write() as writer:
        writer.move(run, RunState.FINISHED, at=world.now, why="done")
    with pytest.raises(LedgerConflict), world.ledger.write() as writer:
        writer.move(late, RunState.FINISHED, at=world.now, why="done")
    assert len(outbox(world)) == 1


def test_who_is_always_told_is_told_of_campaigns_that_name_nobody(world, monkeypatch):
    """An operator's own address, set once."""
    monkeypatch.setattr(world.ledger, "always", Receivers(URL))
    run = world.a_run()
    with world.ledger.write() as writer:
        writer.move(run, RunState.MISSED, at=world.now, why="too late", reason="too_late")
    assert [row.kind for row in outbox(world)] == ["run.missed"]


def test_a_definition_that_cannot_be_read_keeps_no_run_from_ending(world):
    """Nobody is told, and the log says so."""
    run = world.a_run(telling())
    with world.ledger.write() as writer:
        writer.session.execute(update(RevisionRow).values(definition='{"notify": 7}'))
        writer.move(run, RunState.FINISHED, at=world.now, why="done")
    assert (world.get(run).state, outbox(world)) == (RunState.FINISHED, [])
