"""Cartesia's single calls and their pages, recordings, and the phone numbers to call from."""

import io
import re
import wave

import pytest

from tests.contract.sandbox.cartesia_asking import AGENT, a_fresh_client, ending, refused

CALLS = "/agents/calls"


@pytest.fixture
def cartesia(address):
    with a_fresh_client(address) as one:
        yield one


def page(cartesia, **query):
    return cartesia.api.get(CALLS, params=query)


def only_call(cartesia, batch):
    return cartesia.recipients(batch)[0]["agent_call_id"]


def read(cartesia, call):
    return cartesia.api.get(f"{CALLS}/{call}").json()


def test_a_call_goes_from_created_to_its_end_and_tells_more_as_it_goes(cartesia):
    """What is not known yet is left out."""
    batch = cartesia.created(recipients=[{"to_number": ending(97)[0], "metadata": {"row": 7}}])
    call = only_call(cartesia, batch)
    assert re.fullmatch("ac_[0-9A-Za-z]{22}", call)
    created = read(cartesia, call)
    assert created == {
        "id": call,
        "agent_id": AGENT,
        "agent_name": "Pretended agent",
        "status": "created",
        "start_time": "2026-12-01T12:00:00Z",
        "telephony_params": created["telephony_params"],
        "telephony_account_type": "cartesia",
        "metadata": {"row": 7},
    }
    assert created["telephony_params"]["to"] == ending(97)[0]
    assert created["telephony_params"]["direction"] == "outbound"
    cartesia.advance(30)
    assert read(cartesia, call) == {**created, "status": "started"}
    cartesia.advance(700)
    ended = read(cartesia, call)
    assert (ended["status"], ended["end_reason"]) == ("completed", cartesia.recipients(batch)[0]["end_reason"])
    assert {"end_time", "summary", "transcript"} <= ended.keys()
    assert ended["transcript"][-1]["end_timestamp"] == 600


def test_a_call_that_was_never_answered_has_neither_transcript_nor_recording(cartesia):
    """It failed before connecting; its end is known all the same."""
    batch = cartesia.created(*ending(60))
    cartesia.advance(100)
    call = read(cartesia, only_call(cartesia, batch))
    assert (call["status"], call["end_reason"], call["end_time"]) == (
        "failed",
        "dial_no_answer",
        "2026-12-01T12:01:00Z",
    )
    assert not {"transcript", "summary", "error_message"} & call.keys()
    assert refused(cartesia.api.get(f"{CALLS}/{call['id']}/audio"), "Recording not found", status=404)


def test_an_error_is_told_in_words(cartesia):
    """The only ending with a message of its own."""
    batch = cartesia.created(*ending(85))
    cartesia.advance(10)
    assert "error_message" in read(cartesia, only_call(cartesia, batch))


def test_calls_may_start_when_they_are_answered(cartesia):
    """Which of the two is meant is not documented: the end minus the start may include the ringing."""
    cartesia.switch(call_start="answered")
    batch = cartesia.created(*ending(97), *ending(66))
    answered, unanswered = (one["agent_call_id"] for one in cartesia.recipients(batch))
    assert "start_time" not in read(cartesia, answered)
    cartesia.advance(100)
    assert read(cartesia, answered)["start_time"] > "2026-12-01T12:00:00Z"
    assert "start_time" not in read(cartesia, unanswered)


def test_an_older_sdk_knows_other_words_for_a_calls_status(cartesia):
    """active, completed, failed and cancelled."""
    cartesia.switch(call_statuses="stale")
    batch = cartesia.created(*ending(97, 2), *ending(0), *ending(60))
    seen = {call["status"] for call in cartesia.calls(batch_id=batch)}
    cartesia.advance(100)
    cartesia.api.post(f"{CALLS}/{only_call(cartesia, batch)}/cancel")
    cartesia.advance(100)
    statuses = [call["status"] for call in cartesia.calls(batch_id=batch)]
    assert seen == {"active"}
    assert statuses == ["failed", "completed", "active", "cancelled"]


def test_a_calls_metadata_may_be_missing(cartesia):
    """One text ties it to the recipient, one to the agent's code."""
    cartesia.switch(call_metadata=False)
    batch = cartesia.created(recipients=[{"to_number": ending(0)[0], "metadata": {"row": 7}}])
    assert "metadata" not in cartesia.calls(batch_id=batch)[0]
    assert cartesia.recipients(batch)[0]["metadata"] == {"row": 7}


