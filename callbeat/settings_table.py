"""Every setting with its default as a page of Markdown: docs/settings.md, made by `make docs`."""

import inspect
import sys
from collections.abc import Iterator
from typing import get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from callbeat.settings import SECRETS_DIR, Settings

HEAD = """# Settings

Generated from the code (`make docs`); a test compares. They come from the environment, else from `.env` in the
folder where a process is started, else from a folder with one file for each secret;
[config/.env.example](../config/.env.example) is one to copy. A process reads them when it starts: after a
change it is started again. `callbeat doctor` tells of a variable that is wrong, and of one that is nearly a
setting and is never read.

| variable | default | |
|---|---|---|
"""
APART = f"""| `{SECRETS_DIR}` | | A folder with a file for each secret, named like its variable: `bolna_api_key`. |
| `FLOWER_BASIC_AUTH` | made up | `user:password` of [Flower](flower.md) where other machines reach it. |
"""
NOTES = {
    "CALLBEAT_REDIS_URL": "Only a broker: it may lose everything ([redis.md](redis.md)).",
    "CALLBEAT_DATABASE_URL": "For several machines: [postgresql.md](postgresql.md).",
    "CALLBEAT_ALLOW_NUMBERS": "In E.164, separated by commas; all others are excluded as `not_allowed`.",
    "CALLBEAT_APPROVAL": "Each change of the file needs a new `callbeat approve`.",
    "CALLBEAT_DAILY_CALLS": "By the day of their start; what does not fit is missed.",
    "CALLBEAT_DAILY_COST": "What does not fit is missed, what dials then is stopped. Only Bolna tells costs.",
    "CALLBEAT_LOG": "[logs.md](logs.md) has the fields and events.",
    "CALLBEAT_ACCOUNTS__<NAME>__REQUESTS_A_MINUTE": "[budgets.md](budgets.md) says how to choose it.",
    "CALLBEAT_SOURCES__<NAME>__URL": "For `contacts: {sql: …, database: …}`: [sources.md](sources.md).",
    "CALLBEAT_DASHBOARD__PASSWORD_HASH": "[dashboard.md](dashboard.md) says who may look, and who may act.",
    "CALLBEAT_METRICS__PORT": "[metrics.md](metrics.md) says which process takes which.",
    "CALLBEAT_NOTIFY__SECRET": "[notifications.md](notifications.md) has the whole set-up.",
    "CALLBEAT_HOOKS__SECRET": "[webhooks.md](webhooks.md) has the whole set-up.",
}


def page() -> str:
    """The whole page."""
    plain = "".join(
        _row(_variable(name), field) for name, field in Settings.model_fields.items() if not _block(field)
    )
    blocks = ((name, field, _block(field)) for name, field in Settings.model_fields.items())
    return HEAD + plain + APART + "".join(_section(name, field, block) for name, field, block in blocks if block)


def _section(name: str, field: FieldInfo, block: type[BaseModel]) -> str:
    prefix = f"CALLBEAT_{name.upper()}__" + ("<NAME>__" if _is_named(field) else "")
    rows = "".join(_row(prefix + key.upper(), one) for key, one in block.model_fields.items())
    said = " ".join((inspect.getdoc(block) or "").split())
    return f"\n## {name.capitalize()}\n\n{said}\n\n| variable | default | |\n|---|---|---|\n{rows}"


def _row(variable: str, field: FieldInfo) -> str:
    said = " ".join(part for part in (field.description, NOTES.get(variable)) if part)
    return f"| `{variable}` | {_default(field)} | {said} |\n".replace("|  |", "| |")


def _variable(name: str) -> str:
    return name.upper() if name.endswith("_api_key") else f"CALLBEAT_{name.upper()}"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=False)
    if field.is_required() or value is None or isinstance(value, SecretStr):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _is_named(field: FieldInfo) -> bool:
    """Whether there may be several, each under a name of its own."""
    return getattr(field.annotation, "__origin__", None) is dict


def _block(field: FieldInfo) -> type[BaseModel] | None:
    """The settings that belong together under this one, if it is not a plain value."""
    return next(_models(field.annotation), None)


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


if __name__ == "__main__":
    sys.stdout.write(page())
