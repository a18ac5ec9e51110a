"""A campaign with more contacts than Cartesia takes in one batch: several batches, and sums that agree."""

from collections import Counter
from collections.abc import Callable

from tests.integration.installation import Installation

ROWS = 12_001
PEOPLE = [f"+1202{20_000 + place}00" for place in range(ROWS)]
LINES = 6_000


def test_twelve_thousand_and_one_rows_become_three_batches(install: Callable[..., Installation]):
    """Five thousand are the most of one: nobody is left out between two, and nobody is in both."""
    installation = install(provider="cartesia", timeout=20)
    installation.start()
    installation.sandbox.switch(organization_concurrency=LINES)
    due = installation.soon(60)
    schedule = {"lead": "3h", "late": "2h"}
    installation.campaign("many", PEOPLE, due=due, schedule=schedule, concurrency=LINES)
    installation.spawn("beat")
    installation.spawn("worker")

    run = installation.wait_for_run("many", within=180)
    assert (run["state"], run["rows"], run["calls"]) == ("finished", ROWS, ROWS), installation.story("many")
    assert [batch["calls"] for batch in run["batches"]] == [4001, 4000, 4000]
    assert run["outcomes"] == {"answered": ROWS}
    assert len({batch["provider_ref"] for batch in run["batches"]}) == 3
    assert {batch["start_at"] for batch in run["batches"]} == {due.isoformat()}
    assert installation.sandbox.dialled() == Counter(PEOPLE)
    calls = installation.calls(run["run"])
    assert Counter(call["batch"] for call in calls) == Counter(
        {batch["batch"]: batch["calls"] for batch in run["batches"]}
    )
    assert all(call["seconds"] and call["attempts"] == 1 for call in calls)
