"""The first page says what needs somebody and where to go, what runs and how far it is, and what comes next."""

import re
from datetime import timedelta

import pytest

from callbeat.clock import monotonic, real_now
from callbeat.doctor.attention import MOST, WORST, Need, needs
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import AccountRow, BeatRow, FileRow, MemoryRow, RunRow, SwitchRow
from callbeat.outcomes import Outcome
from callbeat.runs import run_list
from callbeat.runs.approval import approve
from callbeat.runs.completeness import SUMS_DIFFER
from callbeat.runs.today import MOST_NEXT, coming, under_way
from dashboard import today
from dashboard.today import links, title
from tests.factories import DUE, NOW, a_campaign, minutes

HOUR = timedelta(hours=1)


@pytest.fixture
def beat(world):
    """Beat is at work, and believes the clock."""
    with world.ledger.write() as writer:
        row = BeatRow(id=1, ticked_real=real_now(), ticked_at=NOW, ticked_steady=monotonic(), boot="b")
        writer.session.add(row)
    return row


def add(world, row):
    with world.ledger.write() as writer:
        writer.session.merge(row)


def kinds(world):
    return [need.kind for need in needs(world.context)]


def text_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_where_all_is_well_it_says_so(world, beat, browser):
    """An empty page would leave whoever looks in doubt."""
    told = text_of(browser.get("/").text)
    for words in ("All is well", "Nobody is being called", "No campaign is due within 24 hours"):
        assert words in told
    assert needs(world.context) == []


def test_a_held_batch_leads_to_where_it_is_resolved(world, beat, browser):
    """Its reason, where to look, and the form, by one click; a reader is led to its run."""
    batch = world.a_batch(BatchState.HELD, reason="the answer to its create was lost", next_action_at=NOW)
    (need,) = needs(world.context)
    assert (need.kind, need.subject, need.campaign) == ("held", batch.key, "daily")
    told = browser.get("/").text
    assert "the answer to its create was lost" in told
    assert 'href="/actions/resolve?batch=daily%4020261201T0500Z%2F1"' in told
    assert [address for address, _ in links(need, acts=False)] == ["/runs/daily%4020261201T0500Z"]


@pytest.mark.parametrize(("state", "kind"), [(RunState.FAILED, "failed"), (RunState.MISSED, "missed")])
def test_what_went_wrong_within_a_day_is_told_with_what_was_said(world, beat, state, kind):
    """Not what was over before."""
    run = world.a_run(state=RunState.OPENING)
    with world.ledger.write() as writer:
        writer.move(run, state, at=NOW, why="the source is gone", reason="source_missing")
    (need,) = needs(world.context)
    assert (need.kind, need.subject, need.why, need.count) == (kind, run.key, "the source is gone", 1)
    world.set(run, ended_at=NOW - timedelta(hours=25))
    assert kinds(world) == []


def test_what_an_outage_has_missed_is_told_when_it_is_over(world, beat):
    """It was due days ago, and is missed now: that is no day on which all is well."""
    world.a_run(state=RunState.MISSED, due_at=DUE - timedelta(days=20), reason="too_late", ended_at=NOW)
    assert kinds(world) == ["missed"]


def test_runs_that_ended_alike_are_one_need(world, beat):
    """A campaign of each ten minutes would fill the page, and hide the rest."""
    for n in range(3):
        world.a_run(
            state=RunState.MISSED, due_at=DUE - n * HOUR, key=f"daily@{n}", reason="too_late", ended_at=NOW,
            next_action_at=None,
        )  # fmt: skip
    (need,) = needs(world.context)
    assert (need.count, need.subject, title(need)) == (3, "daily@0", "3 runs were missed")


