"""What this process has seen, for Prometheus: each metric by its name, and a plain function that tells of each.

A total counts what was committed by this process alone, so the sum over processes counts nothing twice. No label is
a number, a name of somebody, a key, or a campaign: of those there may be thousands.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import timedelta
from functools import wraps
from typing import ParamSpec

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from callbeat.clock import monotonic

P = ParamSpec("P")
log = structlog.get_logger("callbeat")
REGISTRY = CollectorRegistry()  # of our own: libraries put theirs into the common one
disable_created_metrics()  # type: ignore[no-untyped-call]  # else each series comes twice
MINUTE, HOUR = 60.0, 3600.0
LATE = (
    0,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    20 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    6 * HOUR,
    24 * HOUR,
)
REQUEST = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
WORK = (0.01, 0.05, 0.1, 0.5, 1, 5, 15, MINUTE, 5 * MINUTE, 30 * MINUTE)


def _counter(name: str, words: str, *labels: str) -> Counter:
    return Counter(f"callbeat_{name}", words, labels, registry=REGISTRY)


def _histogram(name: str, words: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
    return Histogram(f"callbeat_{name}_seconds", words, labels, buckets=buckets, registry=REGISTRY)


DECISIONS = _counter(
    "decisions", "Decisions that this process wrote into the ledger, by their event in the log.", "event"
)
ALARMS = _counter(
    "alarms", "Decisions whose reason begins with ALARM, but for news given up: look at once.", "event"
)
DIFFERENCES = _counter("run_sums_differ", "Runs whose rows do not add up to invalid, excluded and called ones.")
START_AFTER_DUE = _histogram(
    "start_after_due", "From a due time to the start at the provider, its rounding included; campaign time.",
    LATE, "account",
)  # fmt: skip
START_LATENESS = _histogram(
    "start_lateness", "From the first start that the provider has for a due time to the real one; campaign time.",
    LATE, "account",
)  # fmt: skip
REQUESTS = _counter(
    "provider_requests", "Requests to providers, by what came back: accepted, refused, busy, away or unknown.",
    "account", "request", "outcome",
)  # fmt: skip
REQUEST_TIME = _histogram(
    "provider_request_duration", "How long requests to providers took, real time.", REQUEST, "account", "request"
)
BUDGET_REFUSALS = _counter(
    "budget_refusals", "Requests that had to wait since the account's budget of requests was used up.",
    "account", "errand",
)  # fmt: skip
LEFT_OUT = _counter(
    "rows_left_out",
    "Rows that are not called, by kind (invalid, excluded) and reason.",
    "kind",
    "reason",
)
CALLS = _counter("calls", "Calls of runs that have ended, by outcome.", "account", "outcome")
COST = _counter("calls_cost", "What calls of runs that have ended cost, as far as providers tell.", "currency")
TASKS = _counter("tasks", "Tasks by result: done, overtaken, lapsed or failed.", "task", "result")
TASK_TIME = _histogram("task_duration", "How long tasks took, real time.", WORK, "task")
STEP_FAILURES = _counter("beat_step_failures", "Steps of beat's tick that failed.", "step")
STEP_TIME = _histogram("beat_step_duration", "How long the steps of beat's tick took, real time.", WORK, "step")
STEP_AGE = Gauge(
    "callbeat_beat_step_age_seconds",
    "Since a step of beat's tick last went well, or else since the process began, real time.",
    ["step"], registry=REGISTRY,
)  # fmt: skip
HOOK_POSTS = _counter(
    "hook_posts", "Posts of providers: taken, unknown (a wrong secret or path), too_large or later.", "result"
)
BROUGHT_FORWARD = _counter("hook_batches_brought_forward", "Batches that are looked at sooner because of a post.")
PAGE_TIME = _histogram(
    "page_duration", "How long pages of the dashboard took, by page and kind of status.", WORK, "page", "status"
)
BUILD = Gauge(
    "callbeat_build_info", "1; the labels say which version of which process this is.",
    ["version", "process", "site"], registry=REGISTRY,
)  # fmt: skip


def _harmless(tell: Callable[P, None]) -> Callable[P, None]:
    """What is told here was done already: that it cannot be counted must not undo it."""

    @wraps(tell)
    def told(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            tell(*args, **kwargs)
        except Exception:
            log.exception("metrics.not_counted", what=tell.__name__)

    return told


@_harmless
def decided(event: str, *, alarm: bool) -> None:
    """A decision is in the ledger; `event` as in the log."""
    DECISIONS.labels(event).inc()
    if alarm:
        ALARMS.labels(event).inc()


@_harmless
def sums_differed() -> None:
    """The rows of a run do not add up."""
    DIFFERENCES.inc()


@_harmless
def started(account: str, after_due: timedelta, late: timedelta) -> None:
    """A batch dials. What began early was on time; a sum that went down would be taken for a restart."""
    START_AFTER_DUE.labels(account).observe(max(after_due.total_seconds(), 0))
    START_LATENESS.labels(account).observe(max(late.total_seconds(), 0))


@_harmless
def requested(account: str, request: str, outcome: str, seconds: float) -> None:
    """A request has left, and this came of it."""
    REQUESTS.labels(account, request, outcome).inc()
    REQUEST_TIME.labels(account, request).observe(seconds)


@_harmless
def not_afforded(account: str, errand: str) -> None:
    """A request has not left, since others were before it."""
    BUDGET_REFUSALS.labels(account, errand).inc()


@_harmless
def left_out(rows: Mapping[tuple[str, str], int]) -> None:
    """Rows by kind and reason that a run will not call."""
    for (kind, reason), count in rows.items():
        LEFT_OUT.labels(kind, reason).inc(count)


@_harmless
def ended(calls: Iterable[tuple[str, str, str | None, int, float]]) -> None:
    """Calls of a run that has ended: account, outcome, currency (None: not told), how many, what they cost."""
    for account, outcome, currency, count, cost in calls:
        CALLS.labels(account, outcome).inc(count)
        if cost > 0:
            COST.labels(currency or "unknown").inc(cost)


@_harmless
def worked(task: str, result: str, seconds: float) -> None:
    """A task is over."""
    TASKS.labels(task, result).inc()
    TASK_TIME.labels(task).observe(seconds)


@_harmless
def stepped(step: str, seconds: float, *, well: bool) -> None:
    """A step of beat's tick is over."""
    STEP_TIME.labels(step).observe(seconds)
    STEP_FAILURES.labels(step).inc(0 if well else 1)
    if well:
        _age_from_now(step)


