"""Bolna's single calls: reading them one by one or by the page, and stopping them."""

import uuid

import pytest

from tests.contract.sandbox.asking import AGENT, ending

WINDOW = {"from": "2026-11-30T00:00:00+00:00", "to": "2026-12-02T00:00:00+00:00"}


def page(asker, **wish):
    return asker.bolna.get(f"/v2/agent/{AGENT}/executions", params=WINDOW | wish)


def test_one_call_reads_as_it_does_in_the_list(asker):
    """Two ways to the same object."""
    batch = asker.started(*ending(0, 2))
    asker.advance(50)
    first, second = asker.calls(batch)
    assert asker.bolna.get(f"/executions/{first['id']}").json() == first
    assert uuid.UUID(first["id"]) != uuid.UUID(second["id"])
    assert (first["agent_id"], first["batch_id"]) == (AGENT, batch)


def test_an_unknown_call_is_not_found(asker):
    """As with batches."""
    assert asker.bolna.get(f"/executions/{uuid.uuid4()}").status_code == 404
    assert asker.bolna.post(f"/call/{uuid.uuid4()}/stop").status_code == 404


def test_calls_come_by_the_page(asker):
    """The paged way for large batches: twenty unless told, fifty at most."""
    asker.created(*ending(0, 45))
    first = page(asker).json()
    assert first.keys() == {"page_number", "page_size", "total", "has_more", "data"}
    assert (first["page_number"], first["page_size"], first["total"], first["has_more"]) == (1, 20, 45, True)
    last = page(asker, page_number=3).json()
    assert (len(last["data"]), last["has_more"]) == (5, False)
    whole = page(asker, page_size=50).json()["data"]
    assert len({call["id"] for call in whole}) == 45


def test_pages_can_be_narrowed(asker):
    """By batch, by status, by voicemail."""
    asker.created(*ending(0, 2))
    batch = asker.started(*ending(77), *ending(60))
    asker.advance(600)
    assert page(asker, batch_id=batch).json()["total"] == 2
    assert page(asker, status="prepared").json()["total"] == 2
    assert page(asker, answered_by_voice_mail="true").json()["total"] == 1
    assert page(asker, batch_id=batch, status="no-answer").json()["total"] == 1
    assert page(asker, call_type="inbound").json()["total"] == 0
    assert page(asker, provider="plivo").json()["total"] == 4


@pytest.mark.parametrize(
    "wish",
    [
        {"page_size": 51},
        {"page_size": 0},
        {"page_number": 0},
        {"page_number": "x"},
        {"from": ""},
        {"to": ""},
        {"to": "2026-12-07T00:00:01+00:00"},
        {"to": "2026-11-29T00:00:00+00:00"},
        {"from": "nonsense"},
    ],
)
def test_a_page_wish_outside_the_documented_limits_is_refused(asker, wish):
    """Both ends of the window, seven days at most."""
    answer = page(asker, **wish)
    assert (answer.status_code, answer.json()["error"]) == (400, 400)


def test_the_window_is_about_when_calls_were_made_known(asker):
    """A window before the batch shows none of it."""
    asker.created()
    assert page(asker, to="2026-12-01T11:59:59+00:00").json()["total"] == 0


def test_the_window_may_be_left_out_where_the_other_guide_is_right(asker):
    """One guide calls it optional."""
    asker.created()
    asker.switch(window_required=False)
    assert asker.bolna.get(f"/v2/agent/{AGENT}/executions").json()["total"] == 1


def test_a_queued_call_can_be_stopped_alone(asker):
    """The rest of its batch goes on."""
    batch = asker.started(*ending(0, 12))
    talking, waiting = asker.calls(batch)[0]["id"], asker.calls(batch)[11]["id"]
    answer = asker.bolna.post(f"/call/{waiting}/stop")
    assert answer.json() == {"message": "done", "status": "stopped", "execution_id": waiting}
    assert asker.bolna.post(f"/call/{talking}/stop").status_code == 400
    asker.advance(3600)
    assert asker.read(batch)["execution_status"] == {"completed": 11, "stopped": 1}


def test_a_rescheduled_call_can_be_stopped_before_the_morning(asker):
    """Otherwise it would ring outside the hours that its batch was meant for."""
    batch = asker.started(*ending(90))
    asker.advance(60)
    call = asker.calls(batch)[0]["id"]
    assert asker.bolna.post(f"/call/{call}/stop").status_code == 200
    asker.advance(2 * 86_400)
    assert (asker.statuses(batch), asker.dials()) == (["stopped"], [])


def test_all_waiting_calls_of_an_agent_can_be_stopped_at_once(asker):
    """The answer names them; what is in the air and what has not begun stays."""
    first, parked = asker.created(*ending(0, 15), file_name="first.csv"), asker.created()
    asker.schedule(first)
    asker.advance(600)
    stopped = asker.bolna.post(f"/v2/agent/{AGENT}/stop").json()["stopped_executions"]
    assert stopped == [call["id"] for call in asker.calls(first)[10:]]
    assert asker.statuses(parked) == ["prepared"]
    asker.advance(3600)
    assert len(asker.dials()) == 10