@pytest.mark.parametrize("rang", [{"outcome": Outcome.UNKNOWN}, {"outcome": Outcome.CANCELLED, "attempts": 1}])
def test_where_people_may_have_been_called_nobody_is_led_to_call_them_again(world, beat, browser, rang):
    """A run by hand takes the whole source."""
    batch = world.a_batch(BatchState.FAILED, run=world.a_run(state=RunState.FAILED, ended_at=NOW))
    (need,) = needs(world.context)
    assert "/actions/run?campaign=daily" in [address for address, _ in links(need, acts=True)]
    assert "nobody was called" in need.mend
    world.set(world.calls(batch)[0], **rang)
    (need,) = needs(world.context)
    assert not [address for address, _ in links(need, acts=True) if address.startswith("/actions")]
    assert "some were called, or may have been" in text_of(browser.get("/").text).lower()


def test_what_was_run_by_hand_since_needs_nobody(world, beat):
    """The run by hand says how it went; one of before is no answer."""
    campaign = a_campaign()
    world.a_run(campaign, RunState.MISSED, ended_at=NOW)
    later = world.a_run(campaign, manual=1, created_at=NOW - minutes(1))
    assert kinds(world) == ["missed"]
    world.set(later, created_at=NOW + minutes(1))
    assert kinds(world) == []


def test_a_run_whose_sums_differ_needs_somebody(world, beat):
    """It is over, and looks well."""
    world.a_run(state=RunState.FINISHED, reason=SUMS_DIFFER, ended_at=NOW, next_action_at=None)
    assert kinds(world) == ["sums"]


def test_a_silent_beat_comes_first(world):
    """Nothing else of the page is true for long then."""
    world.a_batch(BatchState.HELD, next_action_at=NOW)
    assert kinds(world) == ["beat", "held"]
    long_ago = real_now() - timedelta(minutes=10)
    add(world, BeatRow(id=1, ticked_real=long_ago, ticked_at=NOW, ticked_steady=1.0, boot="b"))
    assert "the last heartbeat was 10 minutes ago" in needs(world.context)[0].why


def test_what_stands_still_as_a_whole_is_told(world, beat, browser):
    """The clock, the red button, an account, a file, a ledger that was put back."""
    ticked = {"ticked_real": real_now(), "ticked_at": NOW, "ticked_steady": 1.0, "boot": "b"}
    add(world, BeatRow(id=1, **ticked, held_since=real_now(), held_reason="it leapt"))
    add(world, SwitchRow(id=1, halted_since=NOW))
    add(world, AccountRow(name="bolna", closed_since=NOW, kind="funds", reason="the wallet is empty"))
    problem = {"level": "error", "line": 3, "where": "agent", "problem": "is missing", "fix": "write one"}
    add(world, FileRow(file="/c/daily.yaml", campaign="daily", problems=[problem, problem], seen_at=NOW))
    add(world, MemoryRow(id=1, ledger="x", beats=1, knew_until=NOW - HOUR, forgot_until=NOW))
    assert kinds(world) == ["clock", "halted", "closed", "broken", "restored"]
    told = text_of(browser.get("/").text)
    for words in (
        "it leapt", "callbeat clock confirm", "everything is stopped since", "the wallet is empty",
        "line 3, agent: is missing",
    ):  # fmt: skip
        assert words in told
    assert 'href="/actions/start"' in browser.get("/").text


def test_a_file_with_warnings_alone_needs_nobody(world, beat):
    """Its campaign runs."""
    add(world, FileRow(file="/c/d.yaml", campaign=None, problems=[{"level": "warning"}], seen_at=NOW))
    assert kinds(world) == []


def test_a_revision_that_waits_for_approval_is_told_before_it_is_due(world, beat):
    """Afterwards it would be missed."""
    world.a_campaign_row(next_plan_at=NOW)
    assert kinds(world) == []
    object.__setattr__(world.context, "needs_approval", lambda account: account == "bolna")
    (need,) = needs(world.context)
    assert (need.kind, need.subject) == ("approval", "daily")
    assert next(links(need, acts=True))[0] == "/actions/approve?campaign=daily"


