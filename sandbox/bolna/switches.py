"""Behaviours that the public documents describe in two ways, or not at all: one switch each."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Switches(BaseModel):
    """How this pretended Bolna behaves where its documents disagree."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    create_status: Literal[200, 201] = 201
    schedule_state: Literal["scheduled at", "scheduled"] = "scheduled at"
    legacy_statuses: bool = False
    processed: bool = False
    impossible_timestamps: bool = False
    zulu_timestamps: bool = False
    auth_error: Literal[401, 403] = 401
    stop_on_scheduled: bool = False
    reschedule: Literal["refuse", "allow"] = "refuse"
    list_order: Literal["newest", "oldest"] = "newest"
    webhooks: Literal["ends", "statuses"] = "ends"
    window_required: bool = True
    concurrency: int = Field(default=10, ge=1, le=10_000)
    wallet: float = 500.0
    rate_limit_per_minute: int | None = Field(default=1000, ge=1)
