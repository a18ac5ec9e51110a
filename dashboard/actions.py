"""What an operator may do: a page says what it will do and asks once; its form does it once."""

from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from callbeat.campaigns.folder import read_folder
from callbeat.campaigns.model import Campaign
from callbeat.errors import CallbeatError, NeedsSomebody, Refusal
from callbeat.ledger.tables import CampaignRow
from callbeat.runs import acts, acts_on_files, resolving
from callbeat.runs.acts import Act, Done
from callbeat.runs.by_hand import find_campaign
from callbeat.runs.catalog import check_campaign
from callbeat.runs.context import Context
from callbeat.runs.preview import preview
from callbeat.runs.roster import Means
from callbeat.settings import Settings
from dashboard.access import actor, form, may_act
from dashboard.once import FIELD, Once
from dashboard.pages import context_of, page
from dashboard.problems import only_looks, told

Asked = Mapping[str, str]
SAYS = ("placed", "not_placed", "give_up")
ONCE = Once()  # tokens are made up at random: several applications in one process share it without harm
RED = ("stop", "stop-all", "resolve")


def _running(request: Request, asked: Asked) -> Act:
    return acts_on_files.running(context_of(request), _campaign(request, asked))


def _approving(request: Request, asked: Asked) -> Act:
    return acts_on_files.approving(context_of(request), _campaign(request, asked))


def _resolving(request: Request, asked: Asked) -> Act:
    says = asked.get("say", "")
    if says not in SAYS:
        raise Refusal("say what became of it: it is there, it is not there, or nobody will know")
    placed = asked.get("id", "") if says == "placed" else None
    return acts.deciding(context_of(request), asked.get("batch", ""), placed, given_up=says == "give_up")


# Which fields name its subject, and what will be done.
ACTS: dict[str, tuple[tuple[str, ...], Callable[[Request, Asked], Act]]] = {
    "pause": (("campaign",), lambda request, asked: acts.pausing(context_of(request), asked.get("campaign", ""))),
    "resume": (("campaign",), lambda request, asked: acts.resuming(context_of(request), asked.get("campaign", ""))),
    "run": (("campaign",), _running),
    "approve": (("campaign",), _approving),
    "stop": (("run",), lambda request, asked: acts.stopping(context_of(request), asked.get("run", ""))),
    "stop-all": ((), lambda request, _asked: acts.halting(context_of(request))),
    "start": ((), lambda request, _asked: acts.lifting(context_of(request))),
    "resolve": (("batch", "say", "id"), _resolving),
}


def ask(request: Request) -> Response:
    """What it would do, and the button. Nothing is done, and a reload does nothing."""
    name, asked = request.path_params["act"], request.query_params
    if name not in ACTS:
        return told(request, 404, "There is no such action.", "Go back to the page you came from.")
    if not may_act(request):
        return only_looks(request)
    try:
        if name == "resolve" and not asked.get("say"):
            return _choices(request, asked.get("batch", ""))
        return _question(request, name, asked)
    except CallbeatError as refusal:
        return told(request, 409, f"{refusal}.", "Nothing was done.")


def _question(request: Request, name: str, asked: Asked, status: int = 200) -> Response:
    act = ACTS[name][1](request, asked)
    counted = _counted(request, asked) if name == "run" and asked.get("count") else None
    return page(
        request, "act.html", status, act=act, name=name, danger=name in RED, fields=_fields(name, asked),
        once=ONCE.field(), counted=counted, changed=status != 200, back=_back(asked),
    )  # fmt: skip


def do(request: Request) -> Response:
    """Do what the page said, if it is still what would be done."""
    name, asked = request.path_params["act"], form(request)
    if name not in ACTS:
        return told(request, 404, "There is no such action.", "Nothing was done.")
    if not may_act(request):  # as forms.py has judged already: an act is worth a second look
        return only_looks(request)
    if not ONCE.spend(asked.get(FIELD, "")):
        mend = "What it does was done, or refused, when it came first. Load the page again to do it once more."
        return told(request, 409, "This form was sent before.", mend)
    return _done(request, name, asked)


def _done(request: Request, name: str, asked: Asked) -> Response:
    act = ACTS[name][1](request, asked)
    if act.seen != asked.get("seen", ""):
        return _question(request, name, asked, 409)
    try:
        done, needs = act.do(actor(request)), False
    except NeedsSomebody as somebody:
        done, needs = Done(str(somebody)), True
    return page(request, "done.html", title=act.title, done=done, needs=needs, back=_back(asked))


def _fields(name: str, asked: Asked) -> dict[str, str]:
    return {field: asked[field] for field in ACTS[name][0] if asked.get(field)}


def _choices(request: Request, key: str) -> Response:
    """A held batch: what is known of it, and what may be said."""
    context = context_of(request)
    held = resolving.held_batch(context, key)
    return page(request, "resolve.html", batch=held, facts=list(resolving.facts(context, held)))


def _back(asked: Asked) -> str:
    """Where somebody came from, as an address is written in a template."""
    return asked.get("run") or asked.get("batch", "").rpartition("/")[0]


def _campaign(request: Request, asked: Asked) -> Campaign:
    """As its file says now. Of many files one is read, where beat knows which."""
    name, settings = asked.get("campaign", ""), settings_of(request)
    with context_of(request).ledger.read() as session:
        known = select(CampaignRow.file).where(CampaignRow.name == name, CampaignRow.state == "active")
        file = session.execute(known).scalar_one_or_none() if "\0" not in name else None
    only = [Path(file)] if file is not None and Path(file).is_file() else None
    return find_campaign(name, read_folder(settings.campaigns, check_campaign, only))


def _counted(request: Request, asked: Asked) -> Mapping[str, object]:
    """Whom it would call, or why that could not be counted: its source is read as the run would read it."""
    context: Context = context_of(request)
    means = Means(context.ledger, context.reach, context.allow_numbers)
    try:
        seen = preview(means, _campaign(request, asked), context.clock.now())
    except CallbeatError as error:
        return {"failed": str(error)}
    return seen.told | {"notes": seen.notes, "failed": None}


def settings_of(request: Request) -> Settings:
    """This installation's."""
    found: Settings = request.app.state.settings
    return found


ROUTES = [
    Route("/actions/{act}", ask, methods=["GET"]),
    Route("/actions/{act}", do, methods=["POST"]),
]
