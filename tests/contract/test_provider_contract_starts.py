"""What callbeat relies on, asked of every adapter: who is dialled when, and who is not dialled any more."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Refused
from callbeat.providers.port import Phase, Start
from tests.contract.party import MARGIN, Party, noon, numbered, value
from tests.contract.those import those

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = 86_400


def first_dial(party: Party) -> datetime:
    return min(datetime.fromisoformat(dial["at"]) for dial in party.dials())


@those(lambda can: can.create_is_harmless)
def test_what_has_no_start_never_dials(party):
    """The ground on which a create may be repeated: for forty days nobody is rung."""
    ref = party.created()
    party.sandbox.advance(40 * DAY)
    assert party.dials() == []
    seen = party.seen(ref)
    assert (seen.phase, seen.has_start) == (Phase.PARKED, False)


def test_nothing_dials_before_its_start_and_everything_after_it_once(party):
    """Hours are judged on the start that the rules compute."""
    contacts = numbered(0, 0, 0)
    party.placed(*contacts)
    party.go_to_start(-1)
    assert party.dials() == []
    party.sandbox.advance(3600)
    assert sorted(party.dialled()) == [contact.number for contact in contacts]
    party.sandbox.advance(40 * DAY)
    assert len(party.dials()) == 3


def test_who_was_not_reached_is_not_dialled_again_where_nobody_asked_for_it(party):
    """A provider's own default must not ring anybody twice."""
    party.started(*numbered(60, 68), after=40 * DAY)
    assert len(party.dials()) == 2


AHEAD = [4, 5, 9, 10, 11, 59, 60, 61, 24 * 60, 24 * 60 + 1, 29 * 24 * 60]


@pytest.mark.parametrize("seconds", [0, 1, 59])
@pytest.mark.parametrize("ahead", AHEAD)
def test_the_rules_and_the_provider_agree_on_the_start(party, ahead, seconds):
    """What plan shows, hours judge and the provider does is one instant."""
    asked = noon() + ahead * MINUTE + seconds * SECOND
    start = party.rules.start_for(asked, noon(), MARGIN)
    assert isinstance(start, Start)
    assert start.start_at == party.rules.rounded(asked)
    seen = party.seen(party.placed(start=start))
    assert seen.has_start
    assert seen.start_at in {None, start.start_at}
    assert seen.start_at or not party.can.found_by_label
    party.sandbox.advance((start.start_at - noon()).total_seconds())
    assert first_dial(party) == start.start_at


@those(lambda can: not can.start_with_create)
def test_the_answer_to_a_schedule_tells_the_start_or_nothing(party):
    """A start that was misread would be taken for a wrong one, and the batch be stopped."""
    start = party.start()
    told = value(party.provider.schedule(party.created(), start.text))
    assert told in {None, start.start_at}


@pytest.mark.parametrize("ahead", [4 * MINUTE, timedelta(days=30) - MARGIN])
def test_a_start_that_the_rules_permit_is_taken_within_the_margin(party, ahead):
    """A request may take a while, and clocks differ."""
    start = party.start(ahead)
    party.sandbox.advance(MARGIN.total_seconds())
    assert party.seen(party.placed(start=start)).has_start


MONTH = timedelta(days=30)


@pytest.mark.parametrize(
    "ahead",
    [
        -timedelta(days=1),
        timedelta(0),
        MINUTE,
        3 * MINUTE,
        4 * MINUTE,
        MONTH - MARGIN,
        MONTH,
        MONTH + SECOND,
        99 * MONTH,
    ],
)
def test_a_start_that_the_provider_refuses_is_not_permitted_by_the_rules(party, ahead):
    """It is found out before a request is spent on it; and one that is past might dial at once."""
    asked = noon() + ahead
    permitted = isinstance(party.rules.start_for(asked, noon(), MARGIN), Start)
    assert permitted == (4 * MINUTE <= ahead <= MONTH - MARGIN)
    text = party.start().text.replace("2026-12-01T12:30:00", asked.strftime("%Y-%m-%dT%H:%M:%S"))
    if party.can.start_with_create:
        answer = party.provider.create(party.batch(start=replace(party.start(), text=text)))
    else:
        answer = party.provider.schedule(party.created(), text)
    assert isinstance(answer, Accepted if permitted else Accepted | Refused)


