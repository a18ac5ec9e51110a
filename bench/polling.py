"""What following batches of two hours asks of their providers, and how soon the end of each is seen."""

import argparse
import logging
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from statistics import fmean, median

import structlog

from bench.figures import Figure, run
from bench.followed import Agent, Followed, Follower
from bench.party import sandbox

TALKS = ("GET /trillet/v1/api/batch-calls/*/calls/*", "GET /cartesia/agents/calls")  # what calls came to, read once
SEED, PLAINLY, A_MINUTE = 7, 5, 60
CALLS = 112  # of a batch that dials one at a time: some two hours
WHOLE = {"bolna": (10, 22), "bolna alone": (20, 1), "cartesia": (6, 20), "trillet": (4, 10)}
SMALL = {"bolna": (1, 3), "bolna alone": (1, 1), "cartesia": (1, 2), "trillet": (1, 1)}


def agents(mix: dict[str, tuple[int, int]]) -> Iterator[Agent]:
    """Agents with batches that overlap, some with a single one; each Trillet agent has an account of its own."""
    for kind, (many, batches) in mix.items():
        for n in range(many):
            match kind:
                case "cartesia":
                    yield Agent("cartesia", "cartesia", f"agent_{n:06}", batches)
                case "trillet":
                    yield Agent("trillet", f"trillet{n}", f"64f0c2a1b7d9{n:012x}", batches)
                case _:
                    yield Agent("bolna", "bolna", f"3c90c3cc-0d44-4b50-{4 + len(kind):04x}-{n:012x}", batches)


def followed(mix: dict[str, tuple[int, int]], calls: int, plainly: int) -> Followed:
    """All of a mix, from the create to the last end."""
    with tempfile.TemporaryDirectory() as folder, sandbox() as party:
        party.one_line_each()
        with closing(Follower(Path(folder), party, list(agents(mix)), SEED, calls)) as follower:
            follower.prepare()
            return follower.follow(plainly)


def measure(asked: argparse.Namespace) -> Iterable[Figure]:
    """One run of all providers together; `--times` as many agents."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    whole = {kind: (round(many * asked.times), batches) for kind, (many, batches) in WHOLE.items()}
    mix = SMALL if asked.small else whole
    told = followed(mix, 12 if asked.small else CALLS, 1 if asked.small else PLAINLY)
    many = sum(agents * batches for agents, batches in mix.values())
    yield _requests(told, many)
    yield _ends(told, many)


def _requests(told: Followed, many: int) -> Figure:
    talks = sum(told.asked[kind] for kind in TALKS)
    following = {kind: count for kind, count in told.asked.items() if kind.startswith("GET") and kind not in TALKS}
    each = sum(following.values()) / many
    plainly = told.looks / told.looked_for * fmean(told.lasted)
    kinds = ", ".join(
        f"{kind.removeprefix('GET ')} {count / many:.2f}" for kind, count in sorted(following.items())
    )
    return Figure(
        f"provider requests per batch, {many:,} batches of {fmean(told.lasted) / 3600:.1f} hours",
        f"{each:.1f} requests a batch ({kinds})",
        f"polling each batch every 30 s: {plainly:.0f} requests a batch, and none for its calls",
        each / plainly,
        "<= 1/20",
        each / plainly <= 1 / 20,
        f"and {talks / many:.1f} a batch that tell how long calls talked, where the provider tells it one by one",
    )


def _ends(told: Followed, many: int) -> Figure:
    late = sorted(seconds for some in told.late.values() for seconds in some)
    seen = sum(seconds <= A_MINUTE for seconds in late)
    by = ", ".join(f"{name} {median(some):.0f} s, at most {max(some):.0f} s" for name, some in told.late.items())
    return Figure(
        "ends seen within 60 s of the provider's",
        f"{seen:,} of {many:,} (in the middle: {by})",
        f"all {many:,}",
        seen / many,
        "the end seen within 60 s",
        seen == many,
    )


def options(parser: argparse.ArgumentParser) -> None:
    """2.5 times as many agents make a thousand batches: what one costs hardly depends on how many there are."""
    parser.add_argument("--times", type=float, default=1.0, help="how many agents, times 40 (400 batches)")


if __name__ == "__main__":
    run("polling", __doc__, measure, options)
