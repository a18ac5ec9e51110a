"""How often a person is called: never more than the cap in any span of its period, whoever calls."""

from datetime import datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.campaigns.model import Frequency
from callbeat.runs.frequency import CALLS, often_enough
from tests.factories import DUE
from tests.trying import tried

HOURS = st.integers(0, 24 * 20)
SPANS = st.integers(1, 24 * 8)


def cap(calls: int, per: timedelta, gap: timedelta | None = None) -> Frequency:
    return Frequency(calls=calls, per=per, gap=gap)


def made(*at: datetime, who: str = "a") -> pl.DataFrame:
    return pl.DataFrame({"number_hash": [who] * len(at), "at": list(at)}, schema=CALLS)


def often(calls: pl.DataFrame, start_at: datetime, limit: Frequency, *people: str) -> list[bool]:
    return often_enough(calls, pl.Series(people or ("a",)), start_at, limit).to_list()


DAY, WEEK = timedelta(days=1), timedelta(days=7)


@pytest.mark.parametrize(
    ("limit", "days", "expected"),
    [
        (cap(1, WEEK), [-7], False),  # a week later to the minute: a weekly campaign calls every week
        (cap(1, WEEK), [-6.99], True),
        (cap(1, WEEK), [6.99], True),  # a call that another campaign has planned counts too
        (cap(1, WEEK), [7], False),
        (cap(1, WEEK), [0], True),
        (cap(2, WEEK), [-6, 6], False),  # no week holds all three
        (cap(2, WEEK), [-3, 3], True),
        (cap(2, WEEK), [-6, -1], True),
        (cap(2, WEEK), [1, 6], True),
        (cap(2, WEEK), [-8, -7.5], False),
        (cap(3, WEEK, DAY), [-0.9], True),
        (cap(3, WEEK, DAY), [-1], False),
        (cap(3, WEEK, DAY), [0.9], True),
        (cap(3, WEEK, DAY), [], False),
    ],
)
def test_a_call_more_is_judged_by_every_span_it_falls_into(limit, days, expected):
    """Before and after: a period is not a week of the calendar."""
    assert often(made(*(DUE + DAY * day for day in days)), DUE, limit) == [expected]


def test_each_person_is_judged_alone_and_in_the_order_asked():
    """A frame is answered row by row."""
    calls = pl.concat([made(DUE - DAY, who="b"), made(DUE - DAY, who="x"), made(DUE - WEEK, who="a")])
    assert often(calls, DUE, cap(1, WEEK), "a", "b", "c", "b") == [False, True, False, True]
    assert often(made(), DUE, cap(1, WEEK), "a", "b") == [False, False]
    assert often_enough(calls, pl.Series([], dtype=pl.String), DUE, cap(1, WEEK)).to_list() == []


@tried(40)
@given(asked=st.lists(HOURS, max_size=25), calls=st.integers(1, 4), per=SPANS, gap=st.none() | SPANS)
def test_no_span_ever_holds_more_than_the_cap_and_nobody_is_spared_without_need(asked, calls, per, gap):
    """Campaigns plan in any order, for later and for earlier; each is judged as it comes."""
    span, apart = timedelta(hours=per), timedelta(hours=min(gap, per)) if gap else None
    placed: list[datetime] = []
    for at in (DUE + timedelta(hours=hour) for hour in asked):
        refused = often(made(*placed), at, cap(calls, span, apart))[0]
        assert refused is _breaks([*placed, at], calls, span, apart)
        placed += [] if refused else [at]
        assert not _breaks(placed, calls, span, apart)


def _breaks(times: list[datetime], calls: int, per: timedelta, gap: timedelta | None) -> bool:
    """By trying every span that begins at a call."""
    crowded = any(sum(first <= at < first + per for at in times) > calls for first in times)
    ordered = sorted(times)
    near = gap is not None and any(later - one < gap for one, later in pairwise(ordered))
    return crowded or near
