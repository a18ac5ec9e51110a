"""Where a contact is: the zones that come into question, and the region whose own rule may hold there."""

from collections.abc import Collection, Mapping

import polars as pl

from callbeat.contacts.number_zones import zones_of


def places(frame: pl.DataFrame, regions: Mapping[str, str], known: Collection[str]) -> pl.Series:
    """Each contact's place as a text: IANA zones joined by "&", then "@" and a region if its number tells one.

    A zone in the source's own column goes before those of the number; what is written there and is not among the
    `known` zones is unknown, and so is a number without zones: null. `regions` maps the beginning of a number to a
    region.
    """
    zones = zones_of(frame["number"])
    if "zone" in frame.columns:
        written = frame["zone"].str.strip_chars()
        meant = written.is_in(pl.Series("known", sorted(known), dtype=pl.String).implode())
        zones = pl.select(pl.when(written.fill_null("") == "").then(zones).when(meant).then(written)).to_series()
    if not regions:
        return zones.alias("place")
    region = _regions(frame["number"], regions)
    at = pl.select(pl.concat_str(pl.lit("@"), region).fill_null("")).to_series()
    return (zones + at).alias("place")


def _regions(numbers: pl.Series, regions: Mapping[str, str]) -> pl.Series:
    """By the longest beginning that is known."""
    found = pl.Series("region", [None] * len(numbers), dtype=pl.String)
    for length in sorted({len(prefix) for prefix in regions}):
        these = {prefix: region for prefix, region in regions.items() if len(prefix) == length}
        nearer = numbers.str.slice(0, length).replace_strict(these, default=None, return_dtype=pl.String)
        found = pl.select(pl.coalesce(nearer, found)).to_series()
    return found
