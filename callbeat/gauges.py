"""What is only known when it is asked for: the gauges of a scrape, and how often and how long somebody is asked."""

import threading
from collections.abc import Callable, Iterable, Iterator
from math import inf

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from callbeat.clock import monotonic

FRESH = 5.0  # real seconds in which nobody is asked again, however often it is scraped
PATIENCE = 3.0  # real seconds that a scrape waits for an answer; Prometheus itself waits ten
Told = Iterable[tuple[str, tuple[str, ...], float]]  # a gauge of those below, its labels' values, its value
log = structlog.get_logger("callbeat")
# By name, without `callbeat_`: what it says, and its labels.
GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "ledger_up": ("Whether the ledger answers this process: 1 or 0.", ()),
    "broker_up": ("Whether the broker answers this process: 1 or 0.", ()),
    "runs": ("Runs on their way, by state.", ("state",)),
    "batches": ("Batches on their way, by account and state; `held` waits for a person.", ("account", "state")),
    "batch_calls": ("Calls in batches on their way, by account and the batch's state.", ("account", "state")),
    "undecided_runs": ("Runs not begun half an hour after they could have for the last time; 200 is many.", ()),
    "oldest_due_action_age_seconds": (
        "How long the row that is longest due waits to be taken up by a sweep, campaign time.", ("table",),
    ),
    "planning_lag_seconds": ("How long the campaign that is longest due waits to be planned, campaign time.", ()),
    "heartbeat_age_seconds": ("Since any beat last wrote its heartbeat into the ledger, real time.", ()),
    "clock_held": ("1 while planning is held because a clock cannot be trusted.", ()),
    "halted": ("1 while everything is stopped by the red button.", ()),
    "broken_files": ("Campaign files with errors.", ()),
    "notifications_waiting": ("Notifications that wait to be sent, by channel.", ("channel",)),
    "oldest_notification_age_seconds": ("How long the notification that waits longest has been waiting.", ()),
    "account_closed": ("1 for why an account is closed: funds, failures or credentials.", ("account", "kind")),
    "budget_limit_requests": ("Requests that an account takes in a minute.", ("account",)),
    "budget_left_requests": ("Requests that may still leave in this minute, for the most urgent.", ("account",)),
    "queue_messages": ("Messages that wait in the broker for a worker.", ("queue",)),
    "queue_unacked_messages": ("Messages that workers have taken and not finished, of all queues.", ()),
}  # fmt: skip


class Asked(Collector):
    """Gauges of somebody who may be slow, or away: then a scrape has `up` as 0, and none of the others."""

    def __init__(self, up: str, ask: Callable[[], Told]) -> None:
        """`ask` may raise whatever it likes; it runs in a thread of its own, one at a time."""
        self._up, self._ask = up, ask
        self._lock = threading.Lock()
        self._asking: threading.Thread | None = None
        self._told: list[tuple[str, tuple[str, ...], float]] | None = None
        self._at, self._silent = -inf, False

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What was told within the last seconds; else it is asked now."""
        if (asking := self._begin()) is not None:
            asking.join(PATIENCE)
        told = self._told if monotonic() - self._at < FRESH + PATIENCE else None
        yield from families([(self._up, (), float(told is not None)), *(told or ())])

    def _begin(self) -> threading.Thread | None:
        """Whoever is asking now; None where what is known is fresh."""
        with self._lock:
            at_it = self._asking is not None and self._asking.is_alive()
            if not at_it and monotonic() - self._at < FRESH:
                return None
            if not at_it:
                self._asking = threading.Thread(target=self._find_out, name=f"metrics-{self._up}", daemon=True)
                self._asking.start()
            return self._asking

    def _find_out(self) -> None:
        try:
            told = list(self._ask())
        except Exception as error:
            told = None
            if not self._silent:  # once, and not at each scrape until it is back
                log.warning("metrics.not_known", what=self._up, why=str(error))
        self._told, self._at, self._silent = told, monotonic(), told is None


def families(told: Told) -> Iterator[GaugeMetricFamily]:
    """As Prometheus' client takes them, in the order in which they are first told."""
    found: dict[str, GaugeMetricFamily] = {}
    for name, values, value in told:
        words, labels = GAUGES[name]
        family = found.setdefault(name, GaugeMetricFamily(f"callbeat_{name}", words, labels=labels))
        family.add_metric(values, value)
    yield from found.values()
