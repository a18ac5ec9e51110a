"""The facts of Cartesia's published OpenAPI fragment, restated; and the routes that its other pages describe."""

ID, LABEL, MOMENT = {"type": "string"}, {"type": "string"}, {"type": "string", "format": "date-time"}
COUNT = {"type": "integer"}
METADATA = {"types": {"object", "null"}}
BATCH_STATUSES = ["pending", "in_progress", "completed", "failed", "cancelled"]
REGIONS = ["US", "EU", "APAC"]
END_REASONS = [
    "agent_hangup", "client_hangup", "api_cancelled", "max_duration", "inactivity",
    "client_disconnected", "dial_busy", "dial_failed", "dial_no_answer", "error",
]  # fmt: skip

# name -> (required, properties); `types` and `enum` are of the schema that a reference leads to.
SCHEMAS = {
    "AgentCallBatchRequest": (
        {"name", "agent_id", "from_number_id", "recipients"},
        {
            "name": LABEL,
            "agent_id": ID,
            "from_number_id": ID,
            "recipients": {"type": "array", "minItems": 1, "maxItems": 5000, "of": "AgentOutboundCallItem"},
            "target_concurrency_limit": {"type": "integer", "minimum": 1},
            "ringing_timeout_seconds": {"type": "integer", "minimum": 5, "maximum": 80},
            "max_call_duration_minutes": {"type": "integer", "minimum": 1, "maximum": 480},
            "scheduled_at": MOMENT,
        },
    ),
    "AgentOutboundCallItem": ({"to_number"}, {"to_number": LABEL, "metadata": METADATA}),
    "AgentCallBatch": (
        {
            "id", "name", "agent_id", "from_number_id", "region", "target_concurrency_limit", "status",
            "total_calls_scheduled", "total_calls_dispatched", "total_calls_finished", "retry_count",
            "created_at", "last_updated_at",
        },
        {
            "id": ID,
            "name": LABEL,
            "agent_id": ID,
            "from_number_id": ID,
            "region": {"type": "string", "enum": REGIONS},
            "target_concurrency_limit": COUNT,
            "status": {"type": "string", "enum": BATCH_STATUSES},
            "total_calls_scheduled": COUNT,
            "total_calls_dispatched": COUNT,
            "total_calls_finished": COUNT,
            "retry_count": COUNT,
            "created_at": MOMENT,
            "last_updated_at": MOMENT,
            "scheduled_at": MOMENT,
            "admitted_at": MOMENT,
            "recipients": {"type": "array", "of": "AgentCallBatchRecipient"},
        },
    ),
    "AgentCallBatchRecipient": (
        {"id", "to_number", "status", "created_at"},
        {
            "id": ID,
            "to_number": LABEL,
            "status": LABEL,
            "agent_call_id": ID,
            "end_reason": {"type": "string", "enum": END_REASONS},
            "error_message": LABEL,
            "metadata": METADATA,
            "created_at": MOMENT,
        },
    ),
}  # fmt: skip
NEWER_FIELDS = {"AgentCallBatchRequest": {"region"}}  # of version 2026-08-14 only
CREATE_STATUSES = {"201", "400", "402", "404", "500"}
ROUTES = {
    ("post", "/agents/calls/batches"): CREATE_STATUSES,
    ("get", "/agents/calls/batches"): {"200"},
    ("get", "/agents/calls/batches/{batch_id}"): {"200", "404"},
    ("post", "/agents/calls/batches/{batch_id}/cancel"): {"200", "404"},
    ("post", "/agents/calls/batches/{batch_id}/retry"): {"200", "400", "404"},
    ("get", "/agents/calls"): {"200", "400", "404"},
    ("get", "/agents/calls/{call_id}"): {"200", "404"},
    ("post", "/agents/calls/{call_id}/cancel"): {"200", "400", "404", "502"},
    ("get", "/agents/calls/{call_id}/audio"): {"200", "404"},
    ("get", "/agents/phone-numbers"): {"200"},
}
ALWAYS = {"400", "401", "429"}
QUERIES = {
    "/agents/calls/batches": {"agent_id", "limit", "starting_after", "ending_before"},
    "/agents/calls": {
        "agent_id", "batch_id", "start_time_gte", "start_time_lte", "expand",
        "limit", "starting_after", "ending_before",
    },
    "/agents/phone-numbers": {"limit", "starting_after", "ending_before"},
}  # fmt: skip
