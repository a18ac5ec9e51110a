"""A Bolna batch from created to its end: what it shows, and what stop and delete do to it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.sandbox.asking import AGENT, ending

OTHER_AGENT = "11111111-2222-4333-8444-555555555555"
NOT_RUNNING = {"message": "Batch is not queued or running"}


def test_a_new_batch_shows_every_documented_field(asker):
    """Timestamps are naive with microseconds, as in the guide's sample; no start yet."""
    batch = asker.created(*ending(0, 3), from_phone_numbers="+911140000000")
    assert asker.read(batch) == {
        "batch_id": batch,
        "humanized_created_at": "just now",
        "created_at": "2026-12-01T12:00:00.000000",
        "updated_at": "2026-12-01T12:00:00.000000",
        "status": "created",
        "scheduled_at": None,
        "from_phone_number": "+911140000000",
        "from_phone_numbers": ["+911140000000"],
        "file_name": "batch.csv",
        "valid_contacts": 3,
        "total_contacts": 3,
        "execution_status": {"prepared": 3},
    }


def test_a_batch_goes_from_created_to_completed(asker):
    """The documented path, with the queued of the changelog in between."""
    batch = asker.created()
    seen = [asker.read(batch)["status"]]
    asker.schedule(batch)
    for seconds in (0, 599, 1, 2, 600):
        asker.advance(seconds)
        seen.append(asker.read(batch)["status"])
    assert seen == ["created", "scheduled", "scheduled", "queued", "running", "completed"]


def test_updated_at_follows_what_happens(asker):
    """A poller may use it to see that something moved."""
    batch = asker.created()
    asker.advance(60)
    asker.schedule(batch, "2026-12-01T12:05:00+00:00")
    assert asker.read(batch)["updated_at"] == "2026-12-01T12:01:00.000000"
    asker.advance(541)
    assert asker.read(batch)["updated_at"] >= "2026-12-01T12:10:00.000000"


@pytest.mark.parametrize(("seconds", "words"), [(59, "just now"), (60, "1 minute ago"), (7200, "2 hours ago")])
def test_the_age_is_told_in_words(asker, seconds, words):
    """Part of the documented object."""
    batch = asker.created()
    asker.advance(seconds)
    assert asker.read(batch)["humanized_created_at"] == words


def test_at_most_ten_lines_are_busy_at_once(asker):
    """Over-limit calls are queued, not refused."""
    batch = asker.started(*ending(0, 35))
    assert asker.read(batch)["execution_status"] == {"initiated": 10, "queued": 25}
    for _ in range(30):
        asker.advance(10)
        counts = asker.read(batch)["execution_status"]
        assert sum(counts.get(status, 0) for status in ("initiated", "ringing", "in-progress")) <= 10
        assert sum(counts.values()) == 35
    asker.advance(600)
    assert sorted(asker.dialled()) == sorted(ending(0, 35))


def test_the_number_of_lines_can_be_set(asker):
    """A trial account has two."""
    asker.switch(concurrency=2)
    asker.started(*ending(0, 5))
    assert len(asker.dials()) == 2


def test_the_counts_agree_with_the_calls_all_the_way(asker):
    """A poller reads the one and collects the other."""
    batch = asker.started(*(f"+9198000000{digits:02}" for digits in range(0, 100, 3)))
    for _ in range(25):
        statuses = asker.statuses(batch)
        counts = {status: statuses.count(status) for status in statuses}
        assert asker.read(batch)["execution_status"] == counts
        asker.advance(17)


def test_a_list_shows_all_batches_of_one_agent_newest_first(asker):
    """One bare array, unpaged: a single request covers an agent."""
    batches = [asker.created(file_name=f"{place}.csv") for place in range(3)]
    asker.created(agent=OTHER_AGENT)
    rows = asker.bolna.get(f"/batches/{AGENT}/all").json()
    assert [row["batch_id"] for row in rows] == batches[::-1]
    assert rows[0] == asker.read(batches[2])


def test_an_agent_without_batches_has_an_empty_list(asker):
    """Absence is an answer, not an error."""
    assert asker.bolna.get(f"/batches/{OTHER_AGENT}/all").json() == []
    assert asker.bolna.get("/batches/no-uuid/all").status_code == 400


