"""The budget of requests that all workers share, in a real Valkey."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest
from limits.errors import StorageError
from redis import Redis
from redis.exceptions import RedisError

from callbeat.clock import Clock, real_now
from callbeat.runs.errands import Errand
from cli.valkey import EmbeddedValkey
from worker.budget import RedisBudget
from worker.home import redis_url

A_MINUTE = 60
E = Errand
ORIGIN = datetime(2026, 12, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    with EmbeddedValkey(tmp_path) as server:
        yield server


@pytest.fixture
def budget(valkey: EmbeddedValkey, tmp_path: Path) -> RedisBudget:
    return RedisBudget(redis_url(None, tmp_path), Clock())


def passed(budget: RedisBudget, times: int, errand: Errand = E.STOP, account: str = "trillet") -> int:
    return [budget.spend(account, A_MINUTE, errand) for _ in range(times)].count(None)


def test_no_more_leaves_than_the_provider_takes(budget):
    """What is too much waits some seconds, and is not lost."""
    assert passed(budget, 80) == A_MINUTE
    wait = budget.spend("trillet", A_MINUTE, E.STOP)
    assert wait is not None
    assert timedelta(0) < wait < timedelta(minutes=2)


def test_what_is_more_urgent_finds_its_part_untouched(budget):
    """A day of polling must not make a campaign late, nor a herd of creates have people rung after their hours."""
    turns = (E.COLLECT, E.POLL, E.START, E.NEAR, E.STOP)
    assert [passed(budget, 80, errand) for errand in turns] == [30, 12, 12, 3, 3]
    assert passed(budget, 80, E.COLLECT) == 0


def test_requests_that_belong_together_leave_together_or_not_at_all(budget):
    """59 have left: two more would be one too many, and neither is counted."""
    assert passed(budget, 59) == 59
    assert budget.spend("trillet", A_MINUTE, E.STOP, 2) is not None
    assert budget.spend("trillet", A_MINUTE, E.STOP, 1) is None


def test_the_more_are_refused_the_longer_they_wait(budget):
    """Thousands that wait must not all be back in ten seconds."""
    passed(budget, 80)
    early = max(budget.spend("trillet", A_MINUTE, E.POLL) for _ in range(20))
    late = max(budget.spend("trillet", A_MINUTE, E.POLL) for _ in range(300))
    assert early < timedelta(minutes=1) < late < timedelta(minutes=11)


def test_accounts_do_not_share(budget):
    """Each has its own limit there."""
    assert (passed(budget, 80), passed(budget, 80, account="other")) == (A_MINUTE, A_MINUTE)


def test_what_is_left_is_told(valkey, budget, tmp_path):
    """By everybody's requests of the last minute; where nobody knows, nothing is said."""
    other = RedisBudget(redis_url(None, tmp_path), Clock())
    assert (passed(budget, 20), passed(other, 5)) == (20, 5)
    assert (budget.left("trillet", A_MINUTE), budget.left("other", A_MINUTE)) == (35, A_MINUTE)
    valkey.stop()
    with pytest.raises((RedisError, StorageError, OSError)):
        budget.left("trillet", A_MINUTE)


def test_without_redis_a_process_uses_a_tenth(valkey, budget):
    """It cannot see what the others use, and must neither stop nor take all; the order is the same."""
    valkey.stop()
    assert [passed(budget, 80, errand) for errand in (E.COLLECT, E.POLL, E.STOP)] == [3, 1, 2]


def test_an_emptied_redis_forgets_one_minute_and_no_more(valkey, budget, tmp_path):
    """So up to twice the limit may leave in that minute; then it is kept again."""
    assert passed(budget, 80) == A_MINUTE
    Redis.from_url(redis_url(None, tmp_path)).flushall()
    assert passed(budget, 80) == A_MINUTE


def hammer(url: str, started: datetime, speed: float, errands: list[Errand]) -> list[tuple[Errand, datetime]]:
    """What one process is let through in four real seconds, all its threads asking without a pause."""
    clock = Clock(ORIGIN, started, speed)
    budget, end = RedisBudget(url, clock), real_now() + timedelta(seconds=4)

    def ask(errand: Errand) -> list[tuple[Errand, datetime]]:
        gone = []
        while real_now() < end:
            before = clock.now()
            if budget.spend("trillet", A_MINUTE, errand) is None:
                gone.append((errand, before))
        return gone

    with ThreadPoolExecutor(len(errands)) as threads:
        return [one for found in threads.map(ask, errands) for one in found]


def most_in_a_minute(instants: list[datetime]) -> int:
    instants = sorted(instants)
    return max((sum(1 for one in instants if first <= one < first + MINUTE) for first in instants), default=0)


def test_in_no_minute_leaves_more_than_the_limit_however_many_ask(valkey, tmp_path):
    """Three processes of five threads, a minute in a second: each sliding minute, for all errands at once."""
    url, started = redis_url(None, tmp_path), real_now()
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as processes:
        asked = [processes.submit(hammer, url, started, 60.0, list(E)) for _ in range(3)]
        gone = [one for process in asked for one in process.result()]
    assert most_in_a_minute([at for _, at in gone]) <= A_MINUTE
    assert most_in_a_minute([at for errand, at in gone if errand is E.COLLECT]) <= 30
    assert most_in_a_minute([at for errand, at in gone if errand in (E.COLLECT, E.POLL)]) <= 42
    assert most_in_a_minute([at for errand, at in gone if errand is not E.STOP]) <= 57
    assert len(gone) >= 2 * A_MINUTE, "more than one minute was seen"
