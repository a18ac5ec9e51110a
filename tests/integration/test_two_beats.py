"""Two beats and two workers over one ledger: as if there were one of each."""

from collections import Counter

import pytest

from tests.integration.campaign_files import AGENT, numbers
from tests.integration.installation import FINAL, Installation

PEOPLE = numbers(4)
pytestmark = pytest.mark.parametrize("ledger", ["sqlite", "postgresql"])


def test_two_beats_at_once_make_one_run_and_one_batch_for_each_due_time(installation: Installation):
    """Celery's own beat must never run twice; ours may, so that nobody has to stand guard over it."""
    installation.start()
    # Five seconds are between two due times, and the first are nearer than their lead: they may start late instead.
    schedule = {"cron": "*/10 * * * *", "overlap": "allow", "late": "2h"}
    for name in ("east", "west"):
        installation.campaign(name, PEOPLE, schedule=schedule)
    for name in ("beat-1", "beat-2", "worker-1", "worker-2"):
        installation.spawn(name)

    def three_are_over() -> list:
        over = [run for run in installation.runs() if run["state"] in FINAL]
        return over if all(Counter(run["campaign"] for run in over)[name] >= 3 for name in ("east", "west")) else []

    over = installation.wait_until(three_are_over, "three runs of each campaign are over")
    dues = Counter((run["campaign"], run["due_at"]) for run in installation.runs())
    assert set(dues.values()) == {1}
    finished = [run for run in over if run["state"] == "finished"]
    assert len(finished) >= len(over) - 2  # one may still come before the workers do
    labels = Counter(batch["file_name"] for batch in installation.sandbox.batches(AGENT))
    assert set(labels.values()) == {1}
    for run in finished:
        assert installation.sandbox.dialled(run["batches"][0]["label"]) == Counter(PEOPLE)
