"""One campaign file becomes a Campaign, or all of its problems at once, each at its line."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import MappingProxyType

from callbeat.campaigns.model import Campaign
from callbeat.campaigns.named_hours import HoursByName, HoursReading
from callbeat.campaigns.notes import Notes
from callbeat.campaigns.places import Place, line_of
from callbeat.campaigns.rules import named_in, read_campaign_rules
from callbeat.campaigns.rules_hours import read_hours_rules
from callbeat.campaigns.yaml_lines import read_tree
from callbeat.campaigns.yaml_text import NotYaml, decode
from callbeat.errors import Finding, Problem

Check = Callable[[Campaign], Iterable[Finding]]
NO_HOURS: HoursByName = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file says. `campaign` is None if and only if any problem is an error.

    `name` is the campaign's name as far as it can be read, and `name_line` where it stands (0: nowhere).
    `hours` is the name of the hours that it goes by, known or not; None where it spells them out.
    """

    file: str
    name: str | None
    campaign: Campaign | None
    problems: tuple[Problem, ...]
    name_line: int = 0
    hours: str | None = None


def read_campaign(data: bytes, file: str, check: Check | None = None, named: HoursByName = NO_HOURS) -> Reading:
    """Read one campaign file's bytes, without any I/O. `file` is how problems name it.

    Whatever the bytes are, the answer is a Reading. `check` adds the provider's own rules once all others
    hold; the paths of its findings are those of the file, for example ("bolna", "webhook_url"). `named` are
    the hours that the campaign may name.
    """
    notes = Notes(file)
    root = _root(data, notes)
    if root is None:
        return Reading(file, None, None, notes.in_order())
    campaign, name = read_campaign_rules(root, named)
    for finding in check(campaign) if check and campaign and not notes.errors else ():
        notes.add_finding(line_of(root, finding.where), finding)
    name_line = line_of(root, ("name",)) if name else 0
    good = None if notes.errors else campaign
    return Reading(file, name, good, notes.in_order(), name_line, named_in(root))


def read_hours_file(data: bytes, file: str, name: str) -> HoursReading:
    """Read the bytes of hours/`name`.yaml, without any I/O. `file` is how problems name it."""
    notes = Notes(file)
    root = _root(data, notes)
    hours = read_hours_rules(root, name) if root else None
    return HoursReading(file, None if notes.errors else hours, notes.in_order())


def _root(data: bytes, notes: Notes) -> Place | None:
    try:
        node = read_tree(decode(data), notes)
    except NotYaml as error:
        notes.add(error.line, (), error.problem, error.fix)
        return None
    return Place(node, (), node.line, notes)
