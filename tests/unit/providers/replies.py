"""Bolna's answers as the documents show them; a test names only the field it is about."""

import json
from typing import Any

import httpx

from callbeat.providers.wire import Reply

REF = "3c90c3cc0d444b5088888dd25736052a"
CALL = "7a3f2f5e-6e7c-4a57-a9a5-0d9f5f2b8f11"


def a_reply(content: Any, status: int = 200, **headers: str) -> Reply:
    """A complete answer with that JSON."""
    return raw(json.dumps(content).encode(), status, **headers)


def raw(body: bytes, status: int = 200, **headers: str) -> Reply:
    """A complete answer with those bytes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, httpx.Headers(named), body)


def a_batch(**over: Any) -> dict[str, Any]:
    """The sample of the batch guide."""
    plain = {
        "batch_id": REF,
        "humanized_created_at": "5 minutes ago",
        "created_at": "2024-03-13T14:12:50.596315",
        "updated_at": "2024-03-13T14:12:58.596315",
        "status": "scheduled",
        "scheduled_at": "2024-03-20T04:10:00+05:30",
        "from_phone_numbers": ["+911140000000"],
        "file_name": "cb-main-renewals-20240319T2240Z-1.csv",
        "valid_contacts": 26,
        "total_contacts": 27,
        "execution_status": {"completed": 1, "ringing": 10, "in-progress": 15},
    }
    return plain | over


def a_call(**over: Any) -> dict[str, Any]:
    """An execution that has ended well, with our row number in its echoed columns."""
    plain = {
        "id": CALL,
        "batch_id": REF,
        "status": "completed",
        "error_message": None,
        "conversation_duration": 31.7,
        "total_cost": 12.5,
        "answered_by_voice_mail": False,
        "created_at": "2024-03-19T22:40:03.120000",
        "updated_at": "2024-03-19T22:41:10.000000",
        "telephony_data": {"duration": "31", "to_number": "+919800000001", "hangup_reason": "Call ended"},
        "batch_run_details": {"status": "completed", "retried": 0},
        "context_details": {"recipient_data": {"callbeat_row": "7", "customer_name": "Ada"}},
    }
    return plain | over
