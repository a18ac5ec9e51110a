"""States of runs and batches, and outcomes of calls, as a page of Markdown: docs/states.md, made by `make docs`."""

import inspect
import re
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from callbeat.ledger.states import BATCH_MOVES, RUN_MOVES, BatchState, RunState
from callbeat.outcomes import Outcome

S = TypeVar("S", bound=StrEnum)
MEMBER = re.compile(r"^    [A-Z_]+ = \"([a-z_]+)\"(?:  # (.*))?$", re.MULTILINE)
HEAD = """# States and outcomes

Generated from the code (`make docs`); a test compares. [ARCHITECTURE.md](../ARCHITECTURE.md#states) has the
picture, [why once is hard](once.md) what they are for. A state is followed only by those named behind it. One that
is followed by none is final; every other has an end to its patience, after which it is taken up again.
"""
RUNS = """
## Of a run

One due time of one campaign. Back to `planned` only by an edit of the file, before the due time.

"""
BATCHES = """
## Of a batch

One batch at a provider. Every request that changes something there has a state of its own, written **before**
the request leaves. Only `callbeat resolve` leads out of `held`.

"""
OUTCOMES = """
## Outcomes of a call

One vocabulary over all providers; the provider's own word is kept beside it.

| outcome | means | final |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    outcomes = "".join(
        f"| `{name}` | {means} | {'yes' if Outcome(name).final else 'no'} |\n"
        for name, means in _meanings(Outcome).items()
    )
    return (
        HEAD + RUNS + _table(RunState, RUN_MOVES) + BATCHES + _table(BatchState, BATCH_MOVES) + OUTCOMES + outcomes
    )


def _table(states: type[S], moves: Mapping[S, frozenset[S]]) -> str:
    order = list(states)
    rows = (
        f"| `{name}` | {means} | {', '.join(f'`{to}`' for to in sorted(moves[states(name)], key=order.index))} |\n"
        for name, means in _meanings(states).items()
    )
    return "| state | means | followed by |\n|---|---|---|\n" + "".join(rows)


def _meanings(words: type[StrEnum]) -> dict[str, str]:
    """Each word with the comment beside it: there it is changed together with the word."""
    return dict(MEMBER.findall(inspect.getsource(words)))


if __name__ == "__main__":
    sys.stdout.write(page())
