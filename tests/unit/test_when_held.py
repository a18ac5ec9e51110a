"""docs/when-held.md knows every reason for which a batch is held, in the words that `callbeat show` prints."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "when-held.md").read_text(encoding="utf-8")
CODE = sorted((ROOT / "callbeat" / "runs").glob("*.py"))
INTO_HELD = re.compile(r"\b(?:move|Verdict)\(\s*(?:\w+\.)?BatchState\.HELD\b")
HANDED_ON = 3  # by gone.py and stumbles.py, for whoever asks: words of poll.py, verify.py and stumbles.py


def reasons() -> list[str]:
    """The first column of the table, `…` for what differs from case to case."""
    section = PAGE.split("## Which reason, where to look")[1].split("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


def sentences() -> Iterator[str]:
    """Every text of the code that acts on runs, likewise with `…`."""
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
                yield "".join(str(part) for part in parts)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_every_reason_in_the_page_is_one_that_the_code_gives():
    """Somebody compares what stands on the screen with what stands in the page, at night."""
    said = list(sentences())
    assert [why for why in reasons() if not any(text.startswith(why.removesuffix("…")) for text in said)] == []


def test_every_reason_of_the_code_is_in_the_page():
    """A new way into `held` needs a line that says what to do."""
    ways = sum(len(INTO_HELD.findall(path.read_text(encoding="utf-8"))) for path in CODE)
    assert len(reasons()) == ways - 1 + HANDED_ON
