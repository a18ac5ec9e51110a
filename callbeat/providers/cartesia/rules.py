"""What Cartesia can and cannot do for a campaign: checked while the file is read, without credentials.

Sources: "Create Call Batch" (version 2026-03-01), Cartesia's OpenAPI of version 2026-08-14, and its pages on
batches, errors and scaling (read 2026-11-21).
"""

import re
from datetime import datetime, timedelta

from callbeat.clock import iso
from callbeat.errors import Finding
from callbeat.providers.capabilities import Capabilities, RetriesBy, TalkFrom
from callbeat.providers.checks import taken_columns, unknown_options, whole_within
from callbeat.providers.port import Credentials, Needs, NoStart, RetryWish, Start
from callbeat.providers.start_rules import rounded_up, start_within

NUMBER_COLUMN = "to_number"
ROW_KEY = "callbeat_row"  # our row number, in each recipient's metadata
VERSIONS = ("2026-03-01", "2026-08-14")
REGIONS = ("US", "EU", "APAC")
REGIONS_SINCE = "2026-08-14"
RETRIED = frozenset({"no_answer", "busy", "failed"})
OPTIONS = ("ringing_timeout_seconds", "max_call_duration_minutes", "region")
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


class CartesiaRules:
    """Cartesia's rules; see `callbeat.providers.port.Rules` for what each must tell."""

    name = "cartesia"
    phone_column = NUMBER_COLUMN
    reserved_columns = frozenset({ROW_KEY, NUMBER_COLUMN})
    default_base_url = "https://api.cartesia.ai"
    capabilities = Capabilities(
        start_with_create=True,
        create_is_harmless=False,
        found_by_label=True,
        calls_show_batch=True,
        stops_single_calls=False,
        talk_from=TalkFrom.TALKS,
        earliest=timedelta(minutes=2),  # our own: "in the future", and time is needed to remove what is double
        latest=timedelta(days=30),
        mark=None,
        most_contacts=5000,
        most_bytes=None,
        requests_a_minute=None,
        retries=RetriesBy.REQUEST,
        retries_as_told=True,
        attempts_told=True,
        retry_rules="any number and pause, counted from the end of the whole round; always after no_answer, busy "
        "and failed together",
        concurrency="a number from 1 to the organization's own limit; shared among the batches of a run",
        from_numbers="exactly one, by its id",
        stops="a batch by cancel: waiting calls are not dialled, live ones go on to their end",
        posts_on_batches=False,
        look_for="in the Cartesia playground, under the agent's call batches, the name {label}",
    )

    def start_for(self, asked: datetime, now: datetime, margin: timedelta) -> Start | NoStart:
        return start_within(self.capabilities, "Cartesia", iso, asked=asked, now=now, margin=margin)

    def rounded(self, asked: datetime) -> datetime:
        return rounded_up(asked, None)

    def check_account(self, credentials: Credentials) -> str | None:
        if credentials.version in (None, *VERSIONS):
            return None
        return f"VERSION is {credentials.version}; the versions of Cartesia's API known here: {', '.join(VERSIONS)}"

    def check(self, needs: Needs) -> list[Finding]:
        """Every finding about the agent, the number, retries and the `cartesia:` block of a campaign."""
        return [
            *_check_agent(needs.agent),
            *_check_number(needs.from_numbers),
            *_check_retries(needs.retries),
            *unknown_options("cartesia", needs.options, OPTIONS),
            *whole_within("cartesia", needs.options, "ringing_timeout_seconds", 5, 80),
            *whole_within("cartesia", needs.options, "max_call_duration_minutes", 1, 480),
            *_check_region(needs.options.get("region")),
            *taken_columns("Cartesia", needs.columns, self.reserved_columns),
        ]


def _check_agent(agent: str) -> list[Finding]:
    if _ID.fullmatch(agent):
        return []
    return [
        Finding(("agent",), f"'{agent}' is not a Cartesia agent id", "copy the id from the Cartesia playground")
    ]


def _check_number(numbers: tuple[str, ...]) -> list[Finding]:
    """One `from_number_id` a batch, and it is required."""
    fix = "write the id of one number of the Cartesia account: from_numbers: [pn_…]"
    if not numbers:
        return [Finding(("from_numbers",), "missing: Cartesia must be told which number to call from", fix)]
    if len(numbers) > 1:
        return [Finding(("from_numbers", 1), "a Cartesia batch calls from one number", fix)]
    if not _ID.fullmatch(numbers[0]) or numbers[0].isdecimal():
        return [Finding(("from_numbers", 0), f"'{numbers[0]}' is not the id of a Cartesia number", fix)]
    return []


def _check_retries(wish: RetryWish | None) -> list[Finding]:
    """A retry takes up every recipient that failed, for whatever reason."""
    if wish is None or set(wish.on) == RETRIED:
        return []
    fix = "write on: [no_answer, busy, failed]"
    return [Finding(("retries", "on"), "Cartesia tries again all that failed, and lets one choose nothing", fix)]


def _check_region(region: object) -> list[Finding]:
    if region is None or region in REGIONS:
        return []
    return [
        Finding(("cartesia", "region"), f"'{region}' is not a region", f"write {', '.join(REGIONS)} or remove it")
    ]
