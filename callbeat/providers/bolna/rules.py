"""What Bolna can and cannot do for a campaign: checked while the file is read, without credentials."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from callbeat.errors import Finding
from callbeat.providers.bolna import time_rules
from callbeat.providers.port import Needs, NoStart, RetryWish, Start

ROW_COLUMN = "callbeat_row"
NUMBER_COLUMN = "contact_number"
AGENT = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
MOST_RETRIES = 3
OPTIONS_LATER = {"bypass_call_guardrails": "not supported yet"}
RETRY_WORDS = {"no_answer": "no-answer", "busy": "busy", "failed": "failed"}


class BolnaRules:
    """Bolna's rules; see `callbeat.providers.port.Rules` for what each must tell."""

    name = "bolna"
    phone_column = NUMBER_COLUMN
    reserved_columns = frozenset({ROW_COLUMN, NUMBER_COLUMN})
    earliest = time_rules.EARLIEST
    default_base_url = "https://api.bolna.ai"
    create_is_harmless = True

    def start_for(self, asked: datetime, now: datetime, margin: timedelta) -> Start | NoStart:
        return time_rules.start_for(asked, now, margin)

    def rounded(self, asked: datetime) -> datetime:
        return time_rules.rounded(asked)

    def check(self, needs: Needs) -> list[Finding]:
        """Every finding about the agent, numbers, retries and the `bolna:` block of a campaign."""
        return [
            *_check_agent(needs.agent),
            *_check_numbers(needs.from_numbers),
            *_check_retries(needs.retries),
            *_check_options(needs.options),
            *_check_columns(needs.columns),
        ]


def _check_agent(agent: str) -> list[Finding]:
    if not AGENT.fullmatch(agent):
        fix = "copy the agent's id from the Bolna dashboard, like 3c90c3cc-0d44-4b50-8888-8dd25736052a"
        return [Finding(("agent",), f"'{agent}' is not a Bolna agent id (a UUID)", fix)]
    return []


def _check_numbers(numbers: tuple[str, ...]) -> list[Finding]:
    fix = 'write it in E.164 with its +, quoted: "+911140000000"'
    return [
        Finding(("from_numbers", index), f"'{number}' is not an E.164 number", fix)
        for index, number in enumerate(numbers)
        if not E164.fullmatch(number)
    ]


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


def _check_options(options: Mapping[str, Any]) -> list[Finding]:
    found = [
        Finding(("bolna", key), OPTIONS_LATER.get(key, "unknown option"), "remove it; the option is: webhook_url")
        for key in options
        if key != "webhook_url"
    ]
    return found + _check_webhook(options.get("webhook_url"))


def _check_webhook(url: object) -> list[Finding]:
    """Bolna ignores a bad webhook address without a word (create page), so it is refused here."""
    if url is None:
        return []
    fix = "write a whole address: https://example.com/hook"
    try:
        parts = urlsplit(str(url))
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if good and not re.search(r"[\s<>\"{}|\\^`]", str(url)):
        return []
    return [Finding(("bolna", "webhook_url"), f"'{url}' is not a web address, and Bolna would ignore it", fix)]


def _check_columns(columns: tuple[str, ...]) -> list[Finding]:
    return [
        Finding(
            ("contacts", "variables", column),
            f"'{column}' is a column that callbeat or Bolna uses itself",
            "give the variable another name",
        )
        for column in columns
        if column in {ROW_COLUMN, NUMBER_COLUMN}
    ]


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
