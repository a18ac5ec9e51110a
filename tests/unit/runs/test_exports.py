"""The file of a run: written when it has ended, again after every failure, and never in another's place."""

import csv
import io
import stat
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from callbeat.errors import LedgerConflict, Refusal
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import ExclusionRow, ExportRow
from callbeat.outcomes import Outcome
from callbeat.runs import exports
from callbeat.runs.exports import MOST_TRIES, export, export_again, export_to
from callbeat.runs.finish import finish
from callbeat.runs.story import Next, story
from callbeat.runs.sweep import sweep
from callbeat.whole_files import NotWritten
from tests.factories import DUE, a_campaign, minutes

FILE = "results/2026-12-01.csv"


def exporting(**over):
    return a_campaign(**({"export": {"file": "results/%Y-%m-%d.csv"}} | over))


def an_ended_run(world, campaign=None, **over):
    """Two calls that were answered, and two rows that were left out; its file is still to be written."""
    run = world.a_run(campaign or exporting(), rows=4, **over)
    batch = world.a_batch(BatchState.FINISHED, run=run, label=f"l{run.id}", key=f"{run.key}/1")
    for call in world.calls(batch):
        world.set(call, outcome=Outcome.ANSWERED)
    with world.ledger.write() as writer:
        left_out = [(3, "invalid", "no_number"), (4, "excluded", "duplicate")]
        rows = [{"run_id": run.id, "row": row, "kind": kind, "reason": why} for row, kind, why in left_out]
        writer.session.execute(insert(ExclusionRow), rows)
    finish(world.context, run.id)
    return world.get(run)


def contents(world, file=FILE):
    return list(csv.DictReader(io.StringIO((world.folder / file).read_text(encoding="utf-8"), newline="")))


def files(world):
    with world.ledger.read() as session:
        return list(session.execute(select(ExportRow.file).order_by(ExportRow.id)).scalars())


def test_a_run_that_has_ended_is_written_to_its_file(world):
    """Every row of the source in one place, with whole numbers, for its owner only."""
    run = an_ended_run(world)
    assert (run.state, run.next_action_at, world.sent[-1]) == (RunState.FINISHED, world.now, ("export", [run.id]))
    export(world.context, run.id)
    rows = contents(world)
    assert [(row["row"], row["outcome"], row["reason"]) for row in rows] == [
        ("1", "answered", ""), ("2", "answered", ""), ("3", "invalid", "no_number"), ("4", "excluded", "duplicate"),
    ]  # fmt: skip
    assert (rows[0]["run"], rows[0]["number"], rows[2]["number"]) == (run.key, "+919876500001", "")
    assert stat.S_IMODE((world.folder / FILE).stat().st_mode) == 0o600
    after = world.get(run)
    assert (after.state, after.next_action_at, after.lease_until) == (RunState.FINISHED, None, None)
    assert f"its 4 rows were written to {FILE}, with whole numbers" in world.said(run)
    assert files(world) == [FILE]


def test_a_run_without_export_has_nothing_left_to_do(world):
    """No task is sent for it."""
    run = an_ended_run(world, a_campaign())
    assert (run.next_action_at, [task for task, _ in world.sent if task == "export"]) == (None, [])


def test_the_sweep_takes_up_what_was_lost(world):
    """A message is a hint; the row is the truth."""
    run = an_ended_run(world)
    world.sent.clear()
    world.clock.go(minutes(1))
    sweep(world.context)
    assert world.sent == [("export", [run.id])]
    world.clock.go(minutes(2))
    sweep(world.context)
    assert world.sent == [("export", [run.id])] * 2


def test_the_date_in_the_name_is_that_of_the_campaign(world):
    """05:00 UTC is the evening before in Honolulu."""
    schedule = {"cron": "0 19 * * *", "timezone": "Pacific/Honolulu"}
    export(world.context, an_ended_run(world, exporting(schedule=schedule)).id)
    assert files(world) == ["results/2026-11-30.csv"]


def test_a_file_that_cannot_be_written_is_an_alarm_and_tried_again(world):
    """The run has ended all the same."""
    (world.folder / "results").write_text("in the way")
    run = an_ended_run(world)
    export(world.context, run.id)
    after = world.get(run)
    assert (after.state, after.next_action_at) == (RunState.FINISHED, world.now + minutes(1))
    assert f"ALARM: its file was not written: {FILE} cannot be written" in world.said(run)
    world.clock.go(minutes(1))
    export(world.context, run.id)
    assert world.get(run).next_action_at == world.now + minutes(2)
    assert story(world.ledger, run.key).next == [Next("its file is written", world.now + minutes(2))]
    (world.folder / "results").unlink()
    world.clock.go(minutes(2))
    export(world.context, run.id)
    assert (len(contents(world)), world.get(run).next_action_at) == (4, None)


def test_trying_ends(world):
    """After a day somebody has to look; the command writes it then."""
    (world.folder / "results").write_text("in the way")
    run, began = an_ended_run(world), world.now
    while (again := world.get(run).next_action_at) is not None:
        world.clock.time = again
        export(world.context, run.id)
    assert world.said(run).count("ALARM") == MOST_TRIES
    assert timedelta(hours=20) < world.now - began < timedelta(hours=30)
    assert world.said(run).endswith(f"given up: `callbeat export '{run.key}'`")
    (world.folder / "results").unlink()
    assert export_again(world.context, run.key, "ann") == (FILE, 4)


