"""An e-mail as it is sent: plain text and the same as HTML, a subject that says what, a name that stays. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html import escape

LARGEST = 8 * 1024 * 1024  # bytes of all that is attached; most mail servers take 10 MB or more once it is encoded


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with an e-mail: text/html, text/csv, …"""

    name: str
    kind: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """What one e-mail says: a subject, a first sentence, rows of (what, how much), perhaps a link."""

    subject: str
    sentence: str
    rows: Sequence[tuple[str, str]]
    last: str = ""
    link: str | None = None
    attachments: Sequence[Attachment] = ()


def write(letter: Letter, *, key: str, sender: str, receiver: str, at: datetime) -> EmailMessage:
    """The message. `key` names it: sent twice, a mail program shows it once. `at` is when it is written (real).

    What is too large to go with it is left out, and said.
    """
    message = EmailMessage(policy=SMTP)
    message["Subject"] = letter.subject
    message["From"] = Address("callbeat", addr_spec=sender)
    message["To"] = Address(addr_spec=receiver)
    message["Date"] = at
    message["Message-ID"] = f"<{key}@{sender.partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    kept, left_out = _fitting(letter.attachments)
    message.set_content(_text(letter, left_out))
    message.add_alternative(_html(letter, left_out), subtype="html")
    for one in kept:
        kind, _, form = one.kind.partition("/")
        message.add_attachment(one.data, maintype=kind, subtype=form, filename=one.name)
    return message


def _fitting(attachments: Sequence[Attachment]) -> tuple[list[Attachment], list[str]]:
    kept, left_out, size = [], [], 0
    for one in attachments:
        if size + len(one.data) > LARGEST:
            left_out.append(f"{one.name} is too large to be attached: `callbeat report` makes it.")
        else:
            kept.append(one)
            size += len(one.data)
    return kept, left_out


def _text(letter: Letter, left_out: Sequence[str]) -> str:
    width = max((len(what) for what, _ in letter.rows), default=0)
    rows = "\n".join(f"{what:<{width}}  {told}" for what, told in letter.rows)
    parts = (letter.sentence, rows, letter.last, letter.link or "", *left_out)
    return "\n\n".join(part for part in parts if part) + "\n"


def _html(letter: Letter, left_out: Sequence[str]) -> str:
    rows = "".join(
        f'<tr><th scope="row" align="left">{escape(what)}</th><td>{escape(told)}</td></tr>'
        for what, told in letter.rows
    )
    link = f'<p><a href="{escape(letter.link)}">{escape(letter.link)}</a></p>' if letter.link else ""
    last = "".join(f"<p>{escape(words)}</p>" for words in (letter.last, *left_out) if words)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(letter.subject)}</title></head>'
        f'<body><p>{escape(letter.sentence)}</p><table cellpadding="4">{rows}</table>{link}{last}</body></html>\n'
    )
