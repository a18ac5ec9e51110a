"""What a provider can do, stated once by its adapter: the product acts on it, and the docs show it."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class RetriesBy(StrEnum):
    """Who has further attempts made, at the provider."""

    BATCH = "batch"  # a wish that travels with the create: the provider tries again by itself
    NONE = "none"  # nobody: each number is dialled once
    REQUEST = "request"  # each round of further attempts is a request of ours, once the round before is over


class TalkFrom(StrEnum):
    """Where it stands how long a call talked."""

    CALLS = "calls"  # in the list of a batch's calls
    ONE_CALL = "one_call"  # in a request for each call
    TALKS = "talks"  # in a list of its own, with pages


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The properties of a provider's API that decide how a batch is made, proved and followed there.

    `earliest` and `latest` bound a start, counted from now; `mark` is what starts are rounded up to.
    `requests_a_minute` is the documented limit of one account over everything that asks.
    """

    start_with_create: bool  # the start travels with the create; else a request of its own gives it
    create_is_harmless: bool  # what was created and never given a start dials nobody
    found_by_label: bool  # batches can be listed, and show our label
    calls_show_batch: bool  # the answer to `list_calls` shows the batch too
    stops_single_calls: bool
    talk_from: TalkFrom
    earliest: timedelta
    latest: timedelta
    mark: timedelta | None
    most_contacts: int | None  # in one batch
    most_bytes: int | None  # of one upload
    requests_a_minute: int | None
    retries: RetriesBy
    retries_as_told: bool  # after the outcomes that it was told; else it chooses those by itself
    attempts_told: bool  # of a call that waits to be tried again it shows that it was dialled before
    retry_rules: str  # in words, for people
    concurrency: str
    from_numbers: str
    stops: str
    posts_on_batches: bool  # it takes a `webhook_url` with a create, and posts there when something becomes of it
    look_for: str  # how a person finds a batch at the provider; {label} stands for ours
