"""Trillet's answers as its pages show them; a test names only the field it is about."""

from typing import Any

REF = "batch_7891011121314"
JOB = "call_123"
BEGAN = 1_705_329_000_000  # 2024-01-15T14:30:00Z


def a_batch(**over: Any) -> dict[str, Any]:
    """The sample of the status page; `progress` is laid over the plain one."""
    progress = {
        "waiting": 45,
        "active": 5,
        "completed": 95,
        "failed": 5,
        "total": 150,
        "startTime": BEGAN,
        "lastCompletedTime": BEGAN + 600_000,
        "completedTime": None,
        "averageCallDuration": 125.5,
        "recent_calls": [],
    }
    plain = {"id": REF, "status": "processing", "isComplete": False, "totalCalls": 150, "timestamp": BEGAN}
    counted = over.pop("progress", {})
    return plain | {"progress": progress | counted if isinstance(counted, dict) else counted} | over


def a_call(**over: Any) -> dict[str, Any]:
    """A call that has ended well, as the list of calls shows it."""
    plain = {
        "jobId": JOB,
        "status": "completed",
        "phone_number": "+14155550100",
        "startTime": BEGAN,
        "endTime": BEGAN + 65_000,
        "duration": 31.7,
        "metadata": {"callbeat_row": "7", "first_name": "Ada"},
    }
    return plain | over


def alone(**over: Any) -> dict[str, Any]:
    """The same call as a request for one shows it: with its result, and the metadata in there."""
    result = {"callId": "c1", "transcript": "…", "outcome": "successful", "metadata": {"callbeat_row": "7"}}
    told = over.pop("result", {})
    whole = {"result": result | told if isinstance(told, dict) else told}
    return {key: value for key, value in a_call(**over).items() if key != "metadata"} | whole


def a_page(*calls: Any, **turning: Any) -> dict[str, Any]:
    """One page of calls; `turning` is laid over its pagination."""
    plain = {"page": 1, "limit": 100, "total": len(calls), "totalPages": 1, "hasNext": False, "hasPrev": False}
    summary = {"total": len(calls), "waiting": 0, "active": 0, "completed": len(calls), "failed": 0}
    return {"calls": list(calls), "pagination": plain | turning, "summary": summary}
