"""A definition on a page: readable, true, and without what is nobody's business."""

from datetime import timedelta

import pytest

from callbeat.masking import HIDDEN
from callbeat.runs.definitions import changed, readable, revisions
from callbeat.runs.revisions import remember
from tests.factories import NOW, a_campaign, minutes

SECRET = "s3cr3tt0ken99"


def told(**over):
    return dict(readable(a_campaign(**over).model_dump_json(by_alias=True)))


def test_it_reads_as_the_file_does():
    """Durations, days and times as people write them; what is left out is not there."""
    found = told(
        schedule={"cron": "0 10 * * mon-fri", "timezone": "Asia/Kolkata", "from": "2026-12-01"},
        hours={"days": (0, 1), "start": "09:00", "end": "20:00"},
        retries={"attempts": 2, "after": [minutes(15), timedelta(hours=1)]},
    )
    assert found["schedule.cron"] == "0 10 * * mon-fri"
    assert (found["schedule.from"], found["schedule.lead"]) == ("2026-12-01", "30m")
    assert (found["hours.days"], found["hours.start"]) == ("mon, tue", "09:00")
    assert (found["retries.after"], found["retries.on"]) == ("15m, 1h", "no_answer, busy")
    assert not {"export", "concurrency", "schedule.until"} & set(found)
    assert list(found)[:4] == ["name", "provider", "account", "agent"]


@pytest.mark.parametrize(
    ("over", "key", "expected"),
    [
        ({"options": {"webhook_url": f"https://ours.example/in/{SECRET}"}}, "options.webhook_url",
         f"https://ours.example/{HIDDEN}"),
        ({"options": {"token": SECRET}}, "options.token", HIDDEN),
        ({"options": {"webhook": {"auth": f"Bearer {SECRET}"}}}, "options.webhook.auth", f"Bearer {HIDDEN}"),
        ({"contacts": {"source": f"https://ann:{SECRET}@files.example/a.csv?sig={SECRET}"}}, "contacts.source",
         f"https://files.example/a.csv?{HIDDEN}"),
        ({"contacts": {"source": "s3://bucket/%Y/a.csv"}}, "contacts.source", "s3://bucket/%Y/a.csv"),
        ({"contacts": {"source": "", "sql": "select * from p where phone = '+14155550123'"}}, "contacts.sql",
         f"select * from p where phone = '{HIDDEN}'"),
        ({"notify": {"url": f"https://ann:{SECRET}@ours.example/{SECRET}"}}, "notify.url",
         f"https://ours.example/{HIDDEN}"),
        ({"notify": {"email": (f"{SECRET}@ours.example", "b@c.example")}}, "notify.email",
         f"{HIDDEN}@ours.example, {HIDDEN}@c.example"),
        ({"options": {"to": f"{SECRET}@ours.example"}}, "options.to", f"{HIDDEN}@ours.example"),
    ],
)  # fmt: skip
def test_what_is_private_is_not_on_it(over, key, expected):
    """Who may look at campaigns need not be one who may enter where they lead."""
    assert told(**over)[key] == expected
    assert SECRET not in str(told(**over))


def test_our_own_numbers_are_masked_and_ids_are_not():
    """They tell two campaigns apart, and cannot be rung from the page."""
    numbers = told(from_numbers=("+14155550123", "+14155550199"))["from_numbers"]
    assert "4155550123" not in numbers
    assert len(numbers.split(", ")) == 2
    assert told(provider="cartesia")["from_numbers"] == "pn_main"


def test_a_change_is_told_by_its_key():
    """Before and after; a secret that changed is said to have changed, and no more."""
    before = a_campaign(options={"token": "a", "x": 1}).model_dump_json(by_alias=True)
    after = a_campaign(options={"token": "b"}, schedule={"cron": "0 6 * * *"}).model_dump_json(by_alias=True)
    assert [(one.key, one.before, one.after) for one in changed(before, after)] == [
        ("schedule.cron", "0 5 * * *", "0 6 * * *"), ("options.token", HIDDEN, HIDDEN), ("options.x", "1", None),
    ]  # fmt: skip
    assert changed(before, before) == []


def test_a_definition_of_another_version_is_shown_as_it_is_written():
    """An older one looks on while a newer one runs."""
    assert readable('{"name": "daily", "later": {"on": true, "all": [1, 2]}, "password": "x"}') == [
        ("name", "daily"), ("later.on", "true"), ("later.all", "1, 2"), ("password", HIDDEN),
    ]  # fmt: skip


def test_a_value_without_end_is_cut():
    """A page is no place for a list of a thousand dates."""
    assert len(told(contacts={"source": "a/" + "b" * 5000 + ".csv"})["contacts.source"]) == 300


def test_revisions_come_the_newest_first_with_who_approved_them(world):
    """The history of a file that is not at hand."""
    first = world.remember(a_campaign())
    world.clock.go(timedelta(days=1))
    second = a_campaign(schedule={"cron": "0 6 * * *"})
    with world.ledger.write() as writer:
        remember(writer, second, world.now)
    found = revisions(world.ledger, "daily")
    assert [one.revision for one in found] == [second.revision, first.revision]
    assert (found[1].first_seen_at, found[1].approved_at) == (NOW, None)
    assert len(revisions(world.ledger, "daily", most=1)) == 1
