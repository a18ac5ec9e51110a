"""One campaign file becomes a Campaign, or all of its problems at once, each at its line."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from callbeat.campaigns.model import Campaign
from callbeat.campaigns.notes import Notes
from callbeat.campaigns.places import Place, line_of
from callbeat.campaigns.rules import read_campaign_rules
from callbeat.campaigns.yaml_lines import read_tree
from callbeat.campaigns.yaml_text import NotYaml, decode
from callbeat.errors import Finding, Problem

Check = Callable[[Campaign], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file says. `campaign` is None if and only if any problem is an error.

    `name` is the campaign's name as far as it can be read, and `name_line` where it stands (0: nowhere).
    """

    file: str
    name: str | None
    campaign: Campaign | None
    problems: tuple[Problem, ...]
    name_line: int = 0


def read_campaign(data: bytes, file: str, check: Check | None = None) -> Reading:
    """Read one campaign file's bytes, without any I/O. `file` is how problems name it.

    Whatever the bytes are, the answer is a Reading. `check` adds the provider's own rules once all others
    hold; the paths of its findings are those of the file, for example ("bolna", "webhook_url").
    """
    notes = Notes(file)
    root = _root(data, notes)
    if root is None:
        return Reading(file, None, None, notes.in_order())
    campaign, name = read_campaign_rules(root)
    for finding in check(campaign) if check and campaign and not notes.errors else ():
        notes.add_finding(line_of(root, finding.where), finding)
    name_line = line_of(root, ("name",)) if name else 0
    return Reading(file, name, None if notes.errors else campaign, notes.in_order(), name_line)


def _root(data: bytes, notes: Notes) -> Place | None:
    try:
        node = read_tree(decode(data), notes)
    except NotYaml as error:
        notes.add(error.line, (), error.problem, error.fix)
        return None
    return Place(node, (), node.line, notes)
