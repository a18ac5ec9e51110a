"""Bolna's rules of time, row by row; it is 12:00:00 UTC on 1 December 2026."""

import pytest

TAKEN = [
    ("2026-12-01T12:05:00+00:00", "2026-12-01T12:10:00+00:00", "a numeric offset is the documented form"),
    ("2026-12-01T17:35:00+05:30", "2026-12-01T12:10:00+00:00", "any numeric offset will do"),
    ("2026-12-01T06:35:00-05:30", "2026-12-01T12:10:00+00:00", "also a negative one"),
    ("2026-12-01T12:02:00+00:00", "2026-12-01T12:10:00+00:00", "exactly two minutes ahead is enough"),
    ("2026-12-01T12:10:00+00:00", "2026-12-01T12:10:00+00:00", "exactly on a mark stays"),
    ("2026-12-01T12:10:00.000001+00:00", "2026-12-01T12:20:00+00:00", "the least bit over a mark goes up"),
    ("2026-12-01T12:19:59+00:00", "2026-12-01T12:20:00+00:00", "it never rounds down"),
    ("2026-12-01T23:50:01+00:00", "2026-12-02T00:00:00+00:00", "rounding may cross midnight"),
    ("2026-12-31T11:59:30+00:00", "2026-12-31T12:00:00+00:00", "within thirty days"),
    ("2026-12-31T12:00:00+00:00", "2026-12-31T12:00:00+00:00", "exactly thirty days"),
    ("2026-12-01T12:05:00", "2026-12-01T12:10:00+00:00", "no offset silently means UTC"),
    ("2026-12-01T12:05:00.000+00:00", "2026-12-01T12:10:00+00:00", "milliseconds are taken"),
    ("2026-12-01 12:05:00+00:00", "2026-12-01T12:10:00+00:00", "a blank instead of the T is ISO too"),
    (" 2026-12-01T12:05:00+00:00 ", "2026-12-01T12:10:00+00:00", "blanks around it do not matter"),
]
TOO_SOON = "Scheduled time should be atleast 2 minutes in the future"
REFUSED = [
    ("2026-12-01T12:01:59+00:00", 400, TOO_SOON, "less than two minutes ahead, although rounding would give ten"),
    ("2026-12-01T12:00:00+00:00", 400, TOO_SOON, "now"),
    ("2026-12-01T11:00:00+00:00", 400, TOO_SOON, "the past"),
    ("2026-12-01T12:10:00+05:30", 400, TOO_SOON, "the past in another offset"),
    ("2026-12-31T12:00:01+00:00", 400, "Scheduled time should be within 30 days", "over thirty days"),
    ("2026-12-01T12:30:00Z", 500, "Internal server error", "a trailing Z breaks the server"),
    ("2026-12-01T12:30:00z", 500, "Internal server error", "a small one too"),
    ("2026-12-01T11:00:00Z", 500, "Internal server error", "a Z before all other rules"),
    ("nonsense", 400, "Parsing error", "no ISO text"),
    ("2026-13-01T12:30:00+00:00", 400, "Parsing error", "no such month"),
    ("2026-12-01", 400, "Parsing error", "a date alone"),
    ("1796126400", 400, "Parsing error", "a Unix time"),
    ("0001-01-01T00:00:00+14:00", 400, "Parsing error", "before the calendar began"),
]


@pytest.mark.parametrize(("asked", "start", "why"), TAKEN, ids=[row[2] for row in TAKEN])
def test_a_good_time_is_rounded_up_and_told(asker, asked, start, why):
    """The answer and the batch both show the start that really applies."""
    batch = asker.created()
    answer = asker.schedule(batch, asked)
    assert (answer.status_code, answer.json()) == (200, {"message": "success", "state": f"scheduled at {start}"})
    assert asker.read(batch)["scheduled_at"] == start
    assert asker.read(batch)["status"] == "scheduled"


@pytest.mark.parametrize(("asked", "status", "message", "why"), REFUSED, ids=[row[3] for row in REFUSED])
def test_a_bad_time_is_refused_and_changes_nothing(asker, asked, status, message, why):
    """After a refusal, also after the 500, the batch is as it was."""
    batch = asker.created()
    answer = asker.schedule(batch, asked)
    assert (answer.status_code, answer.json()) == (status, {"error": status, "message": message})
    assert asker.read(batch)["scheduled_at"] is None
    assert asker.read(batch)["status"] == "created"


def test_the_first_call_is_dialled_at_the_start_and_not_before(asker):
    """Calling hours are judged on this instant."""
    batch = asker.created()
    asker.schedule(batch, "2026-12-01T12:02:00+00:00")
    asker.advance(599)
    assert asker.dials() == []
    asker.advance(1)
    assert [dial["at"] for dial in asker.dials()] == ["2026-12-01T12:10:00+00:00"]


def test_multipart_and_urlencoded_are_both_taken(asker):
    """The documents say multipart, the vendor's own sample sends the other."""
    form = {"scheduled_at": "2026-12-01T12:05:00+00:00", "bypass_call_guardrails": "true"}
    assert asker.bolna.post(f"/batches/{asker.created()}/schedule", data=form).status_code == 200
    assert asker.schedule(asker.created(), bypass_call_guardrails="false").status_code == 200


@pytest.mark.parametrize("at", ["", "  "])
def test_a_missing_time_is_named(asker, at):
    """Required, and nothing is guessed in its place."""
    answer = asker.schedule(asker.created(), at)
    assert (answer.status_code, answer.json()) == (400, {"error": 1001, "message": "scheduled_at is required"})


def test_a_form_of_another_kind_or_with_another_truth_is_refused(asker):
    """JSON is not documented here."""
    batch = asker.created()
    body = {"scheduled_at": "2026-12-01T12:05:00+00:00"}
    assert asker.bolna.post(f"/batches/{batch}/schedule", json=body).status_code == 400
    assert asker.schedule(batch, bypass_call_guardrails="perhaps").status_code == 400
    assert asker.read(batch)["status"] == "created"


def test_an_unknown_batch_cannot_be_scheduled(asker):
    """Its status is not documented; not found is what it means."""
    answer = asker.schedule("0" * 32)
    assert (answer.status_code, answer.json()) == (404, {"error": 404, "message": "Batch not found"})


def test_a_scheduled_batch_is_not_scheduled_again(asker):
    """Unknown at the real one; refusing is the answer that a client must be able to bear."""
    batch = asker.created()
    asker.schedule(batch)
    assert asker.schedule(batch, "2026-12-01T14:00:00+00:00").status_code == 400
    assert asker.read(batch)["scheduled_at"] == "2026-12-01T12:10:00+00:00"


def test_where_rescheduling_is_allowed_only_the_new_start_dials(asker):
    """The other possible answer; it must not ring anybody twice."""
    asker.switch(reschedule="allow")
    batch = asker.created()
    asker.schedule(batch)
    assert asker.schedule(batch, "2026-12-01T14:00:00+00:00").status_code == 200
    asker.advance(86_400)
    assert [dial["at"] for dial in asker.dials()] == ["2026-12-01T14:00:00+00:00"]


def test_a_batch_that_runs_or_is_over_is_never_scheduled_again(asker):
    """Not even where rescheduling is allowed."""
    asker.switch(reschedule="allow")
    batch = asker.started()
    assert asker.schedule(batch, "2026-12-01T14:00:00+00:00").status_code == 400
    asker.advance(3600)
    assert asker.schedule(batch, "2026-12-01T14:00:00+00:00").status_code == 400
    asker.advance(86_400)
    assert len(asker.dials()) == 1
