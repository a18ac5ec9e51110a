"""All campaigns by name, some at a time: what holds, what comes next, how the last run ended."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from callbeat.errors import Refusal
from callbeat.runs.campaign_list import (
    STATUSES,
    Status,
    campaign_list,
    files_without_campaign,
    last_runs,
    next_start,
)
from dashboard.pages import context_of, page

LONGEST = 60  # signs of a name
FORM = ("q", "status")


def campaigns(request: Request) -> Response:
    """Those whose name contains a text, of one status; removed ones where they are asked for."""
    context, asked = context_of(request), request.query_params
    text, after = (asked.get(name, "").strip()[:LONGEST] for name in ("q", "after"))
    part = campaign_list(context, text=text, status=_status(asked.get("status", "")), after=after)
    now, names = context.clock.now(), [seen.name for seen in part.campaigns]
    with context.ledger.read() as session:
        last, files = last_runs(session, names, now), files_without_campaign(session)
    kept = {name: asked[name] for name in FORM if asked.get(name)}
    return page(
        request, "campaigns.html", campaigns=part.campaigns, last=last, files=files,
        next={seen.name: next_start(seen, now) for seen in part.campaigns if seen.status != "paused"},
        asked={name: asked.get(name, "") for name in FORM}, statuses=STATUSES, filtered=bool(kept or after),
        more=f"/campaigns?{urlencode(kept | {'after': names[-1]})}" if part.more else None,
    )  # fmt: skip


def _status(told: str) -> Status | None:
    if told and told not in STATUSES:
        raise Refusal("that is no state of a campaign: choose one of the list")
    return next((status for status in STATUSES if status == told), None)


ROUTES = [Route("/campaigns", campaigns)]
