"""The page at `/_sandbox/` for people: all three providers on it, and nothing that may not be read aloud."""

import re

import pytest

from tests.contract.sandbox.asking import an_asker, ending
from tests.contract.sandbox.cartesia_asking import a_client
from tests.contract.sandbox.trillet_asking import an_asker as a_trillet_asker

SECRETS = {"bolna": "bn-very-secret", "trillet": "tr-very-secret", "cartesia": "sk_car_very_secret"}
NUMBER = "+14155550100"


@pytest.fixture
def everybody(address, asker):
    """A client of each provider, each with its own key, of one emptied sandbox."""
    bolna = an_asker(address, key=SECRETS["bolna"])
    with (
        bolna.bolna,
        bolna.control,
        a_trillet_asker(address, key=SECRETS["trillet"]) as trillet,
        a_client(address, key=SECRETS["cartesia"]) as cartesia,
    ):
        yield {"bolna": bolna, "trillet": trillet, "cartesia": cartesia}


def page(asker):
    answer = asker.control.get("/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


def section(asker, title):
    return page(asker).partition(f"<h2>{title}")[2].partition("<h2>")[0]


def rows(html):
    lines = re.findall(r"<tr>(<td>.*?)</tr>", html)
    return [tuple(re.findall(r"<td>(.*?)</td>", line)) for line in lines]


def a_batch_of_each(everybody):
    return {
        "bolna": everybody["bolna"].created(*ending(0, 2), file_name="of-bolna.csv"),
        "trillet": everybody["trillet"].created(*ending(0, 2), scheduledAt="2026-12-01T13:00:00Z"),
        "cartesia": everybody["cartesia"].created(*ending(0, 2), name="of Cartesia"),
    }


def test_it_says_of_all_three_first_that_it_is_none_of_them(address, asker):
    """Nobody may take it for a real one, and everybody finds each base URL."""
    whole = page(asker)
    assert whole.index("not Bolna or Trillet or Cartesia") < whole.index("calls nobody") < whole.index("<h2>")
    told = rows(whole.partition("<h2>")[0])
    assert told == [(name.capitalize(), f"{address}/{name}") for name in SECRETS]


def test_an_empty_one_says_so(asker):
    """Three empty tables would look like a fault."""
    for title in ("Batches", "What was just asked"):
        assert "Nothing yet." in section(asker, title)


def test_it_shows_a_batch_of_each_with_state_start_and_calls(asker, everybody):
    """What is going on, whoever was asked to do it."""
    ids = a_batch_of_each(everybody)
    assert set(rows(section(asker, "Batches"))) == {
        ("bolna", "of-bolna.csv", ids["bolna"], "created", "not scheduled", "2 prepared"),
        ("trillet", "batch.csv", ids["trillet"], "queued", "2026-12-01 13:00", "2 waiting"),
        ("cartesia", "of Cartesia", ids["cartesia"], "completed", "2026-12-01 12:00", "2 dispatched"),
    }
    everybody["bolna"].bolna.delete(f"/batches/{ids['bolna']}")
    everybody["trillet"].cancel(ids["trillet"])
    asker.advance(600)
    states = {row[0]: (row[3], row[5]) for row in rows(section(asker, "Batches"))}
    assert states["bolna"][0] == "deleted"
    assert states["trillet"] == ("cancelled", "2 waiting")
    assert states["cartesia"] == ("completed", "2 completed")


def test_it_shows_the_latest_requests_newest_first_with_numbers_masked(asker, everybody):
    """Two digits tell which story it was; a key in a path is gone altogether."""
    asker.order("status", operation="get", status=503)
    everybody["bolna"].bolna.get(f"/batches/{NUMBER}")
    everybody["bolna"].bolna.get(f"/batches/{SECRETS['bolna']}")
    everybody["trillet"].get(NUMBER.replace("+", "%2B"), f"/calls/{NUMBER}")
    everybody["cartesia"].api.get(f"/agents/calls/{NUMBER}")
    everybody["cartesia"].api.get(f"/agents/calls/batches/{SECRETS['cartesia']}")
    at = "2026-12-01T12:00:00"
    assert rows(section(asker, "What was just asked")) == [
        (at, "GET", "/cartesia/agents/calls/batches/&lt;key&gt;", "404", ""),
        (at, "GET", "/cartesia/agents/calls/…00", "404", ""),
        (at, "GET", "/trillet/v1/api/batch-calls/…00/calls/…00", "404", ""),
        (at, "GET", "/bolna/batches/&lt;key&gt;", "404", ""),
        (at, "GET", "/bolna/batches/…00", "503", "status"),
    ]


def test_it_shows_pending_faults_of_each_until_they_are_used_up_or_cleared(asker, everybody):
    """Whoever wonders why a request fails looks here."""
    everybody["bolna"].order("drop_after", operation="create", times=2)
    everybody["trillet"].order("html", operation="get", skip=3)
    everybody["cartesia"].order("status", operation="list", status=500)
    pending = [
        ("drop_after", "bolna", "create", "2", "0"),
        ("html", "trillet", "get", "1", "3"),
        ("status", "cartesia", "list", "1", "0"),
    ]
    assert rows(section(asker, "Faults").partition("Pending")[2]) == pending
    assert everybody["cartesia"].api.get("/agents/calls/batches").status_code == 500
    assert rows(section(asker, "Faults").partition("Pending")[2]) == pending[:2]
    asker.control.delete("/faults")
    assert "Nothing yet." in section(asker, "Faults").partition("Pending")[2]


def test_it_tells_the_stories_of_each_in_its_own_words(asker):
    """The same ending, three vocabularies."""
    told = {
        name: dict(rows(section(asker, "Stories").partition(f"<h3>{name}</h3>")[2].partition("<h3>")[0]))
        for name in SECRETS
    }
    assert all(len(stories) == 18 for stories in told.values())
    unanswered = [told[name]["66–67"] for name in SECRETS]
    assert ["no-answer" in unanswered[0], "No answer" in unanswered[1], "dial_no_answer" in unanswered[2]] == [
        True
    ] * 3


def test_there_is_no_key_and_no_whole_number_on_it(asker, everybody):
    """It is shown on screens and in pictures: after all that each provider can be asked."""
    ids = a_batch_of_each(everybody)
    asker.advance(3600)
    everybody["bolna"].schedule(ids["bolna"], "2026-12-01T13:10:00+00:00")
    for one in ids:
        asker.control.get("/dials", params={"provider": one})
    asker.advance(3600)
    everybody["trillet"].calls(ids["trillet"])
    everybody["cartesia"].calls(batch_id=ids["cartesia"])
    everybody["bolna"].calls(ids["bolna"])
    assert len(asker.dials()) == 6
    whole = page(asker)
    assert not [secret for secret in SECRETS.values() if secret in whole]
    assert "ws-sandbox" not in whole
    assert not re.findall(r"(?<![0-9A-Za-z_-])\+?\d{8,15}(?![0-9A-Za-z])", whole)
    assert not [dial["number"] for dial in asker.dials() if dial["number"].strip("+") in whole]


def test_what_clients_name_is_shown_as_text(asker, everybody):
    """A label or a path must not become a part of the page."""
    everybody["cartesia"].created(name="<script>alert(1)</script>")
    everybody["trillet"].create(file_name="<i>file</i>.csv")
    everybody["trillet"].http.get("/v1/<img src=x>")
    whole = page(asker)
    assert not re.findall(r"<(script|i|img)\b", whole)
    assert "&lt;script&gt;alert(1)" in whole
    assert "&lt;i&gt;file" in whole
