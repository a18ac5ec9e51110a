"""What a run now would do, without calling anybody: whom, whom not and why, in which batches, from when to when."""

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from callbeat.campaigns.model import Campaign
from callbeat.clock import iso
from callbeat.contacts.screening import EXCLUDED, INVALID, Exclusion, Screening
from callbeat.contacts.source import SourceError
from callbeat.errors import Refusal
from callbeat.providers.registry import rules_of
from callbeat.runs.roster import divided, read_contacts
from callbeat.runs.starts import Chosen, NoneLeft, choose_start

EXAMPLES = 3  # of each reason


def preview(
    root: Path, campaign: Campaign, now: datetime, allowed: Collection[str] | None = None
) -> tuple[dict[str, Any], str | None]:
    """A preview in the form that commands print, and why such a run would be refused, if it would.

    Raises:
        Refusal: the source as a whole cannot be used.
    """
    rules = rules_of(campaign.provider)
    try:
        screening = read_contacts(root, campaign, now, rules, allowed)
    except SourceError as error:
        raise Refusal(f"{campaign.name}: {error.words} ({error.reason})") from None
    chosen = choose_start(rules, campaign, now, now, by_hand=True)
    sizes = divided(len(screening.contacts), rules.capabilities.most_contacts)
    excluded = Counter(one.reason for one in screening.exclusions if one.kind == EXCLUDED)
    told = {
        "campaign": campaign.name,
        "rows": screening.rows,
        "invalid": sum(one.kind == INVALID for one in screening.exclusions),
        "excluded": excluded.total(),
        "excluded_by": dict(excluded),
        "calls": len(screening.contacts),
        "batches": [_batch(chosen, calls) for calls in sizes],
        "examples": [{"row": one.row, "reason": one.reason} for one in _examples(screening)],
    }
    return told, chosen.words if isinstance(chosen, NoneLeft) else None


def _batch(chosen: Chosen | NoneLeft, calls: int) -> dict[str, Any]:
    if isinstance(chosen, NoneLeft):
        return {"start_at": None, "dial_until": None, "calls": calls}
    until = chosen.dial_until
    return {"start_at": iso(chosen.start.start_at), "dial_until": iso(until) if until else None, "calls": calls}


def _examples(screening: Screening) -> Iterator[Exclusion]:
    """The first few of each reason, in the order of the file."""
    shown: Counter[str] = Counter()
    for one in screening.exclusions:
        shown[one.reason] += 1
        if shown[one.reason] <= EXAMPLES:
            yield one
