"""The provider's clock as its `Date` header shows it: two minutes ahead is judged there, not here."""

from datetime import UTC, datetime, timedelta

import pytest

from callbeat.providers.answers import Accepted, Busy, Refused
from tests.contract.asks import READS, REF
from tests.contract.party import ADAPTERS, noon
from tests.contract.sandbox.asking import a_process
from tests.contract.stage import says

MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.usefixtures("sandbox")


EVERY_NAME = pytest.mark.parametrize("name", ADAPTERS)


@EVERY_NAME
def test_the_clock_difference_is_nothing_before_the_first_answer(sandbox_address, connected, name):
    """A guess would shift every start."""
    assert connected(f"{sandbox_address}/{name}", name).clock_difference == timedelta(0)


@EVERY_NAME
@pytest.mark.parametrize("off", [timedelta(minutes=-3), timedelta(0), timedelta(hours=5)])
def test_the_clock_difference_is_measured_from_the_date_header(sandbox_address, connected, name, off):
    """What is too soon is judged on the provider's clock; `Date` has whole seconds."""
    provider = connected(f"{sandbox_address}/{name}", name, now=lambda: noon() - off)
    provider.account()
    assert abs(provider.clock_difference - off) <= timedelta(seconds=1)


@EVERY_NAME
def test_the_difference_is_measured_on_refusals_and_outlasts_lost_answers(
    sandbox_address, sandbox, connected, name
):
    """An error has a `Date` too; no answer at all says nothing about the time."""
    provider = connected(f"{sandbox_address}/{name}", name, now=lambda: noon() - MINUTE)
    assert isinstance(provider.get(REF), Refused)
    measured = provider.clock_difference
    sandbox.control.post("/faults", json={"provider": name, "fault": "drop_before"}).raise_for_status()
    assert isinstance(provider.get(REF), Busy)
    assert provider.clock_difference == measured
    assert abs(measured - MINUTE) <= timedelta(seconds=1)


@EVERY_NAME
@pytest.mark.parametrize(
    "date",
    [
        "", "yesterday", "Tue, 99 Dec 2026 12:00:00 GMT", "0", "Tue, 01 Dec 2026 12:00:00", " ", "é",
        f"Tue, 01 Dec 2026 12:00:00 +{'9' * 40}",
    ],
)  # fmt: skip
def test_a_date_that_cannot_be_read_changes_nothing(stage, connected, name, date):
    """A proxy's nonsense must neither end a request nor move our starts."""
    stage.play = says({"id": "b", "data": [], "has_more": False}, Date=date)
    provider = connected(stage.address, name, now=noon)
    assert isinstance(READS["account"](provider), Accepted)
    assert provider.clock_difference == timedelta(0)


def test_a_provider_that_lives_a_day_ahead_is_told_so(connected):
    """The sandbox on a clock of its own, ours on the real one."""
    now = datetime.now(UTC)
    clock = {"ORIGIN": now + timedelta(days=1), "STARTED": now}
    with a_process(**{f"CALLBEAT_CLOCK__{name}": at.isoformat() for name, at in clock.items()}) as (_, address):
        providers = [connected(f"{address}/{name}", name) for name in ADAPTERS]
        for provider in providers:
            provider.account()
    assert all(abs(one.clock_difference - timedelta(days=1)) < timedelta(seconds=2) for one in providers)
