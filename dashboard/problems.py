"""What a page says when there is no page: what happened, and what to do."""

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from callbeat.errors import CallbeatError, LedgerError, Refusal
from dashboard.access import NOBODY, who
from dashboard.headers import add
from dashboard.pages import page

log = structlog.get_logger("callbeat")
BY_STATUS = {
    404: ("There is nothing here.", "The address may be mistyped, or what it was about is not kept any more."),
    405: ("That cannot be done here.", "Go back to the page you came from."),
}


def told(request: Request, status: int, what: str, mend: str) -> Response:
    """The page of a problem: `what` happened in a sentence, and how to `mend` it."""
    return page(request, "problem.html", status, what=what, mend=mend)


def only_looks(request: Request) -> Response:
    """To somebody who would act and may not."""
    return told(request, 403, "You may only look.", "Nothing was done: log in as somebody who may act.")


def no_page(request: Request, error: Exception) -> Response:
    """An address without a page, or a page that raised HTTPException with a detail of its own."""
    status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "")
    what, mend = BY_STATUS.get(status, (detail, "Go back to the page you came from."))
    answer = told(request, status, what, mend)
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


def refused(request: Request, error: Exception) -> Response:
    """The state of things forbids it: 409 for what would act, 404 where something was only looked for."""
    looks = request.method in ("GET", "HEAD")
    return told(request, 404 if looks else 409, f"{error}.", "Nothing was done. Load the page again to see why.")


def unreachable(request: Request, error: Exception) -> Response:
    """The ledger cannot be read. Where it is and why is for those whom the door knows."""
    log.error("dashboard.ledger_unreachable", why=str(error))
    why = "" if who(request) == NOBODY else f"{error}. "
    return told(request, 503, "The ledger cannot be read.", f"{why}`callbeat doctor` says more.")


def failed(request: Request, error: Exception) -> Response:
    """Nobody expected that. Its trace is in the log, and not on the page."""
    log.error("dashboard.failed", exc_info=error)
    answer = told(request, 500, "This page could not be made.", "What went wrong is in the dashboard's log.")
    add(answer.headers)  # it goes around what adds them
    return answer


HANDLERS = {
    HTTPException: no_page,
    Refusal: refused,
    LedgerError: unreachable,
    CallbeatError: refused,
    Exception: failed,
}
