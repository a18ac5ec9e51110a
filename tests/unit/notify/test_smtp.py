"""E-mail to a real server: encrypted or not at all, named for good, and refusals that mean what they say."""

import shutil
import socket
import ssl
from dataclasses import replace
from datetime import UTC, datetime
from threading import Thread

import pytest

from callbeat.notify import smtp
from callbeat.notify.answers import Later, Never, Taken
from callbeat.notify.letter import LARGEST, Attachment, Letter, write
from callbeat.notify.smtp import MailServer
from tests.unit.notify.receivers import a_certificate, a_mail_server

AT = datetime(2026, 12, 1, 5, 0, tzinfo=UTC)
PLAIN = Letter("callbeat: renewals finished", "The run <r> finished.", [("rows", "3"), ("calls", "2")])
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here to make a certificate")


def written(letter=PLAIN, **over):
    how = {"key": "msg_1", "sender": "callbeat@example.com", "receiver": "ops@example.org", "at": AT}
    return write(letter, **how | over)


@pytest.fixture
def box():
    with a_mail_server() as found:
        yield found


def to(box, **how):
    return MailServer("127.0.0.1", box.port, **{"tls": "none", "seconds": 5.0} | how)


def test_a_letter_arrives_as_text_and_as_html(box):
    """With a name that is the same each time it is sent, and no sign that it wants an answer."""
    letter = Letter(
        "callbeat: renewals is held", "The run <r> is held.", [("rows", "3")], "Look.", "https://d.example/runs/r"
    )
    assert to(box).send(written(letter)) == Taken("taken by the mail server")
    ((receivers, message),) = box.got
    assert receivers == ["ops@example.org"]
    assert (message["Message-ID"], message["Subject"]) == ("<msg_1@example.com>", "callbeat: renewals is held")
    assert (message["From"], message["Auto-Submitted"]) == ("callbeat <callbeat@example.com>", "auto-generated")
    text, html = (message.get_body((form,)).get_content() for form in ("plain", "html"))
    assert text.split() == ["The", "run", "<r>", "is", "held.", "rows", "3", "Look.", "https://d.example/runs/r"]
    assert "The run &lt;r&gt; is held." in html
    assert '<a href="https://d.example/runs/r">' in html


def test_files_go_with_it_and_what_is_too_large_is_left_out_and_said(box):
    """Most mail servers would refuse all of it."""
    small, large = Attachment("r.html", "text/html", b"<p>"), Attachment("r.csv", "text/csv", b"x" * LARGEST)
    letter = Letter("s", "x", [], attachments=(small, large))
    to(box).send(written(letter))
    ((_, message),) = box.got
    assert [(part.get_filename(), part.get_content_type()) for part in message.iter_attachments()] == [
        ("r.html", "text/html")
    ]
    assert "r.csv is too large to be attached: `callbeat report` makes it." in message.get_body(
        ("plain",)
    ).get_content().replace("\n", " ")


def test_without_tls_nothing_is_sent_unless_a_setting_says_so(box):
    """A server that offers none, or somebody on the way who hides that it does."""
    answer = to(box, tls="starttls").send(written())
    assert isinstance(answer, Later)
    assert "CALLBEAT_NOTIFY__SMTP_TLS" in answer.words
    assert box.got == []


@needs_openssl
@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_over_tls_the_server_is_one_that_is_trusted(tmp_path, monkeypatch, tls):
    """Both kinds; a login goes out only then. A certificate that nobody vouches for is refused."""
    cert, key = a_certificate(tmp_path)
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(cert, key)
    how = {"ssl_context": ours} if tls == "tls" else {"tls_context": ours, "require_starttls": True}
    with a_mail_server(**how) as box:
        wrong = to(box, tls=tls).send(written())
        trusted = ssl.create_default_context(cafile=str(cert))
        monkeypatch.setattr(smtp, "_trusted", lambda: trusted)
        right = to(box, tls=tls).send(written())
    assert (wrong, right) == (
        Later("the mail server's certificate is not trusted: self-signed certificate"),
        Taken("taken by the mail server"),
    )
    assert len(box.got) == 1


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        ({"rcpt": "550 no ops@example.org here"}, Never("the mail server answered 550")),
        ({"rcpt": "450 later"}, Later("the mail server answered 450", away=False)),
        ({"data": "554 we think that is spam"}, Never("the mail server answered 554")),
        ({"data": "452 full"}, Later("the mail server answered 452", away=False)),
    ],
)
def test_a_refusal_is_for_good_where_it_says_so(box, says, answer):
    """And its words are not repeated: they may have an address in them."""
    box.says |= says
    assert to(box).send(written()) == answer


@pytest.mark.parametrize("says", ["552 too large", "554 no such files here"])
def test_what_may_be_refused_for_its_files_is_tried_again(box, says):
    """Later it goes without them. An address that is refused is so with and without."""
    letter = replace(PLAIN, attachments=(Attachment("r.csv", "text/csv", b"x"),))
    box.says["data"] = says
    assert to(box).send(written(letter)) == Later(f"the mail server answered {says[:3]}", away=False)
    box.says["rcpt"] = "550 nobody"
    assert to(box).send(written(letter)) == Never("the mail server answered 550")


def test_a_login_that_is_refused_is_tried_again_and_not_told():
    """Somebody corrects the password, and what waits is sent."""
    with a_mail_server(auth_require_tls=False) as box:
        assert to(box, user="me", password="wrong").send(written()) == Later(
            "the mail server: SMTPAuthenticationError 535"
        )
        assert to(box, user="me", password="right").greet() == Taken("it answers")
    assert box.logins[-1] == (b"me", b"right")


def test_a_server_that_is_not_there_or_drips_is_tried_again():
    """Hung up on when the time is over, however often it says a little more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def drip():
            connection, _ = server.accept()
            try:
                while True:
                    connection.sendall(b"220-wait\r\n")
            except OSError:
                connection.close()

        dripping = Thread(target=drip, daemon=True)
        dripping.start()
        answer = MailServer("127.0.0.1", port, tls="none", seconds=0.3).send(written())
        dripping.join(10)
    assert isinstance(answer, Later)
    gone = MailServer("127.0.0.1", port, tls="none", seconds=1).send(written())
    assert gone == Later("the mail server: ConnectionRefusedError")


def test_a_letter_that_is_too_large_for_the_server_holds_up_no_other():
    """A server that announces the most it takes refuses it before it has seen the files."""
    letter = Letter("s", "x", [], attachments=(Attachment("r.html", "text/html", b"x" * 5000),))
    with a_mail_server(data_size_limit=2000) as box:
        refused = to(box).send(written(letter))
        assert isinstance(refused, Later)
        assert (refused.away, "552" in refused.words) == (False, True)
        assert to(box).send(written()) == Taken("taken by the mail server")
