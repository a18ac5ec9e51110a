"""How long pages take is told by page: what was asked for is nobody's business."""

import pytest

from callbeat.metrics import REGISTRY
from dashboard import today


def pages(page: str, status: str) -> float:
    labels = {"page": page, "status": status}
    return REGISTRY.get_sample_value("callbeat_page_duration_seconds_count", labels) or 0


@pytest.mark.parametrize(
    ("path", "page", "status"),
    [("/", "today", "2xx"), ("/runs/nobody@20261201T0430Z", "run", "4xx"), ("/no/such/page", "other", "4xx")],
)
def test_a_page_counts_by_its_name_and_how_it_ended(browser, path, page, status):
    """Once; and a path that somebody makes up is no name."""
    before = pages(page, status)
    browser.get(path)
    assert pages(page, status) == before + 1


def test_a_page_that_fails_counts_too(browser, monkeypatch):
    """That is the one to look at."""
    before = pages("today", "5xx")
    monkeypatch.setattr(today, "page", lambda *_, **__: 1 / 0)
    browser.get("/")
    assert pages("today", "5xx") == before + 1
