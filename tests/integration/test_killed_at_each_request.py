"""A worker killed by SIGKILL in the middle of each request of each provider: nobody is called twice or left out."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import pytest

from tests.integration.campaign_files import numbers
from tests.integration.installation import Installation, Json
from tests.integration.sandboxes import Sandbox

TWICE = numbers(1, ending=60)  # does not answer the first time
PEOPLE = [*numbers(2), *TWICE]
RETRIES = {"attempts": 1, "after": ["10m"], "on": ["no_answer", "busy", "failed"]}
STARTED = {"once": "started"}  # not ordered before the start: what is asked from then on is how it goes
TOGETHER = 3.0  # real seconds for which the first request waits for others, less than the time-out of all
REQUESTS: dict[str, dict[str, Json]] = {
    "bolna": {
        "look_up": {"operation": "list"},
        "create": {"operation": "create"},
        "schedule": {"operation": "schedule"},
        "verify": {"operation": "list", "skip": 1},
        "poll": {"operation": "list", **STARTED},
        "calls": {"operation": "calls"},
    },
    "trillet": {
        "account": {"operation": "get"},
        "create": {"operation": "create"},
        "verify": {"operation": "get", "skip": 1},
        "poll": {"operation": "get", **STARTED},
        "calls": {"operation": "calls"},
        "one_call": {"operation": "calls", "skip": 1},
    },
    "cartesia": {
        "look_up": {"operation": "list"},
        "create": {"operation": "create"},
        "verify": {"operation": "list", "skip": 1},
        "poll": {"operation": "list", **STARTED},
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
    installation = install(provider=provider, accounts=list(requests), timeout=5)
    installation.start()
    due = installation.soon(90)
    retries = RETRIES if provider == "cartesia" else None
    for request, order in requests.items():
        if "once" not in order:
            installation.sandboxes[request].fault("delay", seconds=600, **order)
        installation.campaign(
            _name(request), PEOPLE, due=due, account=request, schedule={"lead": "3h", "late": "3h"}, retries=retries
        )
    installation.spawn("beat")
    _kill_at_each(installation, requests, due)
    wrong = {request: problems for request in requests if (problems := _problems(installation, request))}
    assert not wrong, f"{wrong}\n{installation.story(*map(_name, wrong))}"


def _name(request: str) -> str:
    return request.replace("_", "-")


def _kill_at_each(installation: Installation, requests: dict[str, Json], due: datetime) -> None:
    """A fault that is no longer pending has been met: its request is on the wire, and answered in ten minutes."""
    waiting, later = dict(installation.sandboxes), {name for name, order in requests.items() if "once" in order}
    over: set[str] = set()

    def met() -> set[str]:
        if installation.now() > due:
            for name in list(later):
                installation.sandboxes[name].fault("delay", requests[name]["operation"], seconds=600)
                later.remove(name)
        over.update(name for name in waiting if _is_over(installation, name))
        return {name for name, sandbox in waiting.items() if name not in later and not sandbox.pending_faults()}

    kills = 0
    installation.spawn("worker-0")
    while waiting:
        found = installation.wait_until(
            lambda: met() or over & set(waiting), f"one of {', '.join(waiting)} is asked"
        )
        if found - over:
            time.sleep(TOGETHER)
            found |= met()
            installation.kill(f"worker-{kills}")
            kills += 1
            installation.spawn(f"worker-{kills}")
        for name in found:
            waiting.pop(name, None)
    assert kills >= len(requests) // 3, "hardly a request was met"


def _is_over(installation: Installation, request: str) -> bool:
    """Also a batch that is held: its worker was killed at another request than was meant for it."""
    run = installation.the_run(_name(request))
    return run is not None and (run["state"] == "finished" or run["needs_attention"])


def _problems(installation: Installation, request: str) -> list[str]:
    sandbox, name = installation.sandboxes[request], _name(request)
    run = installation.wait_for_run(name)
    if (installation.provider, request) == ("trillet", "create"):
        assert run["needs_attention"], installation.story(name)
    if run["needs_attention"]:
        _resolve(installation, run["batches"][0]["batch"], sandbox)
        run = installation.wait_for_run(name, "finished")
    retried = Counter(TWICE) if installation.provider == "cartesia" else Counter()
    outcomes = {"answered": 3} if retried else {"answered": 2, "no_answer": 1}
    checks = {
        f"it is {run['state']} ({run['reason']})": run["state"] != "finished",
        f"outcomes {run['outcomes']}": run["outcomes"] != outcomes,
        f"dialled {sandbox.dialled()}": sandbox.dialled() != Counter(PEOPLE) + retried,
        "more than one batch dialled": len({dial["batch"] for dial in sandbox.dials()}) != 1,
    }
    return [problem for problem, is_so in checks.items() if is_so]


def _resolve(installation: Installation, batch: str, sandbox: Sandbox) -> None:
    """As a person does who looks at the provider's own page."""
    there = sandbox.shown_batches()
    how = ["--placed", there[0]] if there else ["--not-placed"]
    resolved = lambda: installation.callbeat("resolve", batch, *how, "--yes")[0] == 0  # noqa: E731
    installation.wait_until(resolved, f"{batch} is resolved {how[0]}")
