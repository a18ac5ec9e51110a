"""The key with which this ledger hashes numbers."""

import secrets

from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import NumberKeyRow

ONLY_ROW = 1


def number_key(ledger: Ledger) -> bytes:
    """32 bytes, made up when the ledger was, and in every copy of it: what was hashed before is found again.

    Hashes without a key can be turned back by trying all numbers; with the ledger in hand these can, too.
    """
    with ledger.read() as session:
        row = session.get(NumberKeyRow, ONLY_ROW)
    if row is None:
        row = _made_up(ledger)
    return bytes.fromhex(row.key)


def _made_up(ledger: Ledger) -> NumberKeyRow:
    """The tables' upgrade makes one; this is for tables that were emptied since."""
    with ledger.write() as writer:
        writer.lock("number_key")
        row = writer.session.get(NumberKeyRow, ONLY_ROW)
        if row is None:
            row = NumberKeyRow(id=ONLY_ROW, key=secrets.token_hex(32))
            writer.session.add(row)
    return row
