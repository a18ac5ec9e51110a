"""Every kind of trouble at every request of the providers that dial by themselves once a create has arrived."""

from collections import Counter
from collections.abc import Callable, Mapping

import pytest

from tests.integration.campaign_files import numbers
from tests.integration.installation import Installation, Json
from tests.integration.sandboxes import Sandbox
from tests.integration.test_faults import FAULTS, TIMEOUT

TWICE = numbers(1, ending=60)  # does not answer the first time
PEOPLE = [*numbers(2), *TWICE]
RETRIES = {"attempts": 1, "after": ["10m"], "on": ["no_answer", "busy", "failed"]}
CARTESIA: dict[str, dict[str, Json]] = {
    "changes": {
        "create": {"operation": "create"},
        "look_up": {"operation": "list"},
        "retry": {"operation": "retry"},
        "read_back": {"operation": "get", "skip": 2},  # two looks at its calls come before the one at its count
    },
    "looks": {
        "verify": {"operation": "list", "skip": 1},
        "poll": {"operation": "list", "skip": 3},
        "recipients": {"operation": "get"},
        "talks": {"operation": "calls"},
    },
}
TRILLET: dict[str, Json] = {
    "account": {"operation": "get"},
    "verify": {"operation": "get", "skip": 1},
    "poll": {"operation": "get", "skip": 3},
    "calls": {"operation": "calls"},
    "one_call": {"operation": "calls", "skip": 1},
}
HAPPENED = {"drop_after", "delay", "status_500_after", "malformed", "html", "incomplete"}
Install = Callable[..., Installation]


def _cells(installation: Installation, requests: Mapping[str, Json], **over: object) -> dict[str, Sandbox]:
    """A campaign on an account of its own for each request and each fault, all due at the same time."""
    installation.start()
    due = installation.soon(70)
    for request, order in requests.items():
        for fault, trouble in FAULTS.items():
            account = f"{request}_{fault}"
            installation.sandboxes[account].fault(**order, **trouble)
            schedule = {"lead": "3h", "late": "2h"}
            installation.campaign(_name(account), PEOPLE, due=due, account=account, schedule=schedule, **over)
    installation.spawn("beat")
    installation.spawn("worker")
    return installation.sandboxes


def _name(account: str) -> str:
    return account.replace("_", "-")


def _accounts(requests: Mapping[str, Json]) -> list[str]:
    return [f"{request}_{fault}" for request in requests for fault in FAULTS]


def _problems(run: Json, sandbox: Sandbox, outcomes: Json, dialled: Counter[str]) -> list[str]:
    checks = {
        f"it is {run['state']} ({run['reason']})": run["state"] != "finished",
        f"outcomes {run['outcomes']}": run["outcomes"] != outcomes,
        f"dialled {sandbox.dialled()}": sandbox.dialled() != dialled,
        "more than one batch dialled": len({dial["batch"] for dial in sandbox.dials()}) != 1,
        "the trouble never came": sandbox.pending_faults() != [],
    }
    return [problem for problem, is_so in checks.items() if is_so]


@pytest.mark.parametrize("part", CARTESIA)
def test_trouble_at_any_request_of_cartesia_calls_nobody_twice(install: Install, part: str):
    """Found again by its name, tried again by its count: each dial is one that was wished for."""
    requests = CARTESIA[part]
    installation = install(provider="cartesia", accounts=_accounts(requests), timeout=TIMEOUT)
    sandboxes = _cells(installation, requests, retries=RETRIES)
    expected = Counter(PEOPLE) + Counter(TWICE)
    wrong = {}
    for account, sandbox in sandboxes.items():
        run = installation.wait_for_run(_name(account))
        if problems := _problems(run, sandbox, {"answered": len(PEOPLE)}, expected):
            wrong[account] = problems
    assert not wrong, f"{wrong}\n{installation.story(*map(_name, wrong))}"


def test_trouble_at_any_read_of_trillet_calls_nobody_twice(install: Install):
    """What was created is followed, however badly its reads are answered."""
    installation = install(provider="trillet", accounts=_accounts(TRILLET), timeout=TIMEOUT)
    sandboxes = _cells(installation, TRILLET)
    expected = Counter(PEOPLE)
    wrong = {}
    for account, sandbox in sandboxes.items():
        run = installation.wait_for_run(_name(account))
        if problems := _problems(run, sandbox, {"answered": 2, "no_answer": 1}, expected):
            wrong[account] = problems
    assert not wrong, f"{wrong}\n{installation.story(*map(_name, wrong))}"


def test_a_lost_create_at_trillet_is_held_and_nobody_is_called_twice(install: Install):
    """Whether it arrived or not looks the same from here; then a person says which, and it goes on."""
    installation = install(provider="trillet", accounts=_accounts({"create": {}}), timeout=TIMEOUT)
    sandboxes = _cells(installation, {"create": {"operation": "create"}})
    for fault in FAULTS:
        account = f"create_{fault}"
        run = installation.wait_for_run(_name(account))
        held = fault != "status_429"
        assert run["needs_attention"] is held, installation.story(_name(account))
        if held:
            _resolve(installation, run["batches"][0]["batch"], sandboxes[account], arrived=fault in HAPPENED)
    wrong = {}
    for account, sandbox in sandboxes.items():
        run = installation.wait_for_run(_name(account), "finished")
        if problems := _problems(run, sandbox, {"answered": 2, "no_answer": 1}, Counter(PEOPLE)):
            wrong[account] = problems
    assert not wrong, f"{wrong}\n{installation.story(*map(_name, wrong))}"


def _resolve(installation: Installation, batch: str, sandbox: Sandbox, *, arrived: bool) -> None:
    """As a person does who looks at the provider's own pages: the sandbox's show what is there."""
    told = sandbox.shown_batches()
    assert len(told) == (1 if arrived else 0), "no create is ever sent twice"
    how = ["--placed", told[0]] if arrived else ["--not-placed"]
    installation.wait_until(
        lambda: installation.callbeat("resolve", batch, *how, "--yes")[0] == 0, f"{batch} is resolved {how[0]}"
    )
