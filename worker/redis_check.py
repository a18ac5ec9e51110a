"""Whether the broker is there, and set up so that it loses nothing: facts read in a few requests, then judged."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError
from redis.exceptions import TimeoutError as SilentError

from callbeat.addresses import is_loopback
from callbeat.doctor.notices import Notice, error, unseen, warning, well
from callbeat.errors import Problem
from callbeat.settings import Settings
from worker.home import redis_url
from worker.redis_urls import celery_url, masked

WITHIN = 5.0  # seconds for each answer
MUCH, TOO_MUCH = 0.8, 0.95  # of maxmemory
MB = 1024**2
NO_EVICTION = "noeviction"


@dataclass(frozen=True, slots=True)
class RedisFacts:
    """What INFO and CONFIG GET say; `hidden` is what the server refuses to tell."""

    info: Mapping[str, Any]
    save: str | None = None
    hidden: tuple[str, ...] = field(default=())


def check_redis(settings: Settings, *, needed: bool) -> Iterator[Notice]:
    """The broker of the settings. The embedded one is only missed where it is `needed`: while something runs."""
    embedded = settings.redis_url is None
    url = redis_url(settings.redis_url.get_secret_value() if settings.redis_url else None, settings.home)
    try:
        celery_url(url)
        facts = read_facts(url)
    except ValueError as trouble:  # ours, and it repeats nothing of the address
        yield error("redis", str(trouble), "write CALLBEAT_REDIS_URL as redis://HOST:6379/0, or unset it")
    except (RedisError, OSError) as trouble:
        yield unreachable(url, trouble, embedded=embedded, needed=needed or not embedded)
    else:
        yield from judge_address(url)
        yield from judge(facts)


def read_facts(url: str) -> RedisFacts:
    """Ask the server. Nothing is written.

    Raises:
        RedisError, OSError: it cannot be reached, or refuses us.
    """
    with closing(Redis.from_url(url, socket_timeout=WITHIN, socket_connect_timeout=WITHIN)) as server:
        server.ping()
        info = _told(server)
        try:
            return RedisFacts(info, save=server.config_get("save").get("save"))
        except (ResponseError, NoPermissionError):
            return RedisFacts(info, hidden=_hidden(info))


def _told(server: Redis) -> Mapping[str, Any]:
    try:
        return dict(server.info())
    except (ResponseError, NoPermissionError):
        return {}


def _hidden(info: Mapping[str, Any]) -> tuple[str, ...]:
    policy = () if "maxmemory_policy" in info else ("its maxmemory-policy",)
    saves = () if info.get("aof_enabled") else ("whether it keeps snapshots",)
    return (*policy, *saves)


def unreachable(url: str, trouble: Exception, *, embedded: bool, needed: bool) -> Problem:
    """Nothing listens, or it refuses us. Pure."""
    if embedded and isinstance(trouble, SilentError):
        words = f"the embedded Valkey does not answer within {WITHIN:.0f} s"
        return error(
            "redis", words, "end `callbeat up`, and start it again; its log is logs/valkey.log of the home"
        )
    if embedded:
        words = "the embedded Valkey is not running"
        return (error if needed else warning)("redis", words, "`callbeat up` starts it; or set CALLBEAT_REDIS_URL")
    if isinstance(trouble, AuthenticationError | NoPermissionError):
        words = f"{masked(url)} refuses the user or password of CALLBEAT_REDIS_URL"
        return error("redis", words, "write them as redis://USER:PASSWORD@HOST, special signs as %-codes")
    words = f"{masked(url)} cannot be reached ({type(trouble).__name__}): no message arrives, and nothing is done"
    return error("redis", words, "start the server, or set CALLBEAT_REDIS_URL to one; check the network between")


def judge_address(url: str) -> Iterator[Notice]:
    """Whether others could listen, or give orders. Pure."""
    parts = urlsplit(url)
    if parts.scheme == "unix" or is_loopback(url):
        return
    lacks = [] if parts.scheme == "rediss" else ["TLS"]
    lacks += [] if parts.password or parse_qs(parts.query).get("password") else ["a password"]
    if lacks:
        words = f"it is on another machine, without {' or '.join(lacks)}"
        fix = "rediss://:PASSWORD@HOST; on a private network that nobody else reaches it may stay"
        yield warning("redis.address", words, fix)


def judge(facts: RedisFacts) -> Iterator[Notice]:
    """What the server says of itself. Pure."""
    problems = [*_eviction(facts), *_memory(facts), *_persistence(facts), *_hiding(facts)]
    yield from problems
    if not any(problem.level == "error" for problem in problems):
        used = facts.info.get("used_memory", 0) / MB
        yield well("redis", f"{_version(facts.info)}, {used:.1f} MB used")


def _version(info: Mapping[str, Any]) -> str:
    valkey = info.get("valkey_version")
    return f"Valkey {valkey}" if valkey else f"Redis {info.get('redis_version', 'of an unknown version')}"


def _eviction(facts: RedisFacts) -> Iterator[Problem]:
    policy = facts.info.get("maxmemory_policy")
    if policy is not None and policy != NO_EVICTION:
        words = f"its maxmemory-policy is {policy}: when memory is short it throws messages away"
        fix = f"`CONFIG SET maxmemory-policy {NO_EVICTION}`, and the same in its configuration"
        yield error("redis.maxmemory-policy", words, fix)


def _memory(facts: RedisFacts) -> Iterator[Problem]:
    used, most = facts.info.get("used_memory", 0), facts.info.get("maxmemory", 0)
    if not most or used <= MUCH * most:
        return
    words = f"{used / MB:.1f} of {most / MB:.1f} MB are used: once full, it takes no more messages"
    judged = error if used > TOO_MUCH * most else warning
    yield judged("redis.memory", words, "raise its maxmemory, or give callbeat a server of its own")


def _persistence(facts: RedisFacts) -> Iterator[Problem]:
    info = facts.info
    if info.get("aof_enabled") and info.get("aof_last_write_status", "ok") != "ok":
        words = "it cannot write its append-only file, and refuses to take messages"
        yield error("redis.persistence", words, "make room on its disk; its log says more")
    elif not info.get("aof_enabled") and facts.save == "":
        words = "it keeps nothing on disk: after a restart messages are sent again, a minute late"
        yield warning("redis.persistence", words, "`appendonly yes`, if that minute matters")


def _hiding(facts: RedisFacts) -> Iterator[Problem]:
    if facts.hidden:
        words = f"the server does not let us see {' and '.join(facts.hidden)}"
        fix = f"look in its own settings: maxmemory-policy must be {NO_EVICTION}"
        yield warning("redis.settings", words, fix)


def not_asked() -> Notice:
    """Workers are asked through the broker."""
    return unseen("workers", "not known: they are asked through the broker")
