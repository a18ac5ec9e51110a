"""A worker asleep for longer than its lease in the middle of each request of each provider: nobody is called twice.

The answer comes while it sleeps. Another worker takes over, and then the first one wakes up and goes on with it.
"""

import os
import signal
import time
from collections import Counter
from datetime import datetime
from itertools import count

import pytest
from sqlalchemy import select, update

from callbeat.clock import real_now
from callbeat.ledger.tables import BatchRow
from tests.integration.campaign_files import AGENT
from tests.integration.installation import Installation, Json
from tests.integration.processes import is_stopped, linux_only
from tests.integration.sandboxes import Sandbox
from tests.integration.test_killed_at_each_request import PEOPLE, REQUESTS, RETRIES, TWICE, Install
from tests.integration.waiting import until

TIMEOUT = 2.0  # real seconds; a lease is four times as long
ANSWERED_AFTER = 1.7  # before the request would be given up
TOGETHER = 1.0  # the first that is asked waits so long for others
SCHEDULE = {"lead": "3h", "late": "3h"}


@linux_only
@pytest.mark.parametrize("provider", REQUESTS)
def test_a_worker_asleep_in_the_middle_of_any_request_calls_nobody_twice(install: Install, provider: str):
    """What it wakes up with is an answer to a batch that is another's by now: it is said, and nothing is sent."""
    requests = REQUESTS[provider]
    installation = install(provider=provider, accounts=list(requests), timeout=TIMEOUT)
    installation.start()
    due = installation.soon(40)
    retries = RETRIES if provider == "cartesia" else None
    for request, order in requests.items():
        if "once" not in order:
            installation.sandboxes[request].fault("delay", seconds=ANSWERED_AFTER, **order)
        installation.campaign(_name(request), PEOPLE, due=due, account=request, schedule=SCHEDULE, retries=retries)
    installation.spawn("beat")
    asleep = Sleepers(installation, requests)
    asleep.at_each(due)
    wrong = {request: problems for request in requests if (problems := _problems(installation, request))}
    assert not wrong, f"{wrong}\n{installation.story(*map(_name, wrong))}"
    missed = set(requests) - asleep.caught
    assert len(missed) <= 1, f"not under way when their worker fell asleep: {missed}"


