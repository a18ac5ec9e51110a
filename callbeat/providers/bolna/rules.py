"""What Bolna can and cannot do for a campaign: checked while the file is read, without credentials."""

import re
from datetime import datetime, timedelta
from typing import Any

from callbeat.addresses import why_not_public
from callbeat.clock import iso
from callbeat.errors import Finding
from callbeat.providers.bolna.time_rules import EARLIEST, LATEST, MARK
from callbeat.providers.capabilities import Capabilities, RetriesBy, TalkFrom
from callbeat.providers.checks import taken_columns, unknown_options, wrong_numbers
from callbeat.providers.csv_upload import ROW_COLUMN
from callbeat.providers.port import Credentials, Needs, NoStart, RetryWish, Start
from callbeat.providers.start_rules import rounded_up, start_within

NUMBER_COLUMN = "contact_number"
AGENT = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
MOST_RETRIES = 3
OPTIONS_LATER = {"bypass_call_guardrails": "not supported yet"}
RETRY_WORDS = {"no_answer": "no-answer", "busy": "busy", "failed": "failed"}


class BolnaRules:
    """Bolna's rules; see `callbeat.providers.port.Rules` for what each must tell."""

    name = "bolna"
    phone_column = NUMBER_COLUMN
    reserved_columns = frozenset({ROW_COLUMN, NUMBER_COLUMN})
    default_base_url = "https://api.bolna.ai"
    capabilities = Capabilities(
        start_with_create=False,
        create_is_harmless=True,
        found_by_label=True,
        calls_show_batch=False,
        stops_single_calls=True,
        talk_from=TalkFrom.CALLS,
        earliest=EARLIEST,
        latest=LATEST,
        mark=MARK,
        most_contacts=None,
        most_bytes=None,
        requests_a_minute=1000,
        retries=RetriesBy.BATCH,
        retries_as_told=True,
        attempts_told=True,
        retry_rules="1 to 3, each pause in whole minutes; on no_answer, busy, failed or voicemail as chosen",
        concurrency="not per batch: it belongs to the Bolna account",
        from_numbers="any, in E.164",
        stops="a running batch by stop, a scheduled one by delete, a waiting call by itself",
        posts_on_batches=True,
        look_for="in the Bolna dashboard, under the agent's batches, the file {label}.csv",
    )

    def start_for(self, asked: datetime, now: datetime, margin: timedelta) -> Start | NoStart:
        return start_within(self.capabilities, "Bolna", iso, asked=asked, now=now, margin=margin)

    def rounded(self, asked: datetime) -> datetime:
        return rounded_up(asked, MARK)

    def check_account(self, credentials: Credentials) -> str | None:
        return None

    def check(self, needs: Needs) -> list[Finding]:
        """Every finding about the agent, numbers, retries and the `bolna:` block of a campaign."""
        return [
            *_check_agent(needs.agent),
            *wrong_numbers(needs.from_numbers),
            *_check_concurrency(needs.concurrency),
            *_check_retries(needs.retries),
            *unknown_options("bolna", needs.options, ("webhook_url",), OPTIONS_LATER),
            *_check_webhook(needs.options.get("webhook_url")),
            *taken_columns("Bolna", needs.columns, self.reserved_columns),
        ]


def _check_agent(agent: str) -> list[Finding]:
    if not AGENT.fullmatch(agent):
        fix = "copy the agent's id from the Bolna dashboard, like 3c90c3cc-0d44-4b50-8888-8dd25736052a"
        return [Finding(("agent",), f"'{agent}' is not a Bolna agent id (a UUID)", fix)]
    return []


def _check_concurrency(most: int | None) -> list[Finding]:
    if most is None:
        return []
    fix = "remove it, and set the concurrency of the Bolna account in its dashboard"
    return [Finding(("concurrency",), "Bolna has no concurrency per batch", fix)]


def _check_retries(wish: RetryWish | None) -> list[Finding]:
    """Bolna's auto-retry: one to three retries, whole minutes (auto-retry page)."""
    if wish is None:
        return []
    found = []
    if len(wish.after) > MOST_RETRIES:
        found.append(
            Finding(("retries", "attempts"), f"Bolna retries at most {MOST_RETRIES} times", "write 3 or less")
        )
    for index, after in enumerate(wish.after):
        if after % timedelta(minutes=1):
            where = ("retries", "after", index)
            found.append(Finding(where, "Bolna's retry intervals are whole minutes", "write it in minutes: 15m"))
    return found


def _check_webhook(url: object) -> list[Finding]:
    """Bolna ignores a bad webhook address without a word (create page), so it is refused here.

    What it posts there are numbers and transcripts: never in the clear, and it cannot reach into a network of ours.
    """
    why = None if url is None else why_not_public(str(url))
    if why is None:
        return []
    fix = "write a whole address that everybody can reach: https://example.com/hook"
    return [Finding(("bolna", "webhook_url"), f"'{url}' {why}, and Bolna would post nothing there", fix)]


def retry_config(wish: RetryWish | None) -> dict[str, Any] | None:
    """Bolna's `retry_config` for a wish, or None where nothing is to be retried."""
    if wish is None or not wish.after:
        return None
    return {
        "enabled": True,
        "max_retries": len(wish.after),
        "retry_on_statuses": [RETRY_WORDS[word] for word in wish.on if word in RETRY_WORDS],
        "retry_on_voicemail": "voicemail" in wish.on,
        "retry_intervals_minutes": [int(after / timedelta(minutes=1)) for after in wish.after],
    }
