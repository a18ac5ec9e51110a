"""One function moves a state, one process acts on a row, and whoever comes too late changes nothing."""

from datetime import timedelta

import pytest

from callbeat.errors import LedgerConflict
from callbeat.ledger.states import BATCH_MOVES, BatchState, RunState
from callbeat.ledger.tables import BatchRow, RunRow
from tests.factories import FAR_AHEAD, LONG_PAST, NOW, minutes

S = BatchState
LEASE = minutes(2)
UNKNOWN_MOVES = [(old, to) for old in S for to in S if to not in BATCH_MOVES[old]]
KNOWN_MOVES = [(old, to) for old in S for to in S if to in BATCH_MOVES[old]]


def claim(world, row, *, at=NOW, states=None, term="me"):
    with world.ledger.write() as writer:
        wanted = states or [row.state]
        return writer.claim(type(row), row.id, wanted, real_now=at, lease=LEASE, term=term)


def move(world, row, to, **changes):
    with world.ledger.write() as writer:
        writer.move(row, to, at=NOW, why="because", **changes)


def test_unknown_moves_are_refused(world):
    """A move that is not in the table is a bug, and must not reach the ledger."""
    batch = world.a_batch(S.READY)
    for old, to in UNKNOWN_MOVES:
        with world.ledger.write() as writer, pytest.raises(ValueError, match="no move"):
            writer.move(BatchRow(id=batch.id, key="k", run_id=1, state=old, fence=0), to, at=NOW, why="because")
    assert world.get(batch).state is S.READY
    assert world.events(batch) == []


@pytest.mark.parametrize(("old", "to"), KNOWN_MOVES)
def test_a_known_move_is_made_with_its_event(world, old, to):
    """The events are the history that outlives everything else."""
    batch = world.a_batch(old, rows=0)
    move(world, batch, to, actor="ann")
    assert world.get(batch).state is to
    (event,) = world.events(batch)
    told = (event.from_state, event.to_state, event.why, event.actor, event.at, event.run_id)
    assert told == (str(old), str(to), "because", "ann", NOW, batch.run_id)


def test_a_conflict_changes_nothing_and_writes_no_event(world):
    """Of two that act on the same knowledge only one may have acted."""
    batch = world.a_batch(S.READY)
    stale = world.get(batch)
    move(world, batch, S.CREATING)
    with pytest.raises(LedgerConflict):
        move(world, stale, S.CANCELLED, reason="stopped")
    assert (world.get(batch).state, world.get(batch).reason) == (S.CREATING, None)
    assert [event.to_state for event in world.events(batch)] == ["creating"]


def test_a_conflict_takes_the_rest_of_its_transaction_with_it(world):
    """Half of a decision in the ledger is worse than none."""
    first, run = world.a_batch(S.READY), world.a_run(due_at=NOW + timedelta(days=3))
    stale = world.get(first)
    world.rob(first)

    def decide():
        with world.ledger.write() as writer:
            writer.move(world.get(run), RunState.FINISHED, at=NOW, why="done")
            writer.move(stale, S.CANCELLED, at=NOW, why="stopped")

    with pytest.raises(LedgerConflict):
        decide()
    assert world.get(run).state is RunState.ACTIVE
    assert world.events() == []


def test_the_event_is_in_the_same_transaction(world):
    """A state without its event cannot be explained; an event without its state is a lie."""
    batch = world.a_batch(S.READY)

    def die():
        with world.ledger.write() as writer:
            writer.move(batch, S.CREATING, at=NOW, why="because")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        die()
    assert world.get(batch).state is S.READY
    assert world.events() == []


@pytest.mark.parametrize("to", [S.CANCELLED, S.MISSED, S.FAILED])
def test_a_final_batch_is_never_acted_on_again(world, to):
    """A left-over next action would wake the sweep for ever."""
    batch = world.a_batch(S.READY)
    move(world, batch, to, next_action_at=NOW)
    assert world.get(batch).next_action_at is None


@pytest.mark.parametrize("to", [RunState.FINISHED, RunState.FAILED, RunState.CANCELLED, RunState.MISSED])
def test_a_final_run_is_never_acted_on_again_and_knows_its_end(world, to):
    """When a run ended is asked by people and by retention."""
    run = world.a_run()
    move(world, run, to)
    assert (world.get(run).next_action_at, world.get(run).ended_at) == (None, NOW)


def test_a_run_that_is_planned_again_has_no_end(world):
    """It is to come, and must not look as if it were over."""
    run = world.a_run(state=RunState.CANCELLED, ended_at=NOW)
    move(world, run, RunState.PLANNED, next_action_at=NOW)
    assert (world.get(run).ended_at, world.get(run).next_action_at) == (None, NOW)


def test_a_move_gives_the_row_back(world):
    """Nobody else could go on before the lease ran out."""
    batch = claim(world, world.a_batch(S.READY))
    move(world, batch, S.CREATING)
    assert world.get(batch).lease_until is None


