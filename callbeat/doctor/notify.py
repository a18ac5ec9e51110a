"""Whether those who are to be told can be: secrets, the mail server, and what is still waiting or was given up."""

from collections.abc import Iterator
from datetime import timedelta

from callbeat.addresses import is_inside, split
from callbeat.clock import iso
from callbeat.doctor.notices import Notice, error, unseen, warning, well
from callbeat.doctor.subject import Subject
from callbeat.ledger.outbox import given_up, waiting
from callbeat.notify.answers import Taken
from callbeat.runs.messages import mail_server

WAITS_LONG = timedelta(hours=1)  # real time
LOOKED_BACK = timedelta(days=7)
GREETING = 10.0  # seconds for the mail server


def check_notify(subject: Subject) -> Iterator[Notice]:
    """What is set, and what became of it; nobody is sent anything."""
    hooks = [one for one in subject.campaigns() if one.notify and one.notify.url]
    mails = [one.name for one in subject.campaigns() if one.notify and one.notify.email]
    settings = subject.settings.notify
    wrong = list(_webhooks(subject, [(one.name, one.notify.url or "") for one in hooks if one.notify]))
    wrong += _mail(subject, mails) if mails or settings.emails else []
    wrong += _outbox(subject)
    yield from wrong
    if not wrong:
        always = "and always the same" if settings.url or settings.emails else "nobody else"
        yield well("notify", f"{len({*mails, *(one.name for one in hooks)})} campaigns tell somebody, {always}")


def _webhooks(subject: Subject, hooks: list[tuple[str, str]]) -> Iterator[Notice]:
    settings = subject.settings.notify
    if (hooks or settings.url) and not settings.signing_keys:
        words = "webhooks are to be sent, and there is no secret to sign them with: they wait"
        yield error("notify", words, "set CALLBEAT_NOTIFY__SECRET, see docs/notifications.md")
    for name, url in hooks:
        parts = split(url)
        inside = parts is not None and is_inside(parts.hostname or "")
        if inside and not settings.inside and url != settings.url:
            words = "its webhook leads into this network, which no setting permits: it waits"
            yield error(f"campaign {name}.notify", words, "set CALLBEAT_NOTIFY__INSIDE=true")


def _mail(subject: Subject, campaigns: list[str]) -> Iterator[Notice]:
    settings = subject.settings.notify
    server = mail_server(settings, GREETING)
    if server is None or settings.sender is None:
        whose = f" by {', '.join(campaigns[:5])}" if campaigns else ""
        words = f"e-mail is to be sent{whose}, and it is not said by which server, or from whom: it waits"
        yield error("notify", words, "set CALLBEAT_NOTIFY__SMTP_HOST and CALLBEAT_NOTIFY__SENDER")
        return
    answer = server.greet()
    if not isinstance(answer, Taken):
        words = f"the mail server at {settings.smtp_host}:{settings.smtp_port} is not to be had: {answer.words}"
        yield error("notify.mail", words, "see CALLBEAT_NOTIFY__SMTP_*; what is to be told waits three days for it")


def _outbox(subject: Subject) -> Iterator[Notice]:
    if subject.ledger is None:
        yield unseen("notify", "what waits is not known: there is no ledger that can be read")
        return
    now = subject.clock.now()
    with subject.ledger.read() as session:
        (count, since), lost = waiting(session), given_up(session, now - LOOKED_BACK)
    if since is not None and since < now - subject.clock.stretch(WAITS_LONG):
        words = f"{count} messages wait to be told, the oldest since {iso(since)}"
        yield warning("notify", words, "`callbeat notify test CAMPAIGN` says what its receivers answer")
    if lost:
        words = f"{lost} messages of the last 7 days were given up: nobody was told"
        yield warning(
            "notify", words, "look for notify.not_told in the log, and `callbeat runs` for what they missed"
        )
