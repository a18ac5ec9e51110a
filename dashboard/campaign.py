"""One campaign: what it says and said, when it calls next, and how well its calls went."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from callbeat.campaigns.clock_changes import clock_changes
from callbeat.campaigns.due import campaign_due_times
from callbeat.runs.calendar import Decided
from callbeat.runs.campaign_list import Seen, one_campaign
from callbeat.runs.campaign_runs import decided, newest_runs
from callbeat.runs.context import Context
from callbeat.runs.definitions import Known, changed, readable, revisions
from callbeat.runs.figures import CALLS, DAYS, Figures, figures
from callbeat.runs.outlook import Outlook, notes_on, outlook
from dashboard.heat_map import FEWEST, heat_map
from dashboard.pages import context_of, page
from dashboard.stacked import KINDS, costs, currency_of, stacked, totals

NEXT = 10  # due times
A_YEAR = timedelta(days=366)
A_SEASON = timedelta(days=90)


def campaign(request: Request) -> Response:
    """Everything that is known of one."""
    context, name = context_of(request), request.path_params["name"]
    seen = one_campaign(context, name)
    zone = seen.plan.schedule.timezone if seen.plan else "UTC"
    known = revisions(context.ledger, name)
    return page(
        request, "campaign.html", seen=seen, zone=zone, place=ZoneInfo(zone), known=known,
        coming=_coming(context, seen), changes=_clocks(seen, context.clock.now()), notes_on=notes_on,
        runs=newest_runs(context, name),
        definition=_definition(known, seen.revision), **_compared(known, seen.revision, request.query_params),
        **_pictures(figures(context, name), zone),
    )  # fmt: skip


def _coming(context: Context, seen: Seen) -> list[tuple[Outlook, Decided | None]]:
    """The next due times, with their runs where they are planned already."""
    now = context.clock.now()
    if seen.plan is None or not seen.goes_on:
        return []
    dues = list(islice(campaign_due_times(seen.plan, now, now + A_YEAR), NEXT))
    runs = decided(context, seen.name, dues)
    return [(outlook(seen.plan, due), runs.get(due)) for due in dues]


def _clocks(seen: Seen, now: datetime) -> list[Any]:
    return clock_changes(seen.plan.schedule, now, now + A_SEASON) if seen.plan and seen.goes_on else []


def _definition(known: Sequence[Known], revision: str | None) -> list[tuple[str, str]]:
    text = next((one.definition for one in known if one.revision == revision), None)
    return readable(text) if text else []


def _compared(known: Sequence[Known], revision: str | None, asked: Mapping[str, str]) -> dict[str, Any]:
    """Two revisions that are asked for; else the one that holds, and the one before it."""
    by_name = {one.revision: one for one in known}
    after = by_name.get(asked.get("after", "")) or by_name.get(revision or "") or next(iter(known), None)
    older = [one for one in known if after and one.first_seen_at < after.first_seen_at]
    before = by_name.get(asked.get("before", "")) or next(iter(older), None)
    told = changed(before.definition, after.definition) if before and after else []
    return {"before": before, "after": after, "changed": told}


def _pictures(found: Figures, zone: str) -> dict[str, Any]:
    currency = currency_of(found.runs)
    priced = costs(found.runs, currency) if currency is not None else []
    return {
        "figures": found,
        "by_key": {run.key: run for run in found.runs},
        "heat": heat_map(found.began, zone),
        "columns": stacked(found.runs),
        "kinds": KINDS,
        "totals": totals,
        "currency": currency,
        "costs": priced,
        "cost_of": {run.key: one.amount for run, one in zip(found.runs, priced, strict=False)},
        "limits": {"calls": CALLS, "days": DAYS, "few": FEWEST},
    }


ROUTES = [Route("/campaigns/{name}", campaign)]
