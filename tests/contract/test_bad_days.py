"""A provider's bad day, on the sandbox: while it fails it is left alone, and afterwards all is done, once."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from callbeat.ledger.states import BatchState, RunState
from callbeat.outcomes import Outcome
from callbeat.providers.capabilities import RetriesBy
from callbeat.runs import report
from callbeat.runs.accounts import Accounts, closed_account
from callbeat.settings import AccountSettings, Settings
from tests.contract.party import ADAPTERS, Party, noon
from tests.contract.those import those
from tests.driving import drive
from tests.factories import Hands, World, a_campaign, a_world, minutes, seconds

S = BatchState
DUE = noon() + minutes(60)
STORM = minutes(6)
STEP = seconds(30)
BATCHES = 6


class Together(Hands):
    """Our clock and the sandbox's, moved by one hand."""

    def __init__(self, party: Party) -> None:
        super().__init__(noon())
        self._party = party

    def go(self, span: timedelta) -> None:
        super().go(span)
        self._party.sandbox.advance(span.total_seconds())


@pytest.fixture
def world(party: Party, sandbox_address: str, tmp_path) -> World:
    """Of its own: real adapters, real HTTP, one account."""
    world = a_world(tmp_path)
    one = ADAPTERS[party.name]
    account = AccountSettings(api_key=one.key, base_url=f"{sandbox_address}/{party.name}", **one.credentials)
    settings = Settings(_env_file=None, accounts={party.name: account})
    world.clock = Together(party)
    accounts = Accounts(settings, world.ledger, world.clock.now)
    world.context = replace(world.context, clock=world.clock, accounts=accounts)
    with capture_logs():
        yield world
    client = accounts._clients[party.name]
    client._asked._wire._client.close()
    world.ledger.close()


def runs_with_a_batch(world: World, party: Party, how_many: int, due=DUE) -> list:
    """Each a campaign of its own, all of one account; everybody answers."""
    batches = []
    for n in range(how_many):
        plain = {"name": f"c{n}-{due:%H%M}", "provider": party.name, "account": party.name, "agent": party.agent}
        campaign = a_campaign(
            **plain, from_numbers=party.account.from_numbers, schedule={"late": minutes(60), "lead": minutes(60)}
        )
        run = world.a_run(campaign, due_at=due)
        batch = world.a_batch(S.READY, campaign=campaign, run=run, next_action_at=world.now)
        for place, call in enumerate(world.calls(batch)):
            world.set(call, number=f"+9198{due:%H}{n:03}{place:01}0000"[:13])
        batches.append(batch)
    return batches


def storms(party: Party, **how) -> None:
    party.order("status", **({"operation": "any", "status": 503, "times": None} | how))


def over(party: Party) -> None:
    party.sandbox.control.delete("/faults").raise_for_status()


def asked(party: Party, since) -> Counter:
    """What came to the sandbox since then, by method; a stop by its own name."""
    came = [one for one in party.requests() if one["at"] >= since.isoformat()]
    return Counter(_kind(one) for one in came)


def _kind(one) -> str:
    stops = one["method"] == "DELETE" or one["path"].endswith(("/stop", "/cancel"))
    return "stop" if stops else one["method"]


def all_done(world: World, party: Party, batches) -> None:
    """Every run is finished, everybody was dialled once."""
    assert {run["state"] for run in report.runs(world.ledger)} == {RunState.FINISHED}
    numbers = sorted(call.number for batch in batches for call in world.calls(batch))
    assert sorted(party.dialled()) == numbers


def test_a_provider_that_fails_is_left_alone_and_everything_is_done_afterwards(world, party):
    """Six batches wait; ten minutes of 503: five failures, then a read a minute, and no run is lost."""
    batches = runs_with_a_batch(world, party, BATCHES)
    storms(party)
    drive(world, noon() + minutes(2), STEP)
    assert closed_account(world.ledger, party.name).kind == "failures"
    since = world.now
    drive(world, since + STORM, STEP)
    came = asked(party, since)
    assert set(came) == {"GET"}
    assert came["GET"] <= STORM // minutes(1) + 1
    assert {world.get(batch).state for batch in batches} == {S.READY}
    over(party)
    drive(world, DUE + minutes(24), minutes(2))
    all_done(world, party, batches)
    assert f"account {party.name} is open again" in world.said()


def test_in_a_storm_what_dials_is_stopped_all_the_same(world, party):
    """The account is closed by what waits; somebody wants the one that dials to end."""
    (dialling,) = runs_with_a_batch(world, party, 1, noon() + minutes(20))
    drive(world, noon() + minutes(18), minutes(2))
    assert world.get(dialling).state is S.SCHEDULED
    runs_with_a_batch(world, party, BATCHES)
    storms(party)
    drive(world, world.now + seconds(40), STEP)
    assert closed_account(world.ledger, party.name) is not None
    since = world.now
    world.set(dialling, stop_reason="stopped", next_action_at=world.now)
    drive(world, since + minutes(3), STEP)
    came = asked(party, since)
    assert came["stop"] >= 2
    assert came["GET"] <= 4
    assert came.keys() <= {"GET", "stop", "POST"}
    over(party)
    drive(world, world.now + minutes(10), minutes(1))
    assert world.get(dialling).state is S.STOPPED


@those(lambda can: can.retries is RetriesBy.REQUEST)  # Cartesia, which documents it; the others are the same code
def test_a_402_stops_further_creates_of_the_account_and_nothing_else(world, party):
    """Two campaigns wait, a third dials: one create learns of it, the third is followed to its end."""
    (dialling,) = runs_with_a_batch(world, party, 1, noon() + minutes(20))
    drive(world, noon() + minutes(18), minutes(2))
    waiting = runs_with_a_batch(world, party, 2)
    for operation in ("create", "me"):
        storms(party, status=402, operation=operation)
    since = world.now
    drive(world, since + minutes(12), minutes(1))
    came = [one for one in party.requests() if one["at"] >= since.isoformat()]
    assert 1 <= sum(one["fault"] is not None and one["method"] == "POST" for one in came) <= 13
    assert {world.get(batch).state for batch in waiting} == {S.READY}
    assert world.get(dialling).state in (S.RUNNING, S.FINISHED)
    over(party)
    drive(world, DUE + minutes(24), minutes(2))
    assert {call.outcome for call in world.calls(dialling)} == {Outcome.ANSWERED}
    all_done(world, party, [dialling, *waiting])
