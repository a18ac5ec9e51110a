"""Pages that are generated from code say what the code says."""

import re
from pathlib import Path

from callbeat import settings, settings_page
from callbeat.campaigns import keys
from callbeat.ledger.lines import WARNED
from callbeat.ledger.states import BatchState, RunState
from callbeat.providers.registry import ADAPTERS, RULES
from callbeat.providers.table import page
from callbeat.settings_blocks import DashboardSettings
from callbeat.settings_notify import NotifySettings
from cli.station import SANDBOX_ACCOUNTS

ROOT = Path(__file__).parents[2]


def test_the_table_of_providers_is_up_to_date():
    """Somebody chooses a provider by it."""
    assert (ROOT / "docs" / "providers.md").read_text(encoding="utf-8") == page(), "run `make docs`"


def test_every_provider_has_a_page_of_its_own():
    """Where it came from, when it was read, and what is still unknown."""
    for name in RULES:
        assert (ROOT / "callbeat" / "providers" / name / "README.md").is_file()
        assert (ROOT / "sandbox" / name / "README.md").is_file()


def test_the_example_of_settings_is_up_to_date():
    """It is copied, and what is missing there is never found."""
    written = (ROOT / "config" / ".env.example").read_text(encoding="utf-8")
    assert written == settings_page.page(), "run `make docs`"
    blocks = {"accounts", "sources", "clock", "hooks", "dashboard", "notify", "metrics"}
    assert set(settings.Settings.model_fields) - blocks == set(settings_page.EXAMPLES)
    assert set(settings.PROVIDERS) <= set(settings_page.ACCOUNTS)


def test_every_line_of_the_example_can_be_set(monkeypatch, tmp_path):
    """Somebody takes the # away, and nothing else."""
    monkeypatch.chdir(tmp_path)
    lines = re.findall(r"^# ([A-Z_]+)=(.*)$", settings_page.page(), re.MULTILINE)
    apart = ("CLOCK", "SECRETS")  # they stand for a pretended time, and for a folder that has to be there
    plain = [f"{name}={value}\n" for name, value in lines if not any(part in name for part in apart)]
    (tmp_path / ".env").write_text("".join(plain))
    found = settings.load_settings()
    assert found.account_names() == ["bolna", "cartesia", "eu", "trillet"]
    assert all(found.account(name).api_key for name in found.account_names())
    assert found.allow_numbers == ("+12025550101", "+442079460101")
    assert len(lines) > len(settings_page.EXAMPLES)


def test_every_setting_reaches_the_containers():
    """What is not on the list is dropped in silence: a limit for a trial would be one that nobody keeps."""
    given = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    blocks = {"clock", "accounts", "sources", "hooks", "dashboard", "notify", "metrics"}
    plain = set(settings.Settings.model_fields) - blocks - {"home", "campaigns", "database_url"}
    wanted = {name.upper() if name.endswith("_api_key") else f"CALLBEAT_{name.upper()}" for name in plain}
    fields = ("API_KEY", "BASE_URL", "REQUESTS_A_MINUTE")
    wanted |= {f"CALLBEAT_ACCOUNTS__{name.upper()}__{field}" for name in RULES for field in fields}
    wanted |= {f"CALLBEAT_NOTIFY__{name.upper()}" for name in NotifySettings.model_fields}
    wanted |= {
        "CALLBEAT_ACCOUNTS__TRILLET__WORKSPACE_ID",
        "CALLBEAT_ACCOUNTS__CARTESIA__VERSION",
        "CALLBEAT_HOOKS__SECRET",
        "CALLBEAT_HOOKS__URL",
        *(f"CALLBEAT_DASHBOARD__{name.upper()}" for name in DashboardSettings.model_fields),
        "CALLBEAT_METRICS__PORT",
        "CALLBEAT_METRICS__HOST",
        settings.SECRETS_DIR,
    }
    assert sorted(name for name in wanted if f"  {name}:" not in given) == []


def test_every_list_of_providers_names_the_same_ones():
    """A provider that is missing from one of them can be written down, and never called."""
    assert (
        list(RULES) == list(ADAPTERS) == list(settings.PROVIDERS) == list(keys.PROVIDERS) == list(SANDBOX_ACCOUNTS)
    )


def _events_of_the_page() -> dict[str, str]:
    """Each event on the page about the log, with its level."""
    text = (ROOT / "docs" / "logs.md").read_text(encoding="utf-8").partition("## Events")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:3] for line in text.splitlines() if line.startswith("| `")]
    return {name: level.strip() for events, level in rows for name in re.findall(r"`([a-z_]+\.[a-z_]+)`", events)}


def test_the_page_about_the_log_has_every_state_with_its_level():
    """Somebody writes an alert by it."""
    told = _events_of_the_page()
    states = {f"run.{state}" for state in RunState} | {f"batch.{state}" for state in BatchState}
    assert states - set(told) == set()
    assert {name for name, level in told.items() if level == "warning"} >= WARNED
    assert {name for name in states if told[name] == "warning"} == {name for name in WARNED if name in states}


def test_the_page_about_the_log_has_every_other_event_and_no_more():
    """An event that is renamed leaves an alert that never rings."""
    code = "".join(
        path.read_text(encoding="utf-8")
        for part in ("callbeat", "tasks", "worker", "hooks", "dashboard")
        for path in (ROOT / part).rglob("*.py")
    )
    written = set(re.findall(r"log\.(?:info|warning|error|exception|critical)\(\s*\"([a-z_.]+)\"", code))
    written |= set(re.findall(r"word=\"([a-z_.]+)\"", code)) | {
        "campaign.note",
        "site.note",
        "run.note",
        "batch.note",
    }
    states = {f"run.{state}" for state in RunState} | {f"batch.{state}" for state in BatchState}
    assert set(_events_of_the_page()) - states == written
