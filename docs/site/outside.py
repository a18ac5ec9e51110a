"""For mkdocs: pages that lie outside docs/ are part of the site, and links between all of them lead on there."""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
OUTSIDE = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "bench/README.md": "bench.md",
    "sandbox/README.md": "sandbox.md",
}
INSIDE = {place: path for path, place in OUTSIDE.items()}
LINK = re.compile(r"\[([^\]]*)\]\((?!https?:)([^)#\s]+)(#[^)\s]+)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The front door and what else people read at the root."""
    for path, place in OUTSIDE.items():
        files.append(File.generated(config, place, content=(ROOT / path).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page with its links as the site needs them."""
    return relinked(markdown, page.file.src_uri)


def relinked(markdown: str, place: str) -> str:
    """Links of a page of the site: to another page of it, or the words alone where the target is none (code)."""
    path = INSIDE.get(place, f"docs/{place}")

    def link(found: re.Match[str]) -> str:
        words, target, heading = found[1], found[2], found[3] or ""
        to = place_of(posixpath.normpath(posixpath.join(posixpath.dirname(path), target)))
        return words if to is None else f"[{words}]({posixpath.relpath(to, posixpath.dirname(place))}{heading})"

    return LINK.sub(link, markdown)


def place_of(path: str) -> str | None:
    """Where in the site a file of the repository is; None if it is not there."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return OUTSIDE.get(path)
