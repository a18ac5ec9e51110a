"""What an agent found out in a call, flattened to words: names of what is true, and texts. Nothing is trusted."""

from collections.abc import Iterator
from itertools import islice

from callbeat.providers.untrusted import text

MOST_WORDS = 200
LONGEST = 60
DEEPEST = 6
VALUES = frozenset({"value", "objective", "subjective"})  # what a finding says, below its name
YES = frozenset({"true", "yes", "y", "1"})


def findings(value: object) -> tuple[str, ...]:
    """Words of a JSON value: `{"do_not_call": true, "mood": "calm"}` says do_not_call and calm."""
    return tuple(islice(_words(value, None, DEEPEST), MOST_WORDS))


def _words(value: object, name: str | None, deeper: int) -> Iterator[str]:
    if isinstance(value, dict) and deeper:
        for key, part in value.items():
            yield from _words(part, name if key in VALUES else text(key), deeper - 1)
    elif isinstance(value, list) and deeper:
        for part in value:
            yield from _words(part, name, deeper - 1)
    elif isinstance(value, bool | str | int):
        said = "true" if value is True else (text(value) or "").strip()
        yes = said.lower() in YES
        if yes and name is not None and len(name) <= LONGEST:
            yield name
        elif not yes and 0 < len(said) <= LONGEST:
            yield said
