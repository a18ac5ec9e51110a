"""The same against another faithful server, with troubles that our own sandbox does not combine."""

from datetime import timedelta

from tests.integration.campaign_files import numbers
from tests.integration.installation import Installation
from tests.integration.other_server import OtherServer

PEOPLE = numbers(4)


def test_a_run_works_the_same_at_any_other_faithful_server(elsewhere: Installation, other_server: OtherServer):
    """What was only ever tried against its own sandbox might fit nothing else."""
    elsewhere.start()
    due = elsewhere.soon()
    elsewhere.campaign("renewals", PEOPLE, due=due)
    elsewhere.spawn("beat")
    elsewhere.spawn("worker")

    run = elsewhere.wait_for_run("renewals", "finished")
    assert (run["start_at"], run["outcomes"]) == (due.isoformat(), {"answered": 4})
    assert run["cost"] == "0.1280"
    assert [batch["state"] for batch in run["batches"]] == ["finished"]
    assert other_server.dialled() == PEOPLE
    assert [call["seconds"] for call in elsewhere.calls(run["run"])] == [42, 42, 42, 42]


def test_a_lost_create_that_shows_itself_late_is_deleted_and_nobody_is_called_twice(
    elsewhere: Installation, other_server: OtherServer
):
    """A list that lags looks like proof of absence; the second batch it leads to must not dial beside the first."""
    other_server.creates_to_lose, other_server.hidden_for = 1, timedelta(minutes=14)
    elsewhere.start()
    due = elsewhere.soon(50)
    elsewhere.campaign("renewals", PEOPLE, due=due, schedule={"lead": "90m", "late": "2h"})
    elsewhere.spawn("beat")
    elsewhere.spawn("worker")

    run = elsewhere.wait_for_run("renewals", "finished")
    assert run["outcomes"] == {"answered": 4}
    assert other_server.dialled() == PEOPLE
    assert len(other_server.batches) + len(other_server.deleted) == 2
    assert [batch.id for batch in other_server.batches] == [run["batches"][0]["provider_ref"]]
    assert "a second batch with our label" in elsewhere.whys(run["run"])


def test_a_start_that_never_arrived_is_asked_for_once_more_with_the_same_words(
    elsewhere: Installation, other_server: OtherServer
):
    """A lost schedule may have been taken: only two read-backs without a start permit another."""
    other_server.schedules_to_ignore = 1
    elsewhere.start()
    elsewhere.campaign("renewals", PEOPLE, due=elsewhere.soon(40), schedule={"lead": "60m"})
    elsewhere.spawn("beat")
    elsewhere.spawn("worker")

    run = elsewhere.wait_for_run("renewals", "finished")
    asked = [line for line in elsewhere.whys(run["run"]).splitlines() if line.startswith("asked for")]
    assert len(asked) == 2
    assert len(set(asked)) == 1
    assert other_server.dialled() == PEOPLE


def test_two_starts_that_never_arrived_are_a_matter_for_a_person(
    elsewhere: Installation, other_server: OtherServer
):
    """A provider that twice showed nothing of a start may yet act on both: nobody but a person can tell."""
    other_server.schedules_to_ignore = 2
    elsewhere.start()
    elsewhere.campaign("renewals", PEOPLE, due=elsewhere.soon(60), schedule={"lead": "3h", "late": "12h"})
    elsewhere.spawn("beat")
    elsewhere.spawn("worker")

    batch = elsewhere.wait_for_batch("renewals", "held")
    assert "scheduled 2 times" in batch["reason"]
    assert other_server.dialled() == []
    key = str((elsewhere.the_run("renewals") or {})["run"])
    code, out, _ = elsewhere.callbeat("show", key)
    assert code == 3
    assert f"callbeat resolve '{key}/1' --not-placed" in out
    assert elsewhere.callbeat("resolve", f"{key}/1", "--not-placed", "--yes")[0] == 0
    run = elsewhere.wait_for_run("renewals", "finished")
    assert run["outcomes"] == {"answered": 4}
    assert other_server.dialled() == PEOPLE
    assert len(other_server.batches) == 1
