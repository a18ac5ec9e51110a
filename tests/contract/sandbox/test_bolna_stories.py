"""What a number's last two digits make of its call, and what auto-retry makes of that."""

import json
from itertools import pairwise

import pytest

from tests.contract.sandbox.asking import ending, follow

ANSWERED = ["initiated", "ringing", "in-progress", "call-disconnected", "completed"]
PATHS = {
    0: ANSWERED,
    59: ANSWERED,
    60: ["initiated", "ringing", "no-answer"],
    68: ["initiated", "ringing", "busy"],
    73: ["initiated", "ringing", "failed"],
    77: ANSWERED,
    83: ["initiated", "ringing", "canceled"],
    85: ["initiated", "error"],
    88: ["balance-low"],
    90: ["rescheduled"],
    93: ["initiated", "ringing", "in-progress"],
    94: ANSWERED,
    98: ANSWERED,
}
RETRIES = {"enabled": True, "max_retries": 2, "retry_intervals_minutes": [15, 30]}


def with_retries(**over):
    return {"retry_config": json.dumps(RETRIES | over)}


def test_the_last_two_digits_choose_the_story(asker):
    """A demo or a test picks its ending by its numbers, as with test card numbers."""
    asker.switch(concurrency=len(PATHS))
    batch = asker.started(*(ending(digits)[0] for digits in PATHS))
    paths = follow(asker, batch, 270, step=1)
    assert dict(zip(PATHS, paths, strict=True)) == PATHS


def test_every_ending_has_a_story_and_most_are_answered(asker):
    """A batch of any numbers looks like an ordinary day."""
    batch = asker.started(*(f"+9198000000{digits:02}" for digits in range(100)))
    asker.advance(3600)
    counts = asker.read(batch)["execution_status"]
    assert sum(counts.values()) == 100
    assert counts["completed"] >= 60
    assert counts.keys() == {
        "completed", "no-answer", "busy", "failed", "canceled", "error", "balance-low", "rescheduled", "in-progress"
    }  # fmt: skip


def test_an_answered_call_shows_what_it_cost_only_once_completed(asker):
    """Duration, cost, recording and data are empty until then; cost is in cents."""
    batch = asker.started(*ending(0), from_phone_numbers="+911140000000")
    before = asker.calls(batch)[0]
    assert (before["conversation_duration"], before["total_cost"], before["transcript"]) == (0, 0, None)
    assert (before["telephony_data"]["recording_url"], before["extracted_data"]) == (None, None)
    asker.advance(600)
    after = asker.calls(batch)[0]
    assert 20 <= after["conversation_duration"] <= 90
    assert after["telephony_data"]["duration"] == str(int(after["conversation_duration"]))
    assert 5 <= after["telephony_data"]["ring_duration"] <= 25
    assert after["total_cost"] == pytest.approx(sum(after["cost_breakdown"].values()))
    assert after["total_cost"] > 1
    assert after["user_number"] == after["telephony_data"]["to_number"] == ending(0)[0]
    assert after["agent_number"] == after["telephony_data"]["from_number"] == "+911140000000"


def test_a_voicemail_is_a_completed_call_with_a_flag(asker):
    """There is no status for it."""
    batch = asker.started(*ending(77), *ending(0))
    asker.advance(600)
    voicemail, person = asker.calls(batch)
    assert (voicemail["status"], voicemail["answered_by_voice_mail"]) == ("completed", True)
    assert (person["status"], person["answered_by_voice_mail"]) == ("completed", False)


def test_a_call_for_which_the_wallet_is_too_low_is_never_dialled(asker):
    """It ends, it says why, and no phone rang."""
    batch = asker.started(*ending(88))
    asker.advance(600)
    call = asker.calls(batch)[0]
    assert (call["status"], asker.dials()) == ("balance-low", [])
    assert "balance" in call["error_message"]


def test_a_soft_end_settles_only_after_two_minutes(asker):
    """call-disconnected looks final and is not."""
    batch = asker.started(*ending(94))
    asker.advance(125)
    assert asker.statuses(batch) == ["call-disconnected"]
    asker.advance(125)
    assert asker.statuses(batch) == ["completed"]


def test_a_long_talk_goes_on_for_ten_minutes(asker):
    """Something to stop a batch in the middle of."""
    batch = asker.started(*ending(97))
    asker.advance(500)
    assert asker.statuses(batch) == ["in-progress"]
    asker.advance(200)
    assert asker.calls(batch)[0]["conversation_duration"] == 600


def test_a_call_that_never_settles_stays_while_its_batch_completes(asker):
    """The documented unreliability: a client must give up by itself."""
    batch = asker.started(*ending(93))
    asker.advance(30 * 86_400)
    assert (asker.read(batch)["status"], asker.statuses(batch)) == ("completed", ["in-progress"])


