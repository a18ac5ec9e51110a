"""`callbeat doctor` names what is wrong, and nothing else: installations that are broken for real, one way each."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import AccountRow, EventRow
from callbeat.runs.heartbeat import last_time
from cli.ports import free_port
from tests.factories import DUE, Hands, World
from tests.integration.broken_setups import BROKEN, NEXT_YEAR, PEOPLE, Break, valkey_of
from tests.integration.installation import Installation
from tests.integration.sandboxes import KEY, KEYS, WORKSPACE

Json = dict[str, Any]


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Everything at work: each test breaks one thing, and mends it again."""
    installation = Installation(tmp_path_factory.mktemp("doctor") / "site", speed=1)
    try:
        installation.campaign("renewals", PEOPLE, due=NEXT_YEAR)
        installation.start("beat", "worker")
        installation.wait_for_worker()
        installation.wait_until(lambda: last_time(installation.ledger), "beat is at work")
        yield installation
    finally:
        installation.end()


def _examined(installation: Installation, **environment: str) -> tuple[int, list[Json]]:
    """The exit code, and all problems. Each has what is promised, and none has a secret."""
    code, out, err = installation.callbeat("doctor", "--format", "json", **environment)
    assert not any(secret in out + err for secret in (KEY, *KEYS.values(), WORKSPACE, *PEOPLE))
    problems: list[Json] = json.loads(out)
    assert all(set(one) == {"file", "line", "where", "problem", "fix", "level"} for one in problems)
    assert all(one["problem"] and one["fix"] and one["level"] in ("error", "warning") for one in problems)
    return code, problems


def _errors(problems: list[Json]) -> list[str]:
    return [problem["where"] for problem in problems if problem["level"] == "error"]


def test_where_nothing_is_wrong_it_says_what_it_has_seen(healthy: Installation):
    """Whoever sees only silence does not know whether it was looked at."""
    assert _examined(healthy) == (0, [])
    code, out, err = healthy.callbeat("doctor")
    assert code == 0, err
    seen = {line.split(":")[0]: line for line in out.splitlines()}
    assert "Pretended account, wallet 500.00, 10 calls at once" in seen["ok  account bolna"]
    parts = (
        "settings",
        "campaigns",
        "ledger",
        "account bolna.labels",
        "beat",
        "switch",
        "redis",
        "workers",
        "stuck",
    )
    assert {f"ok  {part}" for part in parts} <= set(seen)
    assert err.strip().endswith("0 errors, 0 warnings")
    assert KEY not in out + err


@pytest.mark.parametrize(("how", "where", "word"), BROKEN, ids=[how.__name__ for how, _, _ in BROKEN])
def test_each_fault_is_named_alone_with_what_to_do(healthy: Installation, how: Break, where: str, word: str):
    """A list of ten errors that all come of one sends somebody in ten directions."""
    with how(healthy) as environment:
        code, problems = _examined(healthy, **environment)
    assert (code, _errors(problems)) == (1, [where]), problems
    (told,) = [problem for problem in problems if problem["level"] == "error"]
    assert word in told["problem"]
    assert "a-secret" not in str(problems)


def test_a_broker_that_is_nearly_full_is_a_warning(healthy: Installation):
    """Somebody should act today, and nobody has to be woken."""
    with valkey_of(healthy) as valkey:
        valkey.config_set("maxmemory", int(valkey.info("memory")["used_memory"] / 0.85))
        code, problems = _examined(healthy)
        valkey.config_set("maxmemory", 0)
    assert (code, [(one["where"], one["level"]) for one in problems]) == (0, [("redis.memory", "warning")])


def test_a_server_that_tells_little_is_asked_for_the_rest(healthy: Installation):
    """Managed servers refuse CONFIG: what was not seen must not pass for well."""
    with valkey_of(healthy) as valkey:
        valkey.config_set("appendonly", "no")
        valkey.execute_command("ACL", "SETUSER", "default", "-config")
        code, problems = _examined(healthy)
        valkey.execute_command("ACL", "SETUSER", "default", "+config")
        valkey.config_set("appendonly", "yes")
    assert (code, [(one["where"], one["level"]) for one in problems]) == (0, [("redis.settings", "warning")])


