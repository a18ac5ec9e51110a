"""What every provider can be asked, and what it can answer. Adapters speak HTTP; nothing else does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from callbeat.errors import Finding
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Answer
from callbeat.providers.capabilities import Capabilities

T = TypeVar("T")


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

    `over` counts the calls that have ended; `fingerprint` changes whenever anything shown changes; `retries` is
    how often the provider says it was told to try again, where it counts that; `pressing` that something must be
    done about some of its calls.
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
    retries: int | None = None
    pressing: bool = False


@dataclass(frozen=True, slots=True)
class CallSeen:
    """One call as the provider shows it. `row` is ours, echoed; `seconds` is talk time; `cost` in `currency`.

    `over` says that this attempt has ended; `postponed` that the provider moved it to a time of its own choice;
    `unpaid` that it was not placed because the account has no funds. `said` is what the agent found out, in words
    of its own making: never shown, only compared.
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
    unpaid: bool = False
    said: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class TalkSeen:
    """One attempt, where the provider tells how long it lasted apart from the calls: `seconds` is talk time.

    `row` is ours, echoed; a contact that was tried again has one for each attempt.
    """

    ref: str
    row: int | None
    number: str | None
    started_at: datetime | None
    seconds: int | None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list. `next` is the cursor of the page after it; None where the list is complete."""

    rows: Sequence[T]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class CallPage(Page[CallSeen]):
    """One page of a batch's calls; with the batch itself, where the same answer shows both."""

    batch: BatchSeen | None = None


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
    concurrency: int | None = None
    retries: RetryWish | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Start:
    """A start the provider will take: the instant asked for, the text to send, when it will really begin."""

    asked_at: datetime
    start_at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class NewBatch:
    """All that a create needs. `label` is what the provider echoes back, by which it can be found again.

    `start` is None where the provider is given a start by a request of its own.
    """

    label: str
    needs: Needs
    contacts: Sequence[Contact]
    start: Start | None = None


@dataclass(frozen=True, slots=True)
class Created:
    """A create that was accepted: the provider's id, and how many contacts it took where it tells."""

    ref: str
    taken: int | None = None


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
    """What an adapter needs to speak for one account. `api_key` is kept out of every repr.

    `hooks` is the secret in the address that a provider is told to post to: it must not come back in an answer.
    """

    api_key: str = field(repr=False)
    base_url: str | None = None
    workspace_id: str | None = field(default=None, repr=False)
    version: str | None = None
    hooks: str | None = field(default=None, repr=False)


class Rules(Protocol):
    """A provider's rules: pure, and known without credentials."""

    name: str
    phone_column: str
    reserved_columns: frozenset[str]
    default_base_url: str
    capabilities: Capabilities

    def check(self, needs: Needs) -> list[Finding]:
        """Everything in a campaign that this provider cannot do."""

    def check_account(self, credentials: Credentials) -> str | None:
        """What is missing or wrong in an account's settings, or None."""

    def start_for(self, asked: datetime, now: datetime, margin: timedelta) -> Start | NoStart:
        """The start that comes of asking for `asked` at `now` (the provider's clock), or why there is none."""

    def rounded(self, asked: datetime) -> datetime:
        """When a batch asked for `asked` begins, whatever the time now."""


class Provider(Protocol):
    """One account at one provider. Every method sends at most one request and never repeats it.

    What a provider cannot do (see its capabilities) is answered `Refused` without asking it.
    """

    @property
    def clock_difference(self) -> timedelta:
        """Provider's clock minus ours, from the last `Date` header; zero before the first answer."""

    def create(self, batch: NewBatch) -> Answer[Created]:
        """Upload the calls, with their start where the provider takes it here. Never repeated by the adapter."""

    def schedule(self, ref: str, text: str) -> Answer[datetime | None]:
        """Give a batch its start; the answer is the start the provider tells, if it could be read."""

    def stop(self, ref: str) -> Answer[None]:
        """Stop a batch that runs or waits for its start."""

    def delete(self, ref: str) -> Answer[None]:
        """Make sure that a batch which dials nobody yet never will."""

    def stop_call(self, call: str) -> Answer[None]:
        """Stop one call that has not been dialled."""

    def retry(self, ref: str) -> Answer[int | None]:
        """Try all failed calls of a batch again; the answer is how often that was told by now, if it says so."""

    def get(self, ref: str) -> Answer[BatchSeen]:
        """One batch."""

    def list_batches(self, agent: str, cursor: str | None = None) -> Answer[Page[BatchSeen]]:
        """An agent's batches, newest first where the list has pages; from the beginning without a cursor."""

    def list_calls(self, ref: str, cursor: str | None = None) -> Answer[CallPage]:
        """The calls of a batch; from the beginning without a cursor."""

    def get_call(self, ref: str, call: str) -> Answer[CallSeen]:
        """One call of a batch, with what the list of calls leaves out."""

    def list_talks(self, ref: str, cursor: str | None = None) -> Answer[Page[TalkSeen]]:
        """How long each call of a batch talked; from the beginning without a cursor."""

    def account(self) -> Answer[AccountSeen]:
        """A harmless read that proves the credentials."""
