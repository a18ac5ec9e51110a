"""Whether a ledger on a server can be worked with: it answers, its tables are of this version, its clock ours."""

from collections.abc import Collection, Iterator
from contextlib import closing

from callbeat.doctor.ledger import UPGRADE
from callbeat.doctor.notices import Notice, error, well
from callbeat.errors import LedgerError
from callbeat.ledger.locks import lease_clock
from callbeat.ledger.store import Ledger


def check_database(url: str, head: str, known: Collection[str]) -> Iterator[Notice]:
    """What is to be said of a database. `known` are the forms of the tables up to this version's `head`."""
    try:
        with closing(Ledger(url)) as ledger:
            yield from _judge(ledger, ledger.revision(), head, known)
    except LedgerError as trouble:
        fix = "see whether the server runs, and whether CALLBEAT_DATABASE_URL names it, its user and its database"
        yield error("ledger", str(trouble), fix)


def _judge(ledger: Ledger, revision: str | None, head: str, known: Collection[str]) -> Iterator[Notice]:
    if revision is not None and revision not in known:
        words = f"its tables are of a later version: {revision}, which this one does not know"
        yield error("ledger.revision", words, "install the version that made it, or a later one")
    elif revision != head:
        words = f"its tables are of an older version: {revision}, not {head}" if revision else "it has no tables"
        yield error("ledger.revision", words, UPGRADE)
    else:
        yield _clock(ledger, revision)


def _clock(ledger: Ledger, revision: str) -> Notice:
    try:
        with ledger.read() as session:
            lease_clock(session)
    except LedgerError as trouble:
        return error("ledger.clock", str(trouble), "set this machine's clock right: it claims nothing until then")
    return well("ledger", f"a database on a server, revision {revision}, its clock agrees with ours")
