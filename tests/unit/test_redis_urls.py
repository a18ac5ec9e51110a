"""One address, written once by the operator, must mean the same server to redis-py, Celery, Flower and limits."""

import pytest
from kombu import Connection
from kombu.utils.url import url_to_parts as read_by_celery
from redis.connection import parse_url as read_by_redis_py

from worker.redis_urls import celery_tls, celery_url, limits_url, masked

SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("written", "for_celery"),
    [
        ("unix:///run/valkey.sock", "redis+socket:///run/valkey.sock?virtual_host=0"),
        ("unix:///run/valkey.sock?db=1", "redis+socket:///run/valkey.sock?virtual_host=1"),
        ("unix://:pw@/run/v.sock?db=2", "redis+socket://:pw@/run/v.sock?virtual_host=2"),
        ("unix://me:p%40w@/run/v.sock", "redis+socket://me:p%40w@/run/v.sock?virtual_host=0"),
        ("unix:///run/v.sock?db=2&password=p@w", "redis+socket://:p%40w@/run/v.sock?virtual_host=2"),
        ("unix:///my%20home/100%25/v.sock", "redis+socket:///my home/100%25/v.sock?virtual_host=0"),
        ("redis://localhost:6379/0", "redis://localhost:6379/0"),
        ("redis://me:pw@cache.example:6380/4", "redis://me:pw@cache.example:6380/4"),
        ("redis://cache.example", "redis://cache.example"),
        ("redis://cache.example?db=3", "redis://cache.example/3"),
        ("redis://cache.example/1?db=3&username=me&password=p/w", "redis://me:p%2Fw@cache.example/3"),
        ("redis://:a;b@cache.example/0", "redis://:a%3Bb@cache.example/0"),
        ("rediss://:pw@cache.example:6380/2", "rediss://:pw@cache.example:6380/2"),
        ("rediss://c.example/2?ssl_cert_reqs=none", "rediss://c.example/2"),
        ("rediss://c.example?ssl_ca_certs=/ca.pem&db=3&password=p/w", "rediss://:p%2Fw@c.example/3"),
    ],
)
def test_celery_gets_the_address_in_its_own_form(written: str, for_celery: str) -> None:
    """A worker on another database than its publishers would wait for ever, without an error anywhere."""
    assert celery_url(written) == for_celery


@pytest.mark.parametrize(
    "written",
    [
        "redis://me:p%40w@cache.example:6380/4",
        "redis://cache.example/1?db=3&username=me&password=p/w",
        "rediss://:a;b@cache.example:6380/2",
    ],
)
def test_celery_finds_the_server_database_and_login_that_redis_py_finds(written: str) -> None:
    """The derived form is judged by the two libraries that read it, not by our own idea of it."""
    ours, theirs = read_by_redis_py(written), Connection(celery_url(written))
    assert theirs.hostname == ours["host"]
    assert int(theirs.virtual_host) == ours["db"]
    assert (theirs.userid, theirs.password) == (ours.get("username"), ours["password"])


@pytest.mark.parametrize(
    "written",
    ["unix://me:p%40w@/a%20b/100%25/v.sock?db=3", "unix:///a%3Fb%23c/v.sock?db=1"],
)
def test_celery_finds_the_socket_that_redis_py_finds(written: str) -> None:
    """Homes have blanks and stranger signs in their paths."""
    ours, theirs = read_by_redis_py(written), read_by_celery(celery_url(written).removeprefix("redis+"))
    assert "/" + theirs.path == ours["path"]
    assert (theirs.username, theirs.password) == (ours.get("username"), ours.get("password"))
    assert theirs.query == {"virtual_host": str(ours["db"])}


@pytest.mark.parametrize(
    ("written", "tls"),
    [
        ("redis://c.example/0", None),
        ("unix:///run/v.sock", None),
        ("rediss://c.example/0", {"ssl_cert_reqs": "required"}),
        ("rediss://c.example/0?ssl_cert_reqs=none", {"ssl_cert_reqs": "none"}),
        (
            "rediss://c.example/0?ssl_ca_certs=/run/my%20ca.pem&ssl_check_hostname=false",
            {"ssl_cert_reqs": "required", "ssl_ca_certs": "/run/my ca.pem", "ssl_check_hostname": False},
        ),
        (
            "rediss://c.example/0?ssl_certfile=/run/me.pem&ssl_keyfile=/run/me.key",
            {"ssl_cert_reqs": "required", "ssl_certfile": "/run/me.pem", "ssl_keyfile": "/run/me.key"},
        ),
    ],
)
def test_celery_and_flower_get_the_options_of_tls_as_redis_py_reads_them(written: str, tls: object) -> None:
    """Celery's own default for rediss:// accepts any certificate, so anybody in between could read and send."""
    assert celery_tls(written) == tls


