"""A ledger speaks of real people or of a trial on pretended providers, never of both.

Its cursors, labels and half-done batches mean nothing, or something terrible, in the other world.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from callbeat.addresses import is_loopback
from callbeat.errors import LedgerError
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import WorldRow
from callbeat.settings import Settings

REAL, TRIAL = "real", "trial"
ONLY_ROW = 1


def world_of(settings: Settings) -> str | None:
    """Real if any account may reach a real provider, a trial if all stay on this machine; None without accounts."""
    accounts = [settings.account(name) for name in settings.account_names()]
    if not accounts:
        return None
    return TRIAL if all(account and is_loopback(account.base_url) for account in accounts) else REAL


def claim_world(ledger: Ledger, world: str | None) -> None:
    """Write down on first use which world a ledger is of, and hold to it.

    Raises:
        LedgerError: it is of the other one.
    """
    if world is None:
        return
    with ledger.write() as writer:
        writer.lock("world")
        row = writer.session.get(WorldRow, ONLY_ROW)
        if row is None:
            writer.session.add(WorldRow(id=ONLY_ROW, name=world))
        elif row.name != world:
            raise LedgerError(
                f"this ledger is of a {row.name} installation and the accounts are {world}: set CALLBEAT_HOME "
                "(or CALLBEAT_DATABASE_URL) to another place, or remove the trial's home"
            )


def is_trial(session: Session) -> bool:
    """Whether a ledger speaks of nobody real."""
    return session.execute(select(WorldRow.name)).scalar_one_or_none() == TRIAL
