"""How the calls of a wave are divided into provider batches. Pure."""

from collections.abc import Sequence
from itertools import accumulate

import polars as pl


def divided(sizes: pl.Series, most: int | None, most_bytes: int | None) -> list[int]:
    """How many calls go into each batch: as few as the provider's limits permit, as even as can be.

    `sizes` is what each call takes of an upload, in bytes, at most.

    Raises:
        ValueError: a single call takes more than an upload may have.
    """
    calls = len(sizes)
    batches = max(-(-calls // most) if most else 1, -(-int(sizes.sum()) // most_bytes) if most_bytes else 1)
    if not calls:
        return []
    if most_bytes is None:
        return _evenly(calls, batches)
    if int(str(sizes.max())) > most_bytes:
        raise ValueError("a single call takes more than an upload may have")
    before = [0, *sizes.cum_sum().to_list()]
    while not _fit(before, parts := _evenly(calls, batches), most_bytes):
        batches += 1
    return parts


def _evenly(calls: int, batches: int) -> list[int]:
    return [calls // batches + (1 if n < calls % batches else 0) for n in range(batches)]


def _fit(before: Sequence[int], parts: Sequence[int], most_bytes: int) -> bool:
    ends = accumulate(parts)
    return all(before[end] - before[end - part] <= most_bytes for end, part in zip(ends, parts, strict=True))