@pytest.mark.parametrize(
    ("written", "for_limits"),
    [
        ("unix:///run/valkey.sock?db=1", "redis+unix:///run/valkey.sock?db=1"),
        ("redis://:pw@cache.example/1", "redis://:pw@cache.example/1"),
        ("rediss://cache.example/1", "rediss://cache.example/1"),
    ],
)
def test_limits_gets_the_address_in_its_own_form(written: str, for_limits: str) -> None:
    """Rate budgets kept anywhere else than where all workers look would be no budgets."""
    assert limits_url(written) == for_limits


@pytest.mark.parametrize(
    "wrong",
    [
        f"http://:{SECRET}@cache.example",
        f"redis+socket://:{SECRET}@/run/valkey.sock",
        f"{SECRET}",
        "",
        f"redis://:pa/{SECRET}@cache.example/0",
        f"redis://:{SECRET}/x@cache.example/0",
        f"redis://:pa#{SECRET}@cache.example/0",
        f"redis://:{SECRET}@cache.example/first",
        f"redis://:{SECRET}@cache.example/0#{SECRET}",
        f"redis://[:{SECRET}@cache.example/0",
        f"unix://var/valkey.sock?password={SECRET}",
        f"unix://:{SECRET}@",
        f"unix:///run/v.sock?password={SECRET}&db=x{SECRET}",
    ],
)
def test_a_wrong_address_is_refused_by_the_name_of_its_variable_and_nothing_more(wrong: str) -> None:
    """The error goes to terminals and logs; the password must not."""
    for form in (celery_url, limits_url):
        with pytest.raises(ValueError, match="CALLBEAT_REDIS_URL") as refusal:
            form(wrong)
        assert SECRET not in str(refusal.value)
        assert refusal.value.__cause__ is None
        assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


@pytest.mark.parametrize(
    "wrong",
    [
        "redis://cache.example/0?socket_timeout=5",
        f"unix:///run/v.sock?password=pa&{SECRET}=1",
        "redis://cache.example/0?ssl_cert_reqs=none",
        f"rediss://cache.example/0?ssl_password={SECRET}",
    ],
)
def test_an_option_that_celery_would_fall_over_is_refused_here(wrong: str) -> None:
    """Celery's own words for it are a TypeError from its insides, at the start of every process."""
    for form in (celery_url, celery_tls):
        with pytest.raises(ValueError, match="CALLBEAT_REDIS_URL may have no options but") as refusal:
            form(wrong)
        assert SECRET not in str(refusal.value)


def test_a_word_that_asks_for_no_kind_of_check_is_refused() -> None:
    """redis-py would say so at each connection, and the worker try again for ever."""
    with pytest.raises(ValueError, match="ssl_cert_reqs that is none of required, optional, none"):
        celery_tls("rediss://cache.example/0?ssl_cert_reqs=CERT_NONE")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (f"redis://:{SECRET}@cache.example:6379/0", "redis://:***@cache.example:6379/0"),
        (f"redis://me:{SECRET}@cache.example/0", "redis://me:***@cache.example/0"),
        (
            f"redis+socket://me:{SECRET}@/run/v.sock?virtual_host=1",
            "redis+socket://me:***@/run/v.sock?virtual_host=1",
        ),
        (f"unix:///run/v.sock?db=1&password={SECRET}", "unix:///run/v.sock?db=1&password=***"),
        (f"rediss://h/0?ssl_password={SECRET}&db=2", "rediss://h/0?ssl_password=***&db=2"),
        (f"redis://:{SECRET}/{SECRET}?{SECRET}#{SECRET}@h/0", "redis://:***@h/0"),
        (f"redis://:a@{SECRET}@h/0", "redis://:***@h/0"),
        (f"me:{SECRET}@h:6379", "me:***@h:6379"),
        ("redis://cache.example:6379/0", "redis://cache.example:6379/0"),
        ("unix:///run/v.sock", "unix:///run/v.sock"),
        ("", ""),
    ],
)
def test_people_see_the_address_without_its_password(written: str, shown: str) -> None:
    """Addresses are printed at start and in errors; also those somebody pasted in unescaped."""
    assert masked(written) == shown
