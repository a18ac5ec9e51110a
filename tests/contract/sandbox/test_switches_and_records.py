"""The sandbox's own side: switches for what is documented in two ways, records, page, reset."""

import re

import httpx
import pytest

from tests.contract.sandbox.asking import AGENT, ROOT, ending

DEFAULTS = {
    "create_status": 201,
    "schedule_state": "scheduled at",
    "legacy_statuses": False,
    "processed": False,
    "impossible_timestamps": False,
    "zulu_timestamps": False,
    "auth_error": 401,
    "stop_on_scheduled": False,
    "reschedule": "refuse",
    "list_order": "newest",
    "webhooks": "ends",
    "window_required": True,
    "concurrency": 10,
    "rate_limit_per_minute": 1000,
    "wallet": 500.0,
}


def test_the_defaults_are_what_the_newest_documents_say(asker):
    """Contradictions are switched on purpose, never by chance."""
    assert asker.control.get("/switches").json()["bolna"] == DEFAULTS


def test_create_answers_200_where_the_older_document_is_right(asker):
    """Two documents, two numbers."""
    asker.switch(create_status=200)
    assert asker.create().status_code == 200


def test_schedule_answers_a_bare_word_where_the_older_document_is_right(asker):
    """The vendor's own sample compares with this word."""
    asker.switch(schedule_state="scheduled")
    assert asker.schedule(asker.created()).json() == {"message": "success", "state": "scheduled"}


def test_legacy_statuses_stay_within_the_older_enum(asker):
    """executed instead of completed, and no running."""
    asker.switch(legacy_statuses=True)
    batch = asker.created()
    seen = [asker.read(batch)["status"]]
    asker.schedule(batch)
    for seconds in (0, 600, 3, 600):
        asker.advance(seconds)
        seen.append(asker.read(batch)["status"])
    assert seen == ["created", "scheduled", "queued", "queued", "executed"]


def test_a_legacy_running_batch_can_still_be_stopped(asker):
    """The word is old, the state is the same."""
    asker.switch(legacy_statuses=True)
    batch = asker.started(*ending(97))
    asker.advance(60)
    assert asker.stop(batch).status_code == 200


def test_a_parsed_batch_may_be_called_processed(asker):
    """Only one page knows this state."""
    asker.switch(processed=True)
    batch = asker.created()
    assert asker.read(batch)["status"] == "created"
    asker.advance(3)
    assert asker.read(batch)["status"] == "processed"
    assert asker.schedule(batch, "2026-12-01T12:05:00+00:00").status_code == 200


def test_impossible_timestamps_appear_where_the_sample_has_one(asker):
    """89 seconds: a bad timestamp must never end a poll."""
    asker.switch(impossible_timestamps=True)
    batch = asker.created()
    assert asker.read(batch)["updated_at"] == "2026-12-01T12:00:89Z"
    assert asker.calls(batch)[0]["updated_at"] == "2026-12-01T12:00:89Z"


def test_timestamps_may_end_in_z(asker):
    """As in the published schema's samples."""
    asker.switch(zulu_timestamps=True)
    batch = asker.created()
    asker.schedule(batch)
    row = asker.read(batch)
    assert (row["created_at"], row["scheduled_at"]) == ("2026-12-01T12:00:00Z", "2026-12-01T12:10:00Z")


def test_a_list_may_be_oldest_first(asker):
    """The order is documented nowhere."""
    asker.switch(list_order="oldest")
    batches = [asker.created(), asker.created()]
    assert asker.listed() == batches


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"nonsense": True}, "nonsense"),
        ({"create_status": 202}, "create_status"),
        ({"create_status": 200, "auth_error": 402}, "auth_error"),
        ({"provider": "nobody"}, "nobody"),
    ],
)
def test_an_unknown_or_unfit_switch_changes_nothing(asker, body, complaint):
    """All of a wish or none of it, and what was wrong in words."""
    answer = asker.control.post("/switches", json=body)
    assert answer.status_code == 422
    assert complaint in answer.json()["detail"]
    assert asker.control.get("/switches").json()["bolna"] == DEFAULTS


