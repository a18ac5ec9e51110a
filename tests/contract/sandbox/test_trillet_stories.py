"""What a number's last two digits make of its Trillet call, and what smart callback makes of that."""

import re
from datetime import datetime

import pytest

from tests.contract.sandbox.asking import ROOT, ending
from tests.contract.sandbox.trillet_asking import NOON_IN_MILLIS, an_emptied_asker, callback, every_ending, follow

HOUR = 3600
STORIES = {  # status, error, outcome
    0: ("completed", None, "successful"),
    59: ("completed", None, "successful"),
    60: ("failed", "No answer", None),
    66: ("failed", "No answer", None),
    68: ("failed", "Number busy", None),
    72: ("failed", "Number busy", None),
    73: ("failed", "Number unreachable", None),
    76: ("failed", "Number unreachable", None),
    77: ("completed", None, "voicemail"),
    82: ("completed", None, "voicemail"),
    83: ("failed", "Call rejected", None),
    85: ("failed", "Failed to initiate call", None),
    87: ("failed", "Failed to initiate call", None),
    88: ("failed", "Insufficient credits", None),
    90: ("completed", None, None),
    93: ("active", None, None),
    94: ("completed", None, "successful"),
    97: ("completed", None, "successful"),
    98: ("completed", None, "successful"),
}


@pytest.fixture
def trillet(address):
    with an_emptied_asker(address) as one:
        yield one


def whole_calls(trillet, batch):
    return [trillet.call(batch, call["jobId"]) for call in trillet.calls(batch)]


def test_the_last_two_digits_choose_the_story(trillet):
    """A demo or a test picks its ending by its numbers."""
    trillet.switch(concurrency=len(STORIES))
    batch = trillet.created(*(ending(digits)[0] for digits in STORIES))
    trillet.advance(HOUR)
    told = [
        (call["status"], call.get("error"), call.get("result", {}).get("outcome"))
        for call in whole_calls(trillet, batch)
    ]
    assert dict(zip(STORIES, told, strict=True)) == STORIES


def test_every_call_goes_one_of_three_ways(trillet):
    """Only the four documented words, and never back without smart callback."""
    trillet.switch(concurrency=60)
    batch = trillet.created(*every_ending())
    paths = {tuple(path) for path in follow(trillet, batch, 1200, step=20)}
    ways = {
        ("active", "completed"),
        ("active", "failed"),
        ("waiting", "active", "completed"),
        ("waiting", "active", "failed"),
        ("waiting", "failed"),
        ("active",),
        ("waiting", "active"),
        ("waiting", "completed"),
    }
    assert paths <= ways
    assert trillet.progress(batch)["completed"] >= 70


def test_a_call_without_credit_is_never_dialled(trillet):
    """It ends, it says why, it has no times; and smart callback leaves it alone."""
    batch = trillet.created(*ending(88), smartCallbackConfig=callback())
    trillet.advance(10 * HOUR)
    (call,) = trillet.calls(batch)
    assert call.keys() == {"jobId", "status", "phone_number", "error", "metadata"}
    assert (trillet.dials(), trillet.read(batch)["status"]) == ([], "completed")


def test_a_call_that_never_settles_keeps_its_batch_from_completing(trillet):
    """A client must give up by itself. Its line is free again: others are not held up."""
    trillet.switch(concurrency=1)
    batch = trillet.created(*ending(93), *ending(0))
    trillet.advance(30 * 86_400)
    assert trillet.statuses(batch) == ["active", "completed"]
    now = trillet.read(batch)
    assert (now["status"], now["isComplete"], now["progress"]["completedTime"]) == ("processing", False, None)


def test_a_late_end_stays_active_two_minutes_after_it_hung_up(trillet):
    """The end that it tells is older than the change of its status."""
    batch = trillet.created(*ending(94))
    trillet.advance(119)
    assert trillet.statuses(batch) == ["active"]
    trillet.advance(121)
    (call,) = trillet.calls(batch)
    assert call["endTime"] <= NOON_IN_MILLIS + 115_000
    assert call["endTime"] + 120_000 == trillet.progress(batch)["lastCompletedTime"]


def test_a_long_talk_goes_on_for_ten_minutes(trillet):
    """Something to cancel a batch in the middle of."""
    batch = trillet.created(*ending(97))
    trillet.advance(600)
    assert trillet.statuses(batch) == ["active"]
    trillet.advance(30)
    assert trillet.statuses(batch) == ["completed"]
    assert trillet.calls(batch)[0]["duration"] >= 600


def test_smart_callback_opens_a_failed_job_again_and_the_second_attempt_is_answered(trillet):
    """A final status is seen, then taken back: a client that believed it is wrong."""
    numbers = [ending(digits)[0] for digits in (60, 68, 73, 85)]
    batch = trillet.created(*numbers, smartCallbackConfig=callback(3, 1))
    before = follow(trillet, batch, 60, step=1)
    assert before == [["active", "failed", "waiting"]] * 4
    assert trillet.read(batch)["status"] == "processing"
    trillet.advance(HOUR + 300)
    assert trillet.statuses(batch) == ["completed"] * 4
    assert [dial["attempt"] for dial in trillet.dials()] == [1] * 4 + [2] * 4
    assert trillet.read(batch)["progress"]["total"] == 4
    assert trillet.read(batch)["status"] == "completed"


