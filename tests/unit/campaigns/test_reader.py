"""Campaign files: what is accepted, and every refusal with its line and its words."""

from collections.abc import Iterable
from datetime import date, time, timedelta

import pytest

from callbeat.campaigns.model import Campaign, Hours
from callbeat.campaigns.reader import read_campaign
from callbeat.errors import Finding
from tests.unit.campaigns.campaign_files import FULL, MINIMAL, changed, problems


def the_campaign(data: bytes) -> Campaign:
    """What a valid file says."""
    reading = read_campaign(data, "f.yaml")
    assert reading.problems == ()
    assert reading.campaign is not None
    return reading.campaign


def test_every_key_reaches_the_campaign() -> None:
    """A key that is read and dropped would be a promise broken in silence."""
    campaign = the_campaign(FULL.encode())
    assert (campaign.name, campaign.provider, campaign.account) == ("renewal-reminders", "bolna", "bolna_india")
    assert campaign.agent == "3c90c3cc-0d44-4b50-8888-8dd25736052a"
    schedule = campaign.schedule
    assert (schedule.cron, schedule.timezone, schedule.day_rule) == ("0 12 * * mon-fri", "Asia/Kolkata", None)
    assert (schedule.from_, schedule.until) == (date(2026, 12, 1), date(2027, 3, 31))
    assert schedule.skip_dates == (date(2027, 1, 26),)
    assert (schedule.lead, schedule.late) == (timedelta(minutes=45), timedelta(minutes=20))
    assert schedule.overlap == "allow"
    assert campaign.contacts.source == "contacts/%Y-%m-%d.csv"
    assert (campaign.contacts.phone, campaign.contacts.max_rows) == ("mobile", 20000)
    assert campaign.contacts.variables == {"customer_name": "name"}
    assert campaign.hours == Hours(days=(0, 1, 2, 5), start=time(9), end=time(20), zone="Asia/Dubai")
    assert campaign.from_numbers == ("+911140000000", "+911140000001")
    assert campaign.retries is not None
    assert campaign.retries.after == (timedelta(minutes=15), timedelta(minutes=15))
    assert campaign.retries.on == ("no_answer", "busy")
    assert campaign.on_unverified == "stop"
    assert campaign.options == {
        "webhook_url": "https://example.com/hook",
        "limits": [1, 2.5, True, None, "3"],
    }


def test_what_is_left_out_has_its_default() -> None:
    """The shortest file is a whole campaign."""
    campaign = the_campaign(MINIMAL.encode())
    assert (campaign.account, campaign.hours, campaign.retries) == ("bolna", "any", None)
    assert (campaign.schedule.lead, campaign.schedule.late) == (timedelta(minutes=30), timedelta(0))
    assert campaign.contacts.variables is None
    assert campaign.options == {}


def test_a_name_is_known_even_of_a_broken_file() -> None:
    """A broken file is shown under its campaign's name."""
    reading = read_campaign(changed("lead: 45m", "lead: 5m"), "f.yaml")
    assert reading.campaign is None
    assert (reading.name, reading.name_line) == ("renewal-reminders", 1)


READ_AS = [
    ("agent: a1", "agent: 123", ("agent",), "123"),
    ("agent: a1", "agent: 'x y'", ("agent",), "x y"),
    ("hours: any", "hours: {between: 00:00-24:00}", ("hours", "end"), time(0)),
    ("hours: any", "hours: {between: '9:00 - 20:30'}", ("hours", "end"), time(20, 30)),
    ("hours: any", "hours: {days: [mon, Wed-Fri], between: 09:00-20:00}", ("hours", "days"), (0, 2, 3, 4)),
    ("Asia/Kolkata", "UTC", ("schedule", "timezone"), "UTC"),
    ("Asia/Kolkata", "UTC\n  late: 0m", ("schedule", "late"), timedelta(0)),
    ("Asia/Kolkata", "UTC\n  lead: 10m", ("schedule", "lead"), timedelta(minutes=10)),
    ("Asia/Kolkata", "UTC\n  from: '2026-12-01'", ("schedule", "from_"), date(2026, 12, 1)),
    ('"0 10 * * *"', '"0 10 1-7 * mon"\n  day_rule: and', ("schedule", "day_rule"), "and"),
    ("contacts/daily.csv", "contacts/a b.csv", ("contacts", "source"), "contacts/a b.csv"),
    ("contacts/daily.csv", "x.csv\n  variables: {}", ("contacts", "variables"), {}),
    ("contacts/daily.csv", "x.csv\n  variables: {a: 1}", ("contacts", "variables"), {"a": "1"}),
    ("contacts/daily.csv", 'x.csv\n  max_rows: "5"', ("contacts", "max_rows"), 5),
    ("any", "any\nretries: {attempts: 1, after: [1h], on: [busy]}", ("retries", "on"), ("busy",)),
    ("any", "any\nfrom_numbers: []", ("from_numbers",), ()),
    ("any", "any\nbolna: {a: {b: [x, {c: -7}]}}", ("options",), {"a": {"b": ["x", {"c": -7}]}}),
    ("any", "any\nbolna: {n: +91, z: 007, q: '1'}", ("options",), {"n": "+91", "z": "007", "q": "1"}),
    ("any", "any\nbolna: {big: 1e999, f: 1.5e3}", ("options",), {"big": "1e999", "f": 1500.0}),
]


