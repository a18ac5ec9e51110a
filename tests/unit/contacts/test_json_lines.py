"""Objects that are read a column at a time say what a reader of JSON says of each line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.contacts.json_lines import usual
from callbeat.contacts.json_rows import frame_of, one_by_one
from callbeat.contacts.source import LONGEST_FIELD, Wanted
from callbeat.contacts.table import table_of
from tests.trying import tried

WANTED = Wanted(phone="phone", variables={"name": "name", "n": "a.b"})
KEYS = ("phone", "name", "a.b", "left out")
TABLE = table_of(KEYS, WANTED)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["null", '"', "\\", "a,b", '","', "}", "é東", "\0", "\u2028", [], {}, -0.0, 1e16]),
)
LINES = st.builds(
    lambda values, escaped, tight: json.dumps(
        dict(values), ensure_ascii=escaped, separators=(",", ":") if tight else None
    ),
    st.lists(st.tuples(st.sampled_from([*KEYS, "more"]), VALUES), max_size=5)
    | st.tuples(*(st.tuples(st.just(key), VALUES) for key in KEYS)),
    st.booleans(),
    st.booleans(),
)
ODD = [
    '{"phone": "1", "name": 012, "a.b": 1, "left out": 1}',
    '{"phone": "1", "name": -0, "a.b": 1e3, "left out": 1.50}',
    '{"phone": "1", "name": "\t", "a.b": 1, "left out": 1}',
    ' {"phone" : "1","name":"2",\t"a.b":null , "left out":true}\r',
    '{"phone": "1", "name": "2", "aXb": 3, "left out": 1}',
    '{"phone": "1", "phone": "2", "name": "2", "a.b": 3, "left out": 1}',
    '{"phone": "1", "name": "2", "a.b": 3, "left out": 1} {}',
    '{"phone": "1", "name": "2", "a.b": NaN, "left out": 1}',
    '{"phone": "1", "name": "2", "a.b": [3], "left out": [1]}',
    f'{{"phone": "1", "name": "{"x" * LONGEST_FIELD}y", "a.b": 3, "left out": 1}}',
]


@pytest.mark.slow
@tried(150)
@given(
    lines=st.lists(LINES | st.sampled_from(ODD), max_size=6),
    known=st.sampled_from([None, frozenset(KEYS)]),
    cut=st.integers(0, 3),
)
def test_any_lines_say_what_each_says_by_itself(lines, known, cut):
    """Values, and the reason of every row that is broken; also of lines that are cut off."""
    lines = [line[: len(line) - cut] if at == 1 else line for at, line in enumerate(lines)]
    assert frame_of(lines, TABLE, known).rows() == one_by_one(lines, TABLE, known).rows()


@pytest.mark.parametrize("line", ODD)
def test_what_looks_usual_and_is_not_is_read_by_itself(line):
    """Each is a way in which a pattern and a reader of JSON could differ."""
    assert frame_of([line], TABLE, None).rows() == one_by_one([line], TABLE, None).rows()


def test_usual_lines_are_not_read_one_by_one():
    """A million of them would take a quarter of a minute."""
    usual_ones = [json.dumps(dict.fromkeys(KEYS, value), ensure_ascii=False) for value in ("é", "", 12, True, None)]
    assert usual(usual_ones, TABLE).height == 5
    assert usual([*usual_ones, '{"phone": "\\u00e9"}'], TABLE).height == 5


@pytest.mark.parametrize(
    "others", [[f"c{place}" for place in range(999)], ["half of a sign \ud800"], ['"quoted" \\d+']]
)
def test_keys_that_make_no_good_pattern_are_read_too(others):
    """Very many of them, or signs that stand for something else."""
    keys = ["phone", *others]
    line = json.dumps(dict.fromkeys(keys, "x"))
    assert frame_of([line], table_of(keys, Wanted(phone="phone", variables={})), None).rows() == [(None, "x")]
