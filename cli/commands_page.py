"""Every command with its options and an example as a page of Markdown: docs/commands.md, made by `make docs`."""

import sys
from collections.abc import Iterator
from functools import cache

import typer
from typer.core import TyperCommand, TyperGroup

from cli.main import app

EXAMPLE = "Example: "
HEAD = """# Commands

Generated from the commands themselves (`make docs`); a test compares. `callbeat COMMAND --help` says the same
in a terminal. Exit codes: 0 done, 1 refused, failed or missed, 2 wrong usage, 3 needs somebody.
"""


@cache
def root() -> TyperGroup:
    """`callbeat` with all its commands."""
    command = typer.main.get_command(app)
    assert isinstance(command, TyperGroup)
    return command


def leaves(group: TyperGroup | None = None, before: tuple[str, ...] = ()) -> Iterator[tuple[str, TyperCommand]]:
    """Every command that does something, by the words that call it."""
    for name, command in sorted((group or root()).commands.items()):
        if isinstance(command, TyperGroup):
            yield from leaves(command, (*before, name))
        elif isinstance(command, TyperCommand):
            yield " ".join((*before, name)), command


def page() -> str:
    """The whole page."""
    return HEAD + "".join(_section(name, command) for name, command in leaves())


def _section(name: str, command: TyperCommand) -> str:
    words, _, example = (command.help or "").partition(EXAMPLE)
    rows = "".join(_rows(name, command))
    table = f"\n| argument, option | |\n|---|---|\n{rows}" if rows else ""
    return f"\n## callbeat {name}\n\n{_in_lines(words)}\n\n```console\n{example.strip()}\n```\n{table}"


def _in_lines(words: str) -> str:
    """Paragraphs as they are, each in one line."""
    return "\n\n".join(" ".join(part.split()) for part in words.strip().split("\n\n"))


def _rows(name: str, command: TyperCommand) -> Iterator[str]:
    context = typer.Context(command, info_name=name)
    for param in command.params:
        record = param.get_help_record(context)
        if record is not None:
            left, right = (cell.replace("|", "\\|") for cell in record)
            yield f"| `{left}` | {right.replace('  [', ' [')} |\n"


if __name__ == "__main__":
    sys.stdout.write(page())
