"""The budget of requests that all workers share, in a real Valkey."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callbeat.clock import Clock
from cli.valkey import EmbeddedValkey
from worker.budget import RedisBudget
from worker.home import redis_url

A_MINUTE = 60


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    with EmbeddedValkey(tmp_path) as server:
        yield server


@pytest.fixture
def budget(valkey: EmbeddedValkey, tmp_path: Path) -> RedisBudget:
    return RedisBudget(redis_url(None, tmp_path), Clock())


def passed(budget: RedisBudget, times: int, account: str = "trillet", *, urgent: bool = True) -> int:
    return [budget.spend(account, A_MINUTE, urgent=urgent) for _ in range(times)].count(None)


def test_no_more_leaves_than_the_provider_takes(budget):
    """What is too much waits some seconds, and is not lost."""
    assert passed(budget, 80) == A_MINUTE
    wait = budget.spend("trillet", A_MINUTE, urgent=True)
    assert wait is not None
    assert timedelta(0) < wait < timedelta(minutes=1)


def test_polls_leave_a_part_to_creates(budget):
    """A day of polling must not make a campaign late."""
    assert passed(budget, 80, urgent=False) == 42
    assert passed(budget, 80, urgent=True) == 18


def test_all_workers_share_one_budget(budget, tmp_path):
    """The provider counts by account, not by process."""
    other = RedisBudget(redis_url(None, tmp_path), Clock())
    assert passed(budget, 40) + passed(other, 40) == A_MINUTE


def test_accounts_do_not_share(budget):
    """Each has its own limit there."""
    assert (passed(budget, 80), passed(budget, 80, "other")) == (A_MINUTE, A_MINUTE)


def test_without_redis_a_process_uses_a_tenth(valkey, budget):
    """It cannot see what the others use, and must neither stop nor take all."""
    valkey.stop()
    assert passed(budget, 80) == A_MINUTE // 10


def test_a_pretended_minute_is_a_minute(valkey, tmp_path):
    """At sixty times the speed sixty requests leave in a second: that is what the pretended provider counts."""
    origin = datetime(2026, 12, 1, tzinfo=UTC)
    budget = RedisBudget(redis_url(None, tmp_path), Clock(origin, origin, 60.0))
    assert A_MINUTE <= passed(budget, 80) <= 80
