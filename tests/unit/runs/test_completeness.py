"""Every row ends in exactly one place; where one does not, the run ends all the same, and says so aloud."""

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from callbeat.doctor.sums import check_sums
from callbeat.errors import Problem
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import ExclusionRow
from callbeat.outcomes import Outcome
from callbeat.runs import report
from callbeat.runs.completeness import SUMS_DIFFER, differences
from callbeat.runs.finish import finish
from callbeat.runs.story import story
from cli.words import sum_line
from tests.factories import DUE, minutes, number

S = BatchState


@pytest.fixture
def run(world):
    """Seven rows: three calls that were answered, two broken rows, two that a rule left out. All is over."""
    run = world.a_run(rows=7)
    batch = world.a_batch(S.FINISHED, run=run, rows=3)
    for call in world.calls(batch):
        world.set(call, outcome=Outcome.ANSWERED, attempts=1)
    reasons = ["broken_row", "no_number", "duplicate", "frequency"]
    with world.ledger.write() as writer:
        for row, reason in enumerate(reasons, start=4):
            kind = "invalid" if row < 6 else "excluded"
            writer.session.add(ExclusionRow(run_id=run.id, row=row, kind=kind, reason=reason))
    other = world.a_run(due_at=DUE + minutes(60), rows=1)
    world.a_batch(S.RUNNING, run=other, rows=1, key="other/1", label="other")
    return run


def broken(world, statement):
    with world.ledger.write() as writer:
        writer.session.execute(text(statement))


def ended(world, run):
    with capture_logs() as lines:
        finish(world.context, run.id)
    return world.get(run), [line for line in lines if line["log_level"] == "error"]


BREAKS = [
    ("UPDATE runs SET rows = 8 WHERE id = 1", "8 rows ≠ 2 invalid + 2 excluded + 3 calls"),
    ("DELETE FROM calls WHERE run_id = 1 AND row = 2", "7 rows ≠ 2 invalid + 2 excluded + 2 calls"),
    ("DELETE FROM exclusions WHERE run_id = 1 AND row = 4", "7 rows ≠ 1 invalid + 2 excluded + 3 calls"),
    ("UPDATE exclusions SET kind = 'lost' WHERE row = 5", "7 rows ≠ 1 invalid + 2 excluded + 3 calls"),
    ("UPDATE calls SET row = 4 WHERE run_id = 1 AND row = 1", "1 rows are called and left out as well, the first"),
    ("UPDATE exclusions SET row = 2 WHERE row = 7", "1 rows are called and left out as well, the first is row 2"),
    ("UPDATE calls SET row = 9 WHERE run_id = 1 AND row = 1", "1 calls have a row number that is not among 1 to 7"),
    ("UPDATE exclusions SET row = 0 WHERE row = 4", "1 rows that are left out have a row number that is not among"),
    ("UPDATE calls SET outcome = 'vanished' WHERE run_id = 1 AND row = 1", "1 calls have no final outcome"),
    ("UPDATE batches SET calls = 4 WHERE id = 1", "was made with 4 calls and has 3"),
    ("UPDATE calls SET batch_id = 2 WHERE run_id = 1 AND row = 1", "1 calls are in no batch of this run"),
    ("UPDATE calls SET run_id = 2, row = 9 WHERE run_id = 1 AND row = 1", "was made with 3 calls and has 2"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "words"), BREAKS)
def test_every_kind_of_difference_is_an_alarm_and_the_run_ends_all_the_same(world, run, statement, words):
    """Somebody was perhaps not called, or nobody knows what became of them: that is never passed over."""
    broken(world, statement)
    after, errors = ended(world, run)
    assert (after.state, after.reason, after.next_action_at) == (RunState.FINISHED, SUMS_DIFFER, None)
    (alarm,) = [event for event in world.events(run) if event.why.startswith("ALARM: its rows do not add up")]
    assert words in alarm.why
    assert [line["event"] for line in errors] == ["run.note"]
    assert number(1) not in alarm.why


@pytest.mark.parametrize(("statement", "words"), BREAKS)
def test_a_difference_is_told_wherever_people_look(world, run, statement, words):
    """`runs`, `show`, the story, and doctor until it is mended."""
    broken(world, statement)
    ended(world, run)
    assert report.run(world.ledger, run.key)["needs_attention"]
    assert any(told.tone == "bad" and words in told.words for told in story(world.ledger, run.key).events)
    (problem,) = check_sums(Subject(world.ledger))
    assert isinstance(problem, Problem)
    assert (problem.level, problem.where) == ("error", f"run {run.key}")
    assert words in problem.problem


class Subject:
    """What doctor looks at here."""

    def __init__(self, ledger):
        self.ledger = ledger


def test_a_run_that_adds_up_says_so(world, run):
    """The sum is in the last line of its story, and nobody is bothered."""
    after, errors = ended(world, run)
    assert (after.state, after.reason, errors) == (RunState.FINISHED, None, [])
    assert world.events(run)[-1].why.endswith("answered 3; 7 rows = 2 invalid + 2 excluded + 3 calls")
    shown = report.run(world.ledger, run.key)
    assert not shown["needs_attention"]
    line = "7 rows = 2 invalid + 2 excluded (1 duplicate, 1 frequency) + 3 calls (answered 3)"
    assert sum_line(shown) == line
    assert not [one for one in check_sums(Subject(world.ledger)) if isinstance(one, Problem)]


def test_what_is_mended_is_told_no_more_by_doctor(world, run):
    """An error that cannot go away hides the next one."""
    broken(world, "UPDATE runs SET rows = 8 WHERE id = 1")
    ended(world, run)
    broken(world, "UPDATE runs SET rows = 7 WHERE id = 1")
    assert not [one for one in check_sums(Subject(world.ledger)) if isinstance(one, Problem)]


def test_the_sum_line_shows_that_it_does_not_add_up(world, run):
    """Whoever reads it does not reckon."""
    broken(world, "UPDATE runs SET rows = 8 WHERE id = 1")
    assert sum_line(report.run(world.ledger, run.key)).startswith("8 rows ≠ 2 invalid")


def test_people_who_were_removed_still_add_up(world, run):
    """Retention takes what is personal, and no row."""
    broken(world, "UPDATE calls SET number = '', variables = '{}' WHERE run_id = 1")
    with world.ledger.read() as session:
        assert differences(session, run) == []
