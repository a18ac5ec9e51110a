"""What beat and workers answer to a scrape beyond what they have seen: the ledger, and the broker."""

from contextlib import closing

from redis import Redis

from callbeat import metrics
from callbeat.gauges import Asked, Told
from callbeat.metrics_port import serve
from callbeat.outcomes import Outcome
from callbeat.runs.accounts import requests_a_minute
from callbeat.runs.errands import Errand
from callbeat.runs.standing import answers, standing
from callbeat.settings import PROVIDERS, Settings, load_settings
from tasks.context import context
from tasks.runs import TOLD_AS
from worker.budget import RedisBudget, make_budget
from worker.home import redis_url
from worker.queues import QUEUES

WITHIN = 2.0  # seconds for the broker
REQUESTS = (
    "create", "schedule", "stop", "delete", "stop_call", "retry", "get", "list_batches", "list_calls", "get_call",
    "list_talks", "account",
)  # fmt: skip
CAME_OF = ("accepted", "refused", "busy", "away", "unknown")
TAKEN = "unacked"  # kombu's own hash: messages that workers have taken


def answer_of_beat() -> None:
    """Beat alone tells how ledger and broker stand: there are one or two of it, and they say the same."""
    settings = load_settings()
    budget = make_budget(settings)
    whole = Asked("ledger_up", lambda: standing(context(), settings.account_names()))
    serve("beat", settings, whole, Asked("broker_up", lambda: broker(settings, budget)))


def answer_of_worker() -> None:
    """A worker tells what it has seen, and whether it reaches both."""
    settings = load_settings()
    begin_at_zero(settings)
    ledger = Asked("ledger_up", lambda: answers(context()))
    serve("worker", settings, ledger, Asked("broker_up", lambda: reached(settings)))


def begin_at_zero(settings: Settings) -> None:
    """Prometheus sees no rise in what is first there as one: of each account all that a worker counts is there."""
    metrics.may_work(TOLD_AS)
    for account in settings.account_names():
        metrics.may_call(account, [outcome for outcome in Outcome if outcome.final], Errand)
        metrics.may_ask(account, REQUESTS, CAME_OF)


def reached(settings: Settings) -> Told:
    """Nothing, where the broker answers.

    Raises:
        RedisError, OSError: it does not.
    """
    with closing(_server(settings)) as server:
        server.ping()
    return ()


def broker(settings: Settings, budget: RedisBudget) -> Told:
    """How many messages wait, and what is left of each account's budget.

    Raises:
        RedisError, OSError: it does not answer.
    """
    with closing(_server(settings)) as server:
        for word, name in QUEUES.items():
            yield "queue_messages", (word,), float(server.llen(name))
        yield "queue_unacked_messages", (), float(server.hlen(TAKEN))
    for account, a_minute in _limits(settings).items():
        yield "budget_limit_requests", (account,), a_minute
        yield "budget_left_requests", (account,), budget.left(account, a_minute)


def _limits(settings: Settings) -> dict[str, int]:
    """Requests a minute of each account that has a limit."""
    found: dict[str, int] = {}
    for name in settings.account_names():
        known = settings.account(name)
        if known is not None and known.provider in PROVIDERS:
            limit = requests_a_minute(settings, name, known.provider)
            found |= {} if limit is None else {name: limit}
    return found


def _server(settings: Settings) -> Redis:
    configured = settings.redis_url.get_secret_value() if settings.redis_url else None
    url = redis_url(configured, settings.home)
    return Redis.from_url(url, socket_timeout=WITHIN, socket_connect_timeout=WITHIN)
