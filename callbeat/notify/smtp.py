"""One e-mail to one address, over a mail server that is asked for TLS unless a setting says otherwise."""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from functools import lru_cache
from threading import Timer
from typing import Literal

from callbeat.notify.answers import Answer, Later, Never, Taken

READY, TOO_LARGE = 220, 552


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where e-mail is handed over, and as whom. `seconds` is for all of it."""

    host: str
    port: int = 587
    user: str | None = None
    password: str = ""
    tls: Literal["starttls", "tls", "none"] = "starttls"
    seconds: float = 30.0

    def send(self, message: EmailMessage) -> Answer:
        """Hand over one message to the one address in its To."""
        try:
            with self._connected() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            return _refused([code for code, _ in error.recipients.values()])
        except smtplib.SMTPDataError as error:
            return _refused([error.smtp_code], for_good=next(message.iter_attachments(), None) is None)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            return Later(_words(error), away=getattr(error, "smtp_code", None) != TOO_LARGE)
        return Taken("taken by the mail server")

    def greet(self) -> Answer:
        """Whether the server is there, with TLS and for this user; nothing is sent."""
        try:
            with self._connected() as server:
                server.noop()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            return Later(_words(error))
        return Taken("it answers")

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """A server that drips its answers is hung up on when the time is over."""
        at_once = self.tls == "tls"
        seconds, name = min(10.0, self.seconds), socket.gethostname()
        server = (
            smtplib.SMTP_SSL(local_hostname=name, timeout=seconds, context=_trusted())
            if at_once
            else smtplib.SMTP(local_hostname=name, timeout=seconds)
        )
        server._host = self.host  # type: ignore[attr-defined] # the name that a certificate is compared with
        end = Timer(self.seconds, _hang_up, [server])
        end.daemon = True
        end.start()
        try:
            code, words = server.connect(self.host, self.port)
            if code != READY:
                raise smtplib.SMTPConnectError(code, words)
            self._greet(server)
            yield server
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
        finally:
            end.cancel()
            server.close()

    def _greet(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        if self.tls == "starttls":
            server.starttls(context=_trusted())
            server.ehlo_or_helo_if_needed()
        if self.user:
            server.login(self.user, self.password)


def _hang_up(server: smtplib.SMTP) -> None:
    if (connection := server.sock) is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _refused(codes: list[int], *, for_good: bool = True) -> Answer:
    """5xx is for good, but for a file that it may be about. What a server says beside it may quote the address."""
    words = f"the mail server answered {', '.join(map(str, codes))}"
    return Never(words) if for_good and all(code >= 500 for code in codes) else Later(words, away=False)


def _words(error: Exception) -> str:
    """Without what a server says: an answer to a login may quote it."""
    code = getattr(error, "smtp_code", None)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "the mail server offers no TLS, or no login: see CALLBEAT_NOTIFY__SMTP_TLS and __SMTP_PORT"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the mail server's certificate is not trusted: {error.verify_message}"
    return f"the mail server: {type(error).__name__}{f' {code}' if code else ''}"


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()
