"""A worker that dies by SIGKILL while a request of its own is under way: another one finishes its work."""

from collections.abc import Callable

import pytest

from tests.integration.campaign_files import AGENT, numbers
from tests.integration.installation import Installation
from tests.integration.sandboxes import each_once

PEOPLE = numbers(5)
# On SQLite test_killed_at_each_request.py does it, at every request of every provider.
pytestmark = pytest.mark.parametrize("ledger", ["postgresql"])


def test_a_worker_killed_in_the_middle_of_a_create_leaves_one_batch_and_one_call_each(installation: Installation):
    """The provider has the batch and we do not know it: sent again blindly, everybody would be called twice."""
    _kill_during(installation, "create", lambda: bool(installation.sandbox.batches(AGENT)))
    run = installation.wait_for_run("renewals", "finished")
    assert "a create was under way when its process ended" in installation.whys(run["run"])
    assert "found at the provider by its label" in installation.whys(run["run"])
    assert len(installation.sandbox.creates()) <= 1  # the journal has it only if its answer still left
    _called_once(installation, run)


def test_a_worker_killed_in_the_middle_of_a_schedule_leaves_one_start_and_one_call_each(installation: Installation):
    """Whether the start was taken is read back; asked for again it might be another batch's second start."""
    _kill_during(
        installation, "schedule", lambda: any(one["scheduled_at"] for one in installation.sandbox.batches(AGENT))
    )
    run = installation.wait_for_run("renewals", "finished")
    assert "read back: scheduled" in installation.whys(run["run"])
    assert installation.whys(run["run"]).count("asked for") == 1
    _called_once(installation, run)


def _kill_during(installation: Installation, operation: str, arrived: Callable[[], bool]) -> None:
    installation.start()
    installation.sandbox.fault("delay", operation, seconds=600)
    installation.campaign("renewals", PEOPLE, due=installation.soon(50), schedule={"lead": "90m", "late": "2h"})
    installation.spawn("beat")
    installation.spawn("worker")
    installation.wait_until(arrived, f"the {operation} has arrived")
    assert installation.show(installation.runs()[0]["run"])["batches"][0]["state"] in ("creating", "scheduling")
    installation.kill("worker")
    installation.spawn("worker-2")


def _called_once(installation: Installation, run: dict) -> None:
    sandbox = installation.sandbox
    assert run["outcomes"] == {"answered": len(PEOPLE)}
    assert each_once(sandbox.dialled(), PEOPLE)
    (batch,) = sandbox.batches(AGENT)
    assert batch["batch_id"] == run["batches"][0]["provider_ref"]
    assert {dial["batch"] for dial in sandbox.dials()} == {batch["batch_id"]}