def test_a_batch_goes_from_waiting_over_dialling_to_its_end(party):
    """What the poll acts on: never over before its calls are, and over in the end."""
    ref = party.placed(*numbered(0, 60, 72))
    assert party.seen(ref).phase is Phase.SCHEDULED
    assert {(call.outcome, call.over) for call in party.calls(ref)} == {(Outcome.WAITING, False)}
    party.go_to_start(5)
    seen = party.seen(ref)
    assert seen.phase is Phase.DIALLING
    assert seen.over <= 1
    party.sandbox.advance(3600)
    seen = party.seen(ref)
    assert (seen.phase, seen.over) == (Phase.OVER, 3)
    outcomes = [call.outcome for call in sorted(party.calls(ref), key=lambda call: call.row)]
    assert outcomes == [Outcome.ANSWERED, Outcome.NO_ANSWER, Outcome.BUSY]


def test_every_call_that_is_over_was_tried_once(party):
    """Frequency caps count phones that rang."""
    ref = party.placed(*numbered(0, 60, 72))
    assert {call.attempts for call in party.calls(ref)} == {0}
    party.go_to_start(3600)
    assert [call.attempts for call in party.calls(ref)] == [1, 1, 1]


def test_a_batch_that_cannot_be_dialled_ends_without_a_call(party):
    """The provider gave up: it is told so, and nobody counts as called."""
    party.order("failed", "create" if party.can.start_with_create else "schedule")
    ref = party.started(after=3600)
    assert party.seen(ref).phase is Phase.FAILED
    assert party.dials() == []
    assert all(call.outcome is not Outcome.ANSWERED for call in party.calls(ref))


def test_a_batch_that_is_stuck_is_never_over(party):
    """The end is the provider's to tell: until it does, polling goes on until it is reported."""
    party.order("stuck", "create" if party.can.start_with_create else "schedule")
    ref = party.started(after=5 * DAY)
    assert party.seen(ref).phase is Phase.DIALLING


def test_a_batch_that_is_removed_before_its_start_dials_nobody(party):
    """Hours, holidays, a person's wish: whatever the reason, the phones stay still."""
    ref = party.placed()
    assert party.provider.delete(ref) == Accepted(None)
    assert party.gone(ref)
    party.go_to_start(40 * DAY)
    assert party.dials() == []
    assert party.gone(ref)


@those(lambda can: can.found_by_label)
def test_a_removed_batch_is_not_taken_for_one_that_will_dial(party):
    """An orphan that is gone must not be adopted."""
    party.provider.delete(party.placed())
    assert [seen for seen in party.bearing() if seen.phase is not Phase.STOPPED] == []


@those(lambda can: can.found_by_label)
def test_of_two_with_one_label_the_one_that_is_removed_dials_nobody(party):
    """How a double create is put right: exactly the extra one, and before the start."""
    contacts = numbered(0, 0)
    kept, extra = party.placed(*contacts), party.created(*contacts)
    value(party.provider.delete(extra))
    party.go_to_start(3600)
    assert {dial["batch"] for dial in party.dials()} == {kept}
    assert sorted(party.dialled()) == [contact.number for contact in contacts]


def test_a_stop_while_it_dials_leaves_those_who_wait_alone(party):
    """Hours end: what has not been dialled is not dialled any more, what talks goes on to its end."""
    party.switch(**party.account.one_line)
    ref = party.started(*numbered(0, 0, 0), after=5)
    assert party.provider.stop(ref) == Accepted(None)
    assert party.seen(ref).phase is Phase.STOPPED
    party.sandbox.advance(DAY)
    first, *others = party.calls(ref)
    assert len(party.dials()) == 1
    assert (first.outcome, first.number) == (Outcome.ANSWERED, party.dialled()[0])
    assert {call.outcome for call in others} <= {Outcome.CANCELLED, Outcome.WAITING}
    assert {call.attempts for call in others} == {0}
    assert party.seen(ref).phase is Phase.STOPPED


def test_a_stop_that_is_repeated_does_no_harm(party):
    """After a lost answer it is sent again, and must find the batch as it left it."""
    party.switch(**party.account.one_line)
    ref = party.started(*numbered(0, 0, 0), after=5)
    value(party.provider.stop(ref))
    assert isinstance(party.provider.stop(ref), Accepted | Refused)
    assert party.seen(ref).phase is Phase.STOPPED
    party.sandbox.advance(DAY)
    assert len(party.dials()) == 1


def test_a_batch_that_is_over_stays_over_when_it_is_stopped(party):
    """The stop came too late; its calls keep the outcomes that they have."""
    ref = party.started(*numbered(0, 72), after=3600)
    before = [call.outcome for call in party.calls(ref)]
    assert isinstance(party.provider.stop(ref), Accepted | Refused)
    assert party.seen(ref).phase is Phase.OVER
    assert [call.outcome for call in party.calls(ref)] == before