def test_guardrails_move_a_call_to_the_next_morning(asker):
    """The batch is called completed long before; the call rings a day later."""
    batch = asker.started(*ending(90))
    asker.advance(60)
    assert (asker.read(batch)["status"], asker.statuses(batch)) == ("completed", ["rescheduled"])
    assert asker.dials() == []
    asker.advance(86_400)
    assert asker.statuses(batch) == ["completed"]
    assert [dial["at"] for dial in asker.dials()] == ["2026-12-02T09:00:00+00:00"]


def test_bypassing_the_guardrails_dials_at_once(asker):
    """What the field on schedule is for."""
    asker.started(*ending(90), scheduling={"bypass_call_guardrails": "true"})
    assert [dial["at"] for dial in asker.dials()] == ["2026-12-01T12:10:00+00:00"]


def test_auto_retry_opens_an_ended_call_again_and_the_second_attempt_is_answered(asker):
    """A final status is seen, then taken back: a client that believed it is wrong."""
    numbers = [ending(digits)[0] for digits in (60, 68, 73)]
    batch = asker.started(*numbers, **with_retries())
    before, after = follow(asker, batch, 60, step=1), follow(asker, batch, 1080, step=3)
    assert [path[-2:] for path in before] == [
        ["no-answer", "scheduled"],
        ["busy", "scheduled"],
        ["failed", "scheduled"],
    ]
    assert [path[0] for path in after] == ["scheduled"] * 3
    assert [path[-1] for path in after] == ["completed"] * 3
    assert [dial["attempt"] for dial in asker.dials()] == [1, 1, 1, 2, 2, 2]
    call = asker.calls(batch)[0]
    assert (call["batch_run_details"]["retried"], call["retry_count"]) == (1, 1)
    assert call["retry_history"][0]["status"] == "no-answer"


def test_retries_wait_as_long_as_told_and_the_last_interval_repeats(asker):
    """Their last attempt decides whether calling hours are kept."""
    batch = asker.started(*ending(76), **with_retries(max_retries=3))
    asker.advance(86_400)
    dials = asker.dials()
    assert [dial["attempt"] for dial in dials] == [1, 2, 3, 4]
    minutes = [int(dial["at"][11:13]) * 60 + int(dial["at"][14:16]) for dial in dials]
    assert [later - earlier for earlier, later in pairwise(minutes)] == [15, 30, 30]
    assert asker.statuses(batch) == ["failed"]


def test_a_batch_is_called_completed_while_retries_still_wait(asker):
    """Done needs more than this status; see the documents' contradictions."""
    batch = asker.started(*ending(60), **with_retries())
    asker.advance(120)
    assert (asker.read(batch)["status"], asker.statuses(batch)) == ("completed", ["scheduled"])
    assert asker.calls(batch)[0]["scheduled_at"] is not None


@pytest.mark.parametrize(
    ("digits", "config", "attempts"),
    [
        (85, {}, 1),
        (85, {"retry_on_statuses": ["error"]}, 2),
        (87, {"retry_on_statuses": ["error"]}, 3),
        (77, {}, 1),
        (77, {"retry_on_voicemail": True}, 2),
        (82, {"retry_on_voicemail": True}, 3),
        (60, {"retry_on_statuses": ["busy"]}, 1),
        (66, {"max_retries": 1}, 2),
        (66, {"enabled": False}, 1),
        (83, {}, 1),
        (0, {}, 1),
    ],
)
def test_only_what_the_configuration_names_is_tried_again(asker, digits, config, attempts):
    """One dial too many is a person rung for nothing."""
    asker.started(*ending(digits), **with_retries(**config))
    asker.advance(86_400)
    assert len(asker.dials()) == attempts


def test_a_stop_also_ends_retries_that_wait(asker):
    """Nothing rings after a stop, whatever was promised before."""
    batch = asker.started(*ending(60), *ending(97), **with_retries())
    asker.advance(120)
    assert asker.read(batch)["status"] == "running"
    asker.stop(batch)
    asker.advance(86_400)
    assert asker.statuses(batch) == ["stopped", "completed"]
    assert len(asker.dials()) == 2


def test_a_call_in_the_air_at_a_stop_is_not_tried_again(asker):
    """It ends as it ends."""
    batch = asker.started(*ending(60), **with_retries())
    asker.advance(10)
    asker.stop(batch)
    asker.advance(86_400)
    assert (asker.statuses(batch), len(asker.dials())) == (["no-answer"], 1)


def test_the_same_batch_is_timed_the_same_way_every_time(asker):
    """A failure seen once can be seen again."""
    courses = []
    for _ in range(2):
        asker.control.post("/reset")
        asker.started(*ending(0, 25))
        asker.advance(3600)
        courses.append([(dial["number"], dial["at"]) for dial in asker.dials()])
    assert courses[0] == courses[1]
