"""The forms that the tables had, by the names of their migrations; the way to the newest one.

Alembic is a quarter of a command's start (it loads the dialects of four databases): only the way itself loads it.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
NOTED_IN = "alembic_version"
REVISION = text("SELECT version_num FROM alembic_version")


def known_revisions() -> list[str]:
    """Every form that the tables had, the newest last: with its digits the file of a migration begins."""
    return sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))


def head() -> str:
    """The form of the tables that this version works with."""
    return known_revisions()[-1]


def revision_of(connection: Connection) -> str | None:
    """The form that the tables are in; None for an empty database."""
    if not inspect(connection).has_table(NOTED_IN):
        return None
    return connection.execute(REVISION).scalar_one_or_none()


def alembic_config() -> "Config":
    """Where Alembic finds the migrations."""
    from alembic.config import Config  # noqa: PLC0415  # see above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def upgrade_to_head(connection: Connection) -> None:
    """Every migration that is still to come, within the connection's transaction."""
    from alembic import command  # noqa: PLC0415

    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