def test_every_kind_has_words_and_an_order():
    """One that is new would fail the page."""
    assert set(WORST) == set(today.WORDS)
    for kind in WORST:
        need = Need(kind, "a/1", "why", "mend", campaign="a")
        assert title(need)
        assert all(address.startswith("/") for address, _ in links(need, acts=True))
        assert not [address for address, _ in links(need, acts=False) if address.startswith("/actions")]


def test_what_is_written_by_others_is_text(world, beat, browser):
    """A provider's answer, a name of a file."""
    world.a_batch(BatchState.HELD, reason="<script>alert(1)</script>", next_action_at=NOW)
    assert "<script>alert" not in browser.get("/").text


def test_a_run_at_work_shows_how_far_it_is(world, beat, browser):
    """Calls over, outcomes, its start and the end of its hours, in its campaign's zone."""
    run = world.a_run(a_campaign(schedule={"timezone": "Asia/Kolkata"}))
    batch = world.a_batch(BatchState.RUNNING, run=run, rows=4, start_at=DUE, dial_until=DUE + 2 * HOUR)
    for call, outcome in zip(world.calls(batch), (Outcome.ANSWERED, Outcome.BUSY), strict=False):
        world.set(call, outcome=outcome)
    (one,) = under_way(world.ledger).shown
    assert (one.over, one.told["calls"], one.zone) == (2, 4, "Asia/Kolkata")
    told = text_of(browser.get("/").text)
    for words in (
        "2 of 4 calls over",
        "answered 1",
        "Starts 2026-12-01 10:30 Asia/Kolkata",
        "hours end 2026-12-01 12:30",
    ):
        assert words in told


def test_only_some_runs_are_shown_and_the_page_says_so(world, beat, browser):
    """However many there are."""
    for n in range(3):
        world.a_run(due_at=DUE + n * HOUR, key=f"daily@{n}")
    some = under_way(world.ledger, most=2)
    assert ([one.told["run"] for one in some.shown], some.more) == (["daily@0", "daily@1"], True)


def test_calls_of_very_large_runs_are_not_counted_for_each_who_looks(world, beat, browser, monkeypatch):
    """The page is fetched each two seconds while they dial; of the small one beside it all is told."""
    for n, rows in enumerate((3, 9)):
        world.a_batch(BatchState.RUNNING, run=world.a_run(key=f"daily@{n}", manual=n, rows=rows), rows=rows)
    monkeypatch.setattr(run_list, "COUNTED", 10)
    small, large = under_way(world.ledger).shown
    assert (small.over, small.told["outcomes"]) == (0, {"waiting": 3})
    assert (large.over, large.told["outcomes"], large.told["calls"]) == (None, {}, 9)
    told = text_of(browser.get("/").text)
    assert "0 of 3 calls over" in told
    assert "9 calls: how many are over is told on its page" in told


def test_what_comes_next_is_told_from_the_ledger_and_the_definitions(world, beat, browser):
    """Each due time once: up to the cursor by its run, after it by the file."""
    campaign = a_campaign(schedule={"cron": "0 * * * *"})
    world.a_campaign_row(campaign, cursor=DUE, next_plan_at=DUE)
    run = world.a_run(campaign, RunState.PLANNED, due_at=DUE)
    found = coming(world.context, NOW)
    assert [one.due_at for one in found.shown] == [DUE + n * HOUR for n in range(24)]
    assert [one.run for one in found.shown] == [run.key] + [None] * 23
    assert (found.more, coming(world.context, NOW, most=5).more) == (False, True)
    assert "/runs/daily%4020261201T0500Z" in browser.get("/").text


def test_what_comes_next_has_the_providers_start_and_what_to_know(world, beat, browser):
    """Rounded, or not at all."""
    odd = a_campaign(name="odd", schedule={"cron": "2 5 * * *"})
    world.a_campaign_row(odd, cursor=NOW, next_plan_at=DUE)
    (one,) = coming(world.context, NOW).shown
    assert one.start_at == DUE + minutes(10)
    assert "bolna rounds the start up" in browser.get("/").text


