"""Who is left out of a run though their number is good: people on a list, then those called often enough already.

A stage looks at frames, whatever their size; what it remembers between them is the lists alone.
"""

from datetime import datetime
from pathlib import Path

import polars as pl
from sqlalchemy import select

from callbeat.campaigns.model import Campaign
from callbeat.contacts.hashing import hashes_of
from callbeat.contacts.screening import Stage, on_list
from callbeat.contacts.suppression import read_suppressed
from callbeat.ledger.number_key import number_key
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import SuppressionRow
from callbeat.runs.called import Called, old_calls
from callbeat.runs.frequency import often_enough

SUPPRESSED, OPTED_OUT, FREQUENCY = "suppressed", "opted_out", "frequency"
OPT_OUT = "opt_out"  # the source of a number that was learnt from an outcome


def stages(
    ledger: Ledger, root: Path, campaign: Campaign, start_at: datetime, run_id: int | None, *, decided: bool = False
) -> list[Stage]:
    """What a run's contacts go through, in this order, for calls that begin at `start_at` (aware).

    A stage gets a frame with `number` (E.164), perhaps with `number_hash`, and answers a String Series: the
    reason, or null where the contact may be called. Calls of the run itself are not counted against it. `decided`
    counts of other runs only what is past its own last look, so that of two one is called, and not none.

    Raises:
        SourceError: suppression_unreadable. Nobody may be called.
    """
    listed = suppression_stage(ledger, root, campaign)
    capped = [] if campaign.frequency is None else [_frequency_stage(ledger, campaign, start_at, run_id, decided)]
    return [listed, *capped]


def reasons(frame: pl.DataFrame, through: list[Stage]) -> pl.Series:
    """Of each row the first stage's reason to leave it out, or null."""
    found = pl.Series("reason", [None] * frame.height, dtype=pl.String)
    for stage in through:
        found = pl.select(pl.coalesce(found, stage(frame))).to_series()
    return found.alias("reason")


def suppression_stage(ledger: Ledger, root: Path, campaign: Campaign) -> Stage:
    """The campaign's files, then the ledger's list.

    Raises:
        SourceError: suppression_unreadable. Nobody may be called.
    """
    in_files = on_list(SUPPRESSED, _of_files(root, campaign))
    listed, key = _of_ledger(ledger), number_key(ledger)

    def stage(frame: pl.DataFrame) -> pl.Series:
        by_file = in_files(frame)
        if listed.is_empty():
            return by_file.alias("reason")
        hashes = pl.DataFrame({"number_hash": hashes_of(frame, key)})
        by_list = hashes.join(listed, on="number_hash", how="left", maintain_order="left")["reason"]
        return pl.select(pl.coalesce(by_file, by_list)).to_series().alias("reason")

    return stage


def _of_files(root: Path, campaign: Campaign) -> pl.Series:
    region = campaign.contacts.region
    lists = [read_suppressed(root / path, region, within=root) for path in campaign.contacts.suppress or ()]
    return pl.concat(lists) if lists else pl.Series("number", dtype=pl.String)


def _of_ledger(ledger: Ledger) -> pl.DataFrame:
    with ledger.read() as session:
        rows = session.execute(select(SuppressionRow.number_hash, SuppressionRow.source)).tuples().all()
    found = pl.DataFrame(rows, schema={"number_hash": pl.String, "source": pl.String}, orient="row")
    reason = pl.when(pl.col("source") == OPT_OUT).then(pl.lit(OPTED_OUT)).otherwise(pl.lit(SUPPRESSED))
    return found.select("number_hash", reason=reason)


def _frequency_stage(
    ledger: Ledger, campaign: Campaign, start_at: datetime, run_id: int | None, decided: bool
) -> Stage:
    """Reads the calls of each frame's people, and nobody else's."""
    cap = campaign.frequency
    assert cap is not None
    around = Called(start_at - cap.per, start_at + cap.per, run_id, decided)
    old, key = old_calls(ledger, around), number_key(ledger)

    def stage(frame: pl.DataFrame) -> pl.Series:
        people = hashes_of(frame, key)
        often = often_enough(pl.concat([around.of(ledger, people), old]), people, start_at, cap)
        return pl.select(pl.when(often).then(pl.lit(FREQUENCY))).to_series().alias("reason")

    return stage
