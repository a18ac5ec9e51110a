"""A worker killed by SIGKILL in the middle of each request of each provider: nobody is called twice or left out."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.integration.campaign_files import numbers
from tests.integration.installation import Installation, Json

TWICE = numbers(1, ending=60)  # does not answer the first time
PEOPLE = [*numbers(2), *TWICE]
RETRIES = {"attempts": 1, "after": ["10m"], "on": ["no_answer", "busy", "failed"]}
REQUESTS: dict[str, dict[str, Json]] = {
    "bolna": {
        "look_up": {"operation": "list"},
        "create": {"operation": "create"},
        "schedule": {"operation": "schedule"},
        "verify": {"operation": "list", "skip": 1},
        "poll": {"operation": "list", "skip": 3},
        "calls": {"operation": "calls"},
    },
    "trillet": {
        "account": {"operation": "get"},
        "create": {"operation": "create"},
        "verify": {"operation": "get", "skip": 1},
        "poll": {"operation": "get", "skip": 3},
        "calls": {"operation": "calls"},
        "one_call": {"operation": "calls", "skip": 1},
    },
    "cartesia": {
        "look_up": {"operation": "list"},
        "create": {"operation": "create"},
        "verify": {"operation": "list", "skip": 1},
        "poll": {"operation": "list", "skip": 3},
        "recipients": {"operation": "get"},
        "retry": {"operation": "retry"},
        "talks": {"operation": "calls"},
    },
}
Install = Callable[..., Installation]


@pytest.mark.parametrize("provider", REQUESTS)
def test_a_worker_killed_in_the_middle_of_any_request_calls_nobody_twice(install: Install, provider: str):
    """Whatever had arrived is looked up, read back, or held; what had not is sent."""
    requests = REQUESTS[provider]
    installation = install(provider=provider, accounts=list(requests), timeout=2)
    installation.start()
    due = installation.soon(90)
    retries = RETRIES if provider == "cartesia" else None
    for request, order in requests.items():
        installation.sandboxes[request].fault("delay", seconds=600, **order)
        installation.campaign(
            _name(request), PEOPLE, due=due, account=request, schedule={"lead": "3h", "late": "3h"}, retries=retries
        )
    installation.spawn("beat")
    _kill_at_each(installation)
    wrong = {request: problems for request in requests if (problems := _problems(installation, request))}
    assert not wrong, f"{wrong}\n{installation.story(*map(_name, wrong))}"


def _name(request: str) -> str:
    return request.replace("_", "-")


def _kill_at_each(installation: Installation) -> None:
    """A fault that is no longer pending has been met: its request is on the wire, and answered in ten minutes."""
    waiting, kills = dict(installation.sandboxes), 0

    def met() -> set[str]:
        return {name for name, sandbox in waiting.items() if not sandbox.pending_faults()}

    installation.spawn("worker-0")
    while waiting:
        for name in installation.wait_until(met, f"one of {', '.join(waiting)} is asked for"):
            del waiting[name]
        installation.kill(f"worker-{kills}")
        kills += 1
        installation.spawn(f"worker-{kills}")


def _problems(installation: Installation, request: str) -> list[str]:
    sandbox, lost = installation.sandboxes[request], (installation.provider, request) == ("trillet", "create")
    run = installation.wait_for_run(_name(request))
    if lost:
        assert run["needs_attention"], installation.story(_name(request))
        (there,) = sandbox.shown_batches()
        assert installation.callbeat("resolve", run["batches"][0]["batch"], "--placed", there, "--yes")[0] == 0
        run = installation.wait_for_run(_name(request), "finished")
    retried = Counter(TWICE) if installation.provider == "cartesia" else Counter()
    outcomes = {"answered": 3} if retried else {"answered": 2, "no_answer": 1}
    checks = {
        f"it is {run['state']} ({run['reason']})": run["state"] != "finished",
        f"outcomes {run['outcomes']}": run["outcomes"] != outcomes,
        f"dialled {sandbox.dialled()}": sandbox.dialled() != Counter(PEOPLE) + retried,
        "more than one batch dialled": len({dial["batch"] for dial in sandbox.dials()}) != 1,
    }
    return [problem for problem, is_so in checks.items() if is_so]
