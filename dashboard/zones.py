"""In whose time a page tells: the zone that somebody chose, or that their browser says, or a campaign's own."""

from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from callbeat.campaigns.wording import WordingError
from callbeat.campaigns.zones import known_zones, parse_zone

COOKIE = "zone"
OWN = "campaign"  # whoever chose the campaigns' zones is not asked again by a browser's
A_YEAR = 365 * 24 * 60 * 60  # seconds
LONGEST = 60


def viewer_zone(request: Request) -> str | None:
    """The viewer's IANA zone; None for the zone of each campaign. What is no zone counts as none.

    A form's answer goes before what a cookie says.
    """
    told = request.query_params.get(COOKIE)
    name = (request.cookies.get(COOKIE, "") if told is None else told).strip()
    return name if name in known_zones() else None


def what_is_wrong(request: Request) -> str | None:
    """Why the zone of a form is none, and what to write instead."""
    told = request.query_params.get(COOKIE, "").strip()[:LONGEST]
    if not told or told == OWN:
        return None
    try:
        parse_zone(told)
    except WordingError as error:
        return str(error)
    return None


def keep_zone(request: Request, response: Response) -> Response:
    """What a form chose holds for the next pages, too."""
    if COOKIE in request.query_params and what_is_wrong(request) is None:
        value = viewer_zone(request) or OWN
        response.set_cookie(COOKIE, value, max_age=A_YEAR, samesite="lax")
    return response


def clock(at: datetime, zone: str, beside: datetime | None = None) -> str:
    """`10:30` in a zone, with the date where that is another than `beside` has in its own zone."""
    local = at.astimezone(ZoneInfo(zone))
    same = beside is None or local.date() == beside.date()
    return f"{local:%H:%M}" if same else f"{local:%a} {local.day} {local:%b %H:%M}"
