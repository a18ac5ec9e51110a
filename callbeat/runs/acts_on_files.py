"""What a person may do with a campaign as its file says now: run it, and approve it."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from callbeat.campaigns.due import next_campaign_due
from callbeat.campaigns.durations import duration_text
from callbeat.campaigns.model import Campaign
from callbeat.clock import iso
from callbeat.errors import Refusal
from callbeat.runs import by_hand
from callbeat.runs.acts import Act, Done
from callbeat.runs.approval import Change, approval_of, approve, changes_to_approve
from callbeat.runs.context import Context
from callbeat.runs.definitions import shown
from callbeat.runs.labels import run_key
from callbeat.runs.rung import rung_within_a_day
from callbeat.runs.starts import Chosen

_DURATION = TypeAdapter(timedelta)


def running(context: Context, campaign: Campaign, at: datetime | None = None) -> Act:
    """A run by hand. Made once, however often it is done: the next has another name.

    Raises:
        Refusal: it would be refused.
    """
    due, chosen = by_hand.start_by_hand(context, campaign, at)
    with context.ledger.read() as session:
        by_hand.refuse_unapproved(context, session, campaign)
        nth = by_hand.next_by_hand(session, campaign.name)
        called = rung_within_a_day(session, campaign.name, context.clock.now())

    def do(actor: str) -> Done:
        key = by_hand.run_by_hand(context, campaign, at, actor, nth=nth)
        return Done(f"made {key}", key)

    key = run_key(campaign.name, due, nth)
    will = [*_of_running(campaign, chosen, key), *_of_calling_again(campaign, *called)]
    read = f"{key} {campaign.revision} {chosen.start.start_at:%Y-%m-%d %H:%M}"
    return Act(f"Run {campaign.name} now", will, question_of_running(campaign), do, read)


def question_of_running(campaign: Campaign) -> str:
    """Whom it calls, and on which account."""
    return f"Call the contacts of {campaign.name} ({_source(campaign)}, account {campaign.account}) now?"


def _source(campaign: Campaign) -> str:
    source = campaign.contacts.source
    return shown("contacts.source", source) if source else f"a query of {campaign.contacts.database}"


def _of_running(campaign: Campaign, chosen: Chosen, key: str) -> Iterator[str]:
    yield f"It is made as {key}, by the file as it is now (revision {campaign.revision})."
    yield f"Its contacts are read from {_source(campaign)}. Who may not be called is left out, as in every run."
    who = f"agent {campaign.agent} of {campaign.provider}, account {campaign.account}"
    zone = ZoneInfo(campaign.schedule.timezone)
    until = f", and stops before {_when(chosen.dial_until, zone)}" if chosen.dial_until else ""
    yield f"It calls with {who}. It starts to dial at {_when(chosen.start.start_at, zone)}{until}."
    yield "It ignores `late`, never the hours. It goes beside what is planned, and takes no due time's place."


def _of_calling_again(campaign: Campaign, people: int, runs: int) -> Iterator[str]:
    """A run by hand takes the whole source: it does not know whom another has called."""
    if people:
        again = "Its `frequency` says who of them is called again."
        if campaign.frequency is None:
            again = "Without `frequency` they are called again."
        told = "1 person was" if people == 1 else f"{people:,} people were"
        by = "1 run" if runs == 1 else f"{runs:,} runs"
        yield f"{told} called (or may have been) in the last day by {by} of {campaign.name}. {again}"


def _when(at: datetime, zone: ZoneInfo) -> str:
    local = f" ({at.astimezone(zone):%H:%M} {zone})" if str(zone) not in ("UTC", "Etc/UTC") else ""
    return f"{at:%Y-%m-%d %H:%M} UTC{local}"


def approving(context: Context, campaign: Campaign) -> Act:
    """A person's yes to this very revision.

    Raises:
        Refusal: it is approved already.
    """
    with context.ledger.read() as session:
        approval = approval_of(session, campaign.name, campaign.revision)
        changed = changes_to_approve(session, campaign)
    if approval is not None:
        raise Refusal(f"{campaign.name} is approved already, since {iso(approval.at)}, by {approval.by}")

    def do(actor: str) -> Done:
        approve(context, campaign, actor)
        return Done(f"{campaign.name} is approved: revision {campaign.revision}")

    question = f"Let {campaign.name} run so, on account {campaign.account}?"
    will = list(_of_approving(context, campaign, changed))
    return Act(f"Approve {campaign.name}", will, question, do, campaign.revision)


def _of_approving(context: Context, campaign: Campaign, changed: list[Change]) -> Iterator[str]:
    """What is to be judged: each value that differs, and when it would call next."""
    yield from (f"{change.key}: {_of_change(change)}" for change in changed)
    due = next_campaign_due(campaign, context.clock.now() - timedelta(seconds=1))
    yield f"next due: {iso(due) if due else 'never again'}; `callbeat preview` shows whom"
    if not context.needs_approval(campaign.account):
        yield f"not needed now: {campaign.account} calls nobody, or CALLBEAT_APPROVAL is off"


def _of_change(change: Change) -> str:
    before, now = _readable(change.key, change.before), _readable(change.key, change.after) or "(left out)"
    if before is None:
        return now
    return f"{before} -> {now}" if before != now else f"{now} (what is hidden of it has changed)"


def _readable(key: str, value: str | None) -> str | None:
    """A JSON value as it may be shown: without what is private in it."""
    return as_written(json.dumps(_masked(key, json.loads(value)), ensure_ascii=False)) if value else None


def _masked(key: str, part: Any) -> Any:
    match part:
        case str():
            return shown(key, part)
        case list():
            return [_masked(key, one) for one in part]
        case dict():
            return {name: _masked(f"{key}.{name}", one) for name, one in part.items()}
        case _:
            return part


def as_written(value: str | None) -> str | None:
    """A duration as campaign files write it; anything else as it is."""
    try:
        return duration_text(_DURATION.validate_json(value)) if value and value.startswith('"P') else value
    except ValidationError:
        return value
