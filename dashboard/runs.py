"""All runs, the newest first, some at a time."""

from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from callbeat.errors import Refusal
from callbeat.ledger.states import RunState
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import CampaignRow
from callbeat.runs.run_list import Mark, Wanted, read_mark, run_list
from dashboard.pages import context_of, page

MOST_NAMES = 200  # that are proposed for the filter
FILTERS = ("campaign", "state", "attention", "day")


def runs(request: Request) -> Response:
    """The newest, or those before or after a place; of one campaign, state or day."""
    asked = request.query_params
    ledger = context_of(request).ledger
    before, after = (read_mark(asked[name]) if asked.get(name) else None for name in ("before", "after"))
    found = run_list(ledger, wanted(asked), before=before, after=after)
    return page(
        request, "runs.html", runs=found.runs, asked={name: asked.get(name, "") for name in FILTERS},
        states=list(RunState), names=_names(ledger), filtered=any(asked.get(name) for name in FILTERS),
        older=_address(asked, "before", found.older), newer=_address(asked, "after", found.newer),
    )  # fmt: skip


def wanted(asked: Mapping[str, str]) -> Wanted:
    """What the filter says.

    Raises:
        Refusal: no such state, or that is no day.
    """
    state, day = asked.get("state"), asked.get("day")
    if state and state not in tuple(RunState):
        raise Refusal(f"{state} is no state of a run: choose one of the list")
    try:
        on = date.fromisoformat(day) if day else None
    except ValueError:
        raise Refusal(f"{day} is no day: write it as 2026-12-01") from None
    name = (asked.get("campaign") or "").strip() or None
    return Wanted(name, RunState(state) if state else None, bool(asked.get("attention")), on)


def _address(asked: Mapping[str, str], to: str, mark: Mark | None) -> str | None:
    if mark is None:
        return None
    kept = {name: asked[name] for name in FILTERS if asked.get(name)}
    return f"/runs?{urlencode(kept | {to: str(mark)})}"


def _names(ledger: Ledger) -> list[str]:
    with ledger.read() as session:
        return list(
            session.execute(select(CampaignRow.name).order_by(CampaignRow.name).limit(MOST_NAMES)).scalars()
        )


ROUTES = [Route("/runs", runs)]
