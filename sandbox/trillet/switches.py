"""Behaviours that the public documents describe in two ways, or not at all: one switch each."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Switches(BaseModel):
    """How this pretended Trillet behaves where its documents disagree or say nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    create_status: Literal[200, 201] = 200
    cancel_status: Literal[200, 202] = 200
    auth_error: Literal[401, 403] = 401
    future_status: Literal["queued", "scheduled"] = "queued"
    past_start: Literal["dial_now", "refuse"] = "dial_now"
    max_days_ahead: int = Field(default=365, ge=1, le=3650)
    bad_rows: Literal["refuse", "skip"] = "refuse"
    unknown_id: Literal[404, 500] = 404
    unknown_on_status: Literal[404, 500] = 404
    empty_list: Literal[200, 500] = 200
    second_cancel: Literal[200, 400, 404, 409] = 200
    finished_cancel: Literal[200, 400, 404, 409] = 400
    cancelled_counts: Literal["waiting", "waiting_and_active"] = "waiting_and_active"
    cancelled_calls: Literal["waiting", "failed", "gone"] = "waiting"
    cancelled_is_complete: bool = True
    callback_retries_as: Literal["same_job", "new_job"] = "same_job"
    callback_attempts: Literal["total", "retries"] = "total"
    callback_max_attempts: int = Field(default=10, ge=1, le=50)
    callback_on_voicemail: bool = False
    unknown_values: Literal["as_documented", "null", "absent"] = "as_documented"
    bullmq_words: bool = False
    concurrency: int = Field(default=10, ge=1, le=10_000)
    rate_limit_per_minute: int | None = Field(default=60, ge=1)
