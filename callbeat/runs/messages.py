"""What a message says, and handing it to its channel. No number, no name of a person and no key is in any of it."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from urllib.parse import quote
from uuid import uuid4

from callbeat.campaigns.model import Campaign
from callbeat.clock import iso, real_now
from callbeat.ledger.tables import OutboxRow
from callbeat.ledger.telling import INCOMPLETE, WEBHOOK, lane_of, receivers_in
from callbeat.notify.answers import Answer, Later
from callbeat.notify.letter import Attachment, Letter, write
from callbeat.notify.signature import signed_headers
from callbeat.notify.smtp import MailServer
from callbeat.notify.webhook import post
from callbeat.runs import report
from callbeat.runs.context import Context, log
from callbeat.runs.world import is_trial
from callbeat.settings_notify import NotifySettings

Json = dict[str, object]
TEST = "test"
WORDS = {
    "run.finished": "finished",
    "run.failed": "failed",
    "run.missed": "was missed",
    "batch.held": "is held: somebody must look",
    INCOMPLETE: "does not add up: somebody must look",
    TEST: "can reach you: this is a test",
}
SUMS = ("due_at", "start_at", "rows", "invalid", "excluded", "excluded_by", "calls", "outcomes", "cost")
LONGEST_POST = 10.0  # seconds for a whole post: a receiver that thinks longer should answer first
TRIES_WITH_FILES = 3  # then without: what takes too long, or is refused for its size, must not keep the news
MOST_ROWS = 100_000  # of a run that is attached


def deliver(context: Context, row: OutboxRow, still_ours: Callable[[], None]) -> Answer:
    """Say it to its receiver, with the sums of its run as they are now. `still_ours` is called just before.

    Raises:
        Lapsed: by `still_ours`.
    """
    with context.ledger.read() as session:
        told = report.of_run(session, row.run_id)
    return send(context, row, told, still_ours)


def send(context: Context, row: OutboxRow, told: Json, still_ours: Callable[[], None] = lambda: None) -> Answer:
    """As `deliver`, with what is known of the run given."""
    with context.ledger.read() as session:
        trial = is_trial(session)
    message = message_of(row, told, context.site, link_to(context.dashboard_url, told.get("run")), trial=trial)
    if row.channel == WEBHOOK:
        return _post(context.notify, row, message, context.timeout, still_ours)
    return _mail(context, row, message, still_ours)


def message_of(row: OutboxRow, told: Json, site: str, link: str | None, *, trial: bool) -> Json:
    """The body of a webhook. `state` and `reason` are of what it is about, and then; sums are of now. Pure."""
    return {
        "id": row.key,
        "type": row.kind,
        "at": iso(row.at),
        "site": site,
        "trial": trial,
        "campaign": told["campaign"],
        "run": told.get("run"),
        "batch": row.batch,
        "state": row.state,
        "reason": row.reason,
        "needs_attention": told.get("needs_attention", False),
        **{name: told.get(name) for name in SUMS},
        "url": link,
    }


def link_to(dashboard: str | None, run: object) -> str | None:
    """The page of a run, where people reach the dashboard. Pure."""
    return f"{dashboard}/runs/{quote(str(run), safe='@')}" if dashboard and run else None


def letter_of(message: Json, attachments: tuple[Attachment, ...] = ()) -> Letter:
    """The same for people. Pure."""
    campaign, kind, run = message["campaign"], str(message["type"]), message["run"]
    words = WORDS.get(kind, kind)
    about = f"The run {run}" if run else f"The campaign {campaign}"
    reason = f" ({message['reason']})" if message["reason"] else ""
    due = f" ({_plain(message['due_at'])})" if message["due_at"] else ""
    last = f"`callbeat show '{run}'` says why, and what to do." if run else ""
    rows = [(name, _plain(told)) for name, told in _rows(message) if told not in (None, {}, "")]
    link = None if message["url"] is None else str(message["url"])
    subject = f"{'[trial] ' if message['trial'] else ''}callbeat: {campaign} {words}{due}"
    return Letter(subject, f"{about} {words}{reason}.", rows, last, link, attachments)


def whom(row: OutboxRow) -> str:
    """A receiver as it may be told: by its host. What stands before and behind may be somebody's name, or a key."""
    return row.lane if row.channel == WEBHOOK else f"e-mail at {row.receiver.partition('@')[2]}"


