"""Keys, names and numbers stay out of answers, reprs and logs, whatever the provider says."""

import logging
from collections.abc import Iterator

import pytest

from callbeat.providers.answers import Busy, Refused
from callbeat.providers.port import Provider
from tests.contract.asks import ASKS, CHANGES, a_contact, a_new_batch
from tests.contract.stage import Stage, a_stage, hangs_up, resets, says, sends

SECRET = "bn-s3cr3t-key"
PLAYS = {
    "a refusal": says({"error": 400, "message": "no"}, 400),
    "a wrong key": says({"detail": "Not authenticated"}, 403),
    "a server error": says({"error": 500, "message": "Internal server error"}, 500),
    "a redirect": says({}, 302, Location="/elsewhere"),
    "HTML": sends(b"<h1>Just a moment</h1>"),
    "nothing": hangs_up,
    "a reset": resets,
    "a created batch": says({"batch_id": "b", "state": "created"}, 201),
}


@pytest.fixture(scope="module")
def one_stage() -> Iterator[Stage]:
    with a_stage() as one:
        yield one


@pytest.fixture
def stage(one_stage) -> Stage:
    one_stage.asked.clear()
    return one_stage


@pytest.fixture(scope="module")
def provider(one_stage, connected_for_long) -> Provider:
    return connected_for_long(one_stage.address, key=SECRET)


@pytest.mark.parametrize("ask", ASKS)
@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_phone_numbers_in_the_providers_words_are_masked(provider, stage, ask, status):
    """Reasons become events and log lines."""
    stage.play = says({"detail": [{"msg": "not owned", "input": "+919800000001"}]}, status)
    assert "9800000" not in repr(ASKS[ask](provider))


@pytest.mark.parametrize("play", PLAYS)
def test_the_key_is_in_no_answer_repr_or_log(provider, stage, caplog, play):
    """Not even with every library's log at its loudest."""
    caplog.set_level(logging.DEBUG)
    stage.play = PLAYS[play]
    answers = [ask(provider) for ask in ASKS.values()]
    shown = [*map(repr, answers), *map(str, answers), repr(provider), str(provider), caplog.text]
    assert stage.asked[0].headers["authorization"] == f"Bearer {SECRET}"
    assert not [text for text in shown if SECRET in text]


@pytest.mark.parametrize("status", [400, 401, 500])
def test_a_key_that_the_provider_echoes_is_masked(provider, stage, status):
    """'Invalid API key: …' is how many say it, and the reason goes into the log."""
    stage.play = says({"message": f"Invalid API key: {SECRET}"}, status)
    assert not [ask for ask in ASKS if SECRET in repr(ASKS[ask](provider))]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\x00", " \t\n"])
def test_a_key_that_cannot_be_sent_is_shown_nowhere(connected, stage, ending):
    """A key copied with its line end cannot stand in a header, and the library's complaint quotes it."""
    answer = CHANGES["create"](connected(stage.address, key=SECRET + ending))
    assert SECRET not in repr(answer)
    assert type(answer) in {Busy, Refused} or stage.asked


def test_contacts_are_in_no_log(provider, stage, caplog):
    """Numbers and names stay out of logs, the HTTP client's own included."""
    caplog.set_level(logging.DEBUG)
    stage.play = says({"batch_id": "b", "state": "created"}, 201)
    provider.create(a_new_batch(a_contact(number="+919812345678", customer_name="Ada Lovelace")))
    assert caplog.text
    assert "9812345678" not in caplog.text
    assert "Lovelace" not in caplog.text
