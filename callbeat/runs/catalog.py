"""Campaign files as they change: new ones begin now, edits never reach into the past, broken ones stand still."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from callbeat.campaigns.due import campaign_due_times, next_campaign_due, opens_at
from callbeat.campaigns.hours import asks_recipient, in_campaign_zone
from callbeat.campaigns.model import Campaign
from callbeat.campaigns.reader import Reading
from callbeat.errors import Finding
from callbeat.ledger.parts import in_parts
from callbeat.ledger.states import RunState
from callbeat.ledger.tables import CampaignRow, FileRow, RevisionRow, RunRow
from callbeat.ledger.writer import CATALOG, Writer, campaign_lock
from callbeat.providers.port import Rules
from callbeat.providers.registry import RULES
from callbeat.runs.approval import carry_over, waits_for_approval
from callbeat.runs.context import Context, log
from callbeat.runs.file_keys import key_of, keys_of
from callbeat.runs.needs import fitting, needs_of, retry_wish
from callbeat.runs.planning import miss_what_was_due, move_cursor, plan_run, skip_if_off
from callbeat.runs.revisions import remember
from callbeat.runs.starts import MARGIN, dial_until

AT_ONCE = 50  # files of one transaction: a hundred thousand, one by one, wait for the disk as often
REFERENCE = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


def check_campaign(campaign: Campaign) -> list[Finding]:
    """What the campaign's provider cannot do, and what its rounding and the hours make of the due times."""
    rules = RULES.get(campaign.provider)
    if rules is None:
        return []
    due = next_campaign_due(campaign, REFERENCE)
    found = [*rules.check(needs_of(campaign)), *_lead(campaign, rules), *_recipients(campaign)]
    return (
        found if due is None else [*found, *_rounding(campaign, rules, due), *_late_retries(campaign, rules, due)]
    )


def _lead(campaign: Campaign, rules: Rules) -> list[Finding]:
    """A run that opens before its provider takes the start would be missed, each time."""
    latest = rules.capabilities.latest
    if campaign.schedule.lead <= latest - 2 * MARGIN:
        return []
    told = f"{campaign.provider} takes starts at most {latest.days} days ahead"
    return [Finding(("schedule", "lead"), told, "write a shorter one; 30m is usual")]


def _rounding(campaign: Campaign, rules: Rules, due: datetime) -> list[Finding]:
    """A campaign whose minutes the provider will round is told so."""
    if rules.rounded(due) == due:
        return []
    marks = f"what is due {due:%H:%M} starts {rules.rounded(due):%H:%M} UTC"
    told = f"{campaign.provider} starts batches on marks of its own: {marks}"
    fix = "nothing to mend; choose a minute on a mark to start at once"
    return [Finding(("schedule", "cron"), told, fix, "warning")]


def _recipients(campaign: Campaign) -> list[Finding]:
    """Whoever reads the cron line should know that it is not the start of every call."""
    if not asks_recipient(campaign.hours):
        return []
    told = "starts follow each recipient's zone: contacts outside their hours when it is due start later, or not"
    fix = "nothing to mend; `late` says how much later, and docs/hours.md how hours are decided"
    return [Finding(("hours",), told, fix, "warning")]


def _late_retries(campaign: Campaign, rules: Rules, due: datetime) -> list[Finding]:
    """Retries that would come after the hours are left out each time: somebody hopes for them."""
    wish, start = retry_wish(campaign), rules.rounded(due)
    campaign = campaign.model_copy(update={"hours": in_campaign_zone(campaign.hours)})
    kept = len(fitting(wish, start, dial_until(campaign, start)).after) if wish else 0
    if wish is None or kept == len(wish.after):
        return []
    told = f"only {kept} of {len(wish.after)} retries fit before the hours end, for what is due {due:%H:%M} UTC"
    return [Finding(("retries", "after"), told, "shorten the pauses, or let the hours last longer", "warning")]


def _not_kept(_file: str) -> str | None:
    return None


def apply(
    context: Context,
    readings: Iterable[Reading],
    removed: Sequence[str] = (),
    seen: Callable[[str], str | None] = _not_kept,
) -> None:
    """Bring the ledger up to what the files say now. `seen` is what to keep of a good file for the next start."""
    for part in in_parts(list(readings), AT_ONCE):
        with context.ledger.write() as writer:
            writer.lock(CATALOG)
            for reading in part:
                _take_in(context, writer, reading, seen(reading.file))
    for file in removed:
        with context.ledger.write() as writer:
            writer.lock(CATALOG)
            _remove(writer, key_of(file), context.clock.now())


