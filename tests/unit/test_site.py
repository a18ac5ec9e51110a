"""The site that `make site` builds: every page is in it, lists keep their blocks, and nobody else is asked."""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
ASKED = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)=[\"']?(?:https?:)?//[^>]*>")


class Config(yaml.SafeLoader):
    """mkdocs.yml names a function of Python; here it is but a word."""


Config.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, suffix, node: suffix)


def config() -> dict:
    return yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader=Config)


def outside():
    """The module that brings README and others in, loaded as mkdocs does it."""
    spec = importlib.util.spec_from_file_location("outside", DOCS / "site" / "outside.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def in_nav(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    else:
        for one in part.values() if isinstance(part, dict) else part:
            yield from in_nav(one)


def test_every_page_is_in_the_navigation_once():
    """A page that is nowhere in mkdocs.yml is found by nobody; each has one place, of four kinds of them."""
    pages = [path.relative_to(DOCS).as_posix() for path in PAGES] + list(outside().OUTSIDE.values())
    assert sorted(in_nav(config()["nav"])) == sorted(pages), "add the page to nav in mkdocs.yml"
    kinds = {kind for part in config()["nav"] for kind in part}
    assert kinds == {"What it is", "Tutorial", "How to", "Reference", "Explanation", "Project"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_belongs_to_an_item_of_a_list_is_set_in_by_four(page):
    """The site's Markdown wants four where others take three: else a block ends the list."""
    fenced = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        fenced ^= line.startswith("```")
        block = re.match(r" *(\d+\. |- )?(?:```|\|)", line)
        well = fenced or block is None or line.startswith(("```", "|")) or (line[:4] == "    " and not block[1])
        assert well, f"{page.name}:{number}: {line}"


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.name)
def test_no_word_in_angle_brackets_is_taken_for_html(page):
    """`<NAME>` outside of code is a tag that nobody knows, and the page goes on without it."""
    text = re.sub(r"^ *```.*?^ *```$|`[^`\n]*`|<!--.*?-->", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    assert re.findall(r"<(?!https?:)[A-Za-z/][^>]*>", text) == []


@pytest.mark.parametrize(
    ("place", "written", "led"),
    [
        ("compose.md", "[a](../README.md#settings)", "[a](index.md#settings)"),
        ("index.md", "[a](docs/hours.md)", "[a](hours.md)"),
        ("index.md", "![Today](docs/pictures/today.png)", "![Today](pictures/today.png)"),
        (
            "decisions/README.md",
            "[a](../redis.md#x) [b](../../CHANGELOG.md)",
            "[a](../redis.md#x) [b](../changelog.md)",
        ),
        ("sandbox.md", "[code](bolna/README.md) [a](../docs/storm.md)", "code [a](storm.md)"),
        (
            "hours.md",
            "[a](#whose-clock) [b](https://example.com/x)",
            "[a](#whose-clock) [b](https://example.com/x)",
        ),
    ],
)
def test_links_lead_on_in_the_site_too(place, written, led):
    """They are written for whoever reads the repository."""
    assert outside().relinked(written, place) == led


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_asks_nobody_else(tmp_path):
    """Strict: a link or a heading that is not there, or a page without a place, ends it."""
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    pages = {page: page.read_text(encoding="utf-8") for page in tmp_path.rglob("*.html")}
    assert len(pages) > len(PAGES)
    assert [found for text in pages.values() for found in ASKED.findall(text)] == []
    assert [page.name for page, text in pages.items() if 'class="mermaid"' in text] == [], (
        "its script comes from afar"
    )
    assert [page.name for page, text in pages.items() if re.search(r"<p>(\||```)", text)] == []
