"""The documented shapes of Cartesia's requests and answers: what is read, and what its OpenAPI page shows."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from sandbox.cartesia.stories import EndReason

E164 = r"^\+[1-9][0-9]{6,14}$"
MOST_RECIPIENTS = 5000
Region = Literal["US", "EU", "APAC"]
CallStatus = Literal["created", "started", "completed", "failed", "active", "cancelled"]
Metadata = Annotated[dict[str, Any] | None, Field(description="Custom metadata passed to the agent's code.")]
Instant = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
# Left out of an answer instead of being null: a factory, because a plain default would be shown as a value.
OMITTED: Any = Field(default_factory=str)


class AgentCallBatchStatus(StrEnum):
    """The lifecycle status of a batch, derived at read time from dispatch progress."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class AgentOutboundCallItem(BaseModel):
    """Destination and metadata of one call."""

    model_config = ConfigDict(strict=True, frozen=True)

    to_number: str = Field(pattern=E164, description="Destination, in E.164 format.")
    metadata: Metadata = None


class AgentCallBatchRequest(BaseModel):
    """What a batch of outbound calls is made of."""

    model_config = ConfigDict(strict=True, frozen=True)

    name: str = Field(min_length=1, description="A label.")
    agent_id: str = Field(description="Who handles the calls.")
    from_number_id: str = Field(description="Which phone number places the calls.")
    recipients: list[AgentOutboundCallItem] = Field(min_length=1, max_length=MOST_RECIPIENTS)
    target_concurrency_limit: int = Field(
        ge=1, default_factory=int, description="Default: half the organization's."
    )
    ringing_timeout_seconds: int = Field(ge=5, le=80, default_factory=lambda: 60)
    max_call_duration_minutes: int = Field(ge=1, le=480, default_factory=lambda: 480)
    scheduled_at: Instant = Field(
        default_factory=str, description="In the future, within 30 days; default: at once."
    )
    region: Region = Field(
        default_factory=lambda: "US", description="Version 2026-08-14 only; SIP-trunk numbers only."
    )


class AgentCallBatchRecipient(BaseModel):
    """One recipient of a batch; `error_message` comes in place of `agent_call_id`."""

    id: str
    to_number: str
    status: str = Field(description="queued, dispatched, started, completed, failed or cancelled.")
    agent_call_id: str = OMITTED
    end_reason: EndReason = OMITTED
    error_message: str = OMITTED
    metadata: Metadata = None
    created_at: Instant


class AgentCallBatch(BaseModel):
    """A batch; `recipients` comes only when one batch is read."""

    id: str
    name: str
    agent_id: str
    from_number_id: str
    region: Region
    target_concurrency_limit: int
    status: AgentCallBatchStatus
    total_calls_scheduled: int
    total_calls_dispatched: int
    total_calls_finished: int
    retry_count: int
    created_at: Instant
    last_updated_at: Instant
    scheduled_at: Instant = OMITTED
    admitted_at: Instant = OMITTED
    recipients: list[AgentCallBatchRecipient] = Field(default_factory=list)


class AgentCallBatchPage(BaseModel):
    data: list[AgentCallBatch]
    has_more: bool
    next_page: str | None


class AgentTranscript(BaseModel):
    role: Literal["user", "assistant", "system"]
    text: str
    start_timestamp: float
    end_timestamp: float


class TelephonyParams(BaseModel):
    to: str
    from_: str = Field(alias="from")
    call_sid: str
    direction: Literal["outbound"]


class AgentCall(BaseModel):
    """One attempt to call one recipient."""

    id: str
    agent_id: str
    agent_name: str
    status: CallStatus
    telephony_params: TelephonyParams
    telephony_account_type: Literal["cartesia", "sip_trunk"]
    start_time: Instant = OMITTED
    end_time: Instant = OMITTED
    end_reason: EndReason = OMITTED
    error_message: str = OMITTED
    summary: str = OMITTED
    transcript: list[AgentTranscript] = Field(default_factory=list)
    redacted_at: Instant = OMITTED
    metadata: Metadata = None


class AgentCallPage(BaseModel):
    data: list[AgentCall]
    has_more: bool
    next_page: str | None


class CallCancelled(BaseModel):
    cancelled: Literal[True]


class PhoneNumberProvider(BaseModel):
    type: Literal["cartesia", "sip_trunk"]


class PhoneNumber(BaseModel):
    id: str
    number: str
    label: str
    agent: None
    provider: PhoneNumberProvider
    created_at: Instant
    updated_at: Instant


class PhoneNumberPage(BaseModel):
    data: list[PhoneNumber]
    has_more: bool


class Error(BaseModel):
    error_code: str | None
    title: str
    message: str
    request_id: str = Field(json_schema_extra={"format": "uuid"})
    doc_url: str = OMITTED
