"""What is due in the coming weeks, campaign by campaign, and what was decided of the days before."""

from collections.abc import Mapping
from datetime import date, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from callbeat.clock import CENTURY
from callbeat.errors import Refusal
from callbeat.runs.calendar import days_of
from callbeat.runs.calendar_rows import calendar as calendar_of
from callbeat.runs.campaign_list import campaign_list
from callbeat.runs.outlook import standing_notes
from dashboard.calendar_words import told, told_many
from dashboard.pages import context_of, page
from dashboard.zones import keep_zone, viewer_zone, what_is_wrong

A_WEEK = timedelta(days=7)
WEEKS = 2
AT_ONCE = 30  # campaigns
LONGEST = 60  # signs of a name
FORM = ("q", "from", "zone")


def calendar(request: Request) -> Response:
    """Two weeks of some campaigns."""
    context, asked = context_of(request), request.query_params
    zone = viewer_zone(request)
    today = context.clock.now().astimezone(ZoneInfo(zone or "UTC")).date()
    first = first_day(asked, today)
    days = days_of(first, 7 * WEEKS)
    text, after = asked.get("q", "").strip()[:LONGEST], asked.get("after", "")[:LONGEST]
    part = campaign_list(context, text=text, after=after, most=AT_ONCE)
    lines = calendar_of(context, part.campaigns, days, zone)
    answer = page(
        request, "calendar.html", lines=lines, weeks=[days[n * 7 : n * 7 + 7] for n in range(WEEKS)], today=today,
        zone=zone, text=text, first=first, told=told, told_many=told_many, standing=standing_notes,
        problem=what_is_wrong(request), wanted=asked.get("zone", "")[:LONGEST], after=after,
        earlier=_address(asked, first - A_WEEK, after), later=_address(asked, first + A_WEEK, after),
        this_week=_address(asked, None, after), beginning=_address(asked, first),
        more=_address(asked, first, part.campaigns[-1].name) if part.more else None,
    )  # fmt: skip
    return keep_zone(request, answer)


def first_day(asked: Mapping[str, str], today: date) -> date:
    """The date that is asked for, or the Monday of this week.

    Raises:
        Refusal: that is no date.
    """
    told = asked.get("from", "").strip()[:LONGEST]
    if not told:
        return today - timedelta(days=today.weekday())
    try:
        found = date.fromisoformat(told)
    except ValueError:
        raise Refusal(f"'{told}' is no date: write it as 2026-12-01") from None
    if found.year not in CENTURY[1:-1]:
        raise Refusal(f"{found} is too far away: choose a date of this century")
    return found


def _address(asked: Mapping[str, str], first: date | None, after: str = "") -> str:
    kept = {name: asked[name] for name in FORM if asked.get(name) and name != "from"}
    place = {"from": first.isoformat()} if first else {}
    return f"/calendar?{urlencode(kept | place | ({'after': after} if after else {}))}"


ROUTES = [Route("/calendar", calendar)]
