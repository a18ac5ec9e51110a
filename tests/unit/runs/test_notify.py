"""What is to be told is told at least once, one at a time on a way, ever later while it fails, and not for ever."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from structlog.testing import capture_logs

from callbeat.clock import real_now
from callbeat.errors import LedgerConflict
from callbeat.ledger import outbox
from callbeat.ledger.outbox import given_up, waiting
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import BeatRow, OutboxRow
from callbeat.notify.answers import Later, Never, Taken
from callbeat.notify.letter import Attachment
from callbeat.notify.signature import signed_headers
from callbeat.notify.webhook import judge
from callbeat.outcomes import Outcome
from callbeat.runs import messages, notify
from callbeat.runs.finish import finish
from callbeat.runs.heartbeat import confirm_clock
from callbeat.runs.lease import Lapsed
from callbeat.runs.notify import AT_ONCE, FEWEST_TRIES, Asking, forget_old, is_over, pause_after, tell
from callbeat.runs.world import TRIAL, claim_world
from callbeat.settings_notify import NotifySettings
from tests.factories import a_campaign, minutes, seconds
from tests.unit.notify.receivers import a_mail_server, a_receiver

SECRET = b"s" * 32
SIGNED = SecretStr("whsec_" + base64.b64encode(SECRET).decode())
URL = "https://hooks.example.com/a"


def rows(world):
    with world.ledger.read() as session:
        return list(session.execute(select(OutboxRow).order_by(OutboxRow.id)).scalars())


def ended(world, n=0, *, to=RunState.FAILED, **told):
    """A run that has ended, of a campaign that tells of it."""
    campaign = a_campaign(name=f"c{n}", notify={"url": URL} | told)
    run = world.a_run(campaign)
    with world.ledger.write() as writer:
        writer.move(run, to, at=world.now, why="because", reason="because")
    return run


@pytest.fixture
def telling(world):
    """A context that may post to this machine, and signs."""
    set_notify(world, secret=SIGNED, inside=True)
    return world


def set_notify(world, **values):
    world.context = replace(
        world.context, notify=NotifySettings(**values), dashboard_url="https://calls.example.com"
    )


@pytest.fixture
def answers(telling, monkeypatch):
    """What receivers answer, one after the other (the last one stays), and what each was sent."""

    class Script(list):
        sent: list

    script = Script([Taken("answered 200 OK")])
    script.sent = []

    def send(_context, row, still_ours):
        still_ours()
        script.sent.append(row.key)
        answer = script.pop(0) if len(script) > 1 else script[0]
        return answer(row) if callable(answer) else answer

    monkeypatch.setattr(notify, "deliver", send)
    return script


def asked(world, asking=None):
    """What a beat sends: one that has just started, unless another is given."""
    world.sent.clear()
    (asking or Asking())(world.context)
    return [ids[0] for task, ids in world.sent if task == "notify"]


def test_a_run_that_ended_is_posted_with_its_sums_and_its_signature(telling):
    """To a real server, which checks it as any receiver would."""
    with a_receiver() as receiver:
        campaign = a_campaign(notify={"url": receiver.address})
        batch = telling.a_batch(BatchState.FINISHED, run=telling.a_run(campaign, rows=2), rows=2)
        for call in telling.calls(batch):
            telling.set(call, outcome=Outcome.ANSWERED)
        finish(telling.context, batch.run_id)
        (row_id,) = asked(telling)
        tell(telling.context, row_id)
    ((_, headers, body),) = receiver.got
    (row,) = rows(telling)
    assert (
        headers["webhook-signature"]
        == signed_headers(row.key, int(headers["webhook-timestamp"]), body, [SECRET])["webhook-signature"]
    )
    assert json.loads(body) == {
        "id": row.key, "type": "run.finished", "at": "2026-12-01T04:30:00+00:00", "site": "main", "trial": False,
        "campaign": "daily", "run": "daily@20261201T0500Z", "batch": None, "state": "finished", "reason": None,
        "needs_attention": False, "due_at": "2026-12-01T05:00:00+00:00",
        "start_at": json.loads(body)["start_at"], "rows": 2, "invalid": 0, "excluded": 0, "excluded_by": {},
        "calls": 2, "outcomes": {"answered": 2}, "cost": None,
        "url": "https://calls.example.com/runs/daily@20261201T0500Z",
    }  # fmt: skip
    assert (row.done_at, row.next_action_at, row.given_up, row.tries) == (telling.now, None, False, 1)
    assert "98765" not in body.decode()


def test_a_held_batch_is_mailed_to_each_address(telling):
    """To a real mail server. An address that is refused keeps the other from nothing."""
    with a_mail_server() as box:
        how = {
            "smtp_host": "127.0.0.1",
            "smtp_port": box.port,
            "smtp_tls": "none",
            "sender": "callbeat@example.com",
        }
        set_notify(telling, **how)
        campaign = a_campaign(notify={"email": ["ops@example.org", "lead@example.org"]})
        batch = telling.a_batch(BatchState.RUNNING, run=telling.a_run(campaign))
        with telling.ledger.write() as writer:
            writer.move(batch, BatchState.HELD, at=telling.now, why="who knows", reason="who knows")
        (first,) = asked(telling)
        tell(telling.context, first)
        tell(telling.context, telling.sent[-1][1][0])
    assert [receivers for receivers, _ in box.got] == [["ops@example.org"], ["lead@example.org"]]
    subjects = {message["Subject"] for _, message in box.got}
    assert subjects == {"callbeat: daily is held: somebody must look (2026-12-01 05:00 UTC)"}
    text = box.got[0][1].get_body(("plain",)).get_content()
    assert "callbeat show 'daily@20261201T0500Z'" in text
    assert "https://calls.example.com/runs/daily@20261201T0500Z" in text
    assert [row.done_at for row in rows(telling)] == [telling.now] * 2


def test_a_trial_says_that_it_is_one(telling):
    """Nobody runs to the desk for calls that were made to no one."""
    claim_world(telling.ledger, TRIAL)
    with a_receiver() as receiver, a_mail_server() as box:
        how = {"smtp_host": "127.0.0.1", "smtp_port": box.port, "smtp_tls": "none", "sender": "c@example.com"}
        set_notify(telling, secret=SIGNED, inside=True, **how)
        ended(telling, url=receiver.address, email=["ops@example.org"])
        for row in rows(telling):
            tell(telling.context, row.id)
    assert json.loads(receiver.got[0][2])["trial"] is True
    assert box.got[0][1]["Subject"].startswith("[trial] callbeat: c0 failed")


def test_the_report_goes_with_it_if_asked_and_not_if_it_keeps_the_news(telling):
    """A file that is refused, or takes too long, three times is left out."""
    telling.context = replace(
        telling.context, attach=lambda _context, what, run: Attachment(f"{run}.{what}", "text/csv", b"x")
    )
    ended(telling, url=None, email=["ops@example.org"], attach=["report", "csv"])
    (row,) = rows(telling)
    told = {"rows": 2, "run": "r"}
    names = [one.name for one in messages._attachments(telling.context, row, told)]
    assert names == ["r.report", "r.csv"]
    row.tries = 4
    assert messages._attachments(telling.context, row, told) == ()
    row.tries = 1
    assert messages._attachments(telling.context, row, told | {"rows": 100_001}) == ()


def test_killed_between_the_post_and_its_record_it_is_told_again_under_the_same_name(answers, telling):
    """At least once: the receiver knows a repetition by its id. Nobody else sends it before the lease is over."""

    class Killed(BaseException):
        pass

    def killed(_row):
        raise Killed

    ended(telling)
    (row_id,) = asked(telling)
    answers.insert(0, killed)
    with pytest.raises(Killed):
        tell(telling.context, row_id)
    telling.clock.go(minutes(2))
    assert asked(telling) == []
    tell(telling.context, row_id)
    assert len(answers.sent) == 1
    (row,) = rows(telling)
    telling.set(row, lease_until=telling.now.replace(year=2020))
    assert asked(telling) == [row_id]
    tell(telling.context, row_id)
    assert answers.sent == [row.key] * 2
    assert rows(telling)[0].done_at is not None


def test_who_slept_past_the_lease_changes_nothing(answers, telling):
    """Another process has it by then."""
    ended(telling)
    (row_id,) = asked(telling)
    answers.insert(0, lambda row: telling.rob(row) or Taken("answered 200 OK"))
    with pytest.raises(LedgerConflict):
        tell(telling.context, row_id)
    assert rows(telling)[0].done_at is None


def test_with_too_little_of_the_lease_left_nothing_is_sent(answers, telling, monkeypatch):
    """A report took two minutes to make."""
    ended(telling)
    times = iter([1000.0, 1000.0 + 119])
    monkeypatch.setattr(notify, "monotonic", lambda: next(times))
    with pytest.raises(Lapsed):
        tell(telling.context, asked(telling)[0])
    assert answers.sent == []


def test_a_repeated_message_of_the_broker_tells_nobody_twice(answers, telling):
    """Messages are hints; the row is the truth."""
    ended(telling)
    (row_id,) = asked(telling)
    tell(telling.context, row_id)
    tell(telling.context, row_id)
    assert len(answers.sent) == 1
    assert (asked(telling), rows(telling)[0].tries) == ([], 1)


def test_a_lost_message_is_sent_again_after_a_minute(answers, telling):
    """And not each second; nor is the one behind it sent in its place."""
    ended(telling, 0)
    ended(telling, 1)
    asking = Asking()
    first = asked(telling, asking)
    telling.clock.go(seconds(59))
    assert asked(telling, asking) == []
    telling.clock.go(seconds(1))
    assert asked(telling, asking) == first == [rows(telling)[0].id]


def test_what_failed_and_is_due_again_is_sent_at_once(answers, telling):
    """It is the same message, but not the one that was asked for a moment ago."""
    ended(telling)
    asking = Asking()
    answers.insert(0, Later("answered 503"))
    tell(telling.context, asked(telling, asking)[0])
    telling.clock.go(seconds(13))
    assert len(asked(telling, asking)) == 1


def test_a_heap_on_one_way_does_not_hide_the_others(answers, telling, monkeypatch):
    """They come as soon as that way is taken."""
    monkeypatch.setattr(outbox, "LOOKED_AT", 2)
    for n in range(3):
        ended(telling, n)
    ended(telling, 3, url="https://other.example.com/")
    first, *_, other = (row.id for row in rows(telling))
    assert asked(telling) == [first]
    answers.insert(0, lambda _row: Taken(str(asked(telling))))
    tell(telling.context, first)
    assert len(answers.sent) == 1
    told = []
    answers.insert(0, lambda _row: told.extend(asked(telling)) or Taken("answered 200 OK"))
    tell(telling.context, first)
    assert told == [other]


def test_on_one_way_one_goes_at_a_time_and_in_order(answers, telling):
    """Five hundred that were missed by night are no heap for a receiver in the morning."""
    for n in range(3):
        ended(telling, n)
    first, second, third = (row.id for row in rows(telling))
    assert asked(telling) == [first]

    def meanwhile(_row):
        assert asked(telling) == []
        tell(telling.context, second)
        tell(telling.context, third)
        return Taken("answered 200 OK")

    answers.insert(0, meanwhile)
    tell(telling.context, first)
    assert len(answers.sent) == 1
    assert telling.sent[-1] == ("notify", [second])
    tell(telling.context, third)  # messages of the broker come in any order
    tell(telling.context, third)
    assert answers.sent == [row.key for row in rows(telling)]


def test_few_are_under_way_over_all_workers(answers, telling):
    """However many receivers there are, and all of them slow: the threads are there for calls."""
    for n in range(AT_ONCE + 2):
        ended(telling, n, url=f"https://h{n}.example.com/")
    ids = asked(telling)
    assert len(ids) == AT_ONCE
    last = [row.id for row in rows(telling)][-1]
    depth = []

    def slow(_row):
        depth.append(1)
        if len(depth) < AT_ONCE:
            tell(telling.context, ids[len(depth)])
        else:
            assert asked(telling) == []
            tell(telling.context, last)
        return Taken("answered 200 OK")

    answers[:] = [slow]
    tell(telling.context, ids[0])
    assert len(answers.sent) == AT_ONCE


def test_while_a_receiver_is_away_all_that_is_for_it_waits_and_others_are_told(answers, telling):
    """Each message would only find out the same."""
    ended(telling, 0)
    ended(telling, 1)
    ended(telling, 2, url="https://other.example.com/")
    first, other = asked(telling)
    answers.insert(0, Later("answered 503 Service Unavailable", minutes(7)))
    tell(telling.context, first)
    tell(telling.context, other)
    due = [row.next_action_at for row in rows(telling)]
    assert due == [telling.now + minutes(7), telling.now + minutes(7), None]
    assert rows(telling)[0].problem == "away: answered 503 Service Unavailable"
    telling.clock.go(minutes(7))
    assert asked(telling) == [first]


def test_what_is_wrong_with_one_message_does_not_hold_up_the_next(answers, telling):
    """The receiver has something against this one."""
    ended(telling, 0)
    ended(telling, 1)
    answers.insert(0, Later("answered 422", away=False))
    tell(telling.context, asked(telling)[0])
    assert telling.sent[-1] == ("notify", [rows(telling)[1].id])


def test_who_is_there_again_is_told_all_that_waited(answers, telling):
    """One that comes anew is tried at once; what failed by itself keeps its own time."""
    for n in range(3):
        ended(telling, n)
    answers[:] = [Later("answered 422", away=False), Later("answered 503"), Taken("answered 200 OK")]
    alone, *waiting_rows = rows(telling)
    tell(telling.context, alone.id)
    tell(telling.context, alone.id)
    ended(telling, 3)
    tell(telling.context, alone.id)
    due = {row.id: row.next_action_at for row in rows(telling)}
    assert due[alone.id] > telling.now
    assert [due[row.id] for row in waiting_rows] == [telling.now] * 2


def test_whichever_message_finds_nobody_the_next_wait_is_longer(answers, telling):
    """Five hundred messages are no reason to knock each ten seconds."""
    for n in range(4):
        ended(telling, n)
    answers[:] = [Later("answered 503")]
    waits = []
    for _ in range(4):
        (row_id,) = asked(telling)
        tell(telling.context, row_id)
        until = min(row.next_action_at for row in rows(telling))
        waits.append(until - telling.now)
        telling.clock.time = until
    assert [row.tries for row in rows(telling)] == [1] * 4
    assert all(after > 1.5 * before for before, after in pairwise(waits))


def test_a_dead_path_does_not_hold_up_another_on_its_host(answers, telling):
    """Two teams use one service, and one of them has removed its hook."""
    for n in range(2):
        ended(telling, n, url="https://hooks.example.com/dead")
    ended(telling, 2)
    answers[:] = [lambda row: judge(404 if row.receiver.endswith("dead") else 200, {}, telling.now)]
    for row_id in [row.id for row in rows(telling)]:
        tell(telling.context, row_id)
    assert [(row.done_at, row.tries) for row in rows(telling)] == [(None, 1), (None, 1), (telling.now, 1)]


def test_of_what_is_due_first_goes_what_failed_least_and_then_what_presses(answers, telling):
    """What was tried in vain so far waits behind what may well be taken."""
    for n, to in enumerate((RunState.FAILED, RunState.MISSED, RunState.FAILED)):
        ended(telling, n, to=to)
    tried, missed, failed = rows(telling)
    telling.set(tried, tries=4)
    for _ in range(3):
        tell(telling.context, missed.id)
    assert answers.sent == [failed.key, missed.key, tried.key]


def test_a_receiver_that_is_gone_is_given_up_at_once_and_that_is_an_alarm(answers, telling):
    """Somebody waits for news that never comes: it is an event of the run, and an error in the log."""
    run = ended(telling)
    answers[:] = [Never("answered 410 Gone")]
    with capture_logs() as lines:
        tell(telling.context, asked(telling)[0])
    assert [line["log_level"] for line in lines if line["event"] == "run.not_told"] == ["error"]
    (row,) = rows(telling)
    assert (row.given_up, row.done_at, row.next_action_at) == (True, telling.now, None)
    told = "ALARM: hooks.example.com was not told of run.failed: answered 410 Gone; given up after 1 tries"
    assert told in telling.said(run)
    with telling.ledger.read() as session:
        assert (given_up(session, telling.now - minutes(1)), waiting(session)) == (1, (0, None))


def test_after_three_days_it_is_given_up(answers, telling):
    """Tried ever later; nothing is tried again afterwards."""
    run = ended(telling)
    answers[:] = [Later("no answer (ConnectError)")]
    begun, tries = telling.now, 0
    while (row := rows(telling)[0]).next_action_at is not None:
        telling.clock.time = max(telling.now, row.next_action_at)
        for row_id in asked(telling):
            tell(telling.context, row_id)
            tries += 1
    assert timedelta(days=3) <= telling.now - begun <= timedelta(days=3, hours=5)
    assert 15 <= tries <= 40
    assert "given up" in telling.said(run)


def test_a_wrong_clock_neither_ends_nor_strands_a_message(answers, telling):
    """It was a month ahead for an hour: nothing is given up by it, and what waits until then is tried at once."""
    ended(telling)
    (row,) = rows(telling)
    telling.set(row, tries=FEWEST_TRIES)
    with telling.ledger.write() as writer:
        at = {"ticked_real": real_now(), "ticked_at": telling.now, "ticked_steady": 0.0, "boot": "b"}
        writer.session.merge(BeatRow(id=1, held_since=real_now(), held_reason="it jumped", **at))
    answers[:] = [Later("answered 503")]
    telling.clock.go(timedelta(days=30))
    tell(telling.context, row.id)
    assert rows(telling)[0].given_up is False
    telling.clock.go(-timedelta(days=30))
    assert asked(telling) == []
    confirm_clock(telling.context, "ann")
    assert asked(telling) == [row.id]


def test_a_defect_of_ours_is_logged_and_holds_nobody_up(telling, monkeypatch):
    """One run that cannot be told of must not end all telling."""
    ended(telling, 0)
    ended(telling, 1)

    def broken(*_):
        raise ZeroDivisionError("+12025550101")

    monkeypatch.setattr(notify, "deliver", broken)
    tell(telling.context, asked(telling)[0])
    row = rows(telling)[0]
    assert (row.problem, row.lease_until) == ("a defect (ZeroDivisionError), see the log", None)
    assert telling.sent[-1] == ("notify", [rows(telling)[1].id])


def test_nothing_is_sent_unsigned(world):
    """What anybody could have written is believed by nobody. It goes once the secret is there."""
    ended(world)
    tell(world.context, asked(world)[0])
    assert rows(world)[0].problem == "away: CALLBEAT_NOTIFY__SECRET is not set, and nothing is sent unsigned"
    ended(world, 1, url=None, email=["ops@example.org"])
    tell(world.context, asked(world)[0])
    assert "CALLBEAT_NOTIFY__SMTP_HOST" in rows(world)[1].problem


def test_an_address_of_this_network_is_the_operators_alone(world):
    """A campaign file may not lead there; the variable of whoever knows the network may."""
    with a_receiver() as receiver:
        set_notify(world, secret=SIGNED, url=receiver.address)
        ended(world, 0, url=receiver.address)
        ended(world, 1, url=receiver.address.replace("of-somebody", "of-another"))
        first, second = (row.id for row in rows(world))
        tell(world.context, first)
        tell(world.context, second)
    assert len(receiver.got) == 1
    assert "CALLBEAT_NOTIFY__INSIDE" in rows(world)[1].problem


PAUSES = [(1, 10), (2, 30), (3, 90), (4, 270), (5, 810), (6, 2430), (7, 7290), (8, 14400), (50, 14400)]


@pytest.mark.parametrize(("tries", "whole"), PAUSES)
def test_pauses_grow_and_differ(tries, whole):
    """A receiver that comes back is not met by everybody at once."""
    found = [pause_after(tries, f"msg_{n}") for n in range(200)]
    assert seconds(whole) * 0.75 <= min(found) < seconds(whole) * 0.8
    assert seconds(whole) * 1.2 < max(found) <= seconds(whole) * 1.25


@pytest.mark.parametrize(
    ("tries", "days", "over"), [(FEWEST_TRIES, 3.0, True), (FEWEST_TRIES, 2.9, False), (FEWEST_TRIES - 1, 9, False)]
)
def test_when_it_is_over(tries, days, over):
    """Not because no callbeat ran for a week."""
    assert is_over(tries, days) is over


def test_what_was_told_long_ago_is_removed_and_what_waits_stays(answers, telling):
    """A row is a few hundred bytes; years of them are not."""
    for n in range(2):
        ended(telling, n)
    tell(telling.context, asked(telling)[0])
    telling.clock.go(timedelta(days=29))
    assert forget_old(telling.context) == 0
    telling.clock.go(timedelta(days=2))
    assert forget_old(telling.context) == 1
    with telling.ledger.read() as session:
        assert waiting(session)[0] == len(rows(telling)) == 1
