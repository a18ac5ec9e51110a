"""What needs a person, what runs, what comes next."""

from collections.abc import Iterator
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from callbeat.doctor.attention import Need, needs
from callbeat.runs.today import coming, under_way
from dashboard.access import may_act
from dashboard.pages import context_of, page

WORDS = {
    "beat": "Nothing is being started", "clock": "The clock is in doubt", "halted": "Everything is stopped",
    "held": "A batch waits for you", "closed": "An account is closed", "failed": "A run failed",
    "sums": "A run does not add up", "missed": "A run was missed", "broken": "A campaign file is broken",
    "approval": "A campaign waits to be approved", "restored": "The ledger was put back",
}  # fmt: skip
MANY = {"failed": "{} runs failed", "sums": "{} runs do not add up", "missed": "{} runs were missed"}
BAD = ("beat", "clock", "failed", "closed", "broken")


def today(request: Request) -> Response:
    """The first page."""
    context, acts = context_of(request), may_act(request)
    found, next_ones = needs(context), coming(context, context.clock.now())
    return page(
        request, "today.html", needs=found, running=under_way(context.ledger), title=title, bad=BAD,
        next=next_ones, links=lambda need: list(links(need, acts=acts)),
    )  # fmt: skip


def title(need: Need) -> str:
    """What happened, in a few words."""
    return MANY[need.kind].format(need.count) if need.count > 1 else WORDS[need.kind]


def links(need: Need, *, acts: bool) -> Iterator[tuple[str, str]]:
    """Where to go on, the first thing first: address, words. Those who only look are not led to actions."""
    run, campaign = quote(need.subject.partition("/")[0]), quote(need.campaign or "")
    match need.kind:
        case "held":
            if acts:
                yield f"/actions/resolve?{urlencode({'batch': need.subject})}", "Say what became of it"
            yield f"/runs/{run}", "Its run"
        case "failed" | "missed" | "sums":
            yield f"/runs/{run}", "What was said of it"
            if acts and need.kind != "sums" and not need.rung:
                yield f"/actions/run?{urlencode({'campaign': need.campaign or ''})}", "Run the campaign now"
            yield f"/campaigns/{campaign}", "The campaign"
        case "approval":
            if acts:
                yield (
                    f"/actions/approve?{urlencode({'campaign': need.subject})}",
                    "See what has changed, and approve",
                )
            yield f"/campaigns/{campaign}", "The campaign"
        case "broken" if need.campaign:
            yield f"/campaigns/{campaign}", "The campaign"
        case "halted" if acts:
            yield "/actions/start", "Start again"


ROUTES = [Route("/", today)]
