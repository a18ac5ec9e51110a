"""Keys and phone numbers stay out of everything that is kept, carried or shown, but for the ledger itself."""

from pathlib import Path

from redis import Redis

from tests.integration.campaign_files import numbers
from tests.integration.installation import Installation
from tests.integration.sandboxes import KEY

PEOPLE = [*numbers(3), *numbers(2, ending=87)]
BAD = "+1202555012345678"
NEEDLES = [KEY, *PEOPLE, *(number.lstrip("+") for number in PEOPLE), BAD.lstrip("+")]


def test_no_key_and_no_whole_number_is_in_any_log_message_or_file_but_the_ledger(installation: Installation):
    """Logs and brokers are copied, backed up and read by people who may not know whom we call."""
    installation.start()
    sandbox = installation.sandbox
    for operation in ("create", "schedule", "calls"):
        sandbox.fault("status", operation, status=500, after=True)
    sandbox.fault("malformed", "list", skip=1)
    installation.campaign("quiet", [*PEOPLE, PEOPLE[0], BAD], due=installation.soon(), schedule={"late": "2h"})
    seen: set[str] = set()
    installation.spawn("beat")
    with Redis.from_url(installation.valkey.start()) as redis:
        installation.wait_until(lambda: redis.llen("callbeat"), "a message waits for a worker")
        seen |= _everything_in(redis)
        installation.spawn("worker")

        def over() -> bool:
            nonlocal seen
            seen |= _everything_in(redis)
            run = installation.the_run("quiet")
            return bool(run and run["state"] == "finished")

        installation.wait_until(over, "the run is finished")
    assert any("runs.open" in text for text in seen), "no message was seen at all"
    assert _found_in("\n".join(seen)) == []

    run = installation.the_run("quiet")
    assert run is not None
    assert _found_in(installation.whys(run["run"])) == []
    assert {path.name: _found_in(path.read_bytes().decode(errors="replace")) for path in _kept(installation)} == {
        path.name: [] for path in _kept(installation)
    }
    assert any(path.name == "beat.log" for path in _kept(installation))
    assert any("valkey" in path.parts for path in _kept(installation))
    assert all(path.stat().st_mode & 0o077 == 0 for path in installation.home.glob("callbeat.db*"))
    _, out, err = installation.callbeat("calls", run["run"])
    assert _found_in(out + err) == []


def _found_in(text: str) -> list[str]:
    return [needle for needle in NEEDLES if needle in text]


def _kept(installation: Installation) -> list[Path]:
    """Every file of the home but the ledger."""
    files = [path for path in installation.home.rglob("*") if path.is_file()]
    return [path for path in files if not path.name.startswith("callbeat.db")]


def _everything_in(redis: Redis) -> set[str]:
    """Every key and value, of every kind."""
    reads = {
        b"string": redis.get,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"set": redis.smembers,
        b"hash": redis.hgetall,
        b"zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
    }
    return {f"{key!r} {reads[kind](key)!r}" for key in redis.scan_iter() if (kind := redis.type(key)) in reads}
