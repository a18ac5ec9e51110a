"""Batches and calls as Trillet writes them: its names, epoch milliseconds, its habits with the unknown."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from sandbox.trillet.batches import TERMINAL, Batch
from sandbox.trillet.jobs import End, Job, State, Step
from sandbox.trillet.paging import Wish
from sandbox.trillet.plan import Turn
from sandbox.trillet.switches import Switches

RECENT = 5
KINDS = ("waiting", "active", "completed", "failed")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def millis(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // timedelta(milliseconds=1)


def _bare(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _of_call(fields: Mapping[str, Any], switches: Switches) -> dict[str, Any]:
    """In the samples a call lacks what it does not have yet."""
    return dict(fields) if switches.unknown_values == "null" else _bare(fields)


def _of_batch(fields: Mapping[str, Any], switches: Switches) -> dict[str, Any]:
    """In the samples a batch shows null for what it does not have yet."""
    return _bare(fields) if switches.unknown_values == "absent" else dict(fields)


def kind_of(state: State, switches: Switches) -> str | None:
    """Which of the four documented statuses a job counts under; None: it is not shown at all."""
    if state is State.CANCELLED:
        return None if switches.cancelled_calls == "gone" else switches.cancelled_calls
    return "waiting" if state is State.DELAYED else state.value


def word_of(state: State, switches: Switches) -> str | None:
    leaks = state is State.DELAYED and switches.bullmq_words
    return "delayed" if leaks else kind_of(state, switches)


def batch_word(batch: Batch, now: datetime, switches: Switches) -> str:
    status = batch.status(now)
    return switches.future_status if status == "scheduled" else status


def counts(batch: Batch, now: datetime, switches: Switches) -> dict[str, int]:
    counted = dict.fromkeys(KINDS, 0)
    for state, many in batch.queue.counts(now).items():
        if kind := kind_of(state, switches):
            counted[kind] += many
    return {**counted, "total": sum(counted.values())}


def _is_complete(batch: Batch, now: datetime, switches: Switches) -> bool:
    status = batch.status(now)
    if status == "cancelled" and not switches.cancelled_is_complete:
        return batch.settled(now)
    return status in TERMINAL


def progress_view(batch: Batch, now: datetime, switches: Switches) -> dict[str, Any]:
    ended = batch.queue.ended_by(now)
    times = {
        "startTime": millis(batch.started_at(now)),
        "lastCompletedTime": millis(max((end.at for end in ended if not end.turn.course.error), default=None)),
        "completedTime": millis(batch.ended_at(now)),
        "averageCallDuration": _average(ended),
    }
    recent = [_recent_view(batch, end, switches) for end in reversed(ended[-RECENT:])]
    return {**counts(batch, now, switches), **_of_batch(times, switches), "recent_calls": recent}


def _average(ended: list[End]) -> float | None:
    seconds = [_seconds(end.turn) for end in ended if not end.turn.course.error]
    return round(sum(seconds) / len(seconds), 1) if seconds else None


def _seconds(turn: Turn) -> int:
    return int(turn.course.line.total_seconds())


def _recent_view(batch: Batch, end: End, switches: Switches) -> dict[str, Any]:
    failed = end.turn.course.error is not None
    fields = {
        "jobId": end.job.id,
        "status": "failed" if failed else "completed",
        "phone_number": batch.contacts[end.job.row].number,
        "completedAt": None if failed else millis(end.at),
        "failedAt": millis(end.at) if failed else None,
        "duration": None if failed else _seconds(end.turn),
        "error": error_text(end.turn),
    }
    return _of_call(fields, switches)


def batch_view(batch: Batch, now: datetime, switches: Switches) -> dict[str, Any]:
    return {
        "id": batch.id,
        "status": batch_word(batch, now, switches),
        "isComplete": _is_complete(batch, now, switches),
        "totalCalls": len(batch.contacts),
        "progress": progress_view(batch, now, switches),
        "timestamp": millis(now),
    }


def flat_view(batch: Batch, now: datetime, switches: Switches) -> dict[str, Any]:
    head = {"status": batch_word(batch, now, switches), "isComplete": _is_complete(batch, now, switches)}
    return {**head, **progress_view(batch, now, switches)}


def error_text(turn: Turn) -> str | None:
    """A retried call says how often it was tried, as one of the samples does."""
    error = turn.course.error
    if error is None or turn.attempt == 1:
        return error
    return f"{error} - unable to connect after {turn.attempt} attempts"


def _error_of(step: Step, switches: Switches) -> str | None:
    if step.turn:
        return error_text(step.turn)
    if step.state is State.FAILED:
        return "Batch execution failed"
    hidden = step.state is State.CANCELLED and switches.cancelled_calls == "failed"
    return "Batch cancelled" if hidden else None


def call_view(batch: Batch, job: Job, step: Step, switches: Switches) -> dict[str, Any]:
    """What one call shows both alone and in a list."""
    turn = step.turn if step.turn and step.turn.course.dialled else None
    over = turn if step.state is not State.ACTIVE else None
    fields = {
        "jobId": job.id,
        "status": word_of(step.state, switches),
        "phone_number": batch.contacts[job.row].number,
        "startTime": millis(turn.at) if turn else None,
        "endTime": millis(over.hung_up) if over else None,
        "duration": _seconds(over) if over and not over.course.error else None,
        "error": None if step.state is State.ACTIVE else _error_of(step, switches),
    }
    return _of_call(fields, switches)


def single_call_view(batch: Batch, job: Job, step: Step, switches: Switches) -> dict[str, Any]:
    result = _result(batch, job, step.turn) if step.turn and step.state is State.COMPLETED else None
    return {**call_view(batch, job, step, switches), **_of_call({"result": result}, switches)}


def _result(batch: Batch, job: Job, turn: Turn) -> dict[str, Any] | None:
    if turn.course.outcome is None:
        return None
    return {
        "callId": batch.call_id(job, turn),
        "transcript": _said(turn.course.voicemail),
        "outcome": turn.course.outcome,
        "metadata": batch.contacts[job.row].metadata,
    }


def _said(voicemail: bool) -> str:
    if voicemail:
        return "Assistant: Hello!\nUser: Please leave a message after the tone."
    return "Assistant: Hello! Do you have a minute?\nUser: Yes.\nAssistant: Thank you, goodbye."


def page_view(batch: Batch, wish: Wish, now: datetime, switches: Switches) -> dict[str, Any]:
    wanted = KINDS if wish.status == "all" else (wish.status,)
    found = [(job, step) for job, step in batch.queue.at(now) if kind_of(step.state, switches) in wanted]
    shown = found[wish.first : wish.first + wish.limit]
    pages = ceil(len(found) / wish.limit)
    turning = {"totalPages": pages, "hasNext": wish.page < pages, "hasPrev": wish.page > 1}
    return {
        "calls": [
            {**call_view(batch, job, step, switches), "metadata": batch.contacts[job.row].metadata}
            for job, step in shown
        ],
        "pagination": {"page": wish.page, "limit": wish.limit, "total": len(found), **turning},
        "summary": counts(batch, now, switches),
    }


def cancelled_view(batch: Batch, now: datetime, switches: Switches) -> dict[str, Any]:
    """Documented contradiction: active calls are counted as cancelled, and run on."""
    states = batch.queue.counts(now)
    waiting = sum(states.get(state, 0) for state in (State.DELAYED, State.WAITING, State.CANCELLED))
    active = states.get(State.ACTIVE, 0) if switches.cancelled_counts == "waiting_and_active" else 0
    details = {
        "completedCalls": states.get(State.COMPLETED, 0),
        "failedCalls": states.get(State.FAILED, 0),
        "cancelledCalls": waiting + active,
        "totalCalls": sum(states.values()),
    }
    words = {"status": "cancelled", "message": "Batch cancelled successfully"}
    return {"batchId": batch.id, **words, "details": details}
