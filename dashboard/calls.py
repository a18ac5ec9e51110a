"""The contacts of a run: who was called and what became of it, who was not and why; masked until asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from callbeat.contacts.screening import EXCLUDED, INVALID
from callbeat.errors import Refusal
from callbeat.ledger.store import Ledger
from callbeat.outcomes import Outcome
from callbeat.runs.contact_list import (
    ContactPage,
    WantedContacts,
    contact_list,
    has_forgotten,
    note_reveal,
    number_of,
    read_what,
    reasons_out,
)
from dashboard.access import actor, form, may_act
from dashboard.pages import context_of, page
from dashboard.problems import only_looks

LAST_ROW, MOST_DIGITS = 2**31 - 1, 10
PLACE = ("after", "before")
Asked = Mapping[str, str]


def calls(request: Request) -> Response:
    """Some of them, their numbers masked."""
    return _shown(request, request.query_params, reveal=False)


def numbers(request: Request) -> Response:
    """The same ones with whole numbers, on this answer alone; that somebody has seen them is written down first."""
    if not may_act(request):
        return only_looks(request)
    note_reveal(context_of(request), request.path_params["run"], actor(request))
    return _shown(request, form(request), reveal=True)


def search(request: Request) -> Response:
    """Calls to one number. It comes in a form: what stands in an address is kept by browsers, proxies and logs."""
    if not may_act(request):
        return only_looks(request)
    ledger, key = context_of(request).ledger, request.path_params["run"]
    number = number_of(ledger, key, form(request).get("number", ""))
    return _page(request, {}, contact_list(ledger, key, WantedContacts(number=number)), searched=True)


def _shown(request: Request, asked: Asked, *, reveal: bool) -> Response:
    ledger, key = context_of(request).ledger, request.path_params["run"]
    return _page(request, asked, _found(ledger, key, asked, reveal=reveal), reveal=reveal)


def _found(ledger: Ledger, key: str, asked: Asked, *, reveal: bool) -> ContactPage:
    wanted = replace(read_what(asked.get("what", "")), row=_row(asked, "row"))
    after, before = _row(asked, "after") or 0, _row(asked, "before")
    return contact_list(ledger, key, wanted, after=after, before=before, reveal=reveal)


def _row(asked: Asked, name: str) -> int | None:
    text = asked.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS and int(text) <= LAST_ROW):
        raise Refusal("that is no row: rows of the source are numbers from 1 on")
    return int(text)


def _page(
    request: Request, asked: Asked, found: ContactPage, *, reveal: bool = False, searched: bool = False
) -> Response:
    ledger, key = context_of(request).ledger, request.path_params["run"]
    (rows, reasons), here = reasons_out(ledger, key), f"/runs/{quote(key, safe='')}/calls"
    return page(
        request, "calls.html", run=key, rows=rows, here=here, contacts=found.contacts, reveal=reveal,
        searched=searched, forgotten=searched and not found.contacts and has_forgotten(ledger, key),
        choices=_choices(reasons), asked={name: asked.get(name, "") for name in ("what", "row")},
        place={name: asked[name] for name in PLACE if asked.get(name)},
        further=_address(here, asked, "after", found.next_after),
        back=_address(here, asked, "before", found.back_before),
    )  # fmt: skip


def _choices(reasons: Sequence[str]) -> list[tuple[str, str]]:
    """What can be looked for, and how it is called."""
    called = [(str(outcome), str(outcome)) for outcome in Outcome]
    out = [(INVALID, "left out: invalid"), (EXCLUDED, "left out by a rule")]
    return [*called, *out, *((f"{EXCLUDED}:{reason}", f"left out: {reason}") for reason in reasons)]


def _address(here: str, asked: Asked, to: str, row: int | None) -> str | None:
    if row is None:
        return None
    kept = {name: asked[name] for name in ("what", "row") if asked.get(name)}
    return f"{here}?{urlencode(kept | {to: str(row)})}"


ROUTES = [
    Route("/runs/{run}/calls", calls, methods=["GET"]),
    Route("/runs/{run}/calls", search, methods=["POST"]),
    Route("/runs/{run}/calls/numbers", numbers, methods=["POST"]),
]