def _take_in(context: Context, writer: Writer, reading: Reading, seen: str | None) -> None:
    if reading.campaign is None:
        _break(writer, reading, context.clock.now())
    else:
        _accept(context, writer, reading, reading.campaign)
        _set(writer, reading.campaign.name, file_seen=seen)


def forgotten_files(context: Context, present: Iterable[str]) -> list[str]:
    """Files the ledger knows that are gone: removed while nobody looked."""
    with context.ledger.read() as session:
        known = session.execute(select(CampaignRow.file).where(CampaignRow.state != "removed")).scalars()
        broken = session.execute(select(FileRow.file)).scalars()
        return sorted({*known, *broken} - keys_of(present))


def _break(writer: Writer, reading: Reading, now: datetime) -> None:
    """A broken file stops its own campaign: what it planned waits until the file is mended, or is missed."""
    problems = [asdict(problem) for problem in reading.problems]
    for problem in reading.problems:
        log.error("campaign.broken", campaign=reading.name, problem=str(problem))
    writer.session.merge(FileRow(file=key_of(reading.file), campaign=reading.name, problems=problems, seen_at=now))
    row = _row_of_file(writer, key_of(reading.file))
    if row is not None and row.state != "broken":
        _set(writer, row.name, state="broken")
        first = next(problem for problem in reading.problems if problem.level == "error")
        writer.note_campaign(row.name, at=now, why=f"its file is broken: {first}")


def _accept(context: Context, writer: Writer, reading: Reading, campaign: Campaign) -> None:
    now = context.clock.now()
    writer.lock(campaign_lock(campaign.name))
    writer.session.execute(delete(FileRow).where(FileRow.file == key_of(reading.file)))
    row = writer.session.execute(select(CampaignRow).where(CampaignRow.name == campaign.name)).scalar_one_or_none()
    before = _row_of_file(writer, key_of(reading.file))
    if before is not None and before.name != campaign.name:
        _retire(writer, before, now, "its file now names another campaign")
    if row is None:
        _begin(writer, key_of(reading.file), campaign, now)
        _say_if_unapproved(context, writer, campaign, now)
    elif row.state == "active" and row.revision and _means_the_same(writer, row.name, row.revision, campaign):
        remember(writer, campaign, now)
        carry_over(writer, row.name, row.revision, campaign.revision)
        _set(writer, row.name, file=key_of(reading.file), revision=campaign.revision)
    elif row.revision != campaign.revision or row.state in ("broken", "removed"):
        _edit(writer, row, key_of(reading.file), campaign, now)
        _say_if_unapproved(context, writer, campaign, now)
    elif row.file != key_of(reading.file):
        _set(writer, row.name, file=key_of(reading.file))


def _say_if_unapproved(context: Context, writer: Writer, campaign: Campaign, now: datetime) -> None:
    if waits_for_approval(context, writer.session, campaign, campaign.revision):
        why = f"planned, and runs once it is approved: callbeat approve {campaign.name}"
        writer.note_campaign(campaign.name, at=now, why=why, word="campaign.not_approved")


def _means_the_same(writer: Writer, name: str, revision: str, campaign: Campaign) -> bool:
    """Whether only the way in which a revision is reckoned has changed, by an upgrade, and not the file."""
    stored = writer.session.get(RevisionRow, (name, revision))
    if revision == campaign.revision or stored is None:
        return False
    return Campaign.model_validate_json(stored.definition).revision == campaign.revision


def _begin(writer: Writer, file: str, campaign: Campaign, now: datetime) -> None:
    """A campaign seen for the first time is planned from now on; the past is not made up for."""
    remember(writer, campaign, now)
    row = CampaignRow(name=campaign.name, state="active", file=file, revision=campaign.revision, cursor=now)
    writer.session.add(row)
    writer.session.flush()
    _plan_ahead(writer, row, campaign, now)
    why = f"new campaign, revision {campaign.revision}: planned from now"
    writer.note_campaign(campaign.name, at=now, why=why, word="campaign.new")