@_harmless
def may_step(steps: Iterable[str]) -> None:
    """Beat has come up: what never goes well is as old as its process."""
    for step in steps:
        STEP_FAILURES.labels(step)
        _age_from_now(step)


def _age_from_now(step: str) -> None:
    now = monotonic()
    STEP_AGE.labels(step).set_function(lambda: monotonic() - now)


@_harmless
def posted(result: str) -> None:
    """A provider, or somebody else, has posted to the endpoint for webhooks."""
    HOOK_POSTS.labels(result).inc()


@_harmless
def brought_forward(batches: int) -> None:
    """So many batches are looked at sooner."""
    BROUGHT_FORWARD.inc(batches)


@_harmless
def page_made(page: str, status: str, seconds: float) -> None:
    """Somebody has looked at a page of the dashboard; `status` as 2xx."""
    PAGE_TIME.labels(page, status).observe(seconds)


@_harmless
def began(version: str, process: str, site: str, events: Iterable[str]) -> None:
    """A process has come up. What may happen is there as zero: Prometheus sees no rise in what begins at one."""
    BUILD.labels(version, process, site).set(1)
    for event in events:
        DECISIONS.labels(event)
        ALARMS.labels(event)


@_harmless
def may_call(account: str, outcomes: Iterable[str], errands: Iterable[str]) -> None:
    """What a worker counts of an account's calls is there as zero as well."""
    START_AFTER_DUE.labels(account)
    START_LATENESS.labels(account)
    for outcome in outcomes:
        CALLS.labels(account, outcome)
    for errand in errands:
        BUDGET_REFUSALS.labels(account, errand)


@_harmless
def may_ask(account: str, requests: Iterable[str], outcomes: Collection[str]) -> None:
    """And what it asks of the account's provider."""
    for request in requests:
        for outcome in outcomes:
            REQUESTS.labels(account, request, outcome)


@_harmless
def may_work(tasks: Iterable[str]) -> None:
    """A task that fails before any other has ended is seen, too."""
    for task in tasks:
        TASKS.labels(task, "failed")
