"""The broker carries hints only: emptied, restarted or lost, every run still finishes."""

from datetime import timedelta

from redis import Redis

from tests.integration.campaign_files import numbers
from tests.integration.installation import FINAL, Installation
from tests.integration.sandboxes import each_once

PEOPLE = numbers(3)


def _redis(installation: Installation) -> Redis:
    return Redis.from_url(installation.valkey.start())


def test_an_emptied_redis_costs_some_patience_and_no_run(installation: Installation):
    """Somebody will run FLUSHALL, and what is lost there must not be what we know."""
    installation.start()
    installation.campaign("flushed", PEOPLE, due=installation.soon(60), schedule={"lead": "3h", "late": "12h"})
    installation.spawn("beat")
    with _redis(installation) as redis:
        installation.wait_until(lambda: redis.llen("callbeat.open"), "a message waits for a worker")
        redis.flushall()
        installation.spawn("worker")

        def over() -> bool:
            redis.flushall()
            run = installation.the_run("flushed")
            return bool(run and run["state"] in FINAL)

        installation.wait_until(over, "the run is over although Redis is emptied all the time", within=240)
    run = installation.the_run("flushed")
    assert run is not None
    assert (run["state"], run["outcomes"]) == ("finished", {"answered": 3})
    assert each_once(installation.sandbox.dialled(), PEOPLE)


def test_a_broker_that_is_restarted_stops_no_run(installation: Installation):
    """Brokers are restarted now and then. Celery's worker may exit of it, so every way to run one restarts it."""
    installation.start()
    due = installation.soon(60)
    schedule = {"lead": "60m", "late": "12h", "overlap": "allow"}
    names = {"first": due, "second": due + timedelta(minutes=60)}
    for name, at in names.items():
        installation.campaign(name, PEOPLE, due=at, schedule=schedule)
    installation.spawn("beat")
    installation.spawn("worker")
    installation.wait_for_batch("first", "created", "scheduling", "scheduled")
    installation.valkey.stop()
    installation.valkey.start()

    def over() -> bool:
        for process in ("beat", "worker"):
            installation.supervise(process)
        runs = [installation.the_run(name) for name in names]
        return all(run and run["state"] in FINAL for run in runs)

    installation.wait_until(over, "both runs are over", within=200)
    for name in names:
        run = installation.wait_for_run(name)
        assert (run["state"], run["outcomes"]) == ("finished", {"answered": 3}), installation.story()
        assert each_once(installation.sandbox.dialled(f"cb-main-{name}-"), PEOPLE)
