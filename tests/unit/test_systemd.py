"""The units in deploy/systemd start what this version has, with settings that it reads, and with few rights."""

import os
import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from callbeat.settings import load_settings
from tests.unit.cli.command_lines import parse
from tests.unit.variables import ROOT, unknown

FOLDER = ROOT / "deploy" / "systemd"
UNITS = sorted(path for path in FOLDER.iterdir() if path.suffix in (".service", ".timer", ".target"))
SERVICES = [path for path in UNITS if path.suffix == ".service"]
STAY = [path for path in SERVICES if "doctor" not in path.name]
COMMAND = "/opt/callbeat/.venv/bin/callbeat"
Unit = dict[str, dict[str, list[str]]]

services = pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)


def read(path: Path) -> Unit:
    """A unit: each value of each key of each section."""
    unit: Unit = defaultdict(lambda: defaultdict(list))
    section = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            unit[section][key].append(value)
    return unit


@services
def test_every_unit_starts_a_command_that_there_is(path):
    """An option that has gone would be found out by a service that never comes up."""
    (line,) = read(path)["Service"]["ExecStart"]
    assert line.startswith(f"{COMMAND} ")
    assert parse(line.replace("%i", "1"))


def test_every_variable_that_the_units_name_is_one_that_is_read():
    """And each line of the example can be used as it stands."""
    assert [name for path in FOLDER.iterdir() for name in unknown(path.read_text(encoding="utf-8"))] == []


def test_the_example_of_settings_can_be_used(tmp_path, monkeypatch):
    """Also with every # taken away."""
    monkeypatch.chdir(tmp_path)
    text = (FOLDER / "env.example").read_text(encoding="utf-8")
    (tmp_path / ".env").write_text(re.sub(r"^# (?=CALLBEAT_\w+=)", "", text, flags=re.MULTILINE))
    found = load_settings()
    assert (found.home, found.campaigns) == (Path("/var/lib/callbeat"), Path("/etc/callbeat/campaigns"))
    assert found.allow_numbers == ("+12025550101",)


@services
def test_every_service_has_few_rights(path):
    """It holds keys and people's numbers, and needs nothing but its ledger and the network."""
    service = read(path)["Service"]
    assert service["User"] == service["Group"] == ["callbeat"]
    assert (service["ProtectSystem"], service["UMask"]) == (["strict"], ["0077"])
    assert service["NoNewPrivileges"] == service["PrivateTmp"] == service["ProtectHome"] == ["yes"]
    assert service["RestrictAddressFamilies"] == ["AF_INET AF_INET6 AF_UNIX"]
    assert service["CapabilityBoundingSet"] == [""]
    keys = (service["LoadCredential"], service["Environment"])
    secret = (["callbeat:/etc/callbeat/secrets"], ["CALLBEAT_SECRETS_DIR=%d"])
    assert keys == (([], []) if "flower" in path.name else secret)


@pytest.mark.parametrize("path", STAY, ids=lambda path: path.name)
def test_what_ends_is_started_again_for_ever(path):
    """A worker may exit when its broker does, and a broker may be away for a night."""
    unit = read(path)
    assert unit["Service"]["Restart"] == ["always"]
    assert 1 <= int(unit["Service"]["RestartSec"][0]) <= 30
    assert unit["Unit"]["StartLimitIntervalSec"] == ["0"]
    assert unit["Service"]["KillMode"] == ["mixed"]
    assert (unit["Unit"]["PartOf"], unit["Install"]["WantedBy"]) == (["callbeat.target"], ["callbeat.target"])


def test_the_page_names_every_unit():
    """It is what somebody installs by."""
    page = (ROOT / "docs" / "systemd.md").read_text(encoding="utf-8")
    for path in UNITS:
        assert f"`{path.name}`" in page or path.suffix == ".timer"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_itself_has_nothing_against_them(tmp_path):
    """A misspelt key is left out in silence when the unit is started."""
    command = shutil.which("true")
    for path in UNITS:
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8").replace(COMMAND, str(command)))
    found = subprocess.run(
        ["systemd-analyze", "verify", *(str(tmp_path / path.name) for path in UNITS)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert [line for line in found.stderr.splitlines() if "callbeat" in line] == []
    assert found.returncode == 0


def test_the_command_for_people_has_the_services_settings_and_keys(tmp_path):
    """`sudo callbeat resolve` asks the provider, and must not need a key on the command line."""
    for folder in ("secrets", "home"):
        (tmp_path / folder).mkdir()
    (tmp_path / "env").write_text("CALLBEAT_SITE=oslo\n")
    (tmp_path / "secrets" / "accounts__bolna__api_key").write_text("bn-from-file\n")
    shown = tmp_path / "shown"
    shown.write_text('#!/bin/sh\necho "$CALLBEAT_SITE $CALLBEAT_ACCOUNTS__BOLNA__API_KEY $LOGNAME $PWD $*"\n')
    shown.chmod(0o755)
    text = (FOLDER / "callbeat").read_text(encoding="utf-8")
    for before, after in (
        ("runuser -u callbeat -- ", ""),
        (COMMAND, shown),
        ("/var/lib/callbeat", tmp_path / "home"),
    ):
        text = text.replace(str(before), str(after))
    script = tmp_path / "callbeat"
    script.write_text(text.replace("/etc/callbeat", str(tmp_path)))
    found = subprocess.run(
        ["sh", str(script), "show", "a b"],
        env={"PATH": os.environ["PATH"], "SUDO_USER": "ada"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert found.stdout == f"oslo bn-from-file ada {tmp_path / 'home'} show a b\n", found.stderr
