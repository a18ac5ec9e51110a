"""What needs a person now, the worst first: a few bounded looks at the ledger, and nobody else is asked."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callbeat.clock import iso, real_now
from callbeat.doctor.at_work import judge_beat
from callbeat.errors import Problem
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import (
    AccountRow,
    BatchRow,
    BeatRow,
    CampaignRow,
    EventRow,
    FileRow,
    RevisionRow,
    RunRow,
)
from callbeat.runs.approval import NOT_APPROVED
from callbeat.runs.completeness import SUMS_DIFFER
from callbeat.runs.context import Context, halted_since
from callbeat.runs.forgotten import LOOKED_FOR, gap_of
from callbeat.runs.revisions import read_definition
from callbeat.runs.rung import newest_by_hand, rung

A_DAY = timedelta(days=1)
LONG_OUTAGE = timedelta(days=32)  # what was due longer ago is not looked for
MOST = 50  # of each kind
SOON = 200  # campaigns that are planned next: who has not approved them is looked for among these
ENDED_BADLY = 1000  # runs that ended lately that are looked at
Kind = Literal[
    "beat", "clock", "halted", "held", "closed", "failed", "sums", "missed", "broken", "approval", "restored"
]
WORST = ("beat", "clock", "halted", "held", "closed", "failed", "sums", "missed", "broken", "approval", "restored")
MEND_RUN = {
    "failed": "mend what it says, then run the campaign now: nobody was called",
    "missed": "nobody was called: run the campaign now, if it still matters",
    "sums": "look through its contacts before anybody relies on its sums",
}
RUNG = "some were called, or may have been: look through its contacts; running the campaign now calls them again"


@dataclass(frozen=True, slots=True)
class Need:
    """`subject` is the key of a batch, a run, or the name of a campaign, an account or a file; empty for all.

    `count` runs of one campaign that ended in one way are one need, told by the newest of them. `rung`: people of
    these runs were called, or may have been, so that another run is not what mends it.
    """

    kind: Kind
    subject: str
    why: str
    mend: str
    at: datetime | None = None
    campaign: str | None = None
    count: int = 1
    rung: bool = False


def needs(context: Context) -> list[Need]:
    """Everything that waits for somebody, or went wrong within a day of campaign time."""
    now = context.clock.now()
    with context.ledger.read() as session:
        found = [
            *_at_work(session), *_held(session), *_closed(session), *_ended_badly(session, now), *_broken(session),
            *_not_approved(context, session), *_restored(session, now),
        ]  # fmt: skip
    return sorted(found, key=lambda need: WORST.index(need.kind))


def _at_work(session: Session) -> Iterator[Need]:
    """Whether anything happens at all."""
    beat = session.execute(select(BeatRow)).scalar_one_or_none()
    notice = judge_beat(beat, None if beat is None else real_now() - beat.ticked_real)
    if isinstance(notice, Problem):
        kind: Kind = "clock" if notice.where == "clock" else "beat"
        yield Need(kind, "", notice.problem, notice.fix, beat.ticked_real if beat else None)
    if (since := halted_since(session)) is not None:
        why = f"everything is stopped since {iso(since)}: what comes due is missed"
        yield Need("halted", "", why, "start again, when calls may begin", since)


def _held(session: Session) -> Iterator[Need]:
    """Of held batches the sweep says each ten minutes that they are: they are found by that index."""
    waits = (BatchRow.next_action_at.is_not(None), BatchRow.state == BatchState.HELD)
    wanted = select(BatchRow, RunRow.campaign).join(RunRow, RunRow.id == BatchRow.run_id).where(*waits)
    for batch, campaign in session.execute(wanted.order_by(BatchRow.next_action_at).limit(MOST)):
        mend = f"look for {batch.label} at {batch.provider}, then say what became of it"
        yield Need("held", batch.key, batch.reason or "only a person can tell", mend, batch.start_at, campaign)


def _closed(session: Session) -> Iterator[Need]:
    wanted = select(AccountRow).where(AccountRow.closed_since.is_not(None)).order_by(AccountRow.name).limit(MOST)
    for row in session.execute(wanted).scalars():
        mend = "mend its key or its funds at the provider; a read each minute opens it again by itself"
        yield Need("closed", row.name, f"nothing is sent for it ({row.kind}): {row.reason}", mend, row.closed_since)


def _ended_badly(session: Session, now: datetime) -> Iterator[Need]:
    """By when it ended; looked for by due time, for which there is an index. After an outage both are far apart."""
    bad = RunRow.state.in_((RunState.FAILED, RunState.MISSED)) | (RunRow.reason == SUMS_DIFFER)
    lately = (RunRow.due_at > now - LONG_OUTAGE, RunRow.due_at <= now + A_DAY, RunRow.ended_at > now - A_DAY)
    wanted = select(RunRow).where(bad, *lately).order_by(RunRow.due_at.desc(), RunRow.id.desc()).limit(ENDED_BADLY)
    runs = _not_done_since(session, list(session.execute(wanted).scalars()), now)
    alike: defaultdict[tuple[str, str, str], list[RunRow]] = defaultdict(list)
    for run in runs:
        alike[run.campaign, str(run.state), run.reason or ""].append(run)
    groups = list(alike.values())[:MOST]
    said = _said(session, [group[0].id for group in groups])
    called = rung(session, [run.id for group in groups for run in group])
    yield from (_ended(group, said, any(run.id in called for run in group)) for group in groups)


def _not_done_since(session: Session, runs: Sequence[RunRow], now: datetime) -> list[RunRow]:
    """Without those after which somebody has run their campaign by hand: that run tells how it went."""
    made = newest_by_hand(session, sorted({run.campaign for run in runs}), now - 2 * A_DAY)
    return [run for run in runs if run.reason == SUMS_DIFFER or not _before(run.ended_at, made.get(run.campaign))]


def _before(ended: datetime | None, made: datetime | None) -> bool:
    return ended is not None and made is not None and ended <= made


def _ended(group: Sequence[RunRow], said: dict[int, str], called: bool) -> Need:
    newest = group[0]
    kind: Kind = "sums" if newest.reason == SUMS_DIFFER else "failed" if newest.state == "failed" else "missed"
    why = said.get(newest.id) or (newest.reason or str(newest.state)).replace("_", " ")
    mend = MEND_RUN[kind] if newest.reason != NOT_APPROVED else "approve the campaign as it is written now"
    if called and kind != "sums":
        mend = RUNG
    return Need(kind, newest.key, why, mend, newest.due_at, newest.campaign, len(group), called)


def _said(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """What was said last of each of these runs."""
    last = select(func.max(EventRow.id)).where(EventRow.run_id.in_(ids), EventRow.batch_id.is_(None))
    wanted = select(EventRow.run_id, EventRow.why).where(EventRow.id.in_(last.group_by(EventRow.run_id)))
    return {run_id: why for run_id, why in session.execute(wanted) if run_id is not None}


def _broken(session: Session) -> Iterator[Need]:
    for row in session.execute(select(FileRow).order_by(FileRow.file).limit(MOST)).scalars():
        errors = [problem for problem in row.problems if problem.get("level") == "error"]
        if errors:
            first = errors[0]
            more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
            why = f"line {first.get('line')}, {first.get('where')}: {first.get('problem')}{more}"
            mend = str(first.get("fix") or "mend the file: it is read again within seconds")
            yield Need("broken", row.file, why, mend, row.seen_at, row.campaign)


def _not_approved(context: Context, session: Session) -> Iterator[Need]:
    """Of the campaigns that are planned next, so that a person is in time."""
    wanted = (CampaignRow.state == "active", CampaignRow.next_plan_at.is_not(None))
    columns = (CampaignRow.name, CampaignRow.revision, CampaignRow.next_plan_at)
    soon = select(*columns).where(*wanted).order_by(CampaignRow.next_plan_at).limit(SOON).subquery()
    mine = (RevisionRow.campaign == soon.c.name) & (RevisionRow.revision == soon.c.revision)
    rows = select(soon.c.name, soon.c.revision, RevisionRow.definition).join(RevisionRow, mine)
    for name, revision, definition in session.execute(rows.where(RevisionRow.approved_at.is_(None)).limit(MOST)):
        campaign = read_definition(definition)
        if campaign is not None and context.needs_approval(campaign.account):
            why = f"its revision {revision} is not approved: until it is, its due times are missed"
            yield Need("approval", name, why, "read what has changed, and approve it", campaign=name)


def _restored(session: Session, now: datetime) -> Iterator[Need]:
    gap = gap_of(session)
    if gap is not None and now < gap.until + LOOKED_FOR:
        why = f"{gap.words}: what was made meanwhile is looked up, or held"
        yield Need("restored", "", why, "say again what was paused, stopped or resolved since", gap.until)
