"""`callbeat notify test`: what each receiver answers, before anything depends on it."""

import base64
import json
import os

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from callbeat.errors import Refusal
from callbeat.runs import messages
from cli.main import app
from tests.factories import AGENT
from tests.unit.campaigns.campaign_files import MINIMAL
from tests.unit.notify.receivers import a_mail_server, a_receiver

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()

CAMPAIGN = MINIMAL.replace("agent: a1", f"agent: {AGENT}")


@pytest.fixture
def typed(tmp_path, monkeypatch):
    """What the command says of a campaign with this notify, and these variables."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("CALLBEAT_", "BOLNA_", "CARTESIA_")):
            monkeypatch.delenv(name)
    (tmp_path / "config/campaigns").mkdir(parents=True)

    def type_it(notify, *words, campaign="daily", **variables):
        (tmp_path / "config/campaigns/daily.yaml").write_text(CAMPAIGN + notify)
        for name, value in variables.items():
            monkeypatch.setenv(f"CALLBEAT_NOTIFY__{name.upper()}", value)
        with capture_logs():
            return CliRunner().invoke(app, ["notify", "test", campaign, *words])

    return type_it


def test_everybody_is_sent_a_test_and_what_they_answered_is_told(typed):
    """By webhook and e-mail; a receiver is named by its host alone, and nothing of it stays in the ledger."""
    with a_receiver() as receiver, a_mail_server() as box:
        notify = f"notify: {{url: '{receiver.address}', email: ops@example.org}}\n"
        mail = {"smtp_host": "127.0.0.1", "smtp_port": str(box.port), "smtp_tls": "none", "sender": "c@example.com"}
        good = typed(notify, "--format", "json", secret=SECRET, inside="true", email="ops@example.org", **mail)
        receiver.status = 403
        bad = typed(notify, "--format", "json")
    host = receiver.address.removeprefix("http://").partition("/")[0]
    assert (good.exit_code, json.loads(good.stdout)) == (
        0,
        [
            {"channel": "webhook", "receiver": host, "told": True, "answer": "answered 200 OK"},
            {
                "channel": "email",
                "receiver": "e-mail at example.org",
                "told": True,
                "answer": "taken by the mail server",
            },
        ],
    )  # fmt: skip
    assert (bad.exit_code, json.loads(bad.stdout)[0]["answer"]) == (1, "answered 403 Forbidden")
    told = json.loads(receiver.got[0][2])
    assert (told["type"], told["campaign"], told["run"]) == ("test", "daily", None)
    assert box.got[0][1]["Subject"] == "callbeat: daily can reach you: this is a test"


def test_a_defect_with_one_keeps_no_other_from_its_test(typed, monkeypatch):
    """Whoever tries it out wants to know of all of them."""

    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(messages, "_post", broken)
    with a_mail_server() as box:
        mail = {"smtp_host": "127.0.0.1", "smtp_port": str(box.port), "smtp_tls": "none", "sender": "c@example.com"}
        notify = "notify: {url: 'https://hooks.example.com/', email: ops@example.org}\n"
        told = typed(notify, "--format", "json", secret=SECRET, **mail)
    assert told.exit_code == 1
    assert [row["answer"] for row in json.loads(told.stdout)] == [
        "a defect (ZeroDivisionError), see the log",
        "taken by the mail server",
    ]


def test_a_campaign_that_is_not_there_or_tells_nobody_is_refused(typed):
    """Exit 1, with what to do about it."""
    for told, words in ((typed("", campaign="other"), "no valid campaign other"), (typed(""), "tells nobody")):
        assert isinstance(told.exception, Refusal)
        assert words in str(told.exception)