def test_a_move_can_keep_the_lease(world):
    """Between writing that a request leaves and its answer, nobody else may act."""
    batch = claim(world, world.a_batch(S.READY))
    move(world, batch, S.CREATING, keep_lease=True)
    assert world.get(batch).lease_until == NOW + LEASE


@pytest.mark.parametrize("row", ["run", "batch"])
def test_one_of_two_claims_wins(world, row):
    """Two workers with the same message must not both send."""
    row = world.a_run() if row == "run" else world.a_batch(S.READY)
    first = claim(world, row, term="first")
    assert claim(world, row, term="second") is None
    assert (first.lease_term, first.lease_until, first.fence) == ("first", NOW + LEASE, 1)


def test_a_lease_lasts_until_its_end(world):
    """A second worker a moment too early would send the same request again."""
    batch = world.a_batch(S.READY)
    claim(world, batch)
    assert claim(world, batch, at=NOW + LEASE) is None
    assert claim(world, batch, at=NOW + LEASE + timedelta(microseconds=1)) is not None


def test_only_the_wanted_states_can_be_claimed(world):
    """An old message must not act on a row that has moved on."""
    batch = world.a_batch(S.SCHEDULED)
    assert claim(world, batch, states=[S.READY, S.CREATED]) is None
    assert world.get(batch).fence == 0


def test_a_row_that_is_not_there_cannot_be_claimed(world):
    """A message may outlive its ledger."""
    assert claim(world, BatchRow(id=77, state=S.READY)) is None


LATE = {
    "move": lambda writer, row: writer.move(row, S.CREATING, at=NOW, why="late"),
    "change": lambda writer, row: writer.change(row, reason="late"),
    "release": lambda writer, row: writer.release(row, reason="late"),
}


@pytest.mark.parametrize("write", LATE)
def test_who_slept_through_a_lease_changes_nothing(world, write):
    """By then somebody else acts on the row: the late answer is his to find out."""
    batch = claim(world, world.a_batch(S.READY))
    assert claim(world, batch, at=NOW + minutes(10), term="other") is not None
    with pytest.raises(LedgerConflict), world.ledger.write() as writer:
        LATE[write](writer, batch)
    now = world.get(batch)
    assert (now.state, now.reason, now.lease_term) == (S.READY, None, "other")


def test_a_claimed_row_is_a_snapshot(world):
    """Writing to its attributes must not reach the ledger by a side door."""
    batch = claim(world, world.a_batch(S.READY))
    batch.state, batch.reason = S.HELD, "by a side door"
    with world.ledger.write() as writer:
        writer.note_campaign(None, at=NOW, why="something else")
    assert (world.get(batch).state, world.get(batch).reason) == (S.READY, None)


@pytest.mark.parametrize("how", ["release", "move"])
def test_a_wish_to_stop_that_comes_meanwhile_is_not_slept_over(world, how):
    """Whoever works on a row cannot know of the wish, and must not put it off by his own next action."""
    batch = claim(world, world.a_batch(S.SCHEDULED))
    world.set(batch, stop_reason="stopped")
    later = NOW + minutes(60)
    with world.ledger.write() as writer:
        if how == "release":
            writer.release(batch, next_action_at=later)
        else:
            writer.move(batch, S.RUNNING, at=NOW, why="it dials", next_action_at=later)
    assert world.get(batch).next_action_at < NOW
    assert world.get(batch).stop_reason == "stopped"


def test_without_a_wish_the_next_action_is_as_asked(world):
    """Otherwise every row would be acted on all the time."""
    batch = claim(world, world.a_batch(S.SCHEDULED))
    with world.ledger.write() as writer:
        writer.release(batch, next_action_at=NOW + minutes(60))
    assert world.get(batch).next_action_at == NOW + minutes(60)


def test_who_knows_of_the_wish_decides_when_to_look_again(world):
    """A stop that was sent takes a while; asking again at once would be a busy loop."""
    batch = claim(world, world.a_batch(S.STOPPING, stop_reason="stopped"))
    with world.ledger.write() as writer:
        writer.release(batch, next_action_at=NOW + minutes(1))
    assert world.get(batch).next_action_at == NOW + minutes(1)


def test_notes_are_events_that_change_no_state(world):
    """An answer that came too late is told, whoever holds the row by now."""
    batch = world.a_batch(S.READY)
    stale = world.get(batch)
    world.rob(batch)
    with world.ledger.write() as writer:
        writer.note(stale, at=NOW, why="too late")
    (event,) = world.events(batch)
    assert (event.from_state, event.to_state, event.why) == ("ready", "ready", "too late")


def test_runs_and_batches_have_leases_of_their_own(world):
    """A run that is looked at must not keep its batches from being acted on."""
    batch = world.a_batch(S.READY)
    with world.ledger.write() as writer:
        run = writer.claim(RunRow, batch.run_id, [RunState.ACTIVE], real_now=LONG_PAST, lease=LEASE, term="me")
    assert run is not None
    assert claim(world, batch) is not None
    assert world.get(batch).lease_until < FAR_AHEAD
