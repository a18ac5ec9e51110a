"""What is said of the broker, of the way to it, and of who answers behind it."""

import pytest
from redis.exceptions import AuthenticationError, ConnectionError
from redis.exceptions import TimeoutError as SilentError

from callbeat.doctor.notices import Told
from callbeat.doctor.variables import misspelt
from callbeat.errors import Problem
from worker.redis_check import MB, RedisFacts, _hidden, judge, judge_address, unreachable
from worker.workers_check import judge_workers, workers_of

GOOD = {"redis_version": "7.4", "maxmemory_policy": "noeviction", "aof_enabled": 1, "used_memory": 2 * MB}


def problems(info, **facts) -> list[tuple[str, str]]:
    told = judge(RedisFacts(GOOD | info, **facts))
    return [(one.where, one.level) for one in told if isinstance(one, Problem)]


@pytest.mark.parametrize(
    ("info", "facts", "expected"),
    [
        ({}, {"save": ""}, []),
        ({"aof_enabled": 0}, {"save": "3600 1"}, []),
        ({"aof_enabled": 0}, {"save": ""}, [("redis.persistence", "warning")]),
        ({"aof_last_write_status": "err"}, {}, [("redis.persistence", "error")]),
        ({"maxmemory_policy": "volatile-ttl"}, {}, [("redis.maxmemory-policy", "error")]),
        ({"maxmemory": 100 * MB, "used_memory": 80 * MB}, {}, []),
        ({"maxmemory": 100 * MB, "used_memory": 81 * MB}, {}, [("redis.memory", "warning")]),
        ({"maxmemory": 100 * MB, "used_memory": 96 * MB}, {}, [("redis.memory", "error")]),
        ({"aof_enabled": 0}, {"hidden": ("whether it keeps snapshots",)}, [("redis.settings", "warning")]),
    ],
)
def test_each_fault_of_the_broker_is_told_for_what_it_is(info, facts, expected):
    """It may lose everything, and yet each loss costs a minute that somebody notices."""
    assert problems(info, **facts) == expected


def test_what_a_server_hides_is_only_told_where_it_matters():
    """A managed server refuses CONFIG and tells most of it all the same."""
    assert _hidden(GOOD) == ()
    assert len(_hidden({})) == 2
    assert _hidden(GOOD | {"aof_enabled": 0}) == ("whether it keeps snapshots",)


@pytest.mark.parametrize(
    ("url", "lacks"),
    [
        ("unix:///run/valkey.sock?db=0", []),
        ("redis://127.0.0.1:6379/0", []),
        ("redis://localhost", []),
        ("rediss://:a-secret@redis.example.com:6380/0", []),
        ("rediss://redis.example.com?password=a-secret", []),
        ("redis://:a-secret@redis.example.com", ["TLS"]),
        ("rediss://redis.example.com", ["a password"]),
        ("redis://redis.example.com", ["TLS", "a password"]),
    ],
)
def test_a_broker_elsewhere_needs_a_lock_on_its_door(url, lacks):
    """Whoever can write to it can make callbeat run its tasks."""
    told = list(judge_address(url))
    assert [one.level for one in told] == (["warning"] if lacks else [])
    assert all(lack in str(told) for lack in lacks)
    assert "a-secret" not in str(told)


@pytest.mark.parametrize(
    ("trouble", "embedded", "needed", "level", "word"),
    [
        (ConnectionError("x"), True, False, "warning", "not running"),
        (ConnectionError("x"), True, True, "error", "not running"),
        (ConnectionError("x"), False, True, "error", "cannot be reached"),
        (AuthenticationError("x"), False, True, "error", "refuses the user"),
        (SilentError("x"), True, False, "error", "does not answer"),
        (SilentError("x"), False, True, "error", "cannot be reached"),
    ],
)
def test_a_broker_that_is_away_is_an_error_where_it_is_missed(trouble, embedded, needed, level, word):
    """The embedded one comes and goes with `up`."""
    told = unreachable("redis://:a-secret@h", trouble, embedded=embedded, needed=needed)
    assert (told.where, told.level) == ("redis", level)
    assert word in told.problem
    assert "a-secret" not in str(told)


def test_only_workers_of_our_queue_count():
    """Others may share the broker, and do nothing for us."""
    told = {
        "a@h": [{"name": "callbeat"}],
        "b@h": [{"name": "celery"}],
        "c@h": [{"name": "x"}, {"name": "callbeat"}, {"name": "callbeat.open"}],
    }
    assert workers_of(told) == {"steps": 2, "open": 1}
    assert workers_of(None) == {"steps": 0, "open": 0}


def test_workers_are_missed_where_nobody_serves_a_queue():
    """Its messages wait for ever, while everything else looks well."""
    (well,) = judge_workers({"steps": 2, "open": 1}, needed=True)
    assert isinstance(well, Told)
    assert [next(judge_workers({"steps": 0, "open": 0}, needed=needed)).level for needed in (True, False)] == [
        "error",
        "warning",
    ]
    _, missing = judge_workers({"steps": 2, "open": 0}, needed=True)
    assert (missing.where, missing.level) == ("workers.queues", "error")
    assert "`open`" in missing.problem
    assert "--queue open" in missing.fix


def test_a_variable_that_is_nearly_a_setting_is_found():
    """It was never read, and nobody said so. What others call theirs is let be."""
    names = ["CALLBEAT_REDISURL", "callbeat_acounts__eu__api_key", "CALLBEAT_HOME", "CALLBEAT_CLOCK__SPEED"]
    names += ["CALLBEAT_FLOWER_PORT", "CALLBEAT_SECRETS_DIR", "CALLBEAT_IMAGE", "PATH", "BOLNA_API_KEY"]
    assert list(misspelt(names)) == [
        ("CALLBEAT_ACOUNTS__EU__API_KEY", "CALLBEAT_ACCOUNTS__EU__API_KEY"),
        ("CALLBEAT_REDISURL", "CALLBEAT_REDIS_URL"),
    ]
