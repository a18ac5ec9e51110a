"""The rules of `frequency` and `opt_out`: how often a person may be called, and how one asks not to be."""

from datetime import timedelta
from typing import Any

from callbeat.campaigns.durations import parse_duration
from callbeat.campaigns.fields import Fields, read_fields
from callbeat.campaigns.keys import FREQUENCY, OPT_OUT
from callbeat.campaigns.model import Frequency, OptOut
from callbeat.campaigns.places import Place
from callbeat.campaigns.values import distinct, given, list_of, parsed, read_text, read_whole_number
from callbeat.campaigns.wording import WordingError, quoted

MOST_CALLS = 1_000
SHORTEST_PERIOD = timedelta(minutes=1)
LONGEST_PERIOD = timedelta(days=366)


def read_frequency(place: Place) -> Frequency | None:
    """How often one person may be called, or None after noting what is wrong."""
    fields = read_fields(place, FREQUENCY)
    if fields is None:
        return None
    values: dict[str, Any] = {
        "calls": fields.read("calls", _calls),
        "per": fields.read("per", parsed(_parse_period)),
        "gap": fields.read("gap", parsed(_parse_period)),
    }
    _note_a_gap_that_is_longer(fields, values["per"], values["gap"])
    return Frequency(**given(values)) if fields.sound else None


def _calls(place: Place) -> int | None:
    calls = read_whole_number(place)
    if calls is not None and calls > MOST_CALLS:
        place.note(f"more than {MOST_CALLS:,} calls to one person", "write fewer, for example 1")
        return None
    return calls


def _parse_period(text: str) -> timedelta:
    period = parse_duration(text)
    if not SHORTEST_PERIOD <= period <= LONGEST_PERIOD:
        raise WordingError(f"{quoted(text)} is not between 1m and 366d", "write for example 7d")
    return period


def _note_a_gap_that_is_longer(fields: Fields, per: timedelta | None, gap: timedelta | None) -> None:
    place = fields.get("gap")
    if place and per and gap and gap > per:
        place.note(
            "the gap is longer than the period, which then never counts", "write a longer per, or a shorter gap"
        )


def read_opt_out(place: Place) -> OptOut | None:
    """By which further words an agent notes that a person asks not to be called again."""
    fields = read_fields(place, OPT_OUT)
    if fields is None:
        return None
    words = fields.read("words", distinct(list_of(_word, least=1)))
    return OptOut(words=words) if words and fields.sound else None


def _word(place: Place) -> str | None:
    """A word is compared by its letters and digits alone: one without any would be in every finding."""
    text = read_text(place)
    if text is not None and not any(sign.isalnum() for sign in text):
        place.note(
            "has neither letters nor digits", "write the name or the value of a finding, such as do_not_call"
        )
        return None
    return text
