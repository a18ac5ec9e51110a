"""What needs a person, what runs, what comes next."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboard.pages import page


def today(request: Request) -> Response:
    """The first page."""
    return page(request, "today.html")


ROUTES = [Route("/", today)]
