"""What the pages tell somebody to write, type, set or follow is there, and works as it stands."""

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from callbeat.campaigns.hours_files import HoursFiles
from callbeat.campaigns.keys import CAMPAIGN
from callbeat.campaigns.reader import read_campaign, read_hours_file
from callbeat.runs.catalog import check_campaign
from tests.unit.cli.command_lines import NotOurs, leaves, parse, unknown_words
from tests.unit.variables import ROOT, unknown

DOCS = sorted((ROOT / "docs").glob("*.md"))
AROUND = ("ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "sandbox/README.md", "bench/README.md")
PAGES = [ROOT / "README.md", *DOCS, ROOT / "docs" / "decisions" / "README.md", *(ROOT / path for path in AROUND)]
PLAIN = {
    "name": "plain",
    "provider": "bolna",
    "agent": "3c90c3cc-0d44-4b50-8888-8dd25736052a",
    "schedule": {"cron": "0 10 * * *", "timezone": "UTC"},
    "contacts": {"source": "contacts/plain.csv"},
    "hours": "any",
}
SHIPPED = HoursFiles(ROOT / "config" / "campaigns")
SHIPPED.changes()
BLOCK = re.compile(r"^ *(?:\d+\. )?```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
TYPED = re.compile(
    r"^(?:\$ )?(?:sudo |docker compose [^\"|]*? worker |kubectl .* -- )?((?:\.venv/bin/)?callbeat .*)$"
)
INLINE = re.compile(r"`callbeat ([a-z][^`;>|]*)")
FOLDERS = "callbeat|cli|tests|deploy|config|docs|bench|sandbox|worker|tasks|dashboard|hooks"
PATH = re.compile(rf"(?<![\w/.-])((?:{FOLDERS})/[\w./-]*\w)(?![\w/]*[<*])")
TO_BE_WRITTEN = "config/hours/our-rule.yaml"  # by whoever reads docs/hours.md
TARGET = re.compile(r"(?:^|`|&& |\$ |sudo |; )make ([a-z][a-z-]*)", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


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
def test_every_block_of_yaml_in_a_page_is_valid(page):
    """It is the first thing that anybody copies: a whole campaign, some keys of one, or a file of hours."""
    for block in blocks(page, "yaml"):
        assert wrong(block) == [], page.name


def wrong(block: str) -> list[str]:
    """The errors of a block; some keys of a campaign are judged as those of a plain one."""
    written = yaml.safe_load(block)
    if "rules" in written:
        reading = read_hours_file(block.encode(), "page.yaml", written["name"])
    elif set(written) <= set(CAMPAIGN.names):
        whole = block if "name" in written else yaml.safe_dump(PLAIN | written)
        reading = read_campaign(whole.encode(), "page.yaml", check_campaign, SHIPPED.by_name)
    else:
        assert "services" in written, "neither a campaign nor hours, and nothing for Compose"
        return []
    return [str(problem) for problem in reading.problems if problem.level == "error"]


@pages
def test_every_command_in_a_page_can_be_typed_as_it_stands(page):
    """Options change; pages are forgotten."""
    for line in typed(page):
        assert parse(line), line
    for words in INLINE.findall(page.read_text(encoding="utf-8")):
        assert unknown_words(words) == [], words


@pages
def test_every_variable_in_a_page_is_one_that_is_read(page):
    """Whoever sets another one believes in a limit that nobody keeps."""
    assert unknown(page.read_text(encoding="utf-8")) == []


@pages
def test_every_file_and_target_that_a_page_names_is_there(page):
    """`make storm` and `deploy/kubernetes/40-beat.yaml` are typed and opened as they stand."""
    text, makefile = page.read_text(encoding="utf-8"), (ROOT / "Makefile").read_text(encoding="utf-8")
    assert [path for path in PATH.findall(text) if not (ROOT / path).exists() and path != TO_BE_WRITTEN] == []
    assert [name for name in TARGET.findall(text) if f"\n{name}: " not in makefile] == []


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
    assert [page.name for page in DOCS if f"](docs/{page.name})" not in text] == []


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
    assert PATH.findall("`cli/none.py` tests/contract/test_<name>_x.py") == ["cli/none.py"]
    assert TARGET.findall("`make none`") == ["none"]
    assert unknown_words("rum") == ["rum"]
    assert unknown_words("runs --wach … --limit 3") == ["--wach"]
    assert unknown_words("db reset FILE") == ["reset"]
    assert wrong("retention: soon") != []
    assert wrong("schedule: {cron: 0 10 * *, timezone: UTC}") != []
    assert wrong("name: ours\nrules: []") != []
    assert LINK.findall(page.read_text()) == [("", "no"), ("docs/none.md", "")]
    assert sum(len(list(typed(page))) for page in PAGES) > 30
