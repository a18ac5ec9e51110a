"""`--help` is where somebody looks who has no page at hand: each command shows itself at work."""

import re

import pytest
from typer.testing import CliRunner

from callbeat import __version__
from cli.main import app
from tests.unit.cli.command_lines import NotOurs, leaves, parse

COMMANDS = dict(leaves())
NARROW = 80  # columns of a terminal


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_one_example_that_is_valid(name):
    """An example that does not work is worse than none: it is typed as it stands."""
    examples = re.findall(r"^Example: (.+)$", COMMANDS[name].help or "", re.MULTILINE)
    assert len(examples) == 1
    assert parse(examples[0]) == name
    assert len(f"  Example: {examples[0]}") <= NARROW, "it would be broken into two lines, and copied so"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_says_what_it_is_for(name):
    """Two words are enough, none are not."""
    command = COMMANDS[name]
    in_the_list = command.get_short_help_str(limit=NARROW - 6 - len("validate"))
    assert in_the_list
    assert not in_the_list.endswith("..."), "the list of all commands cuts it off: a shorter first sentence"
    unsaid = [param.name for param in command.params if not (getattr(param, "help", None) or "").strip()]
    assert unsaid == []


def test_it_tells_its_version():
    """The first thing that anybody is asked who reports something."""
    assert CliRunner().invoke(app, ["--version"]).stdout == f"callbeat {__version__}\n"


@pytest.mark.parametrize(
    "line",
    ["callbeat rum", "callbeat run", "callbeat runs --format yaml", "callbeat db reset x", "callbeat up --fast"],
)
def test_a_line_that_is_none_of_ours_is_found_out(line):
    """The pages are held by the same look."""
    with pytest.raises(NotOurs):
        parse(line)
