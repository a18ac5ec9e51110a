"""A batch that only a person can judge waits, says so, and goes on as that person decides."""

import json
from datetime import timedelta

from tests.integration.campaign_files import numbers
from tests.integration.installation import Installation
from tests.integration.other_server import Batch, OtherServer

PEOPLE = numbers(4)
AGENTS = {
    "placed": "11111111-1111-4111-8111-111111111111",
    "not-placed": "22222222-2222-4222-8222-222222222222",
    "given-up": "33333333-3333-4333-8333-333333333333",
    "too-late": "44444444-4444-4444-8444-444444444444",
}


def test_what_two_lost_creates_leave_is_held_until_somebody_decides(
    elsewhere: Installation, other_server: OtherServer
):
    """Two creates without an answer and a list without a trace: sent a third time it could be the third call."""
    other_server.creates_to_lose, other_server.hidden_for = 100, timedelta(days=2)
    elsewhere.start()
    due = elsewhere.soon(70)
    for name, agent in AGENTS.items():
        late = "0m" if name == "too-late" else "12h"
        elsewhere.campaign(name, PEOPLE, due=due, agent=agent, schedule={"lead": "3h", "late": late})
    elsewhere.spawn("beat")
    elsewhere.spawn("worker")
    batches = {name: str(elsewhere.wait_for_batch(name, "held")["batch"]) for name in AGENTS}
    assert len(other_server.batches) == 2 * len(AGENTS)
    other_server.creates_to_lose, other_server.hidden_for = 0, timedelta(0)

    code, out, _ = elsewhere.callbeat("show", batches["placed"].removesuffix("/1"), "--format", "json")
    assert code == 3
    assert json.loads(out)["needs_attention"] is True
    assert "created 2 times" in json.loads(out)["batches"][0]["reason"]

    code, out, _ = elsewhere.callbeat("show", batches["placed"].removesuffix("/1"))
    assert code == 3
    assert "held: created 2 times without an answer" in out
    assert "next: waits for you" in out
    for act in ("--placed ID_AT_THE_PROVIDER", "--not-placed", "--give-up"):
        assert f"  callbeat resolve '{batches['placed']}' {act}\n" in out

    _is_placed(elsewhere, other_server, batches["placed"])
    _is_not_placed(elsewhere, other_server, batches["not-placed"])
    _is_given_up(elsewhere, other_server, batches["given-up"])
    elsewhere.wait_until(lambda: elsewhere.now() > due, "the last start goes by")
    code, _, err = elsewhere.callbeat("resolve", batches["too-late"], "--not-placed", "--yes")
    assert (code, "is missed now" in err) == (0, True)
    missed = elsewhere.wait_for_run("too-late", "missed")
    assert (missed["reason"], missed["outcomes"]) == ("too_late", {"not_placed": 4})
    dialled = other_server.dialled()
    assert dialled == sorted(PEOPLE * 2)  # those that were placed, and those that were made again


def _of(other_server: OtherServer, name: str) -> list[Batch]:
    return [batch for batch in other_server.batches if batch.agent == AGENTS[name]]


def _is_placed(elsewhere: Installation, other_server: OtherServer, batch: str) -> None:
    """The person has given one of the two a start at the provider, and says which."""
    chosen, extra = _of(other_server, "placed")
    code, _, err = elsewhere.callbeat("resolve", batch, "--placed", chosen.id, "--yes")
    assert (code, "has no start" in err) == (1, True)
    other_server.delete(extra)
    chosen.start = elsewhere.soon(40)
    assert elsewhere.callbeat("resolve", batch, "--placed", "0" * 32, "--yes")[0] == 1
    assert elsewhere.callbeat("resolve", batch, "--placed", chosen.id)[0] == 2
    code, _, err = elsewhere.callbeat("resolve", batch, "--placed", chosen.id, "--yes")
    assert code == 0, err
    run = elsewhere.wait_for_run("placed", "finished")
    assert (run["outcomes"], run["needs_attention"]) == ({"answered": 4}, False)
    assert run["batches"][0]["provider_ref"] == chosen.id
    assert elsewhere.callbeat("resolve", batch, "--give-up", "--yes")[0] == 1  # it is no longer held
    assert any("command line" in event["actor"] for event in elsewhere.show(run["run"])["events"])


def _is_not_placed(elsewhere: Installation, other_server: OtherServer, batch: str) -> None:
    """It goes on from the beginning: looked up, taken over or made anew, and what is too many is removed."""
    code, _, err = elsewhere.callbeat("resolve", batch, "--not-placed", "--yes")
    assert (code, "is ready now" in err) == (0, True), err
    run = elsewhere.wait_for_run("not-placed", "finished")
    assert run["outcomes"] == {"answered": 4}
    assert [one.id for one in _of(other_server, "not-placed")] == [run["batches"][0]["provider_ref"]]


def _is_given_up(elsewhere: Installation, other_server: OtherServer, batch: str) -> None:
    """Nobody will know: that counts as called."""
    code, _, err = elsewhere.callbeat("resolve", batch, "--give-up", "--yes")
    assert (code, "is failed now" in err) == (0, True), err
    run = elsewhere.wait_for_run("given-up", "failed")
    assert run["outcomes"] == {"unknown": 4}
