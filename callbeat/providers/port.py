"""What every provider can be asked, and what it can answer. Adapters speak HTTP; nothing else does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from callbeat.errors import Finding
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Answer


class Phase(StrEnum):
    """Where a batch stands at its provider, in our words."""

    PARKED = "parked"  # exists, has no start, dials nobody
    SCHEDULED = "scheduled"  # will dial at its start
    DIALLING = "dialling"  # its start has come and it is not over
    OVER = "over"  # the provider calls it done; its calls may not be
    STOPPED = "stopped"
    FAILED = "failed"
    UNFAMILIAR = "unfamiliar"  # a word we do not know: never taken for an end


@dataclass(frozen=True, slots=True)
class BatchSeen:
    """A batch as the provider shows it. `has_start` may be true where `start_at` could not be read.

    `over` counts the calls that have ended; `fingerprint` changes whenever anything shown changes.
    """

    ref: str
    label: str | None
    phase: Phase
    status_word: str
    has_start: bool
    start_at: datetime | None
    created_at: datetime | None
    total: int | None
    valid: int | None
    over: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class CallSeen:
    """One call as the provider shows it. `row` is ours, echoed; `seconds` is talk time; `cost` in `currency`.

    `over` says that this attempt has ended; `postponed` that the provider moved it to a time of its own choice.
    """

    ref: str
    row: int | None
    number: str | None
    outcome: Outcome
    status_word: str
    over: bool
    postponed: bool
    attempts: int
    changed_at: datetime | None
    started_at: datetime | None
    seconds: int | None
    cost: Decimal | None
    currency: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Contact:
    """One row to be called: our row number, E.164 number, what the agent sees."""

    row: int
    number: str
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RetryWish:
    """Further attempts, each `after` the one before, on these outcomes."""

    after: tuple[timedelta, ...]
    on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a campaign asks of its provider, for a check while the file is read."""

    agent: str
    from_numbers: tuple[str, ...] = ()
    retries: RetryWish | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewBatch:
    """All that a create needs. `label` is what the provider echoes back, by which it can be found again."""

    label: str
    needs: Needs
    contacts: Sequence[Contact]


@dataclass(frozen=True, slots=True)
class Start:
    """A start the provider will take: the instant asked for, the text to send, when it will really begin."""

    asked_at: datetime
    start_at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class NoStart:
    """Why the provider would not take that start."""

    reason: str


@dataclass(frozen=True, slots=True)
class AccountSeen:
    """What a credential check tells. `wallet` in the account's currency."""

    name: str | None
    wallet: Decimal | None
    concurrency: int | None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an adapter needs to speak for one account. `api_key` is kept out of every repr."""

    api_key: str = field(repr=False)
    base_url: str | None = None
    workspace_id: str | None = field(default=None, repr=False)
    version: str | None = None


class Rules(Protocol):
    """A provider's rules: pure, and known without credentials."""

    name: str
    phone_column: str
    reserved_columns: frozenset[str]
    earliest: timedelta
    default_base_url: str
    create_is_harmless: bool  # what was created and never given a start dials nobody

    def check(self, needs: Needs) -> list[Finding]:
        """Everything in a campaign that this provider cannot do."""

    def start_for(self, asked: datetime, now: datetime, margin: timedelta) -> Start | NoStart:
        """The start that comes of asking for `asked` at `now` (the provider's clock), or why there is none."""

    def rounded(self, asked: datetime) -> datetime:
        """When a batch asked for `asked` begins, whatever the time now."""


class Provider(Protocol):
    """One account at one provider. Every method sends at most one request and never repeats it."""

    @property
    def clock_difference(self) -> timedelta:
        """Provider's clock minus ours, from the last `Date` header; zero before the first answer."""

    def create(self, batch: NewBatch) -> Answer[str]:
        """Upload the calls; the answer is the provider's id. Never repeated by the adapter."""

    def schedule(self, ref: str, text: str) -> Answer[datetime | None]:
        """Give a batch its start; the answer is the start the provider tells, if it could be read."""

    def stop(self, ref: str) -> Answer[None]:
        """Stop a batch that runs or waits for its start."""

    def delete(self, ref: str) -> Answer[None]:
        """Remove a batch that dials nobody."""

    def stop_call(self, call: str) -> Answer[None]:
        """Stop one call that has not been dialled."""

    def get(self, ref: str) -> Answer[BatchSeen]:
        """One batch."""

    def list_batches(self, agent: str) -> Answer[list[BatchSeen]]:
        """All batches of an agent: complete, or not an answer."""

    def list_calls(self, ref: str) -> Answer[list[CallSeen]]:
        """All calls of a batch: complete, or not an answer."""

    def account(self) -> Answer[AccountSeen]:
        """A harmless read that proves the credentials."""
