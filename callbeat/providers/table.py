"""The capabilities of all providers as a page of Markdown: docs/providers.md, made by `make docs`."""

import sys
from collections.abc import Callable
from datetime import timedelta

from callbeat.providers.capabilities import Capabilities, RetriesBy, TalkFrom
from callbeat.providers.port import Rules
from callbeat.providers.registry import RULES

Cell = Callable[[Rules], str]
TALK = {
    TalkFrom.CALLS: "with the calls",
    TalkFrom.ONE_CALL: "by a request for each call, up to 500 calls of a batch",
    TalkFrom.TALKS: "in a list of its own, read when the batch is over",
}
RETRIES = {
    RetriesBy.NONE: "never",
    RetriesBy.BATCH: "by the provider itself",
    RetriesBy.REQUEST: "on request, round by round",
}
HEAD = """# What each provider can do

Generated from what the adapters state about themselves (`make docs`); a test compares. Whatever a campaign asks for
and its provider cannot do is an error when the file is read, never left out in silence.
"""


def _can(say: Callable[[Capabilities], str]) -> Cell:
    return lambda rules: say(rules.capabilities)


def _ahead(span: timedelta) -> str:
    return f"{span // timedelta(minutes=1)} minutes" if span < timedelta(days=1) else f"{span.days} days"


ROWS: dict[str, Cell] = {
    "base URL": lambda rules: rules.default_base_url,
    "column of the number, unless the file says otherwise": lambda rules: f"`{rules.phone_column}`",
    "when it gets its start": _can(
        lambda can: "with the create" if can.start_with_create else "by a request of its own"
    ),
    "an answer to a create is lost": _can(lambda can: _lost(can)),
    "proof before the start": _can(
        lambda can: "its list shows one batch of ours" if can.found_by_label else "the batch alone is looked at"
    ),
    "earliest start": _can(lambda can: f"{_ahead(can.earliest)} ahead"),
    "latest start": _can(lambda can: f"{_ahead(can.latest)} ahead"),
    "starts are rounded": _can(lambda can: f"up to the next {_ahead(can.mark)}" if can.mark else "no"),
    "size of a batch": _can(lambda can: _size(can)),
    "requests a minute": _can(lambda can: f"{can.requests_a_minute:,}" if can.requests_a_minute else "not stated"),
    "retries are made": _can(lambda can: RETRIES[can.retries]),
    "a call that is stopped while it waits to be tried again": _can(
        lambda can: "shows what came of it before" if can.attempts_told else "looks as if never dialled: `unknown`"
    ),
    "`retries`": _can(lambda can: can.retry_rules),
    "`concurrency`": _can(lambda can: can.concurrency),
    "`from_numbers`": _can(lambda can: can.from_numbers),
    "stopping": _can(lambda can: can.stops),
    "webhooks": _can(
        lambda can: "on each batch; callbeat gives its own address" if can.posts_on_batches else "not on batches"
    ),
    "talk times": _can(lambda can: TALK[can.talk_from]),
}


def _lost(can: Capabilities) -> str:
    if not can.found_by_label:
        return "held: nothing can be looked up, a person decides"
    return "looked up by its label; " + (
        "what is too many is deleted"
        if can.create_is_harmless
        else "what is too many is cancelled before its start"
    )


def _size(can: Capabilities) -> str:
    if can.most_contacts is not None:
        return f"{can.most_contacts:,} contacts; more become several batches, evenly"
    return f"{can.most_bytes // 1_000_000} MB of CSV" if can.most_bytes is not None else "not stated"


def page() -> str:
    """The whole page."""
    names = [name.capitalize() for name in RULES]
    lines = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    lines += [f"| {name} | {' | '.join(cell(rules) for rules in RULES.values())} |" for name, cell in ROWS.items()]
    return HEAD + "\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
