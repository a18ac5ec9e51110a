"""Trillet's create: its form, its times, its callbacks; and that it dials at once."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.contract.sandbox.asking import ending
from tests.contract.sandbox.trillet_asking import AGENT, PATH, a_csv, an_emptied_asker

GOOD = a_csv("+919800000001").encode()


@pytest.fixture
def trillet(address):
    with an_emptied_asker(address) as one:
        yield one


def post(trillet, content=GOOD, *, file_name="batch.csv", **fields):
    form = {"agentId": AGENT, **fields}
    return trillet.http.post(PATH, data=form, files={"file": (file_name, content, "text/csv")})


def refused(answer, error, status=400):
    """A documented refusal: `error` is a text, and nothing was dialled."""
    body = answer.json()
    assert answer.status_code == status, answer.text
    assert body.keys() <= {"error", "message"}
    assert error in body["error"]
    return True


def test_a_batch_is_started_with_the_documented_answer(trillet):
    """Four fields, and the id under the name that only create and cancel use."""
    answer = trillet.create(*ending(0, 3))
    assert answer.status_code == 200
    batch = answer.json()["batchId"]
    assert batch.startswith("batch_")
    assert answer.json() == {
        "batchId": batch,
        "totalCalls": 3,
        "status": "queued",
        "message": "Batch calls initiated successfully",
    }


def test_a_batch_without_a_time_dials_at_once(trillet):
    """The danger of this provider: whoever repeats a lost create rings everybody twice."""
    batch = trillet.created(*ending(0, 2), file_name="label.csv")
    assert trillet.dials() == [
        {
            "provider": "trillet",
            "batch": batch,
            "label": "label.csv",
            "agent": AGENT,
            "number": number,
            "at": "2026-12-01T12:00:00+00:00",
            "attempt": 1,
        }
        for number in ending(0, 2)
    ]


def test_a_scheduled_batch_dials_exactly_at_its_time(trillet):
    """Not a second before."""
    trillet.created(scheduledAt="2026-12-01T13:30:00Z")
    trillet.advance(5399)
    assert trillet.dials() == []
    trillet.advance(1)
    assert [dial["at"] for dial in trillet.dials()] == ["2026-12-01T13:30:00+00:00"]


def test_a_missing_file_and_a_missing_agent_are_named(trillet):
    """The two documented 400s; the file is looked for first."""
    assert refused(trillet.http.post(PATH, files={"agentId": (None, AGENT)}), "No file uploaded")
    assert refused(trillet.http.post(PATH, files={"file": ("batch.csv", GOOD)}), "No agent ID provided")
    assert refused(post(trillet, agentId=" "), "No agent ID provided")
    assert refused(trillet.http.post(PATH, files={"nothing": (None, "x")}), "No file uploaded")


@pytest.mark.parametrize("agent", ["agent_123456", "65f1c0ffee65f1c0ffee65f1", "a-b_C9"])
def test_agents_in_every_known_form_are_taken(trillet, agent):
    """Documents show one form, the wild another."""
    trillet.created(agent=agent)
    assert trillet.dials()[0]["agent"] == agent


@pytest.mark.parametrize("agent", ["agent 1", "../x", "agent\n1", "ä", "x" * 101])
def test_an_agent_in_no_known_form_is_refused(trillet, agent):
    """An id that was pasted wrongly must show itself."""
    assert refused(post(trillet, agentId=agent), "Invalid agent ID")


@pytest.mark.parametrize(
    ("asked", "dialled_at"),
    [
        ("2026-12-01T12:00:00Z", "2026-12-01T12:00:00+00:00"),
        ("2026-12-01T12:00:01Z", "2026-12-01T12:00:01+00:00"),
        ("2026-12-01T12:00:01.500Z", "2026-12-01T12:00:01.500000+00:00"),
        ("2024-01-15T14:30:00Z", "2026-12-01T12:00:00+00:00"),
        ("0001-01-01T00:00:00Z", "2026-12-01T12:00:00+00:00"),
    ],
)
def test_times_in_the_documented_form_are_taken(trillet, asked, dialled_at):
    """With or without a fraction, as JavaScript writes it; a time gone by means now."""
    trillet.created(scheduledAt=asked)
    trillet.advance(10)
    assert [dial["at"] for dial in trillet.dials()] == [dialled_at]


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "nonsense",
        " 2026-12-01T13:00:00Z",
        "2026-12-01",
        "2026-12-01T13:00:00",
        "2026-12-01T13:00Z",
        "2026-12-01 13:00:00Z",
        "2026-12-01T13:00:00z",
        "2026-12-01T13:00:00+00:00",
        "2026-12-01T13:00:00+05:30",
        "2026-02-30T13:00:00Z",
        "2026-12-01T25:00:00Z",
        "0000-12-01T13:00:00Z",
        "２０２６-12-01T13:00:00Z",
        "9999-12-31T23:59:59Z",
        "2027-12-01T12:00:01Z",
    ],
)
def test_any_other_time_is_refused(trillet, asked):
    """Only the form that the documents write is known to work."""
    assert refused(post(trillet, scheduledAt=asked), "Invalid scheduledAt")
    trillet.advance(40 * 86_400)
    assert trillet.dials() == []


@pytest.mark.parametrize(
    "config",
    [
        "nonsense",
        "[]",
        "{}",
        '{"enabled": "yes"}',
        '{"enabled": 1}',
        '{"enabled": true, "maxAttempts": 0}',
        '{"enabled": true, "maxAttempts": 2.5, "gaps": [{"days": 1}]}',
        '{"enabled": true, "maxAttempts": "3", "gaps": [{"days": 1}]}',
        '{"enabled": true, "maxAttempts": 3}',
        '{"enabled": true, "maxAttempts": 3, "gaps": []}',
        '{"enabled": true, "maxAttempts": 3, "gaps": [{}]}',
        '{"enabled": true, "maxAttempts": 3, "gaps": [{"days": 0, "hours": 0}]}',
        '{"enabled": true, "maxAttempts": 3, "gaps": [{"days": -1, "hours": 48}]}',
        '{"enabled": true, "maxAttempts": 3, "gaps": [{"days": 366}]}',
        '{"enabled": true, "maxAttempts": 3, "gaps": [{"days": 1e999}]}',
        '{"enabled": true, "maxAttempts": 3, "gaps": [{"days": NaN}]}',
        '{"enabled": true, "maxAttempts": 3, "gaps": [{"days": "1"}]}',
        '{"enabled": true, "maxAttempts": 3, "gaps": [{"minutes": 5}]}',
        '{"enabled": true, "max_attempts": 3}',
        '{"a":' * 50_000,
    ],
)
def test_a_malformed_smart_callback_is_refused(trillet, config):
    """It is JSON inside a text field; a call too many is a person rung for nothing."""
    assert refused(post(trillet, smartCallbackConfig=config), "Invalid smartCallbackConfig")
    assert trillet.dials() == []


@pytest.mark.parametrize(
    "config",
    [
        "",
        '{"enabled": false}',
        '{"enabled": false, "maxAttempts": 3, "gaps": []}',
        '{"enabled": true, "maxAttempts": 1}',
        '{"enabled": true, "maxAttempts": 3, "gaps": [{"days": 1, "hours": 0}]}',
        '{"enabled": true, "maxAttempts": 5, "gaps": [{"days": 1, "hours": 0}, {"days": 2, "hours": 0}]}',
        '{"enabled": true, "maxAttempts": 3, "gaps": [{"hours": 0.5}]}',
    ],
)
def test_a_documented_smart_callback_is_taken(trillet, config):
    """Every sample of the documents, and what follows from their words."""
    assert post(trillet, smartCallbackConfig=config).status_code == 200


def test_unknown_fields_are_ignored(trillet):
    """Nothing says otherwise; so a mistyped scheduledAt dials at once."""
    trillet.created(scheduled_at="2026-12-02T12:00:00Z")
    assert len(trillet.dials()) == 1


def test_many_creates_at_once_are_many_batches(trillet):
    """Workers create side by side; none may be lost or mixed up."""
    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(lambda n: trillet.created(*ending(n), file_name=f"{n}.csv"), range(40)))
    assert len(set(batches)) == 40
    assert {dial["batch"]: dial["label"] for dial in trillet.dials()} == {
        batch: f"{n}.csv" for n, batch in enumerate(batches)
    }


def test_the_published_python_sample_works_unchanged(address, trillet):
    """With its dictionary of parts, its placeholder keys, and its start in the past."""
    files = {
        "file": ("batch-calls.csv", GOOD),
        "agentId": (None, "agent_123456"),
        "scheduledAt": (None, "2024-01-15T14:30:00Z"),
        "smartCallbackConfig": (
            None,
            json.dumps({"enabled": True, "maxAttempts": 3, "gaps": [{"days": 1, "hours": 0}]}),
        ),
    }
    headers = {"x-api-key": "YOUR_API_KEY", "x-workspace-id": "YOUR_WORKSPACE_ID"}
    answer = httpx.post(f"{address}/trillet{PATH}", headers=headers, files=files, verify=False)
    assert (answer.status_code, answer.json()["totalCalls"]) == (200, 1)
    assert len(trillet.dials()) == 1