def test_what_comes_next_is_told_by_when_it_is_due(world, beat):
    """Not by when it is planned, which is a lead of its own before."""
    for n in range(3):
        slow = a_campaign(name=f"slow{n}", schedule={"cron": "0 15 * * *", "lead": 12 * HOUR})
        world.a_campaign_row(slow, cursor=NOW, next_plan_at=DUE - 2 * HOUR)
    world.a_campaign_row(cursor=NOW, next_plan_at=DUE - minutes(30))
    found = coming(world.context, NOW, most=2)
    assert ([one.campaign for one in found.shown], found.more) == (["daily", "slow0"], True)


def test_a_run_by_hand_that_comes_next_follows_no_schedule(world, beat):
    """It calls on a day off, too."""
    campaign = a_campaign(schedule={"skip_dates": [DUE.date().isoformat()]})
    world.a_run(campaign, RunState.PLANNED)
    world.a_run(campaign, RunState.PLANNED, manual=1)
    by_hand, by_schedule = sorted(coming(world.context, NOW).shown, key=lambda one: one.run)
    assert by_schedule.start_at is None
    assert (by_hand.start_at, by_hand.notes) == (DUE, ("by hand",))


def test_what_comes_next_says_what_would_keep_it_from_calling(world, beat, browser):
    """Else somebody waits for calls that do not come."""
    world.a_campaign_row(cursor=NOW)
    world.a_run(a_campaign(name="planned"), RunState.PLANNED)
    assert [one.notes for one in coming(world.context, NOW).shown] == [(), ()]
    object.__setattr__(world.context, "needs_approval", lambda account: account == "bolna")
    add(world, SwitchRow(id=1, halted_since=NOW))
    for one in coming(world.context, NOW).shown:
        stopped, unapproved = one.notes
        assert stopped.startswith("everything is stopped: missed")
        assert unapproved.startswith("not approved: missed")
    assert "not approved: missed, unless somebody approves it before" in browser.get("/").text
    approve(world.context, a_campaign(), "ann")
    assert [len(one.notes) for one in coming(world.context, NOW).shown] == [1, 2]


def test_campaigns_that_do_not_plan_are_not_announced(world, beat):
    """Paused, broken, removed."""
    world.a_campaign_row(next_plan_at=DUE, cursor=NOW, paused_since=NOW)
    world.a_campaign_row(a_campaign(name="gone"), next_plan_at=DUE, cursor=NOW, state="removed")
    assert coming(world.context, NOW).shown == []


def test_the_first_page_is_small_and_asks_nobody_else(world, beat, browser):
    """Under 100 KB with all that it loads, however full; nothing of it is from elsewhere, nothing inline."""
    for n in range(MOST):
        world.a_batch(BatchState.HELD, run=world.a_run(due_at=DUE + n * HOUR, key=f"r@{n}"), next_action_at=NOW)
    campaign = a_campaign(name="many", schedule={"cron": "*/10 * * * *"})
    world.a_campaign_row(campaign, cursor=NOW, next_plan_at=DUE)
    told = browser.get("/").text
    assert len(re.findall(r"<tr>", told)) == MOST_NEXT + 1
    assert "<style" not in told
    assert not re.search(r'<script(?![^>]* src="/static/)|\sstyle=|\son[a-z]+=|https?://', told)
    loaded = re.findall(r'<(?:link|script|img)[^>]*(?:href|src)="([^"]+)"', told)
    assert all(address.startswith("/static/") for address in loaded)
    size = len(told.encode()) + sum(len(browser.get(address).content) for address in loaded)
    assert size < 100_000


def test_runs_that_are_over_are_not_under_way(world, beat):
    """Also where their file is still to be written."""
    world.a_run(state=RunState.FINISHED, next_action_at=NOW)
    assert under_way(world.ledger).shown == []
    assert [row.state for row in world.runs()] == [RunState.FINISHED]
    assert RunRow.__tablename__ == "runs"