@pytest.mark.parametrize("path", ["/faults", "/switches", "/clock"])
def test_a_body_that_is_no_json_is_refused_in_words(asker, path):
    """A control that fails silently would make tests lie."""
    answer = asker.control.post(path, content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"], str)


def test_a_dial_tells_all_about_itself(asker):
    """It is the proof that nobody was rung twice."""
    batch = asker.started(*ending(0), file_name="label.csv")
    assert asker.dials() == [
        {
            "provider": "bolna",
            "batch": batch,
            "label": "label.csv",
            "agent": AGENT,
            "number": ending(0)[0],
            "at": "2026-12-01T12:10:00+00:00",
            "attempt": 1,
        }
    ]


def test_dials_are_oldest_first_over_all_batches(asker):
    """Whoever counts them wants one row in order."""
    asker.started(*ending(0, 25), file_name="one.csv")
    batch = asker.created(*ending(1, 5))
    asker.schedule(batch, "2026-12-01T12:12:30+00:00")
    asker.advance(3600)
    times = [dial["at"] for dial in asker.dials()]
    assert len(times) == 30
    assert times == sorted(times)


def test_dials_can_be_asked_for_one_provider(asker):
    """Others will stand beside this one."""
    asker.started()
    assert len(asker.control.get("/dials", params={"provider": "bolna"}).json()) == 1
    assert asker.control.get("/dials", params={"provider": "nobody"}).status_code == 422


def test_requests_are_kept_with_what_became_of_them(asker):
    """To see, afterwards, what a client really sent."""
    batch = asker.created()
    asker.order("reset", operation="stop")
    with pytest.raises(httpx.ReadError):
        asker.stop(batch)
    at = "2026-12-01T12:00:00+00:00"
    assert asker.control.get("/requests").json() == [
        {"at": at, "provider": "bolna", "method": "POST", "path": "/bolna/batches", "status": 201, "fault": None},
        {
            "at": at,
            "provider": "bolna",
            "method": "POST",
            "path": f"/bolna/batches/{batch}/stop",
            "status": None,
            "fault": "reset",
        },
    ]


def test_the_page_says_first_what_it_is_not(asker):
    """Nobody may take it for the real one."""
    batch = asker.started(file_name="<b>label</b>.csv")
    asker.order("drop_after")
    answer = asker.control.get("/")
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.index("not Bolna") < answer.text.index("is a pretended provider")
    for piece in (
        f"{asker.bolna.base_url}".rstrip("/"),
        batch,
        "&lt;b&gt;label",
        "drop_after",
        "no-answer",
        "POST",
    ):
        assert piece in answer.text
    assert "<b>label" not in answer.text


@pytest.mark.parametrize("provider", ["bolna", "trillet", "cartesia"])
def test_the_readme_and_the_page_tell_the_same_stories_faults_and_switches(asker, provider):
    """Whoever picks a number by the table must get that story."""
    readme = (ROOT / "sandbox" / "README.md").read_text(encoding="utf-8")
    readme += (ROOT / "sandbox" / provider / "README.md").read_text(encoding="utf-8")
    told = asker.control.get("/").text.partition(f"<h3>{provider}</h3>")[2].partition("<h3>")[0]
    rows = re.findall(r"<tr><td>([^<]*)</td><td>([^<]*)</td></tr>", told)
    endings = {digits: words for digits, words in rows if re.fullmatch(r"\d\d(–\d\d)?", digits)}
    assert len(endings) == 18
    for digits in endings.keys() - {"98–99"}:
        assert re.search(rf"^\| {digits}[, |]", readme, re.MULTILINE), digits
    orders = asker.control.post("/faults", json={"fault": "?"}).json()["detail"]
    switches = asker.control.get("/switches").json()[provider]
    for name in [*re.findall(r"'(\w+)'", orders), *switches]:
        assert f"| `{name}` |" in readme


def test_the_bare_address_leads_to_the_page(address, asker):
    """What a person types first."""
    answer = asker.control.get(f"{address}/")
    assert answer.headers["location"] == "/_sandbox/"


def test_reset_forgets_everything(asker):
    """Tests share a process but nothing else."""
    asker.started()
    asker.switch(create_status=200)
    asker.order("reset", operation="me")
    asker.control.post("/reset")
    assert (asker.dials(), asker.control.get("/faults").json(), asker.control.get("/requests").json()) == (
        [],
        [],
        [],
    )
    assert asker.control.get("/clock").json()["advanced_seconds"] == 0
    assert asker.listed() == []
    assert asker.create().status_code == 201


def test_requests_are_counted_by_kind_and_ends_are_told(asker):
    """Whoever measures what following a batch costs needs both, and asks the outside party for them."""
    batch = asker.started(*ending(1))
    before = asker.control.get("/counts").json()
    asker.read(batch)
    after = asker.control.get("/counts").json()
    assert after.pop("GET /bolna/batches/*") == before.pop("GET /bolna/batches/*", 0) + 1
    assert after == before
    (end,) = asker.control.get("/ends").json()
    assert (end["provider"], end["batch"]) == ("bolna", batch)
    assert end["at"] > asker.control.get("/clock").json()["now"]
    asker.control.post("/reset")
    assert asker.control.get("/counts").json() == {}
