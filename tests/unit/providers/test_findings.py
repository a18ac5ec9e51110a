"""What an agent noted of a call, as words, whatever shape it comes in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.providers.bolna.reading import call_seen as bolna_call
from callbeat.providers.findings import LONGEST, MOST_WORDS, findings
from callbeat.providers.trillet.reading import call_seen as trillet_call
from tests.trying import tried

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, ()),
        ({"do_not_call": True, "mood": "calm"}, ("do_not_call", "calm")),
        ({"do_not_call": False, "dnc": "no", "opt_out": None}, ("no",)),
        ({"do_not_call": "Yes", "dnc": 1}, ("do_not_call", "dnc")),
        ({"Call outcome": {"Disposition": {"objective": "Do not call", "confidence": 0.9}}}, ("Do not call",)),
        ({"Compliance": {"do not call": {"subjective": "true", "reasoning": "x" * 100}}}, ("do not call",)),
        ({"tags": ["dnc", {"value": "later"}]}, ("dnc", "later")),
        ("do_not_call", ("do_not_call",)),
        ("yes", ()),
    ],
)
def test_names_of_what_is_true_and_texts_are_words(value, words):
    """Each workspace names its findings as it likes."""
    assert findings(value) == words


@pytest.mark.slow
@tried(60)
@given(ANYTHING)
def test_nothing_in_a_finding_does_harm(value):
    """It is what a model wrote about what somebody said."""
    words = findings(value)
    assert len(words) <= MOST_WORDS
    assert all(len(word.strip()) > 0 or word for word in words)
    assert all(len(word) <= LONGEST for word in words)


def test_each_provider_says_it_in_its_own_place():
    """And only what a call that is over says."""
    bolna = {"status": "completed", "id": "x", "extracted_data": {"do_not_call": True}}
    assert bolna_call(bolna).said == ("do_not_call",)
    assert bolna_call(bolna | {"status": "in-progress"}).said == ()
    trillet = {"jobId": "j", "status": "completed", "result": {"outcome": "Do not call"}}
    assert trillet_call(trillet).said == ("Do not call",)
    assert "do_not_call" not in repr(bolna_call(bolna))