def test_calls_are_listed_newest_first_one_for_each_attempt_that_was_dialled(cartesia):
    """Who failed before dialling does not appear, nor who still waits."""
    batch = cartesia.created(*ending(0), *ending(88), *ending(1, 3), target_concurrency_limit=2)
    assert [call["telephony_params"]["to"] for call in cartesia.calls(batch_id=batch)] == [
        *ending(1, 1), *ending(0)
    ]  # fmt: skip
    cartesia.advance(3600)
    times = [call["start_time"] for call in cartesia.calls(batch_id=batch)]
    assert len(times) == 4
    assert times == sorted(times, reverse=True)


def test_a_batch_or_an_agent_must_be_named(cartesia):
    """One of the two is required; both together must fit."""
    ours, other = cartesia.created(*ending(0, 2)), cartesia.created(agent_id="agent_other")
    assert refused(page(cartesia), "batch_id or agent_id")
    assert len(cartesia.calls(agent_id=AGENT)) == 2
    assert len(cartesia.calls(agent_id="agent_other")) == 1
    assert len(cartesia.calls(agent_id=AGENT, batch_id=ours)) == 2
    assert cartesia.calls(agent_id=AGENT, batch_id=other) == []
    assert cartesia.calls(agent_id="agent_none") == []


def test_an_unknown_batch_agent_or_call_is_not_found(cartesia):
    """As documented."""
    assert refused(page(cartesia, batch_id="acb_x"), "Batch", status=404)
    assert refused(page(cartesia, agent_id="x"), "Agent", status=404)
    for call in ("ac_x", "ac_", "x", "ac_" + "0" * 22):
        assert refused(cartesia.api.get(f"{CALLS}/{call}"), "Call", status=404)
        assert refused(cartesia.api.get(f"{CALLS}/{call}/audio"), status=404)
        assert refused(cartesia.api.post(f"{CALLS}/{call}/cancel"), status=404)


def test_a_call_to_come_cannot_be_guessed(cartesia):
    """It does not exist before it is dialled."""
    batch = cartesia.created(*ending(97, 2), target_concurrency_limit=1)
    call = only_call(cartesia, batch)
    coming = call[:19] + "000101"
    assert cartesia.api.get(f"{CALLS}/{coming}").status_code == 404
    cartesia.advance(700)
    assert cartesia.recipients(batch)[1]["agent_call_id"] == coming
    assert cartesia.api.get(f"{CALLS}/{coming}").status_code == 200
    for almost in (call[:-2], call + "0", call.upper(), call[:-1] + "9"):
        assert cartesia.api.get(f"{CALLS}/{almost}").status_code == 404


def test_pages_of_calls_follow_each_other(cartesia):
    """Ten unless told; every call once."""
    batch = cartesia.created(*ending(0, 25), target_concurrency_limit=3)
    cartesia.advance(86_400)
    whole = [call["id"] for call in cartesia.calls(batch_id=batch)]
    assert len(page(cartesia, batch_id=batch).json()["data"]) == 10
    found, cursor = [], {}
    while cursor is not None:
        answer = page(cartesia, batch_id=batch, limit=7, **cursor).json()
        found += [call["id"] for call in answer["data"]]
        cursor = {"starting_after": answer["next_page"]} if answer["has_more"] else None
    assert found == whole
    before = page(cartesia, batch_id=batch, ending_before=whole[3]).json()
    assert ([call["id"] for call in before["data"]], before["has_more"]) == (whole[:3], False)


def test_calls_can_be_narrowed_by_their_start(cartesia):
    """Both ends belong to it."""
    batch = cartesia.created(*ending(97, 3), target_concurrency_limit=1)
    cartesia.advance(3600)
    times = sorted(call["start_time"] for call in cartesia.calls(batch_id=batch))
    assert len(cartesia.calls(batch_id=batch, start_time_gte=times[1])) == 2
    assert len(cartesia.calls(batch_id=batch, start_time_lte=times[1])) == 2
    assert len(cartesia.calls(batch_id=batch, start_time_gte=times[1], start_time_lte=times[1])) == 1
    assert cartesia.calls(batch_id=batch, start_time_gte="2026-12-02T00:00:00+05:30") == []


def test_transcripts_come_when_asked_for(cartesia):
    """A list is light unless expanded; a single call always has its own."""
    batch = cartesia.created(*ending(0))
    cartesia.advance(200)
    (plain,), (full,) = cartesia.calls(batch_id=batch), cartesia.calls(batch_id=batch, expand="transcript")
    assert "transcript" not in plain
    assert full == read(cartesia, plain["id"])
    assert {turn["role"] for turn in full["transcript"]} == {"assistant", "user"}


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 101},
        {"starting_after": "ac_x"},
        {"ending_before": ""},
        {"expand": "summary"},
        {"start_time_gte": "yesterday"},
        {"start_time_lte": "2026-12-01T12:00:00"},
    ],
)
def test_a_query_that_cannot_be_is_refused(cartesia, query):
    """By its name."""
    assert refused(page(cartesia, agent_id=AGENT, **query), next(iter(query)))


