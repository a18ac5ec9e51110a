"""What follows from a provider's answer: state, answer and time in, verdict out. Pure; tested as a table."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from callbeat.ledger.states import BatchState
from callbeat.providers.answers import Accepted, Answer, Busy, Refused, Unknown, Why
from callbeat.providers.capabilities import Capabilities
from callbeat.providers.port import BatchSeen, Created, Phase

MOST_CREATES = 2
MOST_SCHEDULES = 2
MOST_RETRY_REQUESTS = 2  # of one round
LISTS_TO_PROVE_ABSENCE = 3
BETWEEN_LISTS = timedelta(seconds=30)
ABSENT_AFTER = timedelta(minutes=2)
READS_TO_PROVE_UNSCHEDULED = 2
BETWEEN_READS = timedelta(seconds=60)
ACCOUNT_CLOSED = timedelta(minutes=1)  # until it is looked at again; the start may yet be met
AT_ONCE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state to move to, why, and when to act again (campaign time)."""

    to: BatchState
    why: str
    wait: timedelta = AT_ONCE


def after_create(answer: Answer[Created], can: Capabilities) -> Verdict:
    """What follows the answer to a create: it is scheduled by it where the start travelled with it."""
    match answer:
        case Accepted(created) if can.start_with_create:
            return Verdict(BatchState.SCHEDULED, f"the provider calls it {created.ref}, and took its start")
        case Accepted(created):
            return Verdict(BatchState.CREATED, f"the provider calls it {created.ref}")
        case Busy(reason, wait):
            return Verdict(BatchState.READY, f"nothing was created: {reason}", wait)
        case Refused(reason, Why.CREDENTIALS | Why.FUNDS):
            return Verdict(BatchState.READY, f"nothing was created: {reason}", ACCOUNT_CLOSED)
        case Refused(reason):
            return Verdict(BatchState.FAILED, reason)
        case Unknown(reason):
            wait = BETWEEN_LISTS if can.found_by_label else AT_ONCE
            return Verdict(BatchState.UNCERTAIN, f"it may have been created: {reason}", wait)


def count_denial(denials: int, denied_at: datetime | None, now: datetime, apart: timedelta) -> tuple[int, datetime]:
    """One more look that showed that it did not happen: it counts if it is `apart` from the last."""
    if denied_at is not None and now - denied_at < apart:
        return denials, denied_at
    return denials + 1, now


def absent(denials: int, doubt_since: datetime, now: datetime) -> bool:
    """Whether complete lists without our label prove that a create did not arrive."""
    return denials >= LISTS_TO_PROVE_ABSENCE and now >= doubt_since + ABSENT_AFTER


def after_absence(creates: int) -> Verdict:
    """What follows once a create is proven not to have arrived."""
    if creates < MOST_CREATES:
        return Verdict(BatchState.READY, "proven absent at the provider: it will be created again")
    return Verdict(BatchState.HELD, f"created {creates} times without an answer and not to be found by its label")


def after_found(found: BatchSeen) -> Verdict:
    """What follows when a batch with our label is found at the provider."""
    if found.phase is Phase.PARKED:
        return Verdict(BatchState.CREATED, f"found at the provider by its label, as {found.ref}")
    return Verdict(BatchState.SCHEDULED, f"found at the provider by its label, as {found.ref}, {found.status_word}")


def after_schedule(answer: Answer[datetime | None], schedules: int) -> Verdict:
    """What follows the answer to a schedule. A 500 is not proof of refusal; a start too near may be mended."""
    match answer:
        case Accepted():
            return Verdict(BatchState.SCHEDULED, "the provider took the start")
        case Busy(reason, wait):
            return Verdict(BatchState.CREATED, f"not scheduled yet: {reason}", wait)
        case Refused(reason, Why.TOO_SOON) if schedules < MOST_SCHEDULES:
            return Verdict(BatchState.CREATED, f"a later start is needed: {reason}")
        case Refused(reason) if schedules > 1:
            return Verdict(
                BatchState.SCHEDULING, f"refused, perhaps because the first was taken: {reason}", BETWEEN_READS
            )
        case Refused(reason):
            return Verdict(BatchState.FAILED, reason)
        case Unknown(reason):
            return Verdict(BatchState.SCHEDULING, f"it may have been scheduled: {reason}", BETWEEN_READS)


def after_unscheduled(denials: int, schedules: int) -> Verdict:
    """What follows a read-back that shows no start."""
    if denials < READS_TO_PROVE_UNSCHEDULED:
        return Verdict(
            BatchState.SCHEDULING, "the provider shows no start yet; it is read once more", BETWEEN_READS
        )
    if schedules < MOST_SCHEDULES:
        return Verdict(BatchState.CREATED, "the schedule is proven not to have arrived")
    return Verdict(BatchState.HELD, f"scheduled {schedules} times and the provider shows no start")


def after_retry(answer: Answer[int | None]) -> Verdict:
    """What follows the answer to a retry: further attempts are never worth a second round of calls."""
    match answer:
        case Accepted():
            return Verdict(BatchState.RUNNING, "the provider tries again those it did not reach")
        case Busy(reason, wait):
            return Verdict(BatchState.RUNNING, f"not tried again yet: {reason}", wait)
        case Refused(reason):
            return Verdict(BatchState.RUNNING, f"the provider tries nobody again: {reason}")
        case Unknown(reason):
            return Verdict(BatchState.RETRYING, f"it may be trying again: {reason}", BETWEEN_READS)
