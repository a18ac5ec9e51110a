"""Cartesia's answers as its OpenAPI pages describe them; a test names only the field it is about."""

from typing import Any

REF = "acb_1"
CALL = "ac_1"
LABEL = "cb-main-renewals-20260615T1600Z-1"


def a_batch(**over: Any) -> dict[str, Any]:
    """A batch of three that dials; optional fields that it does not have yet are left out."""
    plain = {
        "id": REF,
        "name": LABEL,
        "agent_id": "agent_1",
        "from_number_id": "pn_1",
        "region": "US",
        "target_concurrency_limit": 10,
        "status": "in_progress",
        "total_calls_scheduled": 3,
        "total_calls_dispatched": 2,
        "total_calls_finished": 1,
        "retry_count": 0,
        "created_at": "2026-06-15T15:30:00Z",
        "last_updated_at": "2026-06-15T16:00:30.123456Z",
        "scheduled_at": "2026-06-15T16:00:00Z",
        "admitted_at": "2026-06-15T16:00:01Z",
    }
    return plain | over


def a_recipient(**over: Any) -> dict[str, Any]:
    """Somebody who was called and hung up in the end."""
    plain = {
        "id": "acr_1",
        "to_number": "+14155550100",
        "status": "completed",
        "agent_call_id": CALL,
        "end_reason": "client_hangup",
        "metadata": {"callbeat_row": "7", "name": "Ada"},
        "created_at": "2026-06-15T15:30:00Z",
    }
    return plain | over


def never_dialled(**over: Any) -> dict[str, Any]:
    """Somebody whose request failed before a call could be placed."""
    plain = a_recipient(status="failed", error_message="The number cannot be reached")
    return {key: value for key, value in plain.items() if key not in ("agent_call_id", "end_reason")} | over


def a_talk(**over: Any) -> dict[str, Any]:
    """One attempt, as the list of calls shows it."""
    plain = {
        "id": CALL,
        "agent_id": "agent_1",
        "agent_name": "Renewals",
        "status": "completed",
        "start_time": "2026-06-15T16:00:05Z",
        "end_time": "2026-06-15T16:00:36.7Z",
        "end_reason": "client_hangup",
        "telephony_params": {"to": "+14155550100", "from": "+14155550199", "direction": "outbound"},
        "metadata": {"callbeat_row": "7"},
    }
    return plain | over


def a_page(*rows: Any, **over: Any) -> dict[str, Any]:
    return {"data": list(rows), "has_more": False, "next_page": None} | over
