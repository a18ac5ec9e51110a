"""Keys, names and numbers stay out of answers, reprs and logs, whatever the provider says."""

import logging
from collections.abc import Iterator

import pytest

from callbeat.providers.answers import Busy, Refused
from callbeat.providers.port import Provider
from tests.contract.asks import ASKS, CHANGES, a_contact, with_start
from tests.contract.party import ADAPTERS, value
from tests.contract.stage import Stage, a_stage, hangs_up, resets, says, sends

SECRET = "s3cr3t-key-of-an-account"
WORKSPACE = "ws-s3cr3t"
EVERY_NAME = pytest.mark.parametrize("name", ADAPTERS)
CREATED = says({"batch_id": "b", "batchId": "b", "id": "b"}, 201)
PLAYS = {
    "a refusal": says({"error": 400, "message": "no"}, 400),
    "a wrong key": says({"detail": "Not authenticated"}, 403),
    "a server error": says({"error": 500, "message": "Internal server error"}, 500),
    "a redirect": says({}, 302, Location="/elsewhere"),
    "HTML": sends(b"<h1>Just a moment</h1>"),
    "nothing": hangs_up,
    "a reset": resets,
    "a created batch": CREATED,
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
def providers(one_stage, connected_for_long) -> dict[str, Provider]:
    def one(name: str) -> Provider:
        over = {"workspace_id": WORKSPACE} if name == "trillet" else {}
        return connected_for_long(one_stage.address, name, key=SECRET, **over)

    return {name: one(name) for name in ADAPTERS}


@EVERY_NAME
@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
@pytest.mark.parametrize(
    "words",
    [
        {"detail": [{"msg": "not owned", "input": "+919800000001"}]},
        {"error": {"code": "bad", "message": "+919800000001 is not owned"}},
        {"title": "Bad", "message": "recipients[0]: +919800000001"},
    ],
)
def test_phone_numbers_in_the_providers_words_are_masked(providers, stage, name, status, words):
    """Reasons become events and log lines."""
    stage.play = says(words, status)
    assert not [ask for ask in ASKS if "9800000" in repr(ASKS[ask](providers[name]))]


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_a_workspace_that_is_quoted_back_is_hidden(providers, stage, status):
    """It is half of what opens the account, and reasons become events and log lines."""
    stage.play = says({"message": f"workspace {WORKSPACE} is not known"}, status)
    answers = [ask(providers["trillet"]) for ask in ASKS.values()]
    assert "is not known" in repr(answers)
    assert WORKSPACE not in repr(answers)


@EVERY_NAME
@pytest.mark.parametrize("play", PLAYS)
def test_the_key_is_in_no_answer_repr_or_log(providers, stage, caplog, name, play):
    """Not even with every library's log at its loudest."""
    caplog.set_level(logging.DEBUG)
    stage.play = PLAYS[play]
    provider = providers[name]
    answers = [ask(provider) for ask in ASKS.values()]
    shown = [*map(repr, answers), *map(str, answers), repr(provider), str(provider), caplog.text]
    assert SECRET in " ".join(stage.asked[0].headers.values())
    assert not [text for text in shown if "s3cr3t" in text]


@EVERY_NAME
def test_neither_key_nor_workspace_is_in_a_url_or_a_body(providers, stage, name):
    """URLs stand in the logs of every proxy on the way."""
    stage.play = CREATED
    for ask in ASKS.values():
        ask(providers[name])
    assert not [asked for asked in stage.asked if "s3cr3t" in asked.path or b"s3cr3t" in asked.body]


@EVERY_NAME
@pytest.mark.parametrize("status", [400, 401, 404, 500])
def test_a_key_that_the_provider_echoes_is_masked(providers, stage, name, status):
    """'Invalid API key: …' is how many say it, and the reason goes into the log."""
    stage.play = says({"message": f"Invalid API key: {SECRET}"}, status)
    assert not [ask for ask in ASKS if SECRET in repr(ASKS[ask](providers[name]))]


@EVERY_NAME
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\x00", " \t\n"])
def test_a_key_that_cannot_be_sent_is_shown_nowhere(connected, stage, name, ending):
    """A key copied with its line end cannot stand in a header, and the library's complaint quotes it."""
    answer = CHANGES["create"](connected(stage.address, name, key=SECRET + ending))
    assert SECRET not in repr(answer)
    assert type(answer) in {Busy, Refused} or stage.asked


@EVERY_NAME
def test_contacts_are_in_no_log(providers, stage, caplog, name):
    """Numbers and names stay out of logs, the HTTP client's own included."""
    caplog.set_level(logging.DEBUG)
    stage.play = CREATED
    contact = a_contact(number="+919812345678", customer_name="Ada Lovelace")
    providers[name].create(with_start(contact))
    assert b"9812345678" in stage.only.body
    assert caplog.text
    assert "9812345678" not in caplog.text
    assert "Lovelace" not in caplog.text


@EVERY_NAME
def test_what_a_page_shows_of_a_call_has_no_number_in_its_error(providers, stage, name):
    """`calls` masks its number column, and must not show it two columns on."""
    words = "The number +919812345678 is unreachable"
    one = {"id": "c", "jobId": "c", "status": "failed", "error": words, "error_message": words}
    detail = {"id": "b", "calls": [one], "recipients": [one], "pagination": {"page": 1, "hasNext": False}}
    stage.play = says([one] if name == "bolna" else detail)
    (seen,) = value(providers[name].list_calls("b")).rows
    assert "unreachable" in seen.error
    assert "9812345678" not in repr(seen)
