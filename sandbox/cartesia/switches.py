"""Behaviours that the public documents describe in two ways, or not at all: one switch each."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Version = Literal["2026-03-01", "2026-08-14"]
LARGEST_PAGE = 100


class AgentWebhook(BaseModel):
    """Where the events of an agent's calls are posted, and what proves that they come from here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    secret: SecretStr


class Switches(BaseModel):
    """How this pretended Cartesia behaves where its documents disagree or say nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    versions: list[Version] = Field(default=["2026-03-01", "2026-08-14"], min_length=1)
    missing_version: Literal["refuse", "text", "accept"] = "refuse"
    recipient_limit: Literal[1000, 5000] = 5000
    unknown_fields: Literal["ignore", "refuse"] = "ignore"
    metadata_limit_bytes: int = Field(default=1024 * 1024, ge=2)
    region_needs_sip_trunk: bool = True
    unknown_agents: list[str] = []
    unknown_numbers: list[str] = []
    quota_exceeded: bool = False
    organization_concurrency: int = Field(default=20, ge=1, le=10_000)
    dials_per_second: float | None = Field(default=None, gt=0, le=1000)
    default_limit: int = Field(default=10, ge=1, le=LARGEST_PAGE)
    retry_counters: Literal["drop", "keep"] = "drop"
    empty_retry: Literal["accept", "refuse"] = "accept"
    failed_reserved: bool = False
    call_statuses: Literal["current", "stale"] = "current"
    call_metadata: bool = True
    call_start: Literal["dialled", "answered"] = "dialled"
    agent_webhooks: dict[str, AgentWebhook] = {}
    rate_limit_per_minute: int | None = Field(default=None, ge=1)
