"""One run: what was due, where everybody went, what was said and done, and what comes next."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from callbeat.ledger.states import RunState
from callbeat.runs.approval import NOT_APPROVED
from callbeat.runs.contact_list import what_was_said
from callbeat.runs.context import HALTED
from callbeat.runs.finish import NO_START_LEFT
from callbeat.runs.one_run import OneRun, one_run
from callbeat.runs.story import story
from callbeat.runs.waves import OF_TIME
from dashboard.funnel import bars
from dashboard.pages import context_of, page
from dashboard.report import begun, contact_parts, cost_of_one, run_page, span

LARGE, SELDOM = 20_000, 30  # rows of a run whose page is fetched anew at most each so many seconds
EVENTS = 200  # the last ones: all of thousands are asked for
SENTENCES: dict[RunState, str] = {
    RunState.PLANNED: "It waits for its time.",
    RunState.OPENING: "Its contacts are being read.",
    RunState.ACTIVE: "Its batches are on their way.",
    RunState.FINISHED: "It is over: every call has an outcome.",
    RunState.FAILED: "It could not be done.",
    RunState.CANCELLED: "It was called off.",
    RunState.SKIPPED: "It was decided against.",
    RunState.MISSED: "It called nobody.",
}
MISSED_FOR = {
    HALTED: "It called nobody: everything was stopped.",
    NOT_APPROVED: "It called nobody: it was not approved in time.",
    "broken_file": "It called nobody: the file of its campaign was broken.",
} | dict.fromkeys((*NO_START_LEFT, *OF_TIME), "It called nobody: no permitted start was left.")


def run(request: Request) -> Response:
    """All of it but the calls, which have pages of their own."""
    ledger, key = context_of(request).ledger, request.path_params["run"]
    events = None if request.query_params.get("events") == "all" else EVENTS
    found, told, time = one_run(ledger, key), story(ledger, key, events), begun(ledger, key)
    return page(
        request, "run.html", run=found.told, facts=found, story=told, zone=told.zone, sentence=sentence(found),
        local=str(told.zone) not in ("UTC", "Etc/UTC"), bars=bars(found.told), time=time,
        length=span(time.length), said=what_was_said(ledger, key), cost_of_one=cost_of_one(found.told),
        held=[batch for batch in found.told["batches"] if batch["state"] == "held"],
        live_every=SELDOM if found.told["rows"] > LARGE else None,
    )  # fmt: skip


def sentence(run: OneRun) -> str:
    """How it stands with a run, and why, for whoever reads nothing else."""
    stands = SENTENCES.get(run.state, f"It is {run.state}, which this version does not know.")
    if run.state is RunState.MISSED:
        stands = MISSED_FOR.get(run.told["reason"], stands)
    stopping = " A stop was asked for." if run.stop_asked and not run.told["needs_attention"] else ""
    return f"{stands}{stopping if run.ended_at is None else ''}{f' {_as_a_sentence(run.why)}' if run.why else ''}"


def _as_a_sentence(why: str) -> str:
    return f"{why[:1].upper()}{why[1:]}{'' if why.endswith('.') else '.'}"


def report(request: Request) -> Response:
    """The report of a run as `callbeat report` makes it, to be kept."""
    context, key = context_of(request), request.path_params["run"]
    text = run_page(context.ledger, key, context.clock.now())
    return Response(text, media_type="text/html", headers=_to_keep(f"{key}.html"))


def contacts(request: Request) -> Response:
    """Its table of contacts, numbers masked. What fails ends the connection: half is not taken for whole."""
    key = request.path_params["run"]
    parts = contact_parts(context_of(request).ledger, key)
    return StreamingResponse(parts, media_type="text/csv", headers=_to_keep(f"{key}.csv"))


def _to_keep(name: str) -> dict[str, str]:
    name = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return {"content-disposition": name, "cache-control": "no-store"}


ROUTES = [
    Route("/runs/{run}", run),
    Route("/runs/{run}/report.html", report),
    Route("/runs/{run}/contacts.csv", contacts),
]
