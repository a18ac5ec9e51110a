"""Trillet's answers in our words. Times are milliseconds since 1970; fields may be absent or null."""

from typing import Any

from callbeat.outcomes import Outcome
from callbeat.providers.csv_upload import ROW_COLUMN
from callbeat.providers.findings import findings
from callbeat.providers.port import BatchSeen, CallPage, CallSeen, Created, Phase
from callbeat.providers.trillet import words
from callbeat.providers.untrusted import (
    count,
    epoch_instant,
    fingerprint,
    mapping,
    part,
    reason,
    ref,
    rows,
    seconds,
    text,
    whole,
    word,
)
from callbeat.providers.wire import Reply, Unreadable, masked_numbers, one_line

COUNTS = ("waiting", "active", "completed", "failed", "total")


def read_created(reply: Reply) -> Created:
    """The new batch's id, and how many calls it took.

    Raises:
        Unreadable: a 2xx without an id: the batch may exist all the same.
    """
    body = mapping(reply.json())
    return Created(ref(body, "batchId"), count(body.get("totalCalls")))


def read_cancelled(reply: Reply) -> None:
    """A cancel that Trillet confirms."""
    if words.phase(word(mapping(reply.json()).get("status")), complete=False, begun=False) is not Phase.STOPPED:
        raise Unreadable("no status 'cancelled'")


def read_batch(reply: Reply) -> BatchSeen:
    """One batch: the numbers stand in `progress`, or beside the status where the answer is flat."""
    return batch_seen(mapping(reply.json()))


def batch_seen(row: dict[str, Any]) -> BatchSeen:
    """A batch object in our words. It shows neither a label nor its start."""
    status, progress = word(row.get("status")), part(row, "progress") or row
    counts = {name: count(progress.get(name)) or 0 for name in COUNTS}
    complete = row.get("isComplete") is True
    begun = bool(counts["active"] or counts["completed"] or counts["failed"])
    total = count(row.get("totalCalls"))
    taken = total if total is not None else count(progress.get("total"))
    return BatchSeen(
        ref=ref(row, "id" if "id" in row else "batchId"),
        label=None,
        phase=words.phase(status, complete=complete, begun=begun),
        status_word=status,
        has_start=True,
        start_at=None,
        created_at=None,
        total=taken,
        valid=taken,
        over=counts["completed"] + counts["failed"],
        fingerprint=fingerprint([status, complete, counts]),
    )


def read_calls(reply: Reply) -> CallPage:
    """One page of a batch's calls; a row shown twice counts once.

    Raises:
        Unreadable: it does not tell whether there is another: no end is ever guessed.
    """
    body = mapping(reply.json())
    pages = part(body, "pagination")
    here, more = count(pages.get("page")), pages.get("hasNext")
    if here is None or not isinstance(more, bool):
        raise Unreadable("no pagination")
    calls = [call_seen(mapping(row)) for row in rows(body.get("calls"))]
    return CallPage(list({call.ref: call for call in calls}.values()), str(here + 1) if more else None)


def read_call(reply: Reply) -> CallSeen:
    """One call, with its result."""
    return call_seen(mapping(reply.json()))


def call_seen(row: dict[str, Any]) -> CallSeen:
    """A call object in our words. How it ended is known from its result, which only a single call shows."""
    status, result = word(row.get("status")), part(row, "result")
    error = text(row.get("error")) or text(part(row, "error").get("message"))
    told = text(result.get("outcome")) or ""
    began, ended = epoch_instant(row.get("startTime")), epoch_instant(row.get("endTime"))
    found = words.outcome(status, told, error or "", begun=began is not None)
    undialled = found in {Outcome.WAITING, Outcome.NOT_PLACED, Outcome.CANCELLED} and began is None
    talked = found in {Outcome.ANSWERED, Outcome.VOICEMAIL}
    return CallSeen(
        ref=ref(row, "jobId"),
        row=whole((part(row, "metadata") or part(result, "metadata")).get(ROW_COLUMN)),
        number=text(row.get("phone_number")),
        outcome=found,
        status_word=f"{status}: {masked_numbers(one_line(told))}"[:60] if told else status,
        over=found.final,
        postponed=False,
        attempts=0 if undialled else 1,
        changed_at=ended or began,
        started_at=began,
        seconds=seconds(row.get("duration")) if talked else None,
        cost=None,
        currency=None,
        error=reason(error),
        said=findings(told),
    )
