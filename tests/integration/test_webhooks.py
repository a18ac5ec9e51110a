"""Webhooks on real processes: they bring looks forward and cost none, and whoever lies in them gains nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import select

from callbeat.ledger.tables import BatchRow
from cli.ports import free_port
from tests.integration.campaign_files import AGENT, numbers
from tests.integration.installation import FINAL, Installation, Json
from tests.integration.sandboxes import each_once

SECRET = "zyxmarked-secret-of-the-hooks-0123456789"
UNTOLD, LONG = "5d1f7e02-6a3b-4c0e-9f44-0c2be1a7d5f1", "7be4c1d9-18aa-4f27-8d63-e90b52c6aa3e"
FEW, MANY = numbers(14), numbers(300)


@pytest.fixture
def hooked(install: Callable[..., Installation]) -> Installation:
    """`callbeat hooks` listens, and callbeat hands its address on; each batch is dialled one call at a time."""
    port = free_port()
    mine = {"CALLBEAT_HOOKS__SECRET": SECRET, "CALLBEAT_HOOKS__URL": f"http://127.0.0.1:{port}"}
    one = install(speed=60, settings={**mine, "CALLBEAT_LOG_LEVEL": "debug"})
    one.start()
    one.sandbox.switch(concurrency=1)
    one.run_module("hooks", ["hooks", "--port", str(port)])
    one.wait_until(lambda: _is_well(port), "the hooks answer")
    return one


def test_webhooks_bring_looks_forward_and_their_lies_do_no_harm(hooked: Installation):
    """That is all that they may do: what became of anybody is asked for, and nobody is rung twice."""
    due = hooked.soon(20)
    hooked.campaign("told", FEW, due=due)
    hooked.campaign("untold", FEW, due=due, agent=UNTOLD, bolna={"webhook_url": "https://example.com/hook"})
    hooked.campaign("long", MANY, due=due, agent=LONG)
    for name in ("beat", "worker"):
        hooked.spawn(name)
    for name in ("told", "untold"):
        hooked.wait_for_run(name, "finished")
    assert _looks_while_it_dialled(hooked, "told", AGENT) <= _looks_while_it_dialled(hooked, "untold", UNTOLD)
    _is_lied_to(hooked)
    _sees_an_end_at_once(hooked)
    _has_rung_each_once(hooked)
    _has_told_its_secret_nowhere(hooked)


def _is_well(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).status_code == 204
    except httpx.TransportError:
        return False


def _batch(site: Installation, campaign: str) -> Json:
    (batch,) = (site.the_run(campaign) or {})["batches"]
    return batch


def _looks_while_it_dialled(site: Installation, campaign: str, agent: str) -> int:
    batch = _batch(site, campaign)
    start, end = datetime.fromisoformat(batch["start_at"]), site.sandbox.ends()[batch["provider_ref"]]
    return sum(1 for at in site.sandbox.looks(agent) if start <= at <= end)


def _is_lied_to(site: Installation) -> None:
    """Ten times a second it is called completed: it is looked at, now and then, and goes on dialling."""
    moves, looks = _moves(site, "long"), len(site.sandbox.looks(LONG))
    site.sandbox.fault("early", "lie", times=None)
    site.wait_until(lambda: len(_lies(site)) >= 50, "it is lied about")
    site.sandbox.clear_faults()
    lies, looked = _lies(site), len(site.sandbox.looks(LONG)) - looks
    assert {lie["status"] for lie in lies} == {202}
    assert 0 < looked < len(lies) / 3
    assert _moves(site, "long") == moves
    assert _batch(site, "long")["state"] == "running"


def _lies(site: Installation, fault: str = "early") -> list[Json]:
    return [post for post in site.sandbox.posts() if post["fault"] == fault]


def _moves(site: Installation, campaign: str) -> list[tuple[str, str]]:
    events = site.show(str((site.the_run(campaign) or {})["run"]))["events"]
    return [(event["from"], event["to"]) for event in events if event["from"] != event["to"]]


def _sees_an_end_at_once(site: Installation) -> None:
    """Somebody stops it in the dashboard, long before the next look; that is posted three times.

    The end of its last call is told of another, whose run is over.
    """
    moves = _moves(site, "told")
    planned = site.wait_until(lambda: _planned(site, "long", timedelta(minutes=10)), "it is left alone for long")
    for fault in ("repeated", "misdirected"):
        site.sandbox.fault(fault, "post")
    site.sandbox.stop(_batch(site, "long")["provider_ref"])
    stopped = site.now()
    site.wait_until(lambda: site.sandbox.looks(LONG)[-1] > stopped, "it is looked at")
    assert min(at for at in site.sandbox.looks(LONG) if at > stopped) < planned
    site.wait_for_run("long", *FINAL)
    site.wait_until(lambda: _lies(site, "misdirected"), "another is named")
    assert len(_lies(site, "repeated")) == 3
    assert _moves(site, "told") == moves


def _planned(site: Installation, campaign: str, ahead: timedelta) -> datetime | None:
    """When it is looked at next, if that is so far ahead."""
    ref = _batch(site, campaign)["provider_ref"]
    with site.ledger.read() as session:
        at = session.execute(select(BatchRow.next_action_at).where(BatchRow.provider_ref == ref)).scalar_one()
    return at if at > site.now() + ahead else None


def _has_rung_each_once(site: Installation) -> None:
    for name in ("told", "untold"):
        assert each_once(site.sandbox.dialled(f"cb-main-{name}-"), FEW)
    rung = site.sandbox.dialled("cb-main-long-")
    assert set(rung.values()) == {1}
    assert set(rung) < set(MANY)


def _has_told_its_secret_nowhere(site: Installation) -> None:
    logs = {path.name: path.read_text(errors="replace") for path in (site.home / "logs").glob("*.log")}
    assert {"hooks.log", "worker.log", "beat.log", "sandbox.log"} <= logs.keys()
    assert "hooks.listening" in logs["hooks.log"]
    assert "hooks.heeded" in logs["hooks.log"]
    assert [name for name, text in logs.items() if SECRET in text] == []
