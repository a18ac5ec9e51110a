"""A worker that is told to end under load: as at every deploy."""

import signal

from tests.integration.campaign_files import numbers
from tests.integration.installation import Installation
from tests.integration.sandboxes import each_once

CAMPAIGNS = 6
IN_FLIGHT = {"creating", "scheduling", "uncertain"}


def test_a_worker_told_to_end_finishes_its_requests_and_another_goes_on(installation: Installation):
    """Nothing is lost, repeated or in doubt, and nobody has to kill it."""
    installation.start()
    installation.sandbox.fault("delay", "create", seconds=1, times=CAMPAIGNS)
    due, people = installation.soon(60), numbers(CAMPAIGNS)
    for n, person in enumerate(people):
        installation.campaign(f"c{n}", [person], due=due, schedule={"lead": "90m", "late": "2h"})
    installation.spawn("beat")
    worker = installation.spawn("worker")
    installation.wait_until(lambda: "creating" in _states(installation), "a create is under way")
    worker.terminate()
    assert worker.wait(timeout=30) == 0
    assert not IN_FLIGHT.intersection(_states(installation))
    assert "process.left" not in installation.log("worker").read_text()
    second = installation.spawn("worker-2")
    runs = [installation.wait_for_run(f"c{n}", "finished") for n in range(CAMPAIGNS)]
    assert not any("when its process ended" in installation.whys(run["run"]) for run in runs)
    assert len(installation.sandbox.creates()) == CAMPAIGNS
    assert each_once(installation.sandbox.dialled(), people)
    second.send_signal(signal.SIGINT)
    assert second.wait(timeout=30) == 0


def _states(installation: Installation) -> list[str]:
    return [batch["state"] for run in installation.runs() for batch in run["batches"]]
