"""What a harmless read says of an account, its wallet, its clock and its labels."""

from datetime import timedelta
from decimal import Decimal

import pytest

from callbeat.clock import Clock
from callbeat.doctor.accounts import (
    account_names,
    check_account,
    hurried,
    judge_answer,
    judge_clock,
    told_closed,
)
from callbeat.doctor.labels import check_labels
from callbeat.doctor.notices import Told
from callbeat.doctor.subject import Subject
from callbeat.errors import Problem
from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import AccountRow
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown, Why
from callbeat.providers.port import AccountSeen
from callbeat.providers.registry import ADAPTERS
from callbeat.runs.accounts import closed_account
from callbeat.settings import AccountSettings, Settings
from tests.factories import DUE, NOW, FakeProvider, a_campaign, a_world, seen

KEY = "bn-of-a-test"


def told(notices) -> list[tuple[str, str]]:
    return [(one.where, one.level if isinstance(one, Problem) else "ok" if one.seen else "--") for one in notices]


@pytest.mark.parametrize(
    ("answer", "where", "level"),
    [
        (Accepted(AccountSeen("Demo", Decimal("12.30"), 10)), "account bolna", "ok"),
        (Accepted(AccountSeen(None, None, None)), "account bolna", "ok"),
        (Accepted(AccountSeen("Demo", Decimal("0.00"), 10)), "account bolna.wallet", "error"),
        (Accepted(AccountSeen("Demo", Decimal("-1"), 10)), "account bolna.wallet", "error"),
        (Refused("GET user/me: 401", Why.CREDENTIALS), "account bolna", "error"),
        (Refused("GET user/me: 402", Why.FUNDS), "account bolna.wallet", "error"),
        (Refused("GET user/me: 404", Why.NOT_FOUND), "account bolna", "error"),
        (Busy("GET user/me was not sent: ConnectError"), "account bolna", "error"),
        (Unknown("GET user/me: 500"), "account bolna", "error"),
    ],
)
def test_each_answer_means_one_thing_to_do(answer, where, level):
    """A wrong key, an empty wallet and a dead network are mended by different people."""
    notices = list(judge_answer("bolna", answer, timedelta(seconds=0.3)))
    assert told(notices) == [(where, level)]
    assert all(one.fix for one in notices if isinstance(one, Problem))


def test_a_good_account_says_what_it_told():
    """Wallet and concurrency are what somebody asks next; a name that is a number is not repeated."""
    (good,) = judge_answer("bolna", Accepted(AccountSeen("Demo", Decimal("12.3"), 10)), timedelta(seconds=-0.3))
    assert good.words == "Demo, wallet 12.30, 10 calls at once, clock 0.3 s apart"
    (numbered,) = judge_answer("bolna", Accepted(AccountSeen("+12025550101", None, None)), timedelta(0))
    assert "2025550101" not in numbered.words


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, []), (5, []), (-5.5, ["warning"]), (300, ["warning"]), (301, ["error"]), (-3600, ["error"])],
)
def test_a_clock_that_differs_is_told_before_planning_is_held(seconds, expected):
    """Five seconds cost nothing yet; five minutes stop everything."""
    assert [one.level for one in judge_clock("bolna", timedelta(seconds=seconds), Clock())] == expected


@pytest.fixture
def world(tmp_path):
    world = a_world(tmp_path)
    yield world
    world.ledger.close()


def a_subject(world, readings=(), **accounts) -> Subject:
    settings = Settings(_env_file=None, accounts=accounts, home=world.folder)
    subject = Subject(settings, world.clock, readings, "somebody")
    subject.__dict__["ledger"] = world.ledger
    return subject


class Read:
    """A campaign file that is good."""

    def __init__(self, **over) -> None:
        self.campaign = a_campaign(**over)


@pytest.mark.parametrize(
    ("accounts", "campaign", "level", "words"),
    [
        ({}, {}, "error", "no key"),
        ({"bolna": AccountSettings()}, {}, "error", "no key"),
        ({"bolna": AccountSettings()}, None, "warning", "no key"),
        ({"eu": AccountSettings(api_key=KEY)}, None, "error", "at no provider"),
        ({"eu": AccountSettings(api_key=KEY, provider="cartesia")}, {"account": "eu"}, "error", "not at bolna"),
        ({"trillet": AccountSettings(api_key=KEY)}, None, "warning", "WORKSPACE_ID"),
        ({"trillet": AccountSettings(api_key=KEY)}, {"provider": "trillet"}, "error", "WORKSPACE_ID"),
    ],
)
def test_what_an_account_lacks_is_found_before_anything_is_asked(world, accounts, campaign, level, words):
    """It is worse where a campaign waits for it."""
    readings = [] if campaign is None else [Read(**campaign)]
    subject = a_subject(world, readings, **accounts)
    (name,) = account_names(subject)
    (problem,) = check_account(subject, name)
    assert (problem.where, problem.level) == (f"account {name}", level)
    assert words in problem.problem
    assert "CALLBEAT_ACCOUNTS__" in problem.fix
    assert KEY not in str(problem)


