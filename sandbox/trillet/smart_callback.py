"""`smartCallbackConfig`: a text of JSON inside a form field, and what it means for a batch."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sandbox.trillet.refusals import bad_request
from sandbox.trillet.switches import Switches

SHORTEST, LONGEST, MOST_GAPS = timedelta(minutes=1), timedelta(days=365), 50
_Amount = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]


class Gap(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    days: _Amount = 0
    hours: _Amount = 0

    @property
    def length(self) -> timedelta:
        return timedelta(days=self.days, hours=self.hours)

    @model_validator(mode="after")
    def _is_a_wait(self) -> Self:
        if not SHORTEST <= self.length <= LONGEST:
            raise ValueError("a gap is between one minute and 365 days")
        return self


class SmartCallbackConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    enabled: bool
    maxAttempts: int = Field(default=1, ge=1)
    gaps: list[Gap] = Field(default=[], max_length=MOST_GAPS)

    @model_validator(mode="after")
    def _has_a_gap_to_wait(self) -> Self:
        if self.enabled and self.maxAttempts > 1 and not self.gaps:
            raise ValueError("gaps must not be empty")
        return self


@dataclass(frozen=True, slots=True)
class Callback:
    """How often a call is tried in all, and how long after its end it is tried again."""

    attempts: int = 1
    gaps: tuple[timedelta, ...] = ()
    on_voicemail: bool = False

    def gap_after(self, attempt: int) -> timedelta | None:
        """The last gap serves for all attempts that have none of their own."""
        if attempt >= self.attempts or not self.gaps:
            return None
        return self.gaps[min(attempt, len(self.gaps)) - 1]


ONE_ATTEMPT = Callback()


def read_callback(text: str | None, switches: Switches) -> Callback:
    if text is None or not text.strip():
        return ONE_ATTEMPT
    config = _read(text)
    if config.maxAttempts > switches.callback_max_attempts:
        raise _invalid(f"maxAttempts: at most {switches.callback_max_attempts}")
    if not config.enabled:
        return ONE_ATTEMPT
    attempts = config.maxAttempts + (1 if switches.callback_attempts == "retries" else 0)
    return Callback(attempts, tuple(gap.length for gap in config.gaps), switches.callback_on_voicemail)


def _read(text: str) -> SmartCallbackConfig:
    try:
        return SmartCallbackConfig.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise _invalid(f"{place}: {first['msg']}" if place else first["msg"]) from error


def _invalid(why: str) -> Exception:
    return bad_request("Invalid smartCallbackConfig", why)