@pytest.mark.parametrize(("old", "new", "keys", "value"), READ_AS)
def test_a_value_is_read_as_it_is_meant(old: str, new: str, keys: tuple[str, ...], value: object) -> None:
    """Numbers lose no digit, dates need no quotes, and a name given as a number is a name."""
    found: object = the_campaign(changed(old, new, MINIMAL))
    for key in keys:
        found = getattr(found, key)
    assert found == value


@pytest.mark.parametrize("data", [b"\xef\xbb\xbf" + FULL.encode(), FULL.replace("\n", "\r\n").encode()])
def test_byte_order_marks_and_windows_lines_change_nothing(data: bytes) -> None:
    """Editors add them unasked."""
    assert the_campaign(data) == the_campaign(FULL.encode())


def test_all_problems_are_told_at_once_by_line() -> None:
    """One round of mending, not twenty."""
    data = (
        FULL.replace("provider: bolna", "provider: bolan")
        .replace("lead: 45m", "lead: 5m")
        .replace("IST", "")
        .replace("mon-wed,sat", "sun-mon")
        .replace("attempts: 2", "attempts: x")
        .replace("Asia/Kolkata", "IST")
        + "colour: red\n"
    )
    found = read_campaign(data.encode(), "f.yaml").problems
    assert [(problem.line, problem.where) for problem in found] == [
        (2, "provider"),
        (7, "schedule.timezone"),
        (11, "schedule.lead"),
        (20, "hours.days"),
        (24, "retries.attempts"),
        (29, "colour"),
    ]


@pytest.mark.slow
def test_thousands_of_problems_are_cut_and_counted() -> None:
    """A wrong file must not flood the terminal, nor hide that there is more."""
    data = MINIMAL + "from_numbers:\n" + "- ''\n" * 900
    found = read_campaign(data.encode(), "f.yaml").problems
    assert len(found) == 101
    assert found[-1].problem == "800 more problems follow"
    unknown = "".join(f"k{number}: 1\n" for number in range(5000))
    assert any("4980 more unknown keys" in told for told in problems((MINIMAL + unknown).encode()))


def test_the_providers_own_findings_stand_at_their_lines() -> None:
    """The adapter knows paths; the operator needs lines."""

    def check(campaign: Campaign) -> Iterable[Finding]:
        assert campaign.name == "renewal-reminders"
        yield Finding(("bolna", "webhook_url"), "no such host", "mend it")
        yield Finding(("from_numbers", 1), "not yours", "buy it")
        yield Finding(("schedule", "cron"), "rounded", "use 10-minute marks", "warning")
        yield Finding(("bolna", "limits", 2), "not a number", "write one")
        yield Finding(("retries", "missing", "key"), "absent", "add it")

    reading = read_campaign(FULL.encode(), "f.yaml", check)
    assert [(problem.line, problem.where) for problem in reading.problems] == [
        (6, "schedule.cron"),
        (23, "from_numbers[1]"),
        (24, "retries.missing.key"),
        (27, "bolna.webhook_url"),
        (28, "bolna.limits[2]"),
    ]
    assert reading.campaign is None


def test_a_warning_stops_nothing() -> None:
    """A rounded start is worth a word, not a refusal."""
    reading = read_campaign(FULL.encode(), "f.yaml", lambda _: [Finding(("name",), "long", "shorten", "warning")])
    assert reading.campaign is not None
    assert [problem.level for problem in reading.problems] == ["warning"]


def test_the_provider_is_not_asked_about_a_broken_campaign() -> None:
    """Its rules may rely on ours."""

    def check(_: Campaign) -> Iterable[Finding]:
        raise AssertionError("asked")

    assert read_campaign(changed("lead: 45m", "lead: 5m"), "f.yaml", check).campaign is None
    assert read_campaign(changed("account: bolna_india", "account: &a x"), "f.yaml", check).campaign is None


def test_control_characters_of_a_file_never_reach_the_terminal() -> None:
    """A file name or a value may be made to repaint a screen."""
    told = problems(changed("name: renewal-reminders", 'name: "x\u202ey\\tz"'))
    assert all(problem.isprintable() for problem in told)


def test_a_day_rule_that_decides_nothing_is_told_and_left_out() -> None:
    """The file means the same without it, so the campaign need not stand still for it."""
    text = MINIMAL.replace("  cron:", "  day_rule: or\n  cron:", 1)
    reading = read_campaign(text.encode(), "f.yaml")
    assert reading.campaign is not None
    assert reading.campaign.schedule.day_rule is None
    assert [(problem.where, problem.level) for problem in reading.problems] == [("schedule.day_rule", "warning")]