def test_a_started_call_can_be_cancelled(cartesia):
    """It ends at once, by api_cancelled, and its line is free for the next."""
    batch = cartesia.created(*ending(97, 2), target_concurrency_limit=1)
    cartesia.advance(100)
    call = only_call(cartesia, batch)
    answer = cartesia.api.post(f"{CALLS}/{call}/cancel")
    assert (answer.status_code, answer.json()) == (200, {"cancelled": True})
    ended = read(cartesia, call)
    assert (ended["status"], ended["end_reason"]) == ("completed", "api_cancelled")
    assert ended["end_time"] == "2026-12-01T12:01:40Z"
    assert cartesia.statuses(batch) == ["completed", "dispatched"]
    assert [dial["at"][11:19] for dial in cartesia.dials()] == ["12:00:00", "12:01:40"]


def test_only_started_calls_can_be_cancelled(cartesia):
    """Neither one that rings nor one that is over."""
    batch = cartesia.created(*ending(97))
    call = only_call(cartesia, batch)
    assert refused(cartesia.api.post(f"{CALLS}/{call}/cancel"), "started")
    cartesia.advance(700)
    assert refused(cartesia.api.post(f"{CALLS}/{call}/cancel"), "started")


def test_a_cancelled_call_is_not_called_again(cartesia):
    """Somebody ended it on purpose: it is completed, and a retry leaves it alone."""
    batch = cartesia.created(*ending(97))
    cartesia.advance(100)
    cartesia.api.post(f"{CALLS}/{only_call(cartesia, batch)}/cancel")
    assert refused(cartesia.api.post(f"{CALLS}/{only_call(cartesia, batch)}/cancel"), "started")
    cartesia.retry(batch)
    cartesia.advance(3600)
    assert len(cartesia.dials()) == 1


def test_a_call_that_never_settles_can_be_cancelled(cartesia):
    """The way to be rid of it."""
    batch = cartesia.created(*ending(93))
    cartesia.advance(86_400)
    assert cartesia.api.post(f"{CALLS}/{only_call(cartesia, batch)}/cancel").status_code == 200
    assert cartesia.counters(batch) == ("completed", 1, 1)


def test_a_recording_is_a_wav_once_the_call_has_ended(cartesia):
    """A real file, and silent."""
    batch = cartesia.created(*ending(97))
    path = f"{CALLS}/{only_call(cartesia, batch)}/audio"
    cartesia.advance(100)
    assert refused(cartesia.api.get(path), "Recording not found", status=404)
    cartesia.advance(700)
    answer = cartesia.api.get(path)
    assert answer.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(answer.content)) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getnframes()) == (1, 8000, 800)


def test_phone_numbers_are_listed_by_the_page(cartesia):
    """Where a client finds the id to call from."""
    answer = cartesia.api.get("/agents/phone-numbers").json()
    assert answer.keys() == {"data", "has_more"}
    numbers = [number["id"] for number in answer["data"]]
    assert numbers == ["pn_main", "ap_second", "pn_sip_trunk", "pn_inbound_only"]
    assert answer["data"][0]["number"] == "+14155550100"
    first = cartesia.api.get("/agents/phone-numbers", params={"limit": 2}).json()
    assert (len(first["data"]), first["has_more"]) == (2, True)
    rest = cartesia.api.get("/agents/phone-numbers", params={"starting_after": numbers[1]}).json()
    assert ([number["id"] for number in rest["data"]], rest["has_more"]) == (numbers[2:], False)
    assert refused(cartesia.api.get("/agents/phone-numbers", params={"limit": 0}), "limit")


def test_a_call_names_the_number_it_came_from(cartesia):
    """By what the list says; any other id has a number of its own."""
    batch = cartesia.created(from_number_id="pn_sip_trunk")
    (call,) = cartesia.calls(batch_id=batch)
    assert (call["telephony_params"]["from"], call["telephony_account_type"]) == ("+442079460100", "sip_trunk")
    (other,) = cartesia.calls(batch_id=cartesia.created())
    assert re.fullmatch(r"\+1415556\d{4}", other["telephony_params"]["from"])


def test_an_unknown_number_is_not_listed(cartesia):
    """The switch takes it away everywhere."""
    cartesia.switch(unknown_numbers=["pn_main"])
    assert cartesia.api.get("/agents/phone-numbers").json()["data"][0]["id"] == "ap_second"
