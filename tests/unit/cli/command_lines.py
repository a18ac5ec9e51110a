"""Command lines as people read them in pages, parsed by the command itself and run by nobody."""

import re
import shlex
from collections.abc import Sequence

import typer
from typer.core import TyperCommand, TyperGroup

from cli.commands_page import leaves, root

__all__ = ["NotOurs", "leaves", "parse", "root", "unknown_words"]

NotOurs = typer.BadParameter.__mro__[1]  # what typer raises of any wrong words; it gives it no name of its own


def parse(line: str) -> str:
    """The command that a line of a shell calls, its options and values understood.

    Raises:
        NotOurs: it is no command of ours, or is called otherwise.
    """
    words = shlex.split(line, comments=True)
    end = next((at for at, word in enumerate(words) if word in (">", "|", "&&", ";")), len(words))
    assert words[0].endswith("callbeat"), line
    return _descend(root(), "callbeat", words[1:end], None)


def unknown_words(line: str) -> list[str]:
    """Of a line as sentences have it, `runs [CAMPAIGN] --watch`, the commands and options that are none of ours."""
    given, command = re.findall(r"[^\s\[\]=,]+", line), root()
    while isinstance(command, TyperGroup):
        name = given.pop(0) if given else ""
        if name not in command.commands:
            return [name] if name.islower() else []
        command = command.commands[name]
    known = {"--help", *(option for param in command.params for option in param.opts)}
    return [word for word in given if word.startswith("--") and word not in known]


def _descend(command: TyperCommand, name: str, words: Sequence[str], parent: typer.Context | None) -> str:
    given = list(words)
    if isinstance(command, TyperGroup):
        context = typer.Context(command, info_name=name, parent=parent)
        found, sub, rest = command.resolve_command(context, given)
        assert sub is not None
        return _descend(sub, str(found), rest, context)
    context = command.make_context(name, given, parent=parent)
    return context.command_path.removeprefix("callbeat ")
