"""What the pages tell somebody to write, type, set or follow is there, and works as it stands."""

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from callbeat.campaigns.hours_files import HoursFiles
from callbeat.campaigns.reader import read_campaign
from callbeat.runs.catalog import check_campaign
from tests.unit.cli.command_lines import NotOurs, leaves, parse, root
from tests.unit.variables import ROOT, unknown

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHIPPED = HoursFiles(ROOT / "config" / "campaigns")
SHIPPED.changes()
BLOCK = re.compile(r"^ *(?:\d+\. )?```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
TYPED = re.compile(r"^(?:\$ )?(?:sudo |docker compose [^\"|]*? worker )?((?:\.venv/bin/)?callbeat .*)$")
INLINE = re.compile(r"`callbeat ([a-z]+)\b([^`]*)`")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def blocks(page: Path, *languages: str) -> Iterator[str]:
    for language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language in languages:
            yield dedent(text)


def typed(page: Path) -> Iterator[str]:
    """Every line of the page's blocks that somebody types, and that is ours."""
    for block in blocks(page, "console", "sh"):
        for line in block.splitlines():
            found = TYPED.match(line)
            yield from found[1].split(" && ") if found else ()


@pages
def test_every_campaign_in_a_page_is_valid(page):
    """It is the first thing that anybody copies."""
    for block in blocks(page, "yaml"):
        if block.startswith("name:"):
            reading = read_campaign(block.encode(), page.name, check_campaign, SHIPPED.by_name)
            assert [str(problem) for problem in reading.problems if problem.level == "error"] == []


@pytest.mark.slow
@pages
def test_every_command_in_a_page_can_be_typed_as_it_stands(page):
    """Options change; pages are forgotten."""
    for line in typed(page):
        assert parse(line), line
    told = INLINE.findall(page.read_text(encoding="utf-8"))
    assert [command for command, _ in told if command not in root().commands] == []


@pages
def test_every_variable_in_a_page_is_one_that_is_read(page):
    """Whoever sets another one believes in a limit that nobody keeps."""
    assert unknown(page.read_text(encoding="utf-8")) == []


@pages
def test_every_link_in_a_page_leads_somewhere(page):
    """Also to the very heading."""
    for path, heading in LINK.findall(page.read_text(encoding="utf-8")):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {path}"
        assert not heading or heading in _headings(target), f"{page.name}: {path}#{heading}"


def _headings(page: Path) -> set[str]:
    """As the usual web pages for repositories make them."""
    lines = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def test_the_readme_leads_to_every_page():
    """A page that nobody finds is not there."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES[1:] if f"](docs/{page.name})" not in text] == []


def test_every_command_is_in_the_readme():
    """Its table is the list of what there is."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name, _ in leaves() if not re.search(rf"`(callbeat )?{name}\b", text)] == []


def test_the_look_can_fail(tmp_path):
    """A pattern that finds nothing would let everything pass."""
    page = tmp_path / "page.md"
    page.write_text("1. ```console\n   $ callbeat rum\n   ```\n\n`CALLBEAT_NONE` [x](#no) [y](docs/none.md)\n")
    assert list(typed(page)) == ["callbeat rum"]
    with pytest.raises(NotOurs):
        parse("callbeat rum")
    assert unknown(page.read_text()) == ["CALLBEAT_NONE"]
    assert LINK.findall(page.read_text()) == [("", "no"), ("docs/none.md", "")]
    assert sum(len(list(typed(page))) for page in PAGES) > 30
