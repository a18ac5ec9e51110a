"""A provider's answer is one of four values; "I do not know" is one of them. Adapters raise only for bugs."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Why(StrEnum):
    """What a refusal is about, as far as somebody must act on it."""

    REQUEST = "request"  # the request itself
    CREDENTIALS = "credentials"  # the account is closed until its key works
    FUNDS = "funds"  # the account creates nothing until it is topped up
    NOT_FOUND = "not_found"  # the provider does not know the thing
    TOO_SOON = "too_soon"  # the start asked for was too near; a later one may be taken


@dataclass(frozen=True, slots=True)
class Accepted(Generic[T]):
    """It happened, or was read; `value` is what the provider told."""

    value: T


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing happened, and asking again will not help."""

    reason: str
    why: Why = Why.REQUEST


@dataclass(frozen=True, slots=True)
class Busy:
    """Nothing happened; ask again after `retry_in`. `sent` is False where nothing left this machine on purpose.

    `away` is True where the provider was not reached, or failed.
    """

    reason: str
    retry_in: timedelta = timedelta(seconds=30)
    sent: bool = True
    away: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have happened."""

    reason: str


Answer = Accepted[T] | Refused | Busy | Unknown
Failure = Refused | Busy | Unknown
