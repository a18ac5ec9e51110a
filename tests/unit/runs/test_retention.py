"""What is personal of a run goes when its time has come; what is counted stays, and an event proves it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import ExportRow, Table
from callbeat.outcomes import Outcome
from callbeat.runs import report, retention
from callbeat.runs.reach import Reach
from callbeat.runs.retention import ask_who_goes, let_go, next_rows
from callbeat.runs.story import story
from tests.factories import DUE, FAR_AHEAD, NOW, a_campaign, number
from tests.postgres import ON_POSTGRES

S, O = BatchState, Outcome  # noqa: E741
A_DAY = timedelta(days=1)
NAME, QUOTED = "Asha Rao", "line of Asha is dead"


def ended(world, rows=3, state=RunState.FINISHED, **over):
    """A run that is over, with calls that say something of people."""
    campaign = a_campaign(retention=A_DAY)
    run = world.a_run(campaign, state=state, **{"ended_at": NOW, "keep_until": NOW + A_DAY, "rows": rows} | over)
    batch = world.a_batch(S.FINISHED, run=run, rows=rows, key=f"{run.key}/1", label=f"label of {run.key}")
    for call in world.calls(batch):
        world.set(
            call, number_hash=f"hash{call.row}", variables={"name": NAME}, provider_call=f"call-{call.row}",
            error=QUOTED, outcome=O.ANSWERED, attempts=1, started_at=DUE, seconds=42, cost=Decimal("0.10"),
            currency="USD", provider_status="completed",
        )  # fmt: skip
    return run, batch


def everything(world) -> str:
    """All that the ledger says, of every table."""
    with world.ledger.read() as session:
        found = [session.execute(select(table)).all() for table in Table.metadata.sorted_tables]
    return repr(found)


def test_what_is_personal_goes_and_what_is_counted_stays(world):
    """The outcome of each row is what the company goes by for years; the person is nobody's business by then."""
    run, batch = ended(world)
    world.clock.go(A_DAY)
    let_go(world.context, run.id)
    assert [(call.number, call.variables) for call in world.calls(batch)] == [("", {})] * 3
    assert [(call.provider_call, call.error) for call in world.calls(batch)] == [(None, None)] * 3
    kept = [(c.row, c.number_hash, c.outcome, c.attempts, c.seconds, str(c.cost)) for c in world.calls(batch)]
    assert kept == [(n, f"hash{n}", O.ANSWERED, 1, 42, "0.10") for n in (1, 2, 3)]
    assert world.get(run).rows == 3


def test_nothing_in_the_whole_ledger_tells_the_person_any_more(world):
    """Events, reasons and errors are texts that nobody thinks of."""
    run, _ = ended(world)
    before = everything(world)
    world.clock.go(A_DAY)
    let_go(world.context, run.id)
    for personal in (number(1), number(3), NAME, QUOTED, "call-1"):
        assert personal in before
        assert personal not in everything(world)


def test_one_event_proves_it(world):
    """How many, when, and by which rule: that is what an auditor asks for."""
    run, _ = ended(world)
    world.clock.go(A_DAY)
    let_go(world.context, run.id)
    let_go(world.context, run.id)
    (event,) = world.events(run)
    assert event.at == NOW + A_DAY
    assert event.why == (
        "its people were kept until 2026-12-02T04:30:00+00:00 (retention): numbers and variables of 3 calls are "
        "removed"
    )
    assert world.get(run).keep_until is None


@pytest.mark.parametrize("state", [state for state in RunState if not state.final])
def test_a_run_that_is_not_over_is_never_touched(world, state):
    """Its people are still to be called, or a batch of it is held: whatever keep_until says."""
    run, batch = ended(world, state=state)
    world.clock.go(30 * A_DAY)
    assert ask_who_goes(world.context) == 0
    let_go(world.context, run.id)
    assert world.calls(batch)[0].number == number(1)


def test_nobody_goes_before_the_time_or_without_one(world):
    """A late or repeated message must not decide it."""
    early, batch = ended(world)
    for_ever, other = ended(world, due_at=DUE + A_DAY, keep_until=None)
    world.clock.go(A_DAY - timedelta(seconds=1))
    assert ask_who_goes(world.context) == 0
    for run in (early, for_ever):
        let_go(world.context, run.id)
        assert world.get(run).lease_until is None
    assert [world.calls(one)[0].number for one in (batch, other)] == [number(1)] * 2


def test_what_came_due_while_beat_was_away_is_found(world):
    """Nothing is counted from tick to tick: the ledger is asked what is due."""
    runs = [ended(world, due_at=DUE + n * A_DAY)[0] for n in range(3)]
    world.clock.go(365 * A_DAY)
    assert ask_who_goes(world.context) == 3
    assert world.sent == [("let_go", [run.id]) for run in runs]


def test_nothing_is_sent_where_nothing_can_be_sent(world):
    """The broker is away: the next minute asks again."""
    ended(world)
    world.clock.go(A_DAY)
    assert ask_who_goes(replace(world.context, can_send=lambda: False)) == 0
    assert world.sent == []


def test_a_run_in_somebodys_hands_is_left_to_them(world):
    """A second message while the first is at work must not do it twice."""
    run, batch = ended(world)
    world.clock.go(A_DAY)
    world.rob(run)
    assert ask_who_goes(world.context) == 0
    let_go(world.context, run.id)
    assert world.calls(batch)[0].number == number(1)


