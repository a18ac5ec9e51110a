"""The rule of `retention`: how long the people of a run are kept once it has ended."""

from datetime import timedelta

from callbeat.campaigns.durations import duration_text, parse_duration
from callbeat.campaigns.places import Place
from callbeat.campaigns.values import parsed

SHORTEST, LONGEST = timedelta(hours=1), timedelta(days=3650)

_read_duration = parsed(parse_duration)


def read_retention(place: Place) -> timedelta | None:
    """How long, or None after noting why not."""
    kept = _read_duration(place)
    if kept is not None and kept < SHORTEST:
        why = "nobody could look at what became of a call before its number is gone"
        place.note(f"retention shorter than {duration_text(SHORTEST)}: {why}", "write 1h or more; 30d is usual")
    elif kept is not None and kept > LONGEST:
        fix = "write 3650d or less; without the key they are kept for ever"
        place.note(f"retention longer than {duration_text(LONGEST)}", fix)
    return kept
