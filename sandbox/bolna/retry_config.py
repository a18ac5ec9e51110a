"""`retry_config`: a text of JSON inside a form field, checked as the auto-retry page describes it."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.bolna.refusals import bad_request

Retryable = Literal["no-answer", "busy", "failed", "error"]


class RetryConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    enabled: bool = False
    max_retries: int = Field(default=3, ge=1, le=3)
    retry_on_statuses: list[Retryable] = ["no-answer", "busy", "failed"]
    retry_on_voicemail: bool = False
    retry_intervals_minutes: list[Annotated[int, Field(ge=1, le=43_200)]] = Field([30, 60, 120], min_length=1)

    def wants(self, status: str, voicemail: bool, retries_so_far: int) -> bool:
        if not self.enabled or retries_so_far >= self.max_retries:
            return False
        return (voicemail and self.retry_on_voicemail) or status in self.retry_on_statuses

    def wait(self, retries_so_far: int) -> timedelta:
        """The last interval serves for all that have none of their own."""
        last = len(self.retry_intervals_minutes) - 1
        return timedelta(minutes=self.retry_intervals_minutes[min(retries_so_far, last)])


NO_RETRIES = RetryConfig()


def read_retry_config(text: str | None) -> RetryConfig:
    if text is None or not text.strip():
        return NO_RETRIES
    try:
        return RetryConfig.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise bad_request(f"retry_config is invalid: {place}: {first['msg']}") from error
