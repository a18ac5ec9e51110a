"""Every kind of trouble at every request: nobody is called twice, nobody is left out.

Each cell of the table is a campaign on an account of its own, so that its trouble meets no other.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.integration.campaign_files import AGENT, numbers
from tests.integration.installation import Installation, Json
from tests.integration.sandboxes import Sandbox, each_once

TIMEOUT = 2
FAULTS: dict[str, Json] = {
    "drop_after": {"fault": "drop_after"},
    "drop_before": {"fault": "drop_before"},
    "delay": {"fault": "delay", "seconds": TIMEOUT + 1.5},
    "status_500_after": {"fault": "status", "status": 500, "after": True},
    "status_500": {"fault": "status", "status": 500},
    "malformed": {"fault": "malformed"},
    "html": {"fault": "html"},
    "incomplete": {"fault": "incomplete"},
    "reset": {"fault": "reset"},
    "status_429": {"fault": "status", "status": 429, "retry_after": 60},
}
LOOK_UP, FIRST_VERIFY, FIRST_POLL = 0, 1, 3  # of the lists that one undisturbed run asks for
CHANGES: dict[str, Json] = {
    "create": {"operation": "create"},
    "schedule": {"operation": "schedule"},
    "read_back": {"operation": "get"},  # after a schedule whose answer was lost
}
LOOKS: dict[str, Json] = {
    "look_up": {"operation": "list", "skip": LOOK_UP},
    "verify": {"operation": "list", "skip": FIRST_VERIFY},
    "poll": {"operation": "list", "skip": FIRST_POLL},
    "calls": {"operation": "calls"},
}
PEOPLE = numbers(3)
MANY = numbers(30, ending=97)  # each talks for ten minutes, and ten can be talked to at once
Install = Callable[..., Installation]


@pytest.mark.parametrize("requests", [CHANGES, LOOKS], ids=["changes", "looks"])
def test_trouble_at_any_request_costs_nobody_a_call_and_calls_nobody_twice(install: Install, requests: dict):
    """No provider takes an idempotency key: only how we look before and after keeps a call single."""
    cells = {f"{request}_{fault}": (request, fault) for request in requests for fault in FAULTS}
    installation = install(accounts=list(cells), timeout=TIMEOUT)
    installation.start()
    due = installation.soon(70)
    for account, (request, fault) in cells.items():
        sandbox = installation.sandboxes[account]
        if request == "read_back":
            sandbox.fault("drop_after", "schedule")
        sandbox.fault(**requests[request], **FAULTS[fault])
        installation.campaign(
            _name(account), PEOPLE, due=due, account=account, schedule={"lead": "3h", "late": "2h"}
        )
    installation.spawn("beat")
    installation.spawn("worker")

    wrong = {
        cell: _what_is_wrong(installation.wait_for_run(_name(cell)), installation.sandboxes[cell]) for cell in cells
    }
    wrong = {cell: problems for cell, problems in wrong.items() if problems}
    assert not wrong, installation.story(*map(_name, wrong))


def _name(account: str) -> str:
    return account.replace("_", "-")


def _what_is_wrong(run: Json, sandbox: Sandbox) -> list[str]:
    checks = {
        f"it is {run['state']} ({run['reason']})": run["state"] != "finished",
        f"outcomes {run['outcomes']}": run["outcomes"] != {"answered": len(PEOPLE)},
        f"dialled {sandbox.dialled()}": not each_once(sandbox.dialled(), PEOPLE),
        f"scheduled {sandbox.scheduled()}": len(sandbox.scheduled()) != 1,
        "an orphan is left": len(sandbox.batches(AGENT)) != 1,
        "the trouble never came": sandbox.pending_faults() != [],
    }
    return [problem for problem, is_so in checks.items() if is_so]


def test_trouble_at_a_stop_lets_no_batch_dial_on_after_its_hours(install: Install):
    """A stop whose answer is lost may not have stopped anything, and calls after hours are the worst mistake."""
    # The five minutes between a stop and the end of the hours are to be seconds enough for a busy machine.
    installation = install(accounts=list(FAULTS), timeout=TIMEOUT, speed=50)
    installation.start()
    due = installation.soon(20)
    until = due + timedelta(minutes=20)
    for account, fault in FAULTS.items():
        installation.sandboxes[account].fault(operation="stop", **fault)
        installation.campaign(
            _name(account), MANY, due=due, account=account, schedule={"lead": "3h"},
            hours={"days": "mon-sun", "between": f"00:00-{until:%H:%M}"},
        )  # fmt: skip
    installation.spawn("beat")
    installation.spawn("worker")

    wrong: dict[str, Any] = {}
    for account in FAULTS:
        run = installation.wait_for_run(_name(account))
        sandbox = installation.sandboxes[account]
        dialled = sandbox.dialled()
        placed = len(dialled)
        late = [dial["at"] for dial in sandbox.dials() if dial["at"] >= until.isoformat()]
        checks = {
            f"it is {run['state']} ({run['reason']})": (run["state"], run["reason"]) != ("finished", "hours_ended"),
            f"outcomes {run['outcomes']}": run["outcomes"]
            != {"answered": placed, "not_placed": len(MANY) - placed},
            f"dialled {dialled}": set(dialled.values()) != {1} or not 10 <= placed < len(MANY),
            f"dialled after hours: {late}": late != [],
            "the trouble never came": sandbox.pending_faults() != [],
        }
        found = [problem for problem, is_so in checks.items() if is_so]
        wrong |= {account: found} if found else {}
    assert not wrong, installation.story(*map(_name, wrong))
