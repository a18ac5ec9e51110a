"""The facts of Bolna's two published OpenAPI fragments, restated; and where newer documents differ."""

BATCH_ID = "^[0-9a-fA-F]{32}$"
ERROR = {
    "type": "object",
    "required": ["error", "message"],
    "properties": {"error": {"type": "integer"}, "message": {"type": "string"}},
}
CREATED = {
    "type": "object",
    "required": ["batch_id", "state"],
    "properties": {"batch_id": {"type": "string", "pattern": BATCH_ID}, "state": {"enum": ["created"]}},
}
BATCH_PROPERTIES = {
    "batch_id": {"type": "string", "pattern": BATCH_ID},
    "humanized_created_at": {"type": "string"},
    "created_at": {"type": "string"},
    "updated_at": {"type": "string"},
    "status": {"type": "string"},
    "scheduled_at": {"type": ["string", "null"]},  # the fragment says string; null before scheduling, says the CLI
    "from_phone_number": {"type": ["string", "null"]},
    "from_phone_numbers": {"type": "array", "items": {"type": "string"}},
    "file_name": {"type": "string"},
    "valid_contacts": {"type": "integer"},
    "total_contacts": {"type": "integer"},
    "execution_status": {"type": "object", "additionalProperties": {"type": "integer"}},
}
BATCH = {"type": "object", "properties": BATCH_PROPERTIES}
BATCHES = {"type": "array", "items": BATCH}
LEGACY_STATUSES = {"scheduled", "created", "queued", "executed"}

CREATE_FIELDS = {
    "agent_id": {"type": "string", "format": "uuid"},
    "file": {"type": "string", "format": "binary"},
    "from_phone_numbers": {"type": "array"},
    "retry_config": {"type": "string"},
    "webhook_url": {"type": "string", "format": "uri"},
}
CREATE_REQUIRED = {"agent_id", "file"}

CALL_STATUSES = {
    "scheduled", "prepared", "queued", "rescheduled", "initiated", "ringing", "in-progress", "call-disconnected",
    "completed", "no-answer", "busy", "failed", "canceled", "stopped", "error", "balance-low",
}  # fmt: skip
CALL = {
    "type": "object",
    "required": ["id", "agent_id", "batch_id", "status", "telephony_data", "batch_run_details", "context_details"],
    "properties": {
        "id": {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
        "batch_id": {"type": "string", "pattern": "^[a-f0-9]{32}$"},
        "status": {"enum": sorted(CALL_STATUSES)},
        "conversation_duration": {"type": "number"},
        "total_cost": {"type": "number"},
        "cost_breakdown": {
            "type": "object",
            "required": ["llm", "network", "platform", "synthesizer", "transcriber"],
            "additionalProperties": {"type": "number"},
        },
        "answered_by_voice_mail": {"type": "boolean"},
        "transcript": {"type": ["string", "null"]},
        "telephony_data": {
            "type": "object",
            "required": ["to_number", "from_number", "recording_url", "hangup_reason", "provider"],
            "properties": {
                "duration": {"type": ["string", "null"], "pattern": r"^\d+$"},
                "to_number": {"type": "string"},
            },
        },
        "batch_run_details": {
            "type": "object",
            "required": ["status", "created_at", "updated_at", "retried"],
            "properties": {"retried": {"type": "integer"}},
        },
        "extracted_data": {"type": ["object", "null"]},
        "context_details": {
            "type": "object",
            "required": ["recipient_data"],
            "properties": {"recipient_data": {"additionalProperties": {"type": "string"}}},
        },
    },
}
ROUTES = {
    ("post", "/batches"): {"200", "201", "400"},
    ("post", "/batches/{batch_id}/schedule"): {"200", "400", "500"},
    ("post", "/batches/{batch_id}/stop"): {"200", "400", "404"},
    ("get", "/batches/{batch_id}"): {"200", "400"},
    ("get", "/batches/{batch_id}/executions"): {"200", "400"},
    ("get", "/batches/{agent_id}/all"): {"200", "400"},
    ("delete", "/batches/{batch_id}"): {"200", "400"},
    ("get", "/v2/agent/{agent_id}/executions"): {"200", "400"},
    ("get", "/executions/{execution_id}"): {"200", "400"},
    ("post", "/call/{execution_id}/stop"): {"200", "400"},
    ("post", "/v2/agent/{agent_id}/stop"): {"200", "400"},
    ("get", "/user/me"): {"200", "401"},
}
