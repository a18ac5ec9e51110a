"""Which CALLBEAT_ variables there are: those of the settings, of the Compose file, and of our tests."""

import re
from pathlib import Path

from callbeat.settings import SECRETS_DIR, AccountSettings, ClockSettings, HooksSettings, Settings, SourceSettings
from callbeat.settings_blocks import DashboardSettings, MetricsSettings
from callbeat.settings_notify import NotifySettings

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"\bCALLBEAT_[A-Z][A-Z_]*[A-Z]")


def known(name: str) -> bool:
    """Whether setting it does something."""
    of_compose = re.findall(r"\$\{(CALLBEAT_\w+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    account = re.fullmatch(r"CALLBEAT_ACCOUNTS__[A-Z]+__([A-Z_]+)", name)
    if account:
        return account[1].lower() in AccountSettings.model_fields
    source = re.fullmatch(r"CALLBEAT_SOURCES__[A-Z]+__([A-Z_]+)", name)
    if source:
        return source[1].lower() in SourceSettings.model_fields
    clock = {f"CALLBEAT_CLOCK__{field.upper()}" for field in ClockSettings.model_fields}
    hooks = {f"CALLBEAT_HOOKS__{field.upper()}" for field in HooksSettings.model_fields}
    notify = {f"CALLBEAT_NOTIFY__{field.upper()}" for field in NotifySettings.model_fields}
    pages = {f"CALLBEAT_DASHBOARD__{field.upper()}" for field in DashboardSettings.model_fields}
    plain = {f"CALLBEAT_{field.upper()}" for field in set(Settings.model_fields)}
    metrics = {f"CALLBEAT_METRICS__{field.upper()}" for field in MetricsSettings.model_fields}
    blocks = clock | hooks | notify | pages | metrics
    return name in plain | blocks | set(of_compose) | {SECRETS_DIR, "CALLBEAT_TEST_LEDGER"}


def unknown(text: str) -> list[str]:
    """The variables that a text names and nothing reads; `CALLBEAT_CLOCK__*` stands for all of them."""
    return sorted({name for name in NAMED.findall(text) if not known(name)})
