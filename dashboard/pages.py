"""How a page is made of a template: the same environment for all, and what every template may use."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from callbeat import __version__
from callbeat.runs.context import Context

HERE = Path(__file__).parent


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A template with these values; `now` (campaign time, UTC), `request` and `version` are there as well."""
    given = {"request": request, "now": context_of(request).clock.now(), "version": __version__, **values}
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
    made.filters |= {"utc": utc, "words": lambda name: name.replace("_", " ")}
    return made


def utc(told: datetime | str | None) -> str:
    """`2026-12-01 04:30 UTC` of an instant, also as ISO text; nothing of None."""
    at = datetime.fromisoformat(told) if isinstance(told, str) else told
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""
