"""What a run now would do, without calling anybody: whom, whom not and why, in which batches, from when to when."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callbeat.campaigns.model import Campaign
from callbeat.clock import iso
from callbeat.contacts.screening import EXCLUDED, INVALID
from callbeat.contacts.source import SourceError
from callbeat.errors import Refusal
from callbeat.providers.registry import rules_of
from callbeat.runs.roster import Means, Part, Roster
from callbeat.runs.starts import NoneLeft, first_possible
from callbeat.runs.waves import Wave

EXAMPLES = 3  # of each reason


@dataclass(frozen=True, slots=True)
class Preview:
    """`told` in the form that commands print, why such a run would be refused, how its source was read."""

    told: dict[str, Any]
    refused: str | None
    notes: tuple[str, ...]


def preview(means: Means, campaign: Campaign, now: datetime) -> Preview:
    """What a run now would do.

    Raises:
        Refusal: the source as a whole cannot be used.
    """
    rules = rules_of(campaign.provider)
    chosen = first_possible(rules, campaign, now, now, by_hand=True)
    refused = chosen.words if isinstance(chosen, NoneLeft) else None
    asked = campaign if refused is None else campaign.model_copy(update={"hours": "any"})  # whom, all the same
    roster, shown = Roster(means, rules, asked, now, now, by_hand=True), Examples()
    try:
        for part in roster.parts():
            shown.add(part)
        batches = [_batch(roster.waves[one.wave], one.calls, refused) for one in roster.planned()]
    except SourceError as error:
        raise Refusal(f"{campaign.name}: {error.words} ({error.reason})") from None
    out = roster.tally.out
    excluded = {reason: rows for (kind, reason), rows in out.items() if kind == EXCLUDED}
    told = {
        "campaign": campaign.name,
        "rows": roster.tally.rows,
        "invalid": sum(rows for (kind, _), rows in out.items() if kind == INVALID),
        "excluded": sum(excluded.values()),
        "excluded_by": excluded,
        "calls": roster.tally.calls,
        "batches": batches,
        "examples": shown.found,
    }
    return Preview(told, refused, roster.notes)


class Examples:
    """The first few rows of each reason."""

    def __init__(self) -> None:
        self._shown: Counter[str] = Counter()
        self.found: list[dict[str, Any]] = []

    def add(self, part: Part) -> None:
        """Some more rows, in the order of the source."""
        first = part.out.group_by("reason", maintain_order=True).head(EXAMPLES).sort("row")
        for row, reason in first.select("row", "reason").iter_rows():
            self._shown[reason] += 1
            if self._shown[reason] <= EXAMPLES:
                self.found.append({"row": row, "reason": reason})


def _batch(wave: Wave, calls: int, refused: str | None) -> dict[str, Any]:
    if refused is not None:
        return {"start_at": None, "dial_until": None, "calls": calls}
    start, until = wave.slot.chosen.start.start_at, wave.slot.chosen.dial_until
    return {"start_at": iso(start), "dial_until": iso(until) if until else None, "calls": calls}
