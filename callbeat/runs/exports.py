"""Write what became of a run's contacts to a file: by itself when the run has ended, or when somebody asks."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, update

from callbeat.campaigns.export_path import export_file, form_of, with_run
from callbeat.campaigns.model import Campaign
from callbeat.errors import LedgerConflict, Refusal
from callbeat.ledger.lines import ALARM
from callbeat.ledger.states import RunState
from callbeat.ledger.tables import EventRow, ExportRow, RunRow
from callbeat.ledger.writer import EXPORTS, SYSTEM, Writer
from callbeat.runs.call_files import write_calls
from callbeat.runs.call_pages import CONTACT_COLUMNS, Json, contact_pages
from callbeat.runs.context import Context, log
from callbeat.runs.lease import Hold, claim
from callbeat.runs.report import find_run
from callbeat.runs.revisions import load_campaign
from callbeat.whole_files import NotWritten, exists, replaced

FAILED = f"{ALARM}: its file was not written"
LONGEST_NAME = 400  # signs; what the ledger holds of a place
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)  # real time
MOST_TRIES = 30  # a little more than a day
ENDED = frozenset(state for state in RunState if state.final)


def export(context: Context, run_id: int) -> None:
    """One try at a run's file. It can be repeated after a crash at any point; failing, it is tried again."""
    taken = claim(context, RunRow, run_id, ENDED)
    if taken is None:
        return
    run, hold = taken
    campaign = load_campaign(context.ledger, run.campaign, run.revision)
    if run.next_action_at is None or campaign.export is None:
        with context.ledger.write() as writer:
            writer.release(run, next_action_at=None)
        return
    try:
        file, rows = _write(context, run, campaign, hold)
    except LedgerConflict:
        raise  # the run is in another process's hands
    except Exception as error:
        _try_again(context, run, error)
        return
    with context.ledger.write() as writer:
        _note(context, writer, run, file, f"its {rows} rows were written to {file}, with whole numbers", SYSTEM)
        writer.release(run, next_action_at=None)


def export_again(context: Context, key: str, actor: str) -> tuple[str, int]:
    """Write the campaign's own file of a run once more, now. Returns its name and how many rows it has.

    Raises:
        Refusal: no such run, it has not ended, or its campaign writes no file.
        NotWritten: its place cannot be written to.
    """
    run = _find(context, key)
    campaign = load_campaign(context.ledger, run.campaign, run.revision)
    if campaign.export is None:
        raise Refusal(f"{run.campaign} had no export when {key} was opened: name a file with --file")
    if not run.state.final:
        raise Refusal(f"{key} is {run.state}: its file is written when it ends; --file writes what there is now")
    file, rows = _write(context, run, campaign)
    with context.ledger.write() as writer:
        _note(context, writer, run, file, f"its {rows} rows were written to {file}, with whole numbers", actor)
    return file, rows


def export_to(context: Context, key: str, file: str, form: str | None, actor: str, *, reveal: bool) -> int:
    """Write a run's contacts, as far as it has come, to a file of somebody's choice; how many rows it has.

    Raises:
        Refusal: no such run, or it is not said in which form.
        NotWritten: the place cannot be written to.
    """
    run, form = _find(context, key), form or form_of(file)
    if form is None:
        raise Refusal(f"{Path(file).name} does not say in which form: add --format csv, jsonl or parquet")
    if len(file) > LONGEST_NAME:
        raise Refusal(f"the name of the file has {len(file)} characters: choose one with {LONGEST_NAME} at most")
    with context.ledger.write() as writer:
        _remember(writer, run, file, context.clock.now())
    rows = _rows_to(context, run, file, form, reveal=reveal)
    numbers = "whole" if reveal else "masked"
    with context.ledger.write() as writer:
        _note(context, writer, run, file, f"its {rows} rows were written to {file}, with {numbers} numbers", actor)
    return rows


def _find(context: Context, key: str) -> RunRow:
    with context.ledger.read() as session:
        return find_run(session, key)


def _write(context: Context, run: RunRow, campaign: Campaign, hold: Hold | None = None) -> tuple[str, int]:
    """The name is in the ledger before there is such a file: `forget` finds whatever a crash leaves behind."""
    wanted = export_file(campaign, run.due_at) or ""
    there = exists(wanted, context.config_root)
    with context.ledger.write() as writer:
        writer.lock(EXPORTS)
        file = _free_name(writer, run, wanted, there=there)
        _remember(writer, run, file, context.clock.now())
    return file, _rows_to(context, run, file, form_of(file) or "csv", reveal=True, hold=hold)


def _free_name(writer: Writer, run: RunRow, wanted: str, *, there: bool) -> str:
    """The file that was asked for; or one with the run's name, where that is another run's, or nobody's of ours."""
    owners = set(writer.session.execute(select(ExportRow.run_id).where(ExportRow.file == wanted)).scalars())
    taken = bool(owners - {run.id}) or (there and not owners)
    return with_run(wanted, run.key) if taken else wanted


def _remember(writer: Writer, run: RunRow, file: str, now: datetime) -> None:
    same = (ExportRow.run_id == run.id, ExportRow.file == file)
    if writer.session.execute(select(ExportRow.id).where(*same)).first() is None:
        writer.session.add(ExportRow(run_id=run.id, file=file, written_at=now))


def _rows_to(context: Context, run: RunRow, file: str, form: str, *, reveal: bool, hold: Hold | None = None) -> int:
    """Page by page, the lease prolonged at each: whoever has lost it does not replace the file."""
    with replaced(file, context.config_root) as out:
        pages = contact_pages(context.ledger, run.id, run.key, reveal=reveal)
        rows = write_calls(form, CONTACT_COLUMNS, _held(context, run, pages, hold), out)
        _renew(context, run, hold)
    return rows


def _held(context: Context, run: RunRow, pages: Iterator[list[Json]], hold: Hold | None) -> Iterator[list[Json]]:
    for page in pages:
        _renew(context, run, hold)
        yield page


def _renew(context: Context, run: RunRow, hold: Hold | None) -> None:
    if hold is not None:
        with context.ledger.write() as writer:
            hold.renew(writer, run)


def _note(context: Context, writer: Writer, run: RunRow, file: str, why: str, actor: str) -> None:
    now = context.clock.now()
    written = update(ExportRow).where(ExportRow.run_id == run.id, ExportRow.file == file)
    writer.session.execute(written.values(written_at=now))
    writer.note(run, at=now, why=why, actor=actor)


def _try_again(context: Context, run: RunRow, error: Exception) -> None:
    """Ever later, and after a day no more: the run itself has ended, whatever becomes of its file."""
    now = context.clock.now()
    if not isinstance(error, NotWritten):  # what it says may have a number in it: it is in the log alone
        log.exception("task.failed", run=run.key)
    why = str(error) if isinstance(error, NotWritten) else f"a defect ({type(error).__name__}), see the log"
    with context.ledger.write() as writer:
        tries = 1 + _failures(writer, run)
        pause = context.clock.stretch(min(FIRST_PAUSE * 2 ** min(tries - 1, 10), LONGEST_PAUSE))
        again = None if tries >= MOST_TRIES else now + pause
        then = f"tried again at {again:%H:%M} UTC" if again else f"given up: `callbeat export '{run.key}'`"
        writer.note(run, at=now, why=f"{FAILED}: {why}; {then}")
        writer.release(run, next_action_at=again)


def _failures(writer: Writer, run: RunRow) -> int:
    mine = (EventRow.run_id == run.id, EventRow.batch_id.is_(None), EventRow.why.startswith(FAILED))
    return writer.session.execute(select(func.count()).where(*mine)).scalar_one()
