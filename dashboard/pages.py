"""How a page is made of a template: the same environment for all, and what every template may use."""

from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from callbeat import __version__
from callbeat.runs.context import Context
from dashboard.access import csrf, may_act, who
from dashboard.assets import asset

HERE = Path(__file__).parent
UTC_NAMES = ("UTC", "Etc/UTC")
GOOD, BAD, ATTENTION = ("finished",), ("failed", "missed", "broken", "closed"), ("held", "uncertain")
AT_WORK = ("opening", "active", "running", "creating", "scheduling", "retrying", "stopping")


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A template with these values.

    `now` (campaign time, UTC), `request`, `who`, `may_act` and `version` are there as well. A page with `live`,
    the key of a run or `*`, is fetched anew when that changes; a template can say so: `{% set live = "*" %}`.
    `live_every`: at most each so many seconds, for what is much to read; each two otherwise.
    """
    given = {"now": context_of(request).clock.now(), "who": who(request), "may_act": may_act(request)}
    given |= {"live": None, "live_every": None, "request": request, "version": __version__, **values}
    return HTMLResponse(templates().get_template(template).render(given), status)


def context_of(request: Request) -> Context:
    """Ledger, clock, accounts and site of this installation."""
    found: Context = request.app.state.context
    return found


@cache
def templates() -> Environment:
    """Autoescaped; a name that is not there is an error, never an empty cell."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    made.filters |= {"utc": utc, "words": lambda name: str(name).replace("_", " ")}
    made.globals |= {"csrf": csrf, "asset": asset, "time_tag": time_tag, "tone_of": tone_of}
    return made


def utc(told: datetime | str | None) -> str:
    """`2026-12-01 04:30 UTC` of an instant, also as ISO text; nothing of None."""
    at = _instant(told)
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""


def time_tag(told: datetime | str | None, zone: tzinfo | str | None = None) -> Markup:
    """`2026-12-01 10:00 Asia/Kolkata (04:30 UTC)` as a <time>; without a zone UTC alone; nothing of None."""
    at = _instant(told)
    if at is None:
        return Markup()
    words = utc(at) if zone is None or str(zone) in UTC_NAMES else _both(at, zone)
    return Markup('<time datetime="{}">{}</time>').format(f"{at:%Y-%m-%dT%H:%M:%SZ}", words)


def tone_of(state: str) -> str:
    """good, bad, attention, work or plain: how the word for a state looks. The word is always there as well."""
    for tone, states in (("good", GOOD), ("bad", BAD), ("attention", ATTENTION), ("work", AT_WORK)):
        if str(state) in states:
            return tone
    return "plain"


def _both(at: datetime, zone: tzinfo | str) -> str:
    """The day of UTC is said where it is another."""
    local = at.astimezone(ZoneInfo(zone) if isinstance(zone, str) else zone)
    form = "%H:%M" if local.date() == at.date() else "%Y-%m-%d %H:%M"
    return f"{local:%Y-%m-%d %H:%M} {zone} ({at.strftime(form)} UTC)"


def _instant(told: datetime | str | None) -> datetime | None:
    return datetime.fromisoformat(told) if isinstance(told, str) else told
