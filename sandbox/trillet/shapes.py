"""The documented shapes of Trillet's answers, for its OpenAPI page."""

from typing import Literal

from pydantic import BaseModel, Field

BATCH_ID, CALL_ID = r"^batch_[0-9a-f]{24}$", r"^call_[0-9a-f]{24}$"
BatchStatus = Literal["queued", "scheduled", "processing", "completed", "cancelled", "failed"]
CallStatus = Literal["waiting", "delayed", "active", "completed", "failed"]


class Error(BaseModel):
    """Only `error` is always there: a factory, because a plain default would be shown as a value."""

    error: str
    message: str = Field(default_factory=str)
    id: str = Field(default_factory=str)
    status: Literal["not_found"] = Field(default_factory=lambda: "not_found")


class RateLimit(BaseModel):
    code: Literal["rate_limit_exceeded"]
    message: str
    reset_at: str = Field(json_schema_extra={"format": "date-time"})


class RateLimited(BaseModel):
    error: RateLimit


class Created(BaseModel):
    batchId: str = Field(pattern=BATCH_ID)
    totalCalls: int = Field(ge=1)
    status: BatchStatus
    message: Literal["Batch calls initiated successfully"]


class RecentCall(BaseModel):
    jobId: str = Field(pattern=CALL_ID)
    status: CallStatus
    phone_number: str
    completedAt: int | None = None
    failedAt: int | None = None
    duration: int | None = None
    error: str | None = None


class Progress(BaseModel):
    waiting: int = Field(ge=0)
    active: int = Field(ge=0)
    completed: int = Field(ge=0)
    failed: int = Field(ge=0)
    total: int = Field(ge=0)
    startTime: int | None = None
    lastCompletedTime: int | None = None
    completedTime: int | None = None
    averageCallDuration: float | None = None
    recent_calls: list[RecentCall]


class FlatProgress(Progress):
    status: BatchStatus
    isComplete: bool


class Batch(BaseModel):
    id: str = Field(pattern=BATCH_ID)
    status: BatchStatus
    isComplete: bool
    totalCalls: int
    progress: Progress
    timestamp: int


class CallTimes(BaseModel):
    jobId: str = Field(pattern=CALL_ID)
    status: CallStatus
    phone_number: str
    startTime: int | None = None
    endTime: int | None = None
    duration: int | None = None
    error: str | None = None


class ListedCall(CallTimes):
    metadata: dict[str, str]


class CallResult(BaseModel):
    callId: str = Field(pattern=CALL_ID)
    transcript: str
    outcome: Literal["successful", "voicemail"]
    metadata: dict[str, str]


class Call(CallTimes):
    result: CallResult | None = None


class Pagination(BaseModel):
    page: int
    limit: int
    total: int
    totalPages: int
    hasNext: bool
    hasPrev: bool


class Summary(BaseModel):
    total: int
    waiting: int
    active: int
    completed: int
    failed: int


class CallPage(BaseModel):
    calls: list[ListedCall]
    pagination: Pagination
    summary: Summary


class CancelDetails(BaseModel):
    completedCalls: int
    failedCalls: int
    cancelledCalls: int
    totalCalls: int


class Cancelled(BaseModel):
    batchId: str = Field(pattern=BATCH_ID)
    status: Literal["cancelled"]
    message: Literal["Batch cancelled successfully"]
    details: CancelDetails
