"""The pictures of README and docs: `make pictures` writes them anew."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.test_pages import FINISHED

Open = Callable[..., Visit]
PICTURES = {
    "today": ("/", "What needs you"),
    "run": (f"/runs/{FINISHED}", "Where every row went"),
    "calendar": ("/calendar", "Calendar"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_shows_what_the_page_is_for(visit: Open, tmp_path: Path, name: str):
    """Of an installation that has lived, on a pretended morning: nobody's numbers, no folder of this machine."""
    path, shown = PICTURES[name]
    page = visit(path, width=1120).page
    expect(page.get_by_role("heading", name=shown)).to_be_visible()
    folder = Path(os.environ.get("PICTURES", tmp_path))
    taken = page.screenshot(path=folder / f"{name}.png")
    assert str(tmp_path.parent) not in page.content()
    assert len(taken) > 20_000
