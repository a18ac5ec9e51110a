"""How often each account may be asked: one budget over all workers, kept in Redis."""

import math
import random
from datetime import timedelta

from limits import RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from callbeat.clock import Clock
from callbeat.runs.errands import Errand, allowed, wait
from callbeat.settings import Settings
from worker.home import redis_url
from worker.redis_urls import limits_url

WITHOUT_REDIS = 0.1  # of its limit may each process use that cannot see what the others use
MINUTE = 60
ON_THE_WIRE = 0.5  # real seconds by which one request may take longer to arrive than another: a minute is longer so
PATIENCE = 5.0  # real seconds, with a Redis that does not answer
MOST_REFUSALS = 10**9  # counted, never limited


class RedisBudget:
    """Requests a minute by account; see `callbeat.runs.gates.Budget`. A minute is pretended where time is.

    In no minute leaves more than the limit: every request of the last one is remembered (a moving window), since a
    counter by windows lets nearly twice the limit leave within a minute.
    """

    def __init__(self, redis_url: str, clock: Clock) -> None:
        self._storage = _CampaignTime(limits_url(redis_url), clock)
        self._shared = _Window(self._storage, clock)
        self._alone = _Alone(MemoryStorage(), clock)

    def spend(self, account: str, a_minute: int, errand: Errand, requests: int = 1) -> timedelta | None:
        """None when so many requests may leave now, and are counted; else the campaign time until the next try."""
        try:
            return self._shared.spend(account, a_minute, errand, requests)
        except (RedisError, StorageError, OSError):
            return self._alone.spend(account, max(1, int(a_minute * WITHOUT_REDIS)), errand, requests)

    def left(self, account: str, a_minute: int) -> int:
        """How many requests may leave now, for the most urgent of errands.

        Raises:
            RedisError, StorageError, OSError: Redis does not answer, and nobody knows.
        """
        most = allowed(a_minute, Errand.STOP)
        return most - self._storage.entries(_key(account), most, self._shared.window())


class _CampaignTime(RedisStorage):
    """Redis, by the clock of the campaigns: its seconds are shorter where time is pretended to be faster."""

    def __init__(self, url: str, clock: Clock) -> None:
        super().__init__(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
        self._clock = clock

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """As the library has it, with the time of this clock in place of the machine's."""
        now = self._clock.now().timestamp()
        return bool(self.lua_acquire_moving_window([self.prefixed_key(key)], [now, limit, expiry, amount]))

    def entries(self, key: str, limit: int, expiry: int) -> int:
        """How many of the last `limit` came within the last `expiry` seconds of this clock."""
        now = self._clock.now().timestamp()
        found = self.lua_moving_window([self.prefixed_key(key)], [now - expiry, limit])
        return int(found[1]) if found else 0


class _Window:
    """What has left within the last minute, by account, and how many were refused."""

    def __init__(self, storage: RedisStorage | MemoryStorage, clock: Clock) -> None:
        self._storage, self._crowd = storage, SlidingWindowCounterRateLimiter(storage)
        self._real_minute = max(1, round(MINUTE / clock.speed))  # whole real seconds
        self._refusals = RateLimitItemPerSecond(MOST_REFUSALS, self._real_minute)
        self._speed = clock.speed

    def spend(self, account: str, a_minute: int, errand: Errand, requests: int) -> timedelta | None:
        most = allowed(a_minute, errand)
        if self._storage.acquire_entry(_key(account), most, self.window(), min(requests, most)):
            return None
        return wait(self._refused(account, errand), a_minute, errand, random.random())

    def window(self) -> int:
        """Campaign seconds in which no more than the limit may leave."""
        return MINUTE + min(math.ceil(ON_THE_WIRE * self._speed), MINUTE)

    def _refused(self, account: str, errand: Errand) -> int:
        """How many of this errand were refused in the last campaign minute, this one included."""
        self._crowd.hit(self._refusals, "refused", account, errand)
        refused = MOST_REFUSALS - self._crowd.get_window_stats(self._refusals, "refused", account, errand).remaining
        return math.ceil(refused * MINUTE / (self._real_minute * self._speed))


class _Alone(_Window):
    """The same in this process's memory, by real time."""

    def window(self) -> int:
        return max(1, math.ceil(MINUTE / self._speed))


def _key(account: str) -> str:
    return f"requests/{account}"


def make_budget(settings: Settings) -> RedisBudget:
    """The budget in the broker of the settings.

    Raises:
        SettingsError: a pretended clock together with a real provider.
    """
    configured = settings.redis_url.get_secret_value() if settings.redis_url else None
    return RedisBudget(redis_url(configured, settings.home), settings.make_clock())