def _rows(message: Json) -> list[tuple[str, object]]:
    outcomes, excluded = message["outcomes"], message["excluded_by"]
    return [
        ("due", message["due_at"]),
        ("start", message["start_at"]),
        ("batch", message["batch"]),
        ("rows", message["rows"]),
        ("invalid", message["invalid"]),
        ("excluded", message["excluded"]),
        *((f"  {name}", count) for name, count in (excluded if isinstance(excluded, dict) else {}).items()),
        ("calls", message["calls"]),
        *((f"  {name}", count) for name, count in (outcomes if isinstance(outcomes, dict) else {}).items()),
        ("cost", message["cost"]),
    ]


def _plain(told: object) -> str:
    """Instants for people; names without underscores are those of the reports, and stay."""
    try:
        return f"{datetime.fromisoformat(str(told)):%Y-%m-%d %H:%M} UTC" if "T" in str(told) else str(told)
    except ValueError:
        return str(told)


def _post(
    settings: NotifySettings, row: OutboxRow, message: Json, timeout: float, still_ours: Callable[[], None]
) -> Answer:
    if not settings.signing_keys:
        return Later("CALLBEAT_NOTIFY__SECRET is not set, and nothing is sent unsigned")
    body, now = json.dumps(message, separators=(",", ":")).encode(), real_now()
    headers = signed_headers(row.key, int(now.timestamp()), body, settings.signing_keys)
    inside = settings.inside or row.receiver == settings.url  # whoever sets a variable knows this network
    still_ours()
    return post(row.receiver, body, headers, inside=inside, seconds=min(LONGEST_POST, timeout), now=now)


def _mail(context: Context, row: OutboxRow, message: Json, still_ours: Callable[[], None]) -> Answer:
    server, sender = mail_server(context.notify, context.timeout), context.notify.sender
    if server is None or sender is None:
        return Later("CALLBEAT_NOTIFY__SMTP_HOST or __SENDER is not set")
    letter = letter_of(message, _attachments(context, row, message))
    written = write(letter, key=row.key, sender=sender, receiver=row.receiver, at=real_now())
    still_ours()
    return server.send(written)


def mail_server(settings: NotifySettings, seconds: float) -> MailServer | None:
    """The mail server of the settings; None where there is none."""
    if settings.smtp_host is None:
        return None
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else ""
    return MailServer(
        settings.smtp_host, settings.smtp_port, settings.smtp_user, password, settings.smtp_tls, seconds
    )


def _attachments(context: Context, row: OutboxRow, message: Json) -> tuple[Attachment, ...]:
    rows = message["rows"]
    few = isinstance(rows, int) and rows <= MOST_ROWS
    if not row.attach or context.attach is None or row.tries > TRIES_WITH_FILES or not few:
        return ()
    return tuple(context.attach(context, what, str(message["run"])) for what in row.attach.split(","))


def try_receivers(context: Context, campaign: Campaign) -> Iterator[tuple[str, str, Answer]]:
    """Send a test to everybody whom a campaign names or who is always told: (channel, receiver, answer) of each.

    No receiver is told but by its host; of nothing there is a row afterwards.
    """
    named = receivers_in(campaign.model_dump_json(exclude_none=True, by_alias=True))
    ways = dict.fromkeys([*named.ways(), *context.ledger.always.ways()])
    for channel, receiver in ways:
        row = OutboxRow(
            key=f"test_{uuid4().hex}", kind=TEST, at=context.clock.now(), state=TEST, channel=channel,
            receiver=receiver, lane=lane_of(channel, receiver), tries=1,
        )  # fmt: skip
        yield channel, whom(row), _tried(context, row, campaign.name)


def _tried(context: Context, row: OutboxRow, campaign: str) -> Answer:
    try:
        return send(context, row, {"campaign": campaign})
    except Exception as error:  # a defect of ours with this one: the others are tried all the same
        log.exception("task.failed", id=row.key)
        return Later(f"a defect ({type(error).__name__}), see the log")
