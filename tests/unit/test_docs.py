"""Pages that are generated from code say what the code says."""

from pathlib import Path

from callbeat import settings
from callbeat.campaigns import keys
from callbeat.providers.registry import ADAPTERS, RULES
from callbeat.providers.table import page
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


def test_every_setting_reaches_the_containers():
    """What is not on the list is dropped in silence: a limit for a trial would be one that nobody keeps."""
    given = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    plain = set(settings.Settings.model_fields) - {"home", "campaigns", "database_url", "clock", "accounts"}
    wanted = {name.upper() if name.endswith("_api_key") else f"CALLBEAT_{name.upper()}" for name in plain}
    wanted |= {f"CALLBEAT_ACCOUNTS__{name.upper()}__{field}" for name in RULES for field in ("API_KEY", "BASE_URL")}
    wanted |= {"CALLBEAT_ACCOUNTS__TRILLET__WORKSPACE_ID", "CALLBEAT_ACCOUNTS__CARTESIA__VERSION", *settings.LATER}
    assert sorted(name for name in wanted if f"  {name}:" not in given) == []


def test_every_list_of_providers_names_the_same_ones():
    """A provider that is missing from one of them can be written down, and never called."""
    assert (
        list(RULES) == list(ADAPTERS) == list(settings.PROVIDERS) == list(keys.PROVIDERS) == list(SANDBOX_ACCOUNTS)
    )