def test_an_id_is_also_found_with_hyphens(asker):
    """Some samples write it as a UUID."""
    batch = asker.created()
    parts = [batch[:8], batch[8:12], batch[12:16], batch[16:20], batch[20:]]
    assert asker.read("-".join(parts))["batch_id"] == batch


@pytest.mark.parametrize("path", ["/batches/{}", "/batches/{}/executions"])
def test_an_unknown_batch_is_not_found(asker, path):
    """Unspecified in the documents; 404 with the general error body."""
    answer = asker.bolna.get(path.format("f" * 32))
    assert (answer.status_code, answer.json()) == (404, {"error": 404, "message": "Batch not found"})


def test_a_stop_ends_dialling_but_not_the_calls_in_the_air(asker):
    """Nobody is dialled after it; whoever is talking talks on."""
    batch = asker.started(*ending(0, 30))
    answer = asker.stop(batch)
    assert (answer.status_code, answer.json()) == (200, {"message": "success", "state": "stopped"})
    assert asker.read(batch)["status"] == "stopped"
    assert asker.read(batch)["execution_status"] == {"initiated": 10, "stopped": 20}
    asker.advance(3600)
    assert asker.read(batch)["execution_status"] == {"completed": 10, "stopped": 20}
    assert len(asker.dials()) == 10


@pytest.mark.parametrize(("schedule", "advance"), [(False, 0), (True, 0), (True, 599), (True, 4000)])
def test_only_a_queued_or_running_batch_can_be_stopped(asker, schedule, advance):
    """The documented 404, whose body has no error number."""
    batch = asker.created()
    if schedule:
        asker.schedule(batch)
    asker.advance(advance)
    before = asker.read(batch)["status"]
    assert (asker.stop(batch).status_code, asker.stop(batch).json()) == (404, NOT_RUNNING)
    assert asker.read(batch)["status"] == before


def test_a_second_stop_finds_nothing_to_stop(asker):
    """A client that lost the first answer sees this one."""
    batch = asker.started()
    assert [asker.stop(batch).status_code for _ in range(2)] == [200, 404]


def test_of_many_stops_at_once_exactly_one_succeeds(asker):
    """Requests side by side see whole states only."""
    batch = asker.started(*ending(0, 30))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: asker.stop(batch).status_code, range(16)))
    assert sorted(answers) == [200] + [404] * 15


def test_where_stop_works_on_a_scheduled_batch_nothing_dials(asker):
    """Undecided in the documents; the vendor's tool list says it works."""
    asker.switch(stop_on_scheduled=True)
    batch = asker.created()
    assert asker.stop(batch).status_code == 404
    asker.schedule(batch)
    assert asker.stop(batch).status_code == 200
    asker.advance(86_400)
    assert (asker.statuses(batch), asker.dials()) == (["stopped"], [])


def test_a_deleted_batch_is_gone_and_never_dials(asker):
    """What a client falls back to when stop refuses."""
    batch = asker.created()
    asker.schedule(batch)
    call = asker.calls(batch)[0]["id"]
    answer = asker.bolna.delete(f"/batches/{batch}")
    assert (answer.status_code, answer.json()) == (200, {"message": "success", "state": "deleted"})
    assert asker.listed() == []
    paths = [f"/batches/{batch}", f"/batches/{batch}/executions", f"/executions/{call}"]
    assert [asker.bolna.get(path).status_code for path in paths] == [404, 404, 404]
    assert asker.bolna.delete(f"/batches/{batch}").status_code == 404
    assert asker.stop(batch).status_code == 404
    asker.advance(86_400)
    assert asker.dials() == []


def test_deleting_a_running_batch_stops_it_and_forgets_no_dial(asker):
    """Who was rung stays rung, whatever becomes of the batch."""
    batch = asker.started(*ending(0, 30))
    asker.bolna.delete(f"/batches/{batch}")
    asker.advance(3600)
    assert len(asker.dials()) == 10
    assert {dial["batch"] for dial in asker.dials()} == {batch}
