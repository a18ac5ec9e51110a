"""The dashboard of a world, and somebody who looks at it."""

import warnings
from collections.abc import Iterator

import pytest

with warnings.catch_warnings():  # it would rather have the successor of httpx
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

from callbeat.settings import Settings
from dashboard.app import create_app
from tests.factories import World


@pytest.fixture
def browser(world: World) -> Iterator[TestClient]:
    """Somebody on this machine, without a login. What fails is a page, as for a real browser."""
    app = create_app(Settings(), world.context)
    with TestClient(app, "http://127.0.0.1:8720", raise_server_exceptions=False, follow_redirects=False) as client:
        yield client
