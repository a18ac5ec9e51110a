"""People are removed when their time has come, by real processes that were away when it came."""

from dataclasses import replace
from datetime import timedelta

from tests.integration.campaign_files import cron_at
from tests.integration.installation import Installation

ASHA, DANIEL = "+12025500100", "+12025500201"


def test_after_a_day_nobody_is_known_any_more(installation: Installation):
    """The day goes by while nothing runs. Then `calls` shows outcomes of nobody, and so does the ledger's file."""
    installation.start()
    due = installation.soon()
    people, at = [(ASHA, "Asha Rao"), (DANIEL, "Daniel")], {"cron": cron_at(due), "lead": "60m"}
    installation.campaign("renewals", people, due=due, schedule=at, retention="1d")
    installation.spawn("beat")
    installation.spawn("worker")
    run = installation.wait_for_run("renewals", "finished")["run"]
    assert [call["number"] for call in installation.json("calls", run, "--reveal")] == [ASHA, DANIEL]
    for name in ("beat", "worker"):
        installation.kill(name)

    origin = installation.clock.origin
    assert origin is not None
    installation.clock = replace(installation.clock, origin=origin + timedelta(days=1))
    installation.spawn("beat")
    installation.spawn("worker")
    installation.wait_until(lambda: "(retention)" in installation.whys(run), "its people are removed")

    calls = installation.json("calls", run, "--reveal")
    assert [(call["number"], call["variables"], call["provider_call"]) for call in calls] == [("", {}, None)] * 2
    assert [call["outcome"] for call in calls] == ["answered", "answered"]
    code, out, _ = installation.callbeat("show", run)
    assert code == 0
    assert "2 rows = 0 invalid + 0 excluded + 2 calls (answered 2)" in out
    code, _, told = installation.callbeat("forget", ASHA, "--yes")
    assert (code, ASHA in told) == (1, False)
    assert "renewals.csv may hold it, and is yours to change" in told
