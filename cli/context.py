"""What every command needs: settings, those of a running `up` where none are set, and the ledger."""

import json
import os
from datetime import datetime
from pathlib import Path

from callbeat.campaigns.folder import read_folder
from callbeat.campaigns.reader import Reading
from callbeat.ledger.store import Ledger
from callbeat.logs import hide_secrets
from callbeat.runs.catalog import check_campaign
from callbeat.runs.context import Context, open_context
from callbeat.settings import Settings, load_settings
from cli.home_lock import is_held

RUNNING = "up.json"


def load() -> Settings:
    """The settings; a running `up --sandbox` or `demo` of the same home lends its clock and accounts.

    Raises:
        SettingsError: a setting is missing or wrong.
    """
    settings = load_settings()
    lent = _lent(settings.home)
    missing = {name: value for name, value in lent.items() if name not in os.environ}
    if missing:
        os.environ.update(missing)
        settings = load_settings()
    hide_secrets(settings.secrets())
    return settings


def lend(home: Path, environment: dict[str, str]) -> None:
    """Write down what other commands of this home should go by while this process lives."""
    (home / RUNNING).write_text(json.dumps({"environment": environment}))


def take_back(home: Path) -> None:
    """This process is done."""
    (home / RUNNING).unlink(missing_ok=True)


def _lent(home: Path) -> dict[str, str]:
    try:
        told = json.loads((home / RUNNING).read_text())
        return dict(told["environment"]) if is_held(home) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def open_ledger(settings: Settings) -> Ledger:
    """The ledger, its tables made or checked.

    Raises:
        LedgerError: it does not work, or needs `callbeat db upgrade`.
    """
    ledger = Ledger(settings.ledger_url)
    ledger.ensure_ready()
    return ledger


def make_context(settings: Settings) -> Context:
    """A context for what a person asks for. Nothing is sent: beat looks every second."""
    return open_context(settings, lambda _task, _ids: None)


def read_campaigns(settings: Settings, paths: list[Path] | None = None) -> list[Reading]:
    """The campaign files, or those named."""
    return read_folder(settings.campaigns, check_campaign, paths or None)


def now(settings: Settings) -> datetime:
    """Campaign time."""
    return settings.make_clock().now()
