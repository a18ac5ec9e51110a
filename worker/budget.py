"""How often each account may be asked: one budget over all workers, kept in Redis."""

import random
from datetime import timedelta

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import RateLimiter, SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from callbeat.clock import Clock
from callbeat.settings import Settings
from worker.home import redis_url
from worker.redis_urls import limits_url

LEFT_ALONE = 0.3  # of the budget is kept for what cannot wait: creates, schedules, stops
WITHOUT_REDIS = 0.1  # of it may each process use that cannot see what the others use
MINUTE = 60.0
SHORTEST_WAIT, LONGEST_WAIT = 10.0, 20.0  # seconds until the next try, drawn so that not all come back at once


class RedisBudget:
    """Requests a minute by account; see `callbeat.runs.gates.Budget`. A minute is pretended where time is."""

    def __init__(self, redis_url: str, clock: Clock) -> None:
        storage = RedisStorage(limits_url(redis_url))
        self._shared: RateLimiter = SlidingWindowCounterRateLimiter(storage)
        self._alone: RateLimiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._clock = clock
        self._window = max(1, round(MINUTE / clock.speed))  # real seconds; windows are whole ones

    def spend(self, account: str, a_minute: int, *, urgent: bool) -> timedelta | None:
        """None when one request may leave now, and is counted; else after how long (campaign time) to ask again."""
        try:
            free = self._take(self._shared, account, self._limit(a_minute, 1.0), urgent=urgent)
        except (RedisError, StorageError, OSError):
            free = self._take(self._alone, account, self._limit(a_minute, WITHOUT_REDIS), urgent=urgent)
        return None if free else timedelta(seconds=random.uniform(SHORTEST_WAIT, LONGEST_WAIT))

    def _limit(self, a_minute: int, part: float) -> RateLimitItem:
        in_window = a_minute * part * self._window * self._clock.speed / MINUTE
        return RateLimitItemPerSecond(max(1, int(in_window)), self._window)

    @staticmethod
    def _take(limiter: RateLimiter, account: str, limit: RateLimitItem, *, urgent: bool) -> bool:
        kept = 0 if urgent else int(limit.amount * LEFT_ALONE)
        enough = limiter.test(limit, "requests", account, cost=kept + 1)
        return enough and limiter.hit(limit, "requests", account)


def make_budget(settings: Settings) -> RedisBudget:
    """The budget in the broker of the settings.

    Raises:
        SettingsError: a pretended clock together with a real provider.
    """
    configured = settings.redis_url.get_secret_value() if settings.redis_url else None
    return RedisBudget(redis_url(configured, settings.home), settings.make_clock())
