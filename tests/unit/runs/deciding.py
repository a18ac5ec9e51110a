"""What a person says of a held batch, decided and done at once."""

from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import BatchRow
from callbeat.runs import resolving
from callbeat.runs.context import Context


def placed(context: Context, batch: BatchRow, ref: str, actor: str) -> BatchState:
    return resolving.carry_out(context, batch, resolving.placed(context, batch, ref), actor)


def not_placed(context: Context, batch: BatchRow, actor: str) -> BatchState:
    return resolving.carry_out(context, batch, resolving.not_placed(context, batch), actor)


def given_up(context: Context, batch: BatchRow, actor: str) -> BatchState:
    return resolving.carry_out(context, batch, resolving.given_up(context, batch), actor)