def asked_of(monkeypatch, **scripts) -> FakeProvider:
    provider = FakeProvider()
    for request, answer in scripts.items():
        provider.will(request, answer)
    monkeypatch.setitem(ADAPTERS, "bolna", lambda *_, **__: provider)
    return provider


def test_a_closed_account_opens_only_for_an_answer_that_is_good(world, monkeypatch):
    """An empty wallet, too, is answered with 200."""
    subject = a_subject(world, bolna=AccountSettings(api_key=KEY))
    world.context.accounts.heed("bolna", Refused("401", Why.CREDENTIALS), NOW)
    for answer in (Busy("away"), Accepted(AccountSeen("us", Decimal(0), None))):
        asked_of(monkeypatch, account=answer)
        assert "account bolna.closed" in [where for where, _ in told(check_account(subject, "bolna"))]
        assert closed_account(world.ledger, "bolna") is not None
    asked_of(monkeypatch, account=Accepted(AccountSeen("us", Decimal(1), None)))
    assert told(check_account(subject, "bolna")) == [("account bolna", "ok"), ("account bolna", "ok")]
    assert closed_account(world.ledger, "bolna") is None
    assert [event.actor for event in world.events() if "open again" in event.why] == ["somebody"]


@pytest.mark.parametrize(
    ("kind", "words", "fix"),
    [
        ("funds", "is followed and stopped", "top it up"),
        ("failures", "Nothing is asked but to stop", "status page"),
        ("credentials", "stops included", "set the key right"),
    ],
)
def test_a_closed_account_says_what_goes_on_and_who_mends_it(kind, words, fix):
    """A wallet, an outage and a key are mended by different people."""
    row = AccountRow(name="bolna", closed_since=NOW, kind=kind, reason="because")
    notice = told_closed(row)
    assert (notice.where, notice.level) == ("account bolna.closed", "error")
    assert words in notice.problem
    assert "since 2026-12-01T04:30:00+00:00: because" in notice.problem
    assert fix in notice.fix


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        (Accepted(seen()), "ok"),
        (Accepted(seen(label="people.csv")), "error"),
        (Accepted(seen(label=None)), "error"),
        (Refused("404", Why.NOT_FOUND), "--"),
        (Busy("away"), "--"),
    ],
)
def test_a_label_is_judged_by_a_batch_that_was_made(world, monkeypatch, answer, level):
    """What the provider does not show cannot be found again; what could not be read proves nothing."""
    subject = a_subject(world, bolna=AccountSettings(api_key=KEY))
    batch = world.a_batch(BatchState.FINISHED)
    provider = asked_of(monkeypatch, get=answer)
    assert told(check_labels(subject, "bolna")) == [("account bolna.labels", level)]
    assert provider.asked("get") == [(batch.provider_ref,)]
    assert provider.changes == []


def test_a_batch_that_was_stopped_is_not_read_back(world, monkeypatch):
    """Before its start a stop may delete it: that it is gone says nothing about labels."""
    subject = a_subject(world, bolna=AccountSettings(api_key=KEY))
    kept = world.a_batch(BatchState.FINISHED)
    world.a_batch(BatchState.STOPPED, run=world.a_run(due_at=DUE + timedelta(days=1)), key="gone", label="gone")
    asked_of(monkeypatch, get=Accepted(seen()))
    (notice,) = check_labels(subject, "bolna")
    assert f"{kept.key} bears its own" in notice.words


@pytest.mark.parametrize(("asked", "waits"), [(30.0, 10.0), (3.0, 3.0)])
def test_nobody_waits_long_for_a_provider_that_hangs(asked, waits):
    """Three of them that hang were a minute and a half."""
    assert hurried(Settings(_env_file=None, request_timeout=asked)).request_timeout == waits


def test_before_anything_was_made_labels_are_not_known_yet(world, monkeypatch):
    """Nothing is created to find out."""
    subject = a_subject(world, bolna=AccountSettings(api_key=KEY))
    provider = asked_of(monkeypatch)
    (notice,) = check_labels(subject, "bolna")
    assert isinstance(notice, Told)
    assert "not known yet" in notice.words
    assert provider.requests == []
