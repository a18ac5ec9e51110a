"""What Trillet can and cannot do for a campaign: checked while the file is read, without credentials.

Sources: "Start Batch Calls" and the pages of batch status, calls and cancel of docs.trillet.ai (read 2026-11-21).
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from callbeat.errors import Finding
from callbeat.providers.capabilities import Capabilities, RetriesBy, TalkFrom
from callbeat.providers.checks import taken_columns, unknown_options
from callbeat.providers.csv_upload import ROW_COLUMN
from callbeat.providers.port import Credentials, Needs, NoStart, RetryWish, Start
from callbeat.providers.start_rules import rounded_up, start_within

NUMBER_COLUMN = "phone_number"
MOST_BYTES = 20_000_000  # "20MB": of the two readings the smaller
CALLED_BACK = frozenset({"no_answer", "busy"})
HOUR = timedelta(hours=1)
_AGENT = re.compile(r"[A-Za-z0-9_-]{1,100}")


class TrilletRules:
    """Trillet's rules; see `callbeat.providers.port.Rules` for what each must tell."""

    name = "trillet"
    phone_column = NUMBER_COLUMN
    reserved_columns = frozenset({ROW_COLUMN, NUMBER_COLUMN})
    default_base_url = "https://api.trillet.ai"
    capabilities = Capabilities(
        start_with_create=True,
        create_is_harmless=False,
        found_by_label=False,
        calls_show_batch=False,
        stops_single_calls=False,
        talk_from=TalkFrom.ONE_CALL,
        earliest=timedelta(minutes=2),  # our own: it dials at once what has no time, and perhaps what is past
        latest=timedelta(days=30),  # our own: none is documented
        mark=None,
        most_contacts=None,
        most_bytes=MOST_BYTES,
        requests_a_minute=60,
        retries=RetriesBy.BATCH,
        retries_as_told=False,
        attempts_told=False,
        retry_rules="pauses of whole hours or days; Trillet itself decides after which outcomes",
        concurrency="not per batch: it belongs to the Trillet plan",
        from_numbers="none: they belong to the agent",
        stops="a batch by cancel: waiting calls are not dialled, live ones go on to their end",
        posts_on_batches=False,
        look_for="in the Trillet dashboard, under batch calls, the file {label}.csv",
    )

    def start_for(self, asked: datetime, now: datetime, margin: timedelta) -> Start | NoStart:
        return start_within(self.capabilities, "Trillet", utc_text, asked=asked, now=now, margin=margin)

    def rounded(self, asked: datetime) -> datetime:
        return rounded_up(asked, None)

    def check_account(self, credentials: Credentials) -> str | None:
        return None if credentials.workspace_id else "Trillet needs a WORKSPACE_ID beside the API_KEY"

    def check(self, needs: Needs) -> list[Finding]:
        """Every finding about the agent, numbers, concurrency, retries and the `trillet:` block of a campaign."""
        return [
            *_check_agent(needs.agent),
            *_check_what_it_lacks(needs),
            *_check_retries(needs.retries),
            *unknown_options("trillet", needs.options, ()),
            *taken_columns("Trillet", needs.columns, self.reserved_columns),
        ]


def utc_text(instant: datetime) -> str:
    """`2024-01-15T14:30:00Z`: seconds and a Z, the one form that is documented."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


def _check_agent(agent: str) -> list[Finding]:
    if _AGENT.fullmatch(agent):
        return []
    return [Finding(("agent",), f"'{agent}' is not a Trillet agent id", "copy the id from the Trillet dashboard")]


def _check_what_it_lacks(needs: Needs) -> list[Finding]:
    found = []
    if needs.from_numbers:
        fix = "remove it, and give the agent its number in the Trillet dashboard"
        found.append(Finding(("from_numbers",), "Trillet takes no number to call from with a batch", fix))
    if needs.concurrency is not None:
        fix = "remove it: how many calls go on at once belongs to the Trillet plan"
        found.append(Finding(("concurrency",), "Trillet has no concurrency per batch", fix))
    return found


def _check_retries(wish: RetryWish | None) -> list[Finding]:
    """`smartCallbackConfig` knows gaps in days and hours, and no outcomes to choose from."""
    if wish is None:
        return []
    found = [
        Finding(("retries", "after", index), "Trillet calls back after whole hours or days", "write 1h, 24h or 1d")
        for index, after in enumerate(wish.after)
        if after % HOUR
    ]
    if set(wish.on) != CALLED_BACK:
        fix = "remove it"
        found.append(Finding(("retries", "on"), "Trillet does not let one choose after which outcomes", fix))
    told = "Trillet itself decides after which outcomes it calls back"
    return [*found, Finding(("retries",), told, "nothing to mend; its documents do not say which", "warning")]


def callback_config(wish: RetryWish | None) -> dict[str, Any] | None:
    """Trillet's `smartCallbackConfig`, or None where nothing is to be retried.

    `maxAttempts` is read as all attempts, the first among them: its samples have one gap less than attempts.
    """
    if wish is None or not wish.after:
        return None
    gaps = [{"days": after.days, "hours": after.seconds // 3600} for after in wish.after]
    return {"enabled": True, "maxAttempts": len(gaps) + 1, "gaps": gaps}
