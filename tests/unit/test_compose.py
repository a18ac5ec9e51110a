"""docker-compose.yml starts what this version has, in order, with few rights, and without a secret in it."""

import shlex

import pytest

from dashboard.passwords import fits
from tests.unit.cli.command_lines import parse
from tests.unit.containers import compose, services
from tests.unit.variables import ROOT

OURS = {name for name, service in services().items() if "build" in service}
STAY = sorted(set(services()) - {"migrate"})

every_service = pytest.mark.parametrize("service", services().values(), ids=list(services()))


def test_every_service_of_ours_starts_a_command_that_there_is():
    """An option that has gone would be found out by a container that never comes up."""
    for name in OURS:
        assert parse(services()[name]["command"])
        check = services()[name].get("healthcheck", {}).get("test", [])
        assert check[1:2] != ["callbeat"] or parse(shlex.join(check[1:]))


@every_service
def test_every_service_has_few_rights_and_limits(service):
    """Also those that are not ours: they hold messages, and people's numbers."""
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(service[limit] for limit in ("mem_limit", "cpus", "pids_limit"))
    assert service.get("user", "callbeat") in ("callbeat", "valkey", "postgres")
    assert service["logging"]["options"]["max-size"]


def test_nothing_stands_where_only_one_of_the_two_composes_reads_it():
    """docker-compose 1.29 leaves limits under `deploy` out in silence, and refuses what it does not know."""
    for service in services().values():
        assert not {"deploy", "develop", "pull_policy"} & set(service)
        assert all(set(how) == {"condition"} for how in service.get("depends_on", {}).values())


@pytest.mark.parametrize("name", STAY)
def test_what_stays_up_is_looked_after(name):
    """It is started again when it ends, and says when it is not at work."""
    service = services()[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["start_period"]


def test_it_starts_in_order():
    """No process meets an old form of the tables, or none."""
    assert services()["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert services()["migrate"]["restart"] == "no"
    for name in ("beat", "worker", "dashboard", "hooks"):
        waits = services()[name]["depends_on"]
        assert waits["migrate"] == {"condition": "service_completed_successfully"}
        assert waits["valkey"] == {"condition": "service_healthy"}


def test_two_beats_and_a_broker_that_throws_nothing_away():
    """One beat may die; a message that is thrown away costs a minute."""
    assert services()["beat"]["scale"] == 2
    told = services()["valkey"]["command"]
    given = dict(zip(told[1::2], told[2::2], strict=True))
    assert (given["--appendonly"], given["--maxmemory-policy"]) == ("yes", "noeviction")


def test_secrets_are_files_and_each_has_only_its_own():
    """What stands in the environment is told by `docker inspect`."""
    assert {name: service["secrets"] for name, service in services().items() if "secrets" in service} == {
        "postgres": ["postgres_password"],
        "migrate": ["callbeat_database_url"],
        "flower": ["flower_basic_auth"],
    }
    assert all(set(secret) == {"file"} for secret in compose()["secrets"].values())
    for name, service in services().items():
        written = {word for word, value in service.get("environment", {}).items() if value is not None}
        assert not [word for word in written if word.endswith(("KEY", "AUTH", "PASSWORD", "DATABASE_URL"))], name


def test_nothing_is_published_beyond_this_machine():
    """Flower is for who sits here, or behind a proxy; the ledger and the broker are for nobody."""
    published = {name: service["ports"] for name, service in services().items() if "ports" in service}
    assert set(published) == {"flower", "dashboard", "hooks", "sandbox"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_the_trial_has_a_project_and_secrets_of_its_own():
    """Its ledger must never be that of real accounts, and it needs no key."""
    given = dict(
        line.split("=", 1)
        for line in (ROOT / "docker-compose.sandbox.env").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    )
    assert given["COMPOSE_PROJECT_NAME"] != "callbeat"
    secrets = ROOT / given["CALLBEAT_SECRETS"]
    password = (secrets / "postgres_password").read_text().strip()
    url = (secrets / "callbeat" / "callbeat_database_url").read_text().strip()
    assert url == f"postgresql://callbeat:{password}@postgres/callbeat"
    assert (secrets / "flower_basic_auth").read_text() == ""
    kept = (secrets / "callbeat" / "callbeat_dashboard__password_hash").read_text().strip()
    assert fits(kept, "callbeat sandbox")
    assert "`callbeat sandbox`" in (ROOT / "docs" / "compose.md").read_text(encoding="utf-8")
    assert set(compose("docker-compose.sandbox.yml")["services"]) == {"beat", "worker", "dashboard"}


def test_who_stays_on_sqlite_is_on_it_in_every_process():
    """One that was left out would begin a ledger of its own on PostgreSQL."""
    stays = compose("docker-compose.sqlite.yml")
    uses = {name for name in OURS if "home:/app/var" in services()[name].get("volumes", [])}
    assert uses == {"migrate", "beat", "worker", "dashboard", "hooks"}
    for name in uses:
        assert stays["services"][name]["environment"] == {"CALLBEAT_DATABASE_URL": "sqlite:////app/var/callbeat.db"}
    assert set(stays["secrets"]) == set(compose()["secrets"])
