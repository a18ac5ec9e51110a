"""Whether people have been called often enough. Pure: frames of calls, a cap, a start."""

from datetime import datetime

import polars as pl

from callbeat.campaigns.model import Frequency

CALLS: dict[str, pl.DataType] = {"number_hash": pl.String(), "at": pl.Datetime("us", "UTC")}


def often_enough(calls: pl.DataFrame, people: pl.Series, start_at: datetime, cap: Frequency) -> pl.Series:
    """Of each of `people` (hashes) whether one more call, at `start_at`, would break the cap.

    It would where some span [x, x + per) that it falls into had more than `cap.calls`, or where another call is
    nearer than the gap. `calls` has the columns of `CALLS`: each call that was made or will be, before or after.
    """
    asked = pl.DataFrame({"number_hash": people}, schema={"number_hash": pl.String})
    near = calls.join(asked.unique(), on="number_hash", how="semi")
    crowded = pl.concat([_too_many(near, start_at, cap), _too_near(near, start_at, cap)])
    return asked["number_hash"].is_in(crowded["number_hash"].unique().implode())


def _too_many(calls: pl.DataFrame, start_at: datetime, cap: Frequency) -> pl.DataFrame:
    """The spans that count begin at a call, or at this one: any other holds no more than the next of these."""
    one_more = calls.select("number_hash").unique().with_columns(at=pl.lit(start_at, dtype=CALLS["at"]))
    together = pl.concat([calls.select("number_hash", "at"), one_more]).sort("number_hash", "at")
    spans = together.rolling("at", period=cap.per, offset="0s", closed="left", group_by="number_hash").agg(
        calls=pl.len()
    )
    around = (pl.col("at") > start_at - cap.per) & (pl.col("at") <= start_at)
    return spans.filter(around & (pl.col("calls") > cap.calls)).select("number_hash")


def _too_near(calls: pl.DataFrame, start_at: datetime, cap: Frequency) -> pl.DataFrame:
    if cap.gap is None:
        return calls.clear().select("number_hash")
    apart = (pl.col("at") - pl.lit(start_at, dtype=CALLS["at"])).abs()
    return calls.filter(apart < cap.gap).select("number_hash")
