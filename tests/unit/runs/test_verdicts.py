"""What follows from each answer in each state, as the design's table of answers says."""

from datetime import timedelta

import pytest

from callbeat.ledger.states import BATCH_MOVES, BatchState
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown, Why
from callbeat.providers.port import Created, Phase
from callbeat.providers.registry import RULES
from callbeat.runs.verdicts import (
    absent,
    after_absence,
    after_create,
    after_found,
    after_retry,
    after_schedule,
    after_unscheduled,
)
from tests.factories import NOW, minutes, parked, seconds, seen

S = BatchState
CLOSING = (Why.CREDENTIALS, Why.FUNDS)  # mended before its start is left, the batch may yet be made
REFUSALS = [Refused("no", why) for why in Why]
PARKS, STARTS = RULES["bolna"].capabilities, RULES["cartesia"].capabilities


@pytest.mark.parametrize(
    ("answer", "to"),
    [
        (Accepted(Created("b1")), S.CREATED),
        (Busy("429", minutes(7)), S.READY),
        (Unknown("reset"), S.UNCERTAIN),
        *((refused, S.READY if refused.why in CLOSING else S.FAILED) for refused in REFUSALS),
    ],
)
def test_what_follows_a_create(answer, to):
    """A lost answer is never taken for a refusal, and a refusal is never tried again."""
    assert after_create(answer, PARKS).to is to
    assert to in BATCH_MOVES[S.CREATING]


def test_a_create_that_carries_the_start_schedules_too():
    """There is no second request that could be lost between."""
    assert after_create(Accepted(Created("b1")), STARTS).to is S.SCHEDULED
    assert S.SCHEDULED in BATCH_MOVES[S.CREATING]


@pytest.mark.parametrize(
    ("answer", "to"),
    [
        (Accepted(1), S.RUNNING),
        (Busy("429", minutes(7)), S.RUNNING),
        (Unknown("reset"), S.RETRYING),
        *((refused, S.RUNNING) for refused in REFUSALS),
    ],
)
def test_what_follows_a_retry(answer, to):
    """Only a lost answer leaves it open whether people are dialled again."""
    assert after_retry(answer).to is to


def test_a_busy_provider_says_when_to_ask_again():
    """Asking sooner makes it busier."""
    assert after_create(Busy("429", minutes(7)), PARKS).wait == minutes(7)
    assert after_schedule(Busy("429", minutes(7)), 1).wait == minutes(7)


@pytest.mark.parametrize(
    "answer", [Accepted(Created("b1")), Unknown("reset"), Refused("no such agent"), Busy("429")]
)
def test_the_providers_words_are_kept(answer):
    """A person who reads the events must see what the provider said."""
    told = answer.value.ref if isinstance(answer, Accepted) else answer.reason
    assert told in after_create(answer, PARKS).why


@pytest.mark.parametrize(
    ("answer", "schedules", "to"),
    [
        (Accepted(None), 1, S.SCHEDULED),
        (Accepted(NOW), 1, S.SCHEDULED),
        (Busy("429"), 1, S.CREATED),
        (Unknown("500"), 1, S.SCHEDULING),  # a 500 is not proof of refusal: it is read back
        (Unknown("500"), 2, S.SCHEDULING),
        (Refused("too soon", Why.TOO_SOON), 1, S.CREATED),  # nothing happened: a later start may do
        (Refused("too soon", Why.TOO_SOON), 2, S.SCHEDULING),  # perhaps because the first was taken
        (Refused("bad request", Why.REQUEST), 2, S.SCHEDULING),
        (Refused("bad request", Why.REQUEST), 1, S.FAILED),
        (Refused("404", Why.NOT_FOUND), 1, S.FAILED),
        (Refused("401", Why.CREDENTIALS), 1, S.FAILED),
        (Refused("402", Why.FUNDS), 1, S.FAILED),
    ],
)
def test_what_follows_a_schedule(answer, schedules, to):
    """Only what is proven not to have been taken may be asked for again."""
    verdict = after_schedule(answer, schedules)
    assert verdict.to is to
    assert to is S.SCHEDULING or to in BATCH_MOVES[S.SCHEDULING]


@pytest.mark.parametrize(
    ("denials", "schedules", "to"),
    [(1, 1, S.SCHEDULING), (2, 1, S.CREATED), (1, 2, S.SCHEDULING), (2, 2, S.HELD), (3, 2, S.HELD)],
)
def test_two_reads_without_a_start_prove_that_a_schedule_did_not_arrive(denials, schedules, to):
    """One read may be too early; a third try may dial twice."""
    verdict = after_unscheduled(denials, schedules)
    assert verdict.to is to
    assert verdict.wait >= seconds(60) or to is not S.SCHEDULING


@pytest.mark.parametrize(
    ("lists", "age", "proven"),
    [
        (3, minutes(2), True),
        (3, minutes(2) - seconds(1), False),
        (2, minutes(60), False),
        (4, minutes(2), True),
        (0, timedelta(days=1), False),
    ],
)
def test_absence_takes_three_lists_and_two_minutes(lists, age, proven):
    """What is created late shows late: sending again too early makes two batches."""
    assert absent(lists, NOW, NOW + age) is proven


@pytest.mark.parametrize(("creates", "to"), [(0, S.READY), (1, S.READY), (2, S.HELD), (3, S.HELD)])
def test_a_batch_is_created_at_most_twice(creates, to):
    """Whatever eats our batches, a third will not help, and a person has to look."""
    assert after_absence(creates).to is to
    assert to in BATCH_MOVES[S.UNCERTAIN]


def test_a_found_batch_without_a_start_is_scheduled_next():
    """It is ours, and dials nobody yet."""
    assert after_found(parked()).to is S.CREATED


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.PARKED])
def test_a_found_batch_that_may_dial_is_never_scheduled_again(phase):
    """Even a word we do not know is taken for one that may dial."""
    assert after_found(seen(phase=phase)).to is S.SCHEDULED
