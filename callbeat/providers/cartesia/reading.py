"""Cartesia's answers in our words. Optional fields are left out, not null."""

from typing import Any

from callbeat.outcomes import Outcome
from callbeat.providers.cartesia import words
from callbeat.providers.cartesia.rules import ROW_KEY
from callbeat.providers.findings import findings
from callbeat.providers.port import AccountSeen, BatchSeen, CallPage, CallSeen, Created, Page, TalkSeen
from callbeat.providers.untrusted import (
    count,
    fingerprint,
    identity,
    instant,
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
from callbeat.providers.wire import Reply, Unreadable

RUNG = frozenset({Outcome.DIALLING, Outcome.TALKING, Outcome.ANSWERED})


def read_created(reply: Reply) -> Created:
    """The new batch's id, and how many recipients it took.

    Raises:
        Unreadable: a 2xx without an id: the batch may exist all the same.
    """
    body = mapping(reply.json())
    return Created(ref(body, "id"), count(body.get("total_calls_scheduled")))


def read_cancelled(reply: Reply) -> None:
    """A cancel answers with the batch; whether it is cancelled by now, or was over, is read back."""
    batch_seen(mapping(reply.json()))


def read_retried(reply: Reply) -> int | None:
    """How often the batch was told to try again by now."""
    return batch_seen(mapping(reply.json())).retries


def read_batch(reply: Reply) -> BatchSeen:
    """One batch."""
    return batch_seen(mapping(reply.json()))


def read_batches(reply: Reply) -> Page[BatchSeen]:
    """One page of batches, newest first; a row shown twice counts once."""
    body = mapping(reply.json())
    seen = [batch_seen(mapping(row)) for row in rows(body.get("data"))]
    return Page(list({row.ref: row for row in seen}.values()), _next(body))


def read_detail(reply: Reply) -> CallPage:
    """A batch with all its recipients, unpaged; one shown twice counts once."""
    body = mapping(reply.json())
    recipients = {ref(mapping(row), "id"): row for row in rows(body.get("recipients"))}
    return CallPage([call_seen(row) for row in recipients.values()], batch=batch_seen(body))


def read_talks(reply: Reply) -> Page[TalkSeen]:
    """One page of the calls that were made: one for each attempt; a row shown twice counts once."""
    body = mapping(reply.json())
    talks = [talk_seen(mapping(row)) for row in rows(body.get("data"))]
    return Page(list({talk.ref: talk for talk in talks}.values()), _next(body))


def read_account(reply: Reply) -> AccountSeen:
    """A list of batches, of which only that it could be read is of interest."""
    read_batches(reply)
    return AccountSeen(None, None, None)


def batch_seen(row: dict[str, Any]) -> BatchSeen:
    """A batch object in our words: all of it but the recipients counts for the fingerprint."""
    status, start = word(row.get("status")), instant(row.get("scheduled_at"))
    total, over = count(row.get("total_calls_scheduled")), count(row.get("total_calls_finished"))
    finished = total is not None and over is not None and over >= total
    shown = {key: value for key, value in row.items() if key != "recipients"}
    return BatchSeen(
        ref=ref(row, "id"),
        label=text(row.get("name")),
        phase=words.phase(status, has_start=bool(row.get("scheduled_at")), finished=finished),
        status_word=status,
        has_start=True,
        start_at=start,
        created_at=instant(row.get("created_at")),
        total=total,
        valid=total,
        over=over or 0,
        fingerprint=fingerprint(shown),
        retries=count(row.get("retry_count")),
    )


def call_seen(row: dict[str, Any]) -> CallSeen:
    """A recipient in our words: the latest attempt at it. Talk times stand in the list of calls.

    `error_message` in place of a call says that nobody was dialled; without it, a reason why the call ended says
    that somebody was.
    """
    status, ended = word(row.get("status")), word(row.get("end_reason"))
    call, why_not = text(row.get("agent_call_id")), text(row.get("error_message"))
    dialled = call is not None or (bool(ended) and why_not is None)
    found = words.outcome(status, ended, dialled=dialled)
    error = why_not or (ended if found is Outcome.FAILED else None)
    return CallSeen(
        ref=identity(call) or "",
        row=whole(part(row, "metadata").get(ROW_KEY)),
        number=text(row.get("to_number")),
        outcome=found,
        status_word=f"{status}: {ended}"[:60] if ended else status,
        over=found.final,
        postponed=False,
        attempts=1 if dialled or found in RUNG else 0,
        changed_at=None,
        started_at=None,
        seconds=None,
        cost=None,
        currency=None,
        error=reason(error),
        said=findings(ended),
    )


def talk_seen(row: dict[str, Any]) -> TalkSeen:
    """One attempt: from when to when it lasted."""
    began, ended = instant(row.get("start_time")), instant(row.get("end_time"))
    lasted = seconds((ended - began).total_seconds()) if began and ended else None
    return TalkSeen(
        ref=ref(row, "id"),
        row=whole(part(row, "metadata").get(ROW_KEY)),
        number=text(part(row, "telephony_params").get("to")),
        started_at=began,
        seconds=lasted,
    )


def _next(body: dict[str, Any]) -> str | None:
    """The cursor of the next page: what `next_page` says, else the last row's id.

    Raises:
        Unreadable: it does not tell whether there is another page: no end is ever guessed.
    """
    more, told, data = body.get("has_more"), text(body.get("next_page")), rows(body.get("data"))
    if not isinstance(more, bool) or (more and not data):
        raise Unreadable("no has_more")
    return (told or ref(mapping(data[-1]), "id")) if more else None
