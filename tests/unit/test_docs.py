"""Pages that are generated from code say what the code says."""

import re
from pathlib import Path

import pytest

from callbeat import settings, settings_page, settings_table
from callbeat.campaigns import keys, keys_page
from callbeat.campaigns.schema import campaign_schema
from callbeat.ledger import states_page, tables
from callbeat.ledger.forms import head
from callbeat.ledger.lines import NOT_TOLD, WARNED
from callbeat.ledger.states import BatchState, RunState
from callbeat.outcomes import Outcome
from callbeat.providers import table
from callbeat.providers.registry import ADAPTERS, RULES
from callbeat.settings_blocks import DashboardSettings
from callbeat.settings_notify import NotifySettings
from cli import commands_page
from cli.station import SANDBOX_ACCOUNTS

ROOT = Path(__file__).parents[2]


GENERATED = {
    "config/.env.example": settings_page.page,
    "docs/campaign-keys.md": keys_page.page,
    "docs/commands.md": commands_page.page,
    "docs/providers.md": table.page,
    "docs/settings.md": settings_table.page,
    "docs/states.md": states_page.page,
}


@pytest.mark.parametrize("path", GENERATED)
def test_a_generated_page_is_up_to_date(path):
    """Somebody chooses a provider by it, copies a setting from it, types a command out of it."""
    assert (ROOT / path).read_text(encoding="utf-8") == GENERATED[path](), "run `make docs`"
    assert f":{path}" in (ROOT / "Makefile").read_text(encoding="utf-8"), "`make docs` does not make it"


def test_the_page_of_keys_has_each_of_them_with_what_may_stand_there():
    """The schema is what an editor goes by: both come from one list, and neither forgets a key."""
    page = keys_page.page()
    for name, shape in campaign_schema()["properties"].items():
        assert f"`{name}`" in page
        assert [key for key in shape.get("properties", ()) if f"`{name}.{key}`" not in page] == []
    assert "`hours.zone` | Whose wall clock: campaign unless said otherwise" in page

    assert "`skip` or `allow`; default `skip` |" in page


def test_the_page_of_settings_has_each_of_them_and_what_it_is_for():
    """A name alone is what nobody dares to set."""
    rows = re.findall(r"^\| `([A-Z_<>]+)` \|.*?\|(.*)\|$", settings_table.page(), re.MULTILINE)
    assert [variable for variable, said in rows if not said.strip()] == []
    named = {variable for variable, _ in rows}
    assert set(settings_table.NOTES) <= named
    written = settings_page.page()
    assert [
        name for name in named if "__" not in name and name != "FLOWER_BASIC_AUTH" and name not in written
    ] == []
    assert {"CALLBEAT_CLOCK__SPEED", "CALLBEAT_ACCOUNTS__<NAME>__API_KEY", "BOLNA_API_KEY"} <= named


def test_the_page_of_states_has_a_meaning_for_every_word():
    """`not_placed` and `stopped` are read by people who have not read the code."""
    told = re.findall(r"^\| `([a-z_]+)` \|(.*?)\|", states_page.page(), re.MULTILINE)
    assert [word for word, means in told if not means.strip()] == []
    assert [word for word, _ in told] == [*RunState, *BatchState, *Outcome]


def test_every_provider_has_a_page_of_its_own():
    """Where it came from, when it was read, and what is still unknown."""
    for name in RULES:
        assert (ROOT / "callbeat" / "providers" / name / "README.md").is_file()
        assert (ROOT / "sandbox" / name / "README.md").is_file()


def test_the_example_of_settings_has_all_of_them():
    """It is copied, and what is missing there is never found."""
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
        NOT_TOLD,
    }
    states = {f"run.{state}" for state in RunState} | {f"batch.{state}" for state in BatchState}
    assert set(_events_of_the_page()) - states == written


def test_the_rights_on_the_page_let_the_code_delete_what_it_deletes():
    """What may not be deleted stays for ever, and each attempt is a traceback in beat's log."""
    page = (ROOT / "docs" / "postgresql.md").read_text(encoding="utf-8")
    granted = set(re.search(r"GRANT DELETE ON ([\w, ]+) TO", page)[1].split(", "))
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "callbeat").rglob("*.py"))
    rows = set(re.findall(r"\bdelete\((\w+Row)\)", code))
    assert {"OutboxRow", "SuppressionRow", "FileRow"} <= rows
    assert {getattr(tables, row).__tablename__ for row in rows} <= granted


def test_the_page_about_upgrades_shows_the_form_of_this_version():
    """Somebody compares it with what is printed."""
    text = (ROOT / "docs" / "upgrade.md").read_text(encoding="utf-8")
    shown = re.findall(r"the ledger is at (\d{4})(?! *, of)", text) + re.findall(r"than this one \((\d{4})\)", text)
    assert shown
    assert set(shown) == {head()}