def test_it_goes_part_by_part_and_on_after_a_crash(world, monkeypatch):
    """A million rows are not one transaction, and what a killed process left is taken up."""
    monkeypatch.setattr(retention, "PART", 2)
    run, batch = ended(world, rows=5)
    world.clock.go(A_DAY)
    plain, parts = retention._empty_some, []

    def killed(hold, row, *, after):
        if len(parts) == 2:
            raise KeyboardInterrupt
        parts.append(plain(hold, row, after=after))
        return parts[-1]

    monkeypatch.setattr(retention, "_empty_some", killed)
    with pytest.raises(KeyboardInterrupt):
        let_go(world.context, run.id)
    assert [call.number for call in world.calls(batch)] == ["", "", "", "", number(5)]
    assert world.events(run) == []
    monkeypatch.setattr(retention, "_empty_some", plain)
    world.set(run, lease_until=None)
    let_go(world.context, run.id)
    assert [call.number for call in world.calls(batch)] == [""] * 5
    assert "of 5 calls" in world.said(run)


def test_a_run_that_is_taken_away_between_two_parts_is_let_be(world, monkeypatch):
    """Its file was edited, say, and it is to come again."""
    monkeypatch.setattr(retention, "PART", 2)
    run, batch = ended(world)
    world.clock.go(A_DAY)
    plain = retention._empty_some

    def robbed(hold, row, *, after):
        last = plain(hold, row, after=after)
        world.set(run, fence=99, lease_until=FAR_AHEAD)
        return last

    monkeypatch.setattr(retention, "_empty_some", robbed)
    with pytest.raises(Exception, match="no longer"):
        let_go(world.context, run.id)
    assert world.calls(batch)[2].number == number(3)


def test_whatever_reads_calls_copes_with_nobody(world):
    """`calls`, `show` and the story are read for years."""
    run, _ = ended(world)
    world.clock.go(A_DAY)
    let_go(world.context, run.id)
    for reveal in (False, True):
        shown = report.calls(world.ledger, run.key, reveal=reveal)
        assert [(call["number"], call["variables"]) for call in shown] == [("", {})] * 3
    assert report.run(world.ledger, run.key)["outcomes"] == {"answered": 3}
    assert "retention" in story(world.ledger, run.key).events[-1].words


@pytest.mark.skipif(ON_POSTGRES, reason="there the autovacuum does it")
def test_the_file_itself_does_not_hold_the_person_any_more(world):
    """SQLite leaves what was removed in the file, unless it is told not to."""
    run, _ = ended(world, rows=50)
    world.clock.go(A_DAY)
    let_go(world.context, run.id)
    with world.ledger.write() as writer:
        path = writer.session.connection().exec_driver_sql("PRAGMA database_list").fetchone()[2]
    world.ledger.close()  # the last connection writes the log into the file
    data = Path(path).read_bytes()
    assert NAME.encode() not in data
    assert number(1).encode() not in data


def test_a_file_that_was_written_is_emptied_too(world):
    """It is the same people, and more readable."""
    run, _ = ended(world)
    path = world.folder / "results" / "day.csv"
    path.parent.mkdir()
    path.write_text(f"row,number,batch,outcome,variables\n1,{number(1)},{run.key}/1,answered,\n")
    wrote(world, run, "results/day.csv")
    world.clock.go(A_DAY)
    let_go(world.context, run.id)
    assert path.read_text() == f"row,number,batch,outcome,variables\n1,,{run.key}/1,answered,{{}}\n"
    assert "results/day.csv was rewritten without them" in world.said(run)


@pytest.mark.parametrize(
    ("file", "words"),
    [("s3://bucket/day.csv", "lies elsewhere"), ("../day.csv", "outside"), ("results/day.csv", "no longer as it")],
)
def test_a_file_that_is_not_rewritten_is_an_alarm(world, file, words):
    """It may hold people, and only a person can see to it. Nothing of it is destroyed."""
    run, _ = ended(world)
    root = world.folder / "config"
    path = root / file
    (root / "results").mkdir(parents=True)
    if "://" not in file:
        path.write_text(f"row,number,batch,my notes\n1,{number(1)},{run.key}/1,call her mother\n")
    wrote(world, run, file)
    world.clock.go(A_DAY)
    let_go(replace(world.context, reach=Reach(root)), run.id)
    assert world.events(run)[-1].why.startswith(f"ALARM: the run's people are to be gone, and {file} ")
    assert words in world.events(run)[-1].why
    assert "://" in file or "mother" in path.read_text()


def wrote(world, run, file):
    with world.ledger.write() as writer:
        writer.session.add(ExportRow(run_id=run.id, file=file, written_at=NOW))


def test_no_call_of_another_run_is_touched(world):
    """Each has its own time."""
    run, _ = ended(world)
    _, other = ended(world, due_at=DUE + A_DAY, keep_until=NOW + 2 * A_DAY)
    world.clock.go(A_DAY)
    let_go(world.context, run.id)
    assert [call.number for call in world.calls(other)] == [number(n) for n in (1, 2, 3)]


@pytest.mark.skipif(ON_POSTGRES, reason="it plans by how much there is")
def test_each_part_is_read_on_from_where_the_last_one_ended(world):
    """Else the last part of a million rows would look at all of them."""
    text = str(next_rows(1, 7).compile(compile_kwargs={"literal_binds": True}))
    with world.ledger.read() as session:
        plan = str(session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").fetchall())
    assert "run_id=? AND row>?" in plan
    assert "TEMP B-TREE" not in plan
