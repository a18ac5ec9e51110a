"""When the contacts of a run are called: one wave for each start, and each end of hours. Pure.

Recipients in several zones have their hours at several times. Those who start together and must be left alone at
the same time are one wave, which becomes one batch, or several where a provider's limits ask for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from callbeat.campaigns.hours import asks_recipient, zones_and_region
from callbeat.campaigns.model import Campaign
from callbeat.providers.port import Rules
from callbeat.runs.starts import OUTSIDE_HOURS, Chosen, NoneLeft, choose_start, end_of_day, next_opening
from callbeat.runs.throughput import Pace

MOST_SLOTS = 2  # today's start, and that of the next permitted day
ANYWHERE = "anywhere"  # where hours do not follow the recipient
UNKNOWN_PLACE = "unknown"
NO_PERMITTED_HOUR = "no_permitted_hour"
UNKNOWN_ZONE = "unknown_zone"
NO_ROOM = "no_room"
UNKNOWN = NoneLeft(UNKNOWN_ZONE, "nobody knows in which zone it is")
OF_TIME = frozenset({NO_PERMITTED_HOUR, NO_ROOM, "too_late", "too_far"})  # reasons that another hour would not have


@dataclass(frozen=True, slots=True)
class Slot:
    """A start that is possible for a place. It is on time at `due_at`; `room` is how many calls fit (None: all)."""

    due_at: datetime
    chosen: Chosen
    room: int | None = None


@dataclass(slots=True)
class Wave:
    """Those who start together: where they are (empty: the hours do not ask), and how many by now."""

    slot: Slot
    places: set[str] = field(default_factory=set)
    calls: int = 0

    @property
    def left(self) -> int | None:
        """How many more fit."""
        return None if self.slot.room is None else max(self.slot.room - self.calls, 0)


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for: a run of this campaign, due then, at `now` (the provider's clock)."""

    rules: Rules
    campaign: Campaign
    due_at: datetime
    now: datetime
    by_hand: bool = False
    pace: Pace | None = None  # how fast its calls are made, where that is known

    def slots(self, place: str | None) -> list[Slot] | NoneLeft:
        """The possible starts of a place: today's, and, where not all may fit, that of its next hours."""
        places = () if place is None else (place,)
        due = self._wave_due(places)
        first = self._choose(due, places)
        if isinstance(first, NoneLeft):
            return first
        found = [self._slot(due, first)]
        if found[0].room is not None and first.dial_until is not None:
            later = self._choose(due, places, not_before=first.dial_until)
            found += [self._slot(later.start.asked_at, later)] if isinstance(later, Chosen) else []
        return found

    def _choose(
        self, due: datetime, places: Sequence[str], not_before: datetime | None = None
    ) -> Chosen | NoneLeft:
        return choose_start(
            self.rules, self.campaign, due, self.now, by_hand=self.by_hand, places=places, not_before=not_before
        )

    def _wave_due(self, places: Sequence[str]) -> datetime:
        """A wave that waits for its hours on the date of the run is not late: it is due when they begin."""
        if not places:
            return self.due_at
        window = next_opening(self.campaign, self.due_at, places)
        zones = [zone for place in places for zone in zones_and_region(place)[0]]
        if window is None or window.opens >= end_of_day(self.campaign, self.due_at, zones):
            return self.due_at
        return max(self.due_at, window.opens)

    def _slot(self, due: datetime, chosen: Chosen) -> Slot:
        room = None if self.pace is None else self.pace.room(chosen.start.start_at, chosen.dial_until)
        return Slot(due, chosen, room)


class Waves:
    """The waves of one run, made as its contacts come."""

    def __init__(self, ask: Ask) -> None:
        self._ask, self._follows = ask, asks_recipient(ask.campaign.hours)
        self._unknown = _place_of_unknown(ask.campaign)
        self._options: dict[str, list[int]] = {}
        self._reasons: dict[str, str] = {}
        self.waves: list[Wave] = []

    def assign(self, places: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Each contact's wave by its place (null: unknown), an index of `waves`; or null, and the reason why."""
        places = places.fill_null(self._unknown) if self._follows else places.fill_null(ANYWHERE)
        for place in places.unique(maintain_order=True).to_list():
            if place not in self._options:
                self._learn(place)
        wave = pl.Series("wave", [None] * len(places), dtype=pl.Int32)
        for nth in range(MOST_SLOTS):
            tried = pl.select(pl.when(wave.is_null()).then(self._nth(places, nth))).to_series()
            fitting = self._fitting(tried)
            self._count(fitting, places)
            wave = pl.select(pl.coalesce(wave, fitting)).to_series()
        reasons = places.replace_strict(self._reasons, default=NO_ROOM, return_dtype=pl.String)
        return wave, pl.select(pl.when(wave.is_null()).then(reasons)).to_series()

    def _learn(self, place: str) -> None:
        """What a place is offered; it is the same for all who are there."""
        slots = UNKNOWN if place == UNKNOWN_PLACE else self._ask.slots(None if place == ANYWHERE else place)
        if isinstance(slots, NoneLeft):
            self._options[place] = []
            self._reasons[place] = NO_PERMITTED_HOUR if slots.reason == OUTSIDE_HOURS else slots.reason
            return
        self._options[place] = [self._wave(slot, place) for slot in slots]

    def _wave(self, slot: Slot, place: str) -> int:
        """The index of the wave with that start and end of hours, made if need be."""
        key = (slot.chosen.start.start_at, slot.chosen.dial_until)
        for index, wave in enumerate(self.waves):
            if (wave.slot.chosen.start.start_at, wave.slot.chosen.dial_until) == key:
                return index
        self.waves.append(Wave(slot))
        return len(self.waves) - 1

    def _nth(self, places: pl.Series, nth: int) -> pl.Series:
        chosen = {place: options[nth] for place, options in self._options.items() if len(options) > nth}
        return places.replace_strict(chosen, default=None, return_dtype=pl.Int32)

    def _fitting(self, tried: pl.Series) -> pl.Series:
        """Those of each wave for whom it has room, in the order of the source."""
        room = {index: wave.left for index, wave in enumerate(self.waves) if wave.left is not None}
        if not room:
            return tried
        nth = pl.DataFrame({"wave": tried}).select(pl.col("wave").cum_count().over("wave")).to_series()
        left = tried.replace_strict(room, default=len(tried), return_dtype=pl.Int64)
        return pl.select(pl.when(nth <= left).then(tried)).to_series().cast(pl.Int32)

    def _count(self, waves: pl.Series, places: pl.Series) -> None:
        found = pl.DataFrame({"wave": waves, "place": places}).drop_nulls("wave").group_by("wave", "place").len()
        for index, place, calls in found.iter_rows():
            self.waves[index].calls += calls
            if place != ANYWHERE:
                self.waves[index].places.add(place)


def _place_of_unknown(campaign: Campaign) -> str:
    """Where somebody is taken to be whose zone nobody knows."""
    hours = campaign.hours
    as_campaign = hours != "any" and hours.unknown_zone == "campaign"
    return campaign.schedule.timezone if as_campaign else UNKNOWN_PLACE
