"""The documented shapes of Bolna's answers, for its OpenAPI page."""

from typing import Any, Literal

from pydantic import BaseModel, Field

BATCH_ID = r"^[0-9a-fA-F]{32}$"
BatchStatus = Literal[
    "created",
    "processed",
    "scheduled",
    "queued",
    "running",
    "executed",
    "completed",
    "stopped",
    "failed",
]
CallStatus = Literal[
    "scheduled",
    "prepared",
    "queued",
    "rescheduled",
    "initiated",
    "ringing",
    "in-progress",
    "call-disconnected",
    "completed",
    "no-answer",
    "busy",
    "failed",
    "canceled",
    "stopped",
    "error",
    "balance-low",
]
_DATE_TIME: dict[str, Any] = {"format": "date-time"}


class Error(BaseModel):
    error: int = Field(json_schema_extra={"format": "int32"})
    message: str


class NotStoppable(BaseModel):
    message: Literal["Batch is not queued or running"]


class Created(BaseModel):
    batch_id: str = Field(pattern=BATCH_ID)
    state: Literal["created"]


class Done(BaseModel):
    message: Literal["success"]
    state: str


class Batch(BaseModel):
    """No field is required, says the fragment: a factory, because a plain default would be shown as a value."""

    batch_id: str = Field(default_factory=str, pattern=BATCH_ID)
    humanized_created_at: str = Field(default_factory=str)
    created_at: str = Field(default_factory=str, json_schema_extra=_DATE_TIME)
    updated_at: str = Field(default_factory=str, json_schema_extra=_DATE_TIME)
    status: BatchStatus = Field(default_factory=lambda: "created")
    scheduled_at: str | None = Field(default=None, json_schema_extra=_DATE_TIME)
    from_phone_number: str | None = Field(default=None, deprecated=True)
    from_phone_numbers: list[str] = Field(default_factory=list)
    file_name: str = Field(default_factory=str)
    valid_contacts: int = Field(default_factory=int, json_schema_extra={"format": "int32"})
    total_contacts: int = Field(default_factory=int, json_schema_extra={"format": "int32"})
    execution_status: dict[str, int] = Field(default_factory=dict)


class CostBreakdown(BaseModel):
    llm: float
    network: float
    platform: float
    synthesizer: float
    transcriber: float


class TelephonyData(BaseModel):
    duration: str | None = Field(pattern=r"^\d+$")
    to_number: str
    from_number: str | None
    recording_url: str | None
    hosted_telephony: bool
    provider_call_id: str | None
    call_type: Literal["outbound"]
    provider: str
    hangup_by: str | None
    hangup_reason: str | None
    hangup_provider_code: int | None
    ring_duration: int | None
    post_dial_delay: int | None
    to_number_carrier: str | None


class BatchRunDetails(BaseModel):
    status: CallStatus
    created_at: str
    updated_at: str
    retried: int


class ContextDetails(BaseModel):
    recipient_data: dict[str, str]


class Execution(BaseModel):
    id: str = Field(json_schema_extra={"format": "uuid"})
    agent_id: str = Field(json_schema_extra={"format": "uuid"})
    batch_id: str = Field(pattern="^[a-f0-9]{32}$")
    status: CallStatus
    error_message: str | None
    conversation_duration: float
    total_cost: float
    cost_breakdown: CostBreakdown
    answered_by_voice_mail: bool
    transcript: str | None
    created_at: str = Field(json_schema_extra=_DATE_TIME)
    updated_at: str = Field(json_schema_extra=_DATE_TIME)
    telephony_data: TelephonyData
    transfer_call_data: dict[str, Any] | None
    batch_run_details: BatchRunDetails
    extracted_data: dict[str, Any] | None
    context_details: ContextDetails
    user_number: str
    agent_number: str | None


class ExecutionPage(BaseModel):
    page_number: int
    page_size: int
    total: int
    has_more: bool
    data: list[Execution]


class CallStopped(BaseModel):
    message: Literal["done"]
    status: Literal["stopped"]
    execution_id: str


class AgentStopped(BaseModel):
    stopped_executions: list[str]


class Concurrency(BaseModel):
    max: int
    current: int


class Me(BaseModel):
    id: str
    name: str
    email: str
    wallet: float
    concurrency: Concurrency