def test_a_defect_is_no_end_of_the_run_and_its_words_stay_in_the_log(world, monkeypatch):
    """What an exception says may have a number in it."""

    def boom(*_args):
        raise ValueError("+919876500001")

    monkeypatch.setattr(exports, "write_calls", boom)
    run = an_ended_run(world)
    export(world.context, run.id)
    assert world.get(run).state is RunState.FINISHED
    assert "a defect (ValueError), see the log" in world.said(run)
    assert "+9198" not in world.said(run)


def test_a_crash_after_the_file_was_written_writes_it_once_more(world, monkeypatch):
    """The same file again, under the same name."""
    run = an_ended_run(world)
    with monkeypatch.context() as patched:
        patched.setattr(exports, "_note", lambda *_args: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            export(world.context, run.id)
    assert len(contents(world)) == 4
    world.set(run, lease_until=None)
    export(world.context, run.id)
    assert files(world) == [FILE]
    assert [path.name for path in (world.folder / "results").iterdir()] == ["2026-12-01.csv"]


def test_whoever_has_lost_the_run_does_not_replace_its_file(world, monkeypatch):
    """It may have been forgotten meanwhile, and written anew without one of them."""
    run, page_by_page = an_ended_run(world), exports.contact_pages

    def robbed(*args, **more):
        yield from page_by_page(*args, **more)
        world.rob(run)

    monkeypatch.setattr(exports, "contact_pages", robbed)
    with pytest.raises(LedgerConflict):
        export(world.context, run.id)
    assert not (world.folder / FILE).exists()


def test_two_runs_of_a_day_have_two_files(world):
    """The second one must not take the place of the first."""
    campaign = exporting(schedule={"cron": "0 5,6 * * *"})
    first, second = an_ended_run(world, campaign), an_ended_run(world, campaign, due_at=DUE + minutes(60))
    for _ in range(2):
        for run in (first, second):
            world.set(run, next_action_at=world.now)
            export(world.context, run.id)
    assert files(world) == [FILE, f"results/2026-12-01.{second.key}.csv"]
    assert {row["run"] for row in contents(world)} == {first.key}
    assert {row["run"] for row in contents(world, files(world)[1])} == {second.key}


def test_a_file_of_somebody_else_is_left_alone(world):
    """It may be a list of contacts."""
    world.write_contacts("mobile\n+12025550101\n", FILE)
    run = an_ended_run(world)
    export(world.context, run.id)
    assert (world.folder / FILE).read_text() == "mobile\n+12025550101\n"
    assert len(contents(world, f"results/2026-12-01.{run.key}.csv")) == 4


def test_a_definition_that_cannot_be_read_keeps_no_run_from_ending(world):
    """Its file is the least of it."""
    run = world.a_run(exporting(), revision="lost", rows=2)
    world.a_batch(BatchState.FINISHED, run=run, rows=0)
    finish(world.context, run.id)
    assert world.get(run).state is RunState.FINISHED


def test_somebody_may_ask_for_it_again(world):
    """With whole numbers, since that is what the campaign's own file is for; and it is known who did."""
    run = an_ended_run(world)
    assert export_again(world.context, run.key, "ann") == (FILE, 4)
    assert contents(world)[0]["number"] == "+919876500001"
    assert world.events(run)[-1].actor == "ann"
    with pytest.raises(Refusal, match="there is no run"):
        export_again(world.context, "nobody", "ann")


def test_what_still_goes_on_is_written_only_elsewhere(world):
    """The campaign's own file is one of runs that have ended."""
    run = world.a_run(exporting())
    with pytest.raises(Refusal, match="its file is written when it ends"):
        export_again(world.context, run.key, "ann")
    other = world.a_run(a_campaign(name="other"), RunState.FINISHED)
    with pytest.raises(Refusal, match="name a file with --file"):
        export_again(world.context, other.key, "ann")


@pytest.mark.parametrize(("reveal", "told"), [(False, "masked"), (True, "whole")])
def test_a_file_of_ones_choice_has_masked_numbers_unless_asked(world, tmp_path, reveal, told):
    """It is remembered all the same: names stand in it."""
    run, file = an_ended_run(world, a_campaign()), str(tmp_path / "mine.csv")
    assert export_to(world.context, run.key, file, None, "ann", reveal=reveal) == 4
    assert (contents(world, file)[0]["number"] == "+919876500001") == reveal
    assert ("•" in contents(world, file)[0]["number"]) != reveal
    assert f"with {told} numbers" in world.said(run)
    assert files(world) == [file]


def test_a_file_without_a_known_ending_needs_a_format(world, tmp_path):
    """No guess is made."""
    run = an_ended_run(world, a_campaign())
    with pytest.raises(Refusal, match="add --format csv, jsonl or parquet"):
        export_to(world.context, run.key, str(tmp_path / "mine.txt"), None, "ann", reveal=False)
    assert export_to(world.context, run.key, str(tmp_path / "mine.txt"), "jsonl", "ann", reveal=False) == 4
    with pytest.raises(NotWritten):
        export_to(world.context, run.key, "/proc/nowhere/x.csv", None, "ann", reveal=False)