def test_a_job_that_waits_for_its_retry_shows_no_times(trillet):
    """It is waiting, as if it had never rung."""
    batch = trillet.created(*ending(60), smartCallbackConfig=callback())
    trillet.advance(60)
    (call,) = trillet.calls(batch)
    assert call.keys() == {"jobId", "status", "phone_number", "metadata"}


def test_a_batch_is_not_complete_between_a_failure_and_its_retry(trillet):
    """Not even in the seconds in which all its calls look final."""
    batch = trillet.created(*ending(68), smartCallbackConfig=callback())
    for _ in range(30):
        assert trillet.read(batch)["isComplete"] is False
        trillet.advance(1)


@pytest.mark.parametrize(("attempts", "dialled"), [(1, 1), (2, 2), (3, 3), (5, 5)])
def test_max_attempts_counts_the_first_attempt_too(trillet, attempts, dialled):
    """As the sample says: unable to connect after 3 attempts."""
    batch = trillet.created(*ending(72), smartCallbackConfig=callback(attempts, 1, 2))
    trillet.advance(10 * 86_400)
    assert [dial["attempt"] for dial in trillet.dials()] == list(range(1, dialled + 1))
    words = "Number busy" if attempts == 1 else f"Number busy - unable to connect after {attempts} attempts"
    assert [call["error"] for call in trillet.calls(batch)] == [words]


def test_gaps_run_from_a_calls_end_and_the_last_one_repeats(trillet):
    """Fewer gaps than attempts are documented; the last retry decides whether calling hours are kept."""
    gaps = {"gaps": [{"days": 1, "hours": 0}, {"days": 0, "hours": 2}]}
    batch = trillet.created(*ending(66), smartCallbackConfig=callback(5, **gaps))
    waits = []
    for gap in (86_400, 2 * HOUR, 2 * HOUR, 2 * HOUR):
        trillet.advance(40)
        ended = trillet.progress(batch)["recent_calls"][0]["failedAt"]
        trillet.advance(gap)
        again = datetime.fromisoformat(trillet.dials()[-1]["at"]).timestamp()
        waits.append(again - ended / 1000)
    assert waits == [86_400, 2 * HOUR, 2 * HOUR, 2 * HOUR]
    trillet.advance(10 * 86_400)
    assert len(trillet.dials()) == 5


@pytest.mark.parametrize(
    ("digits", "attempts"),
    [(0, 1), (60, 2), (66, 3), (77, 1), (82, 1), (83, 3), (85, 2), (87, 3), (90, 1), (93, 1)],
)
def test_only_failed_calls_are_tried_again(trillet, digits, attempts):
    """A completed job is not, voicemail or not."""
    trillet.created(*ending(digits), smartCallbackConfig=callback(3))
    trillet.advance(86_400)
    assert len(trillet.dials()) == attempts


@pytest.mark.parametrize(
    "config", [None, '{"enabled": false, "maxAttempts": 3, "gaps": [{"days": 0, "hours": 1}]}']
)
def test_without_smart_callback_nobody_is_tried_again(trillet, config):
    """Absent and disabled are the same."""
    batch = trillet.created(*ending(60, 3), **({"smartCallbackConfig": config} if config else {}))
    trillet.advance(86_400)
    assert (len(trillet.dials()), trillet.statuses(batch)) == (3, ["failed"] * 3)


def test_the_same_batch_is_timed_the_same_way_every_time(trillet):
    """A failure seen once can be seen again."""
    courses = []
    for _ in range(2):
        trillet.reset()
        trillet.created(*ending(0, 25))
        trillet.advance(HOUR)
        courses.append([(dial["number"], dial["at"]) for dial in trillet.dials()])
    assert courses[0] == courses[1]


def test_one_long_step_and_many_short_ones_come_to_the_same(trillet):
    """A state is computed from the plan and the clock, however often it was read in between."""
    seen = []
    for steps in (1, 40):
        trillet.reset()
        batch = trillet.created(*every_ending(), smartCallbackConfig=callback(2, 0.1), file_name="same.csv")
        for _ in range(steps):
            trillet.advance(1200 / steps)
            now = trillet.progress(batch)
        seen.append({name: now[name] for name in now if name != "recent_calls"})
    assert seen[0] == seen[1]


def test_the_readme_and_the_page_tell_the_same_stories_and_switches(trillet):
    """Whoever picks a number by the table must get that story."""
    readme = (ROOT / "sandbox" / "trillet" / "README.md").read_text(encoding="utf-8")
    page = trillet.control.get("/").text
    table = page[page.index("<h3>trillet</h3>") :].partition("</table>")[0]
    rows = re.findall(r"<tr><td>([^<]*)</td><td>([^<]*)</td></tr>", table)
    assert len(rows) == 18
    for digits, words in rows:
        assert f"| {digits} | {words} |" in readme
    for switch in trillet.control.get("/switches").json()["trillet"]:
        assert f"| `{switch}` |" in readme