def _edit(writer: Writer, row: CampaignRow, file: str, campaign: Campaign, now: datetime) -> None:
    """An edit takes effect from now: unopened runs follow it, and nothing before now is ever made."""
    miss_what_was_due(writer, row, now)
    remember(writer, campaign, now)
    _set(writer, row.name, state="active", file=file, revision=campaign.revision)
    wanted = set(campaign_due_times(campaign, now, max(row.cursor, now + campaign.schedule.lead)))
    for run in _ahead(writer, campaign.name, now):
        _follow(writer, run, campaign, now, wanted=run.due_at in wanted)
    _plan_ahead(writer, row, campaign, now)
    why = f"its file changed: revision {campaign.revision} from now on"
    writer.note_campaign(campaign.name, at=now, why=why, word="campaign.edited")


def _follow(writer: Writer, run: RunRow, campaign: Campaign, now: datetime, *, wanted: bool) -> None:
    opens = opens_at(campaign, run.due_at)
    values: dict[str, Any] = {
        "revision": campaign.revision,
        "opens_at": opens,
        "next_action_at": max(opens, now),
        "reason": None,
    }
    if run.state is RunState.PLANNED and wanted:
        writer.change(run, **values)
    elif run.state is RunState.PLANNED:
        writer.move(run, RunState.CANCELLED, at=now, why="the edited file no longer has it due", reason="edited")
    elif wanted:
        writer.move(run, RunState.PLANNED, at=now, why="due again by the edited file", **values)
    skip_if_off(writer, run, campaign, now)


def _ahead(writer: Writer, campaign: str, now: datetime) -> list[RunRow]:
    """Runs of the schedule that are still to come and were never opened (nor stopped by a person)."""
    reasons = ("edited", "removed", "holiday", "outside_hours", "too_late", "too_far")
    ahead = select(RunRow).where(RunRow.campaign == campaign, RunRow.manual == 0, RunRow.due_at > now)
    rows = writer.session.execute(ahead.order_by(RunRow.due_at)).scalars()  # a day off before what stands for it
    found = [row for row in rows if row.state is RunState.PLANNED or (row.state.final and row.reason in reasons)]
    for row in found:
        writer.session.expunge(row)
    never_opened = [row for row in found if row.state in _REOPENABLE and not row.rows]
    return [row for row in never_opened if not _in_hand(writer, row)]


def _in_hand(writer: Writer, row: RunRow) -> bool:
    """A run that a worker opens right now keeps the revision it is opened with."""
    return row.lease_until is not None and row.lease_until > writer.now()


_REOPENABLE = {RunState.PLANNED, RunState.CANCELLED, RunState.SKIPPED, RunState.MISSED}


def _plan_ahead(writer: Writer, row: CampaignRow, campaign: Campaign, now: datetime) -> None:
    upto = max(row.cursor, now + campaign.schedule.lead)
    for due in campaign_due_times(campaign, now, upto):
        plan_run(writer, campaign, due, now, paused=row.paused_since is not None)
    move_cursor(writer, row, campaign, upto)


def _remove(writer: Writer, file: str, now: datetime) -> None:
    writer.session.execute(delete(FileRow).where(FileRow.file == file))
    row = _row_of_file(writer, file)
    if row is not None:
        _retire(writer, row, now, "its file was removed")


def _retire(writer: Writer, row: CampaignRow, now: datetime, why: str) -> None:
    """Nothing more is planned; runs that are open go on."""
    writer.lock(campaign_lock(row.name))
    miss_what_was_due(writer, row, now)
    planned = select(RunRow).where(
        RunRow.campaign == row.name, RunRow.manual == 0, RunRow.state == RunState.PLANNED
    )
    for run in list(writer.session.execute(planned).scalars()):
        writer.session.expunge(run)
        writer.move(run, RunState.CANCELLED, at=now, why=why, reason="removed")
    _set(writer, row.name, state="removed", next_plan_at=None)
    writer.note_campaign(row.name, at=now, why=why, word="campaign.removed")


def _row_of_file(writer: Writer, file: str) -> CampaignRow | None:
    found = select(CampaignRow).where(CampaignRow.file == file, CampaignRow.state != "removed")
    return writer.session.execute(found).scalars().first()


def _set(writer: Writer, name: str, **values: object) -> None:
    writer.session.execute(update(CampaignRow).where(CampaignRow.name == name).values(**values))
