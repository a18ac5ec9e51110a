"""What the bench of a herd counts, without the herd: python -m bench.herd --small takes its twenty seconds."""

from collections import Counter
from datetime import timedelta

from bench.figures import table
from bench.herd import FULL, Seen, figures, most_in_a_minute
from tests.factories import DUE, seconds

ALL_WELL = Seen(FULL.runs, 0, Counter(), FULL.runs, FULL.a_minute, 0, 6 * FULL.runs)
CROWD = Seen(120, 40, Counter(too_late=140), FULL.crowd, 60, 0, 900)


def test_the_most_in_a_minute_is_that_of_every_sliding_one():
    """Not of those on the clock: the last seconds of one and the first of the next are within a minute."""
    at = [DUE + seconds(s) for s in (0, 50, 55, 61, 109, 110, 200)]
    assert most_in_a_minute(at) == 4
    assert most_in_a_minute([]) == 0
    assert most_in_a_minute([DUE, DUE + timedelta(minutes=1)]) == 1


def test_a_herd_has_met_its_aim_only_within_the_limit():
    """All started, and one request too many in some minute, or one that was turned away, is not enough."""
    met = [
        next(figures(FULL, {"bolna": bolna, "trillet": CROWD})).met
        for bolna in (ALL_WELL, _but(on_time=999), _but(most=FULL.a_minute + 1), _but(turned_away=1))
    ]
    assert met == [True, False, False, False]


def test_the_crowd_has_met_its_aim_when_every_run_is_decided():
    """That some are missed is as it must be, and is said."""
    _, crowd = figures(FULL, {"bolna": ALL_WELL, "trillet": CROWD})
    assert crowd.met
    assert "140 not started; {'too_late': 140}" in crowd.ours
    assert "60 requests a minute" in table([crowd])


def _but(**over: int) -> Seen:
    return Seen(**{name: getattr(ALL_WELL, name) for name in Seen.__slots__} | over)