def test_a_held_batch_alone_makes_the_exit_code_three(healthy: Installation):
    """Nothing is broken, and yet somebody has to come: a monitor must be able to tell the two apart."""
    world = World(healthy.ledger, healthy.folder, Hands(healthy.clock.now()))
    batch = world.a_batch(BatchState.HELD, provider_ref=None, reason="the answer to a create was lost")
    code, problems = _examined(healthy)
    assert (code, _errors(problems)) == (3, []), problems
    (told,) = problems
    assert told["where"] == f"batch {batch.key}"
    assert "the answer to a create was lost" in told["problem"]
    assert f"callbeat resolve '{batch.key}'" in told["fix"]
    assert _examined(healthy, CALLBEAT_ACCOUNTS__BOLNA__API_KEY="wrong-key")[0] == 1
    code, _, err = healthy.callbeat("resolve", batch.key, "--give-up", "--yes")
    assert code == 0, err


def test_a_closed_account_is_opened_again_once_its_key_works(healthy: Installation):
    """It is what somebody does who has just mended the key, and does not want to wait."""
    with healthy.ledger.write() as writer:
        closed = AccountRow(name="bolna", closed_since=DUE, kind="credentials", reason="401", probe_at=None)
        writer.session.merge(closed)
    assert _examined(healthy, CALLBEAT_ACCOUNTS__BOLNA__API_KEY="wrong-key")[0] == 1
    assert "is open again" in healthy.callbeat("doctor")[1]
    with healthy.ledger.read() as session:
        assert session.get(AccountRow, "bolna").closed_since is None
        said = [event for event in session.query(EventRow) if "open again" in event.why]
    assert ["command line" in event.actor for event in said] == [True]


def test_what_a_person_switched_off_is_told_and_is_no_error(healthy: Installation):
    """Weeks later nobody remembers the red button, nor the campaign that was paused."""
    assert healthy.callbeat("pause", "renewals", "--yes")[0] == 0
    assert healthy.callbeat("stop", "--all", "--yes")[0] == 0
    code, problems = _examined(healthy)
    assert code == 0
    assert {one["where"]: one["level"] for one in problems} == {"switch": "warning", "campaign renewals": "warning"}
    assert healthy.callbeat("start", "--yes")[0] == 0
    assert healthy.callbeat("resume", "renewals", "--yes")[0] == 0


def test_what_watches_processes_is_told_by_an_exit_code(healthy: Installation):
    """Compose asks so, each half minute."""
    assert healthy.callbeat("health", "beat") == (0, "", "")
    assert healthy.callbeat("health", "worker") == (0, "", "")


@pytest.mark.parametrize(("runs", "missing"), [("worker", "beat"), ("beat", "workers")])
def test_a_process_that_is_missing_is_named(install: Callable[..., Installation], runs: str, missing: str):
    """With half of them nothing happens, and nothing complains."""
    installation = install(speed=1)
    installation.campaign("renewals", PEOPLE, due=NEXT_YEAR)
    installation.start(runs)
    if runs == "worker":
        installation.wait_for_worker()
    else:
        installation.wait_until(lambda: last_time(installation.ledger), "beat is at work")
    code, problems = _examined(installation)
    assert (code, _errors(problems)) == (1, [missing])


def test_before_anything_was_started_there_is_nothing_to_be_afraid_of(tmp_path: Path):
    """The first thing that somebody does is to ask whether all is ready."""
    installation = Installation(tmp_path / "new", base_urls={"bolna": f"http://127.0.0.1:{free_port()}/bolna"})
    installation.campaign("renewals", PEOPLE, due=NEXT_YEAR)
    code, problems = _examined(installation)
    assert (code, _errors(problems)) == (1, ["account bolna"])
    assert {one["where"] for one in problems} == {"account bolna", "beat", "redis"}
    assert not (installation.home / "callbeat.db").exists()
