"""Batches and calls as Bolna writes them: its names, its odd timestamps, its costs in cents."""

from datetime import UTC, datetime
from typing import Any

from sandbox.bolna.batches import PROCESSED_AFTER, Batch
from sandbox.bolna.plan import Turn
from sandbox.bolna.switches import Switches

_LEGACY = {"running": "queued", "completed": "executed", "processed": "created"}
_CENTS_PER_SECOND = {
    "llm": 0.011,
    "network": 0.017,
    "platform": 0.033,
    "synthesizer": 0.014,
    "transcriber": 0.008,
}
_ENDED_BADLY = {
    "no-answer": ("carrier", "No answer", 19),
    "busy": ("carrier", "Busy line", 17),
    "failed": ("carrier", "Number unreachable", 1),
    "canceled": ("api", "Canceled before answer", 0),
    "error": ("platform", "Internal error", 0),
}
_ERROR_WORDS = {
    "error": "The call could not be set up",
    "failed": "The carrier could not reach the number",
    "balance-low": "Wallet balance is too low to place the call",
}


def stamp(moment: datetime, switches: Switches) -> str:
    """Naive UTC with microseconds, as in the guide's sample; or the forms of other samples."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    if switches.zulu_timestamps:
        return utc.isoformat(timespec="seconds") + "Z"
    return utc.isoformat(timespec="microseconds")


def _updated_stamp(moment: datetime, switches: Switches) -> str:
    if switches.impossible_timestamps:
        return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M}:89Z"
    return stamp(moment, switches)


def start_stamp(start: datetime | None, switches: Switches) -> str | None:
    if start is None:
        return None
    return stamp(start, switches) if switches.zulu_timestamps else start.isoformat()


def humanize(since: datetime, now: datetime) -> str:
    seconds = int((now - since).total_seconds())
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            many = seconds // size
            return f"{many} {unit}{'s' if many > 1 else ''} ago"
    return "just now"


def status_word(batch: Batch, now: datetime, switches: Switches) -> str:
    status = batch.status(now)
    if status == "created" and switches.processed and now >= batch.created_at + PROCESSED_AFTER:
        status = "processed"
    return _LEGACY.get(status, status) if switches.legacy_statuses else status


def batch_view(batch: Batch, now: datetime, switches: Switches) -> dict[str, Any]:
    return {
        "batch_id": batch.id,
        "humanized_created_at": humanize(batch.created_at, now),
        "created_at": stamp(batch.created_at, switches),
        "updated_at": _updated_stamp(batch.updated_at(now), switches),
        "status": status_word(batch, now, switches),
        "scheduled_at": start_stamp(batch.start, switches),
        "from_phone_number": batch.from_numbers[0] if batch.from_numbers else None,
        "from_phone_numbers": list(batch.from_numbers),
        "file_name": batch.file_name,
        "valid_contacts": len(batch.upload.contacts),
        "total_contacts": batch.upload.total,
        "execution_status": dict(batch.reckoning.counts(now)),
    }


def _telephony(number: str, from_number: str | None, turn: Turn | None, status: str) -> dict[str, Any]:
    course = turn.course if turn else None
    done = course is not None and status == "completed"
    ended = ("user", "Call ended", 16) if done else _ENDED_BADLY.get(status, (None, None, None))
    call_id = f"pretended-{turn.at:%Y%m%d%H%M%S}-{number[-2:]}-{turn.attempt}" if turn else None
    return {
        "duration": str(course.talk) if course and done else None,
        "to_number": number,
        "from_number": from_number,
        "recording_url": f"https://recordings.invalid/{call_id}.mp3" if done else None,
        "hosted_telephony": False,
        "provider_call_id": call_id,
        "call_type": "outbound",
        "provider": "plivo",
        "hangup_by": ended[0],
        "hangup_reason": ended[1],
        "hangup_provider_code": ended[2],
        "ring_duration": course.ring if course and (done or ended[0]) else None,
        "post_dial_delay": course.post_dial if course and (done or ended[0]) else None,
        "to_number_carrier": None,
    }


def _costs(seconds: int) -> dict[str, float]:
    return {part: round(seconds * cents, 3) for part, cents in _CENTS_PER_SECOND.items()}


def _said(voicemail: bool) -> str:
    if voicemail:
        return "assistant: Hello!\nuser: Please leave a message after the tone."
    return "assistant: Hello! Do you have a minute?\nuser: Yes.\nassistant: Thank you, goodbye."


def _retry_history(batch: Batch, row: int, now: datetime, switches: Switches) -> list[dict[str, Any]]:
    ended = [turn for turn in batch.reckoning.rows[row].dialled if turn.waits and turn.waits[0] <= now]
    return [
        {"attempt": turn.attempt, "status": turn.steps[-1][1], "at": stamp(turn.steps[-1][0], switches)}
        for turn in ended
    ]


def _retries(batch: Batch, row: int, now: datetime, switches: Switches) -> dict[str, Any]:
    """Only batches with auto-retry carry these; a call that waits says when it is tried again."""
    if not batch.retries.enabled:
        return {}
    course = batch.reckoning.rows[row]
    turn = course.turn_at(now)
    waits = turn.next_ready if turn and course.step_at(now)[1] == "scheduled" else None
    history = _retry_history(batch, row, now, switches)
    return {
        "retry_count": len(history),
        "retry_config": batch.retries.model_dump(),
        "retry_history": history,
        "scheduled_at": start_stamp(waits, switches),
    }


def _talked(turn: Turn | None, status: str) -> tuple[int, bool]:
    """Seconds of talk, and whether to a voicemail; nothing is told before `completed`."""
    if turn is None or turn.course is None or status != "completed":
        return 0, False
    return turn.course.talk, turn.course.voicemail


def _outcome(turn: Turn | None, status: str) -> dict[str, Any]:
    talk, voicemail = _talked(turn, status)
    costs = _costs(talk)
    return {
        "error_message": _ERROR_WORDS.get(status),
        "conversation_duration": float(talk),
        "total_cost": round(sum(costs.values()), 3),
        "cost_breakdown": costs,
        "answered_by_voice_mail": voicemail,
        "transcript": _said(voicemail) if talk else None,
        "extracted_data": {"wants_to_be_called_again": False} if talk and not voicemail else None,
    }


def execution_view(batch: Batch, row: int, now: datetime, switches: Switches) -> dict[str, Any]:
    contact, course = batch.upload.contacts[row], batch.reckoning.rows[row]
    (changed, status), turn = course.step_at(now), course.turn_at(now)
    from_number = batch.from_numbers[row % len(batch.from_numbers)] if batch.from_numbers else None
    times = {"created_at": stamp(batch.created_at, switches), "updated_at": _updated_stamp(changed, switches)}
    return {
        "id": batch.call_ids[row],
        "agent_id": batch.agent,
        "batch_id": batch.id,
        "status": status,
        **times,
        **_outcome(turn, status),
        "telephony_data": _telephony(contact.number, from_number, turn, status),
        "transfer_call_data": None,
        "batch_run_details": {"status": status, **times, "retried": turn.attempt - 1 if turn else 0},
        "context_details": {"recipient_data": dict(contact.variables)},
        "user_number": contact.number,
        "agent_number": from_number,
        **_retries(batch, row, now, switches),
    }
