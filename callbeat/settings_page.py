"""Every setting with what it means, as a file to copy to .env: config/.env.example, made by `make docs`."""

import sys
from collections.abc import Iterator

from callbeat.settings import SECRETS_DIR, Settings
from callbeat.settings_blocks import (
    AccountSettings,
    ClockSettings,
    DashboardSettings,
    HooksSettings,
    MetricsSettings,
    SourceSettings,
)
from callbeat.settings_notify import NotifySettings

HEAD = """# Settings of callbeat: copy this file to .env in the folder where callbeat is started, take the # away
# from what you set. The environment goes before .env. Generated from the code by `make docs`; a test compares.
"""
EXAMPLES = {
    "home": "var",
    "campaigns": "config/campaigns",
    "redis_url": "redis://127.0.0.1:6379/0",
    "database_url": "sqlite:///var/callbeat.db",
    "site": "main",
    "inside_sources": "false",
    "allow_numbers": "+12025550101,+442079460101",
    "approval": "real",
    "daily_calls": "5000",
    "daily_cost": "250",
    "request_timeout": "30",
    "log": "auto",
    "log_level": "info",
    "bolna_api_key": "bn-your-key",
    "cartesia_api_key": "sk_car_your_key",
}
ACCOUNTS = {
    "bolna": {"api_key": "bn-your-key"},
    "trillet": {"api_key": "your-key", "workspace_id": "your-workspace"},
    "cartesia": {"api_key": "sk_car_your_key", "version": "2026-03-01", "requests_a_minute": "600"},
    "eu": {"provider": "cartesia", "api_key": "sk_car_your_key", "base_url": "https://api.cartesia.ai"},
}
CRM = "postgresql://callbeat_reader:password@db.example.com/crm"
HOOKS = {"secret": "43-letters-and-digits-of-your-own-making", "url": "https://hooks.example.com"}
KEPT = "'$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0$YW4tZXhhbXBsZS10aGF0LWZpdHMtbm90aGluZw'"
DASHBOARD = {
    "password_hash": KEPT,
    "reader_hash": KEPT,
    "secret": "43-letters-and-digits-of-your-own-making",
    "url": "https://calls.example.com",
    "proxy_header": "X-Forwarded-User",
    "proxy_from": "10.0.0.5,10.1.0.0/16",
    "operators": "ann,bob",
}
NOTIFY = {
    "secret": "whsec_dGhpcnR5LXR3by1ieXRlcy1vZi15b3VyLW93bi1tYWtpbmc=",
    "url": "https://ops.example.com/callbeat",
    "email": "ops@example.com,lead@example.com",
    "inside": "false",
    "sender": "callbeat@example.com",
    "smtp_host": "mail.example.com",
    "smtp_port": "587",
    "smtp_user": "callbeat",
    "smtp_password": "password",
    "smtp_tls": "starttls",
}
METRICS = {"port": "9310", "host": "127.0.0.1"}
CLOCK = {"origin": "2026-12-01T06:12:00+00:00", "started": "2026-11-22T09:00:00+00:00", "speed": "60"}


def page() -> str:
    """The whole file."""
    return HEAD + "".join(_lines())


def _lines() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        if name not in ("accounts", "sources", "clock", "hooks", "dashboard", "notify", "metrics"):
            variable = name.upper() if name.endswith("_api_key") else f"CALLBEAT_{name.upper()}"
            yield f"\n# {field.description}\n# {variable}={EXAMPLES[name]}\n"
    yield "\n# A folder with one file for each secret, named like its variable, in small letters or not.\n"
    yield f"# {SECRETS_DIR}=/run/secrets\n"
    yield "\n# Accounts by name: a provider's own name, or any other with the provider said.\n"
    for field_name, field in AccountSettings.model_fields.items():
        yield f"#   {field_name.upper()}: {field.description}\n"
    for account, values in ACCOUNTS.items():
        yield from (
            f"# CALLBEAT_ACCOUNTS__{account.upper()}__{key.upper()}={value}\n" for key, value in values.items()
        )
    yield "\n# Databases by name, for `contacts: {sql: …, database: crm}`.\n"
    yield from (f"#   {name.upper()}: {field.description}\n" for name, field in SourceSettings.model_fields.items())
    yield f"# CALLBEAT_SOURCES__CRM__URL={CRM}\n"
    yield "\n# The endpoint for providers' webhooks (docs/webhooks.md).\n"
    for name, field in HooksSettings.model_fields.items():
        yield f"#   {name.upper()}: {field.description}\n# CALLBEAT_HOOKS__{name.upper()}={HOOKS[name]}\n"
    yield "\n# Who may look at the dashboard, and who may act (docs/dashboard.md).\n"
    for name, field in DashboardSettings.model_fields.items():
        yield f"#   {name.upper()}: {field.description}\n# CALLBEAT_DASHBOARD__{name.upper()}={DASHBOARD[name]}\n"
    yield "\n# Notifications by webhook and e-mail (docs/notifications.md).\n"
    for name, field in NotifySettings.model_fields.items():
        yield f"#   {name.upper()}: {field.description}\n# CALLBEAT_NOTIFY__{name.upper()}={NOTIFY[name]}\n"
    yield "\n# Where Prometheus asks each process (docs/metrics.md).\n"
    for name, field in MetricsSettings.model_fields.items():
        yield f"#   {name.upper()}: {field.description}\n# CALLBEAT_METRICS__{name.upper()}={METRICS[name]}\n"
    yield "\n# Pretended time, ORIGIN + (real − STARTED) × SPEED: refused unless all accounts are on this host.\n"
    yield from (f"# CALLBEAT_CLOCK__{name.upper()}={CLOCK[name]}\n" for name in ClockSettings.model_fields)


if __name__ == "__main__":
    sys.stdout.write(page())