class Sleepers:
    """Workers put to sleep while a provider holds their request, and woken once another has done their work."""

    def __init__(self, installation: Installation, requests: dict[str, Json]) -> None:
        self._installation, self._requests = installation, requests
        self._waiting = set(requests)
        self._later = {name for name, order in requests.items() if "once" in order}
        self._awake: list[int] = []
        self._asleep: list[tuple[list[int], dict[str, int]]] = []  # workers, the fences of what they hold
        self._workers = count()
        self.caught: set[str] = set()

    def at_each(self, due: datetime) -> None:
        """Until every request has been met, and everybody is awake again."""
        self._another()
        self._installation.wait_until(
            lambda: self._step(due),
            f"each of {', '.join(self._requests)} is asked, slept over, and done by another",
        )

    def _step(self, due: datetime) -> bool:
        if self._met(due):
            time.sleep(TOGETHER)
            self._fall_asleep(self._met(due))
        self._waiting -= self._over()
        self._hurry()
        self._wake()
        return not (self._waiting or self._asleep)

    def _met(self, due: datetime) -> set[str]:
        """An order that is no longer pending: its request is on the wire."""
        sandboxes = self._installation.sandboxes
        if self._installation.now() > due:
            for name in list(self._later):
                sandboxes[name].fault("delay", self._requests[name]["operation"], seconds=ANSWERED_AFTER)
                self._later.remove(name)
        return {name for name in self._waiting - self._later if not sandboxes[name].pending_faults()}

    def _over(self) -> set[str]:
        runs = {name: self._installation.the_run(_name(name)) for name in self._waiting}
        return {
            name for name, run in runs.items() if run and (run["state"] == "finished" or run["needs_attention"])
        }

    def _fall_asleep(self, met: set[str]) -> None:
        """Not while they write: on SQLite that would hold up everybody for as long."""
        with self._installation.ledger.write() as writer:
            writer.session.execute(select(BatchRow.id).limit(1))  # its first statement takes the lock
            for worker in self._awake:
                os.killpg(worker, signal.SIGSTOP)
            until(lambda: all(map(is_stopped, self._awake)), "the workers are asleep")
        held = {name: row.fence for name in met if (row := self._row(name)) and row.lease_until}
        self._asleep.append((self._awake, held))
        self._awake = []
        self.caught |= set(held)
        self._waiting -= met
        self._another()

    def _wake(self) -> None:
        """Those whose batches another has claimed since."""
        for workers, held in list(self._asleep):
            if all(self._taken_over(name, fence) for name, fence in held.items()):
                self._asleep.remove((workers, held))
                self._awake += workers
                for worker in workers:
                    os.killpg(worker, signal.SIGCONT)

    def _another(self) -> None:
        self._awake.append(self._installation.spawn(f"worker-{next(self._workers)}").pid)

    def _taken_over(self, name: str, fence: int) -> bool:
        """By whoever claimed it since, and has given it back."""
        row = self._row(name)
        return row is not None and row.fence > fence and (row.lease_until is None or row.fence > fence + 1)

    def _hurry(self) -> None:
        """Whose lease is over is swept up at once: the minute of patience is not waited for."""
        with self._installation.ledger.write() as writer:
            stale = update(BatchRow).where(BatchRow.lease_until < real_now())
            writer.session.execute(stale.values(next_action_at=self._installation.now()))

    def _row(self, name: str) -> BatchRow | None:
        with self._installation.ledger.read() as session:
            return session.execute(select(BatchRow).where(BatchRow.account == name)).scalar_one_or_none()


def _name(request: str) -> str:
    return request.replace("_", "-")


def _problems(installation: Installation, request: str) -> list[str]:
    sandbox, name = installation.sandboxes[request], _name(request)
    run = installation.wait_for_run(name)
    asleep_in_create = (installation.provider, request) == ("trillet", "create")
    if asleep_in_create or (installation.provider == "trillet" and run["needs_attention"]):
        run = _resolve_as_told(installation, run, sandbox)  # a slow machine may catch another create as well
    retried = Counter(TWICE) if installation.provider == "cartesia" else Counter()
    outcomes = {"answered": 3} if retried else {"answered": 2, "no_answer": 1}
    checks = {
        f"it is {run['state']} ({run['reason']}), {run['batches']}": run["state"] != "finished",
        f"outcomes {run['outcomes']}": run["outcomes"] != outcomes,
        f"dialled {sandbox.dialled()}": sandbox.dialled() != Counter(PEOPLE) + retried,
        "more than one batch dialled": len({dial["batch"] for dial in sandbox.dials()}) != 1,
        "more than one batch is there": installation.provider == "bolna" and len(sandbox.batches(AGENT)) != 1,
    }
    return [problem for problem, is_so in checks.items() if is_so]


def _resolve_as_told(installation: Installation, run: Json, sandbox: Sandbox) -> Json:
    """Nothing can be looked up: it is held, and what the sleeper learns when it wakes up is said."""
    assert run["needs_attention"], installation.story(run["campaign"])
    said = "the lost answer came after all: callbeat resolve"
    installation.wait_until(lambda: said in installation.whys(run["run"]), "the sleeper says what it has learnt")
    (there,) = sandbox.shown_batches()
    batch = run["batches"][0]["batch"]
    assert f"{said} '{batch}' --placed {there}" in installation.whys(run["run"])
    assert installation.callbeat("resolve", batch, "--placed", there, "--yes")[0] == 0
    return installation.wait_for_run(run["campaign"], "finished")
