"""docs/first-campaign.md as steps: the files that somebody writes there, and the lines that are typed, in order."""

import re
from collections.abc import Iterator
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "first-campaign.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"`([\w/]+\.(?:yaml|csv))`")
SET_UP = ("make setup", "export PATH")  # whoever runs tests has done it


def files() -> dict[str, str]:
    """Each file by its path: the last one that is named before its block."""
    text = PAGE.read_text(encoding="utf-8")
    found = (block for block in BLOCK.finditer(text) if block[1] in ("yaml", "csv"))
    return {NAMED.findall(text, 0, block.start())[-1]: block[2] for block in found}


def lines() -> Iterator[str]:
    """What is typed: whole blocks of `sh`, and behind each $ of `console`."""
    for language, block in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        given = block.splitlines() if language == "sh" else re.findall(r"^\$ (.+)$", block, re.MULTILINE)
        if language in ("sh", "console"):
            yield from (line for line in given if not line.startswith(SET_UP))
