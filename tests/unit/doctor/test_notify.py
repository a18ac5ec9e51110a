"""Who is to be told and cannot be is told of before the news is lost."""

import base64
from datetime import timedelta

import pytest
from sqlalchemy import update

from callbeat.campaigns.reader import Reading
from callbeat.clock import Clock, real_now
from callbeat.doctor.notify import check_notify
from callbeat.doctor.subject import Subject
from callbeat.ledger.states import RunState
from callbeat.ledger.tables import OutboxRow
from callbeat.settings import Settings
from tests.factories import a_campaign
from tests.unit.notify.receivers import a_mail_server

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
HOOK, INSIDE = {"url": "https://hooks.example.com/?key=hidden"}, {"url": "http://10.0.0.1/?key=hidden"}
MAIL = {"email": ["ops@example.com"]}


@pytest.fixture
def look(world):
    """What the doctor says of one campaign's notify, and these settings."""

    def look(notify=None, **settings):
        campaign = a_campaign(**({"notify": notify} if notify else {}))
        found = Settings(
            _env_file=None, home=world.folder, campaigns=world.folder / "campaigns", notify=settings,
            database_url=world.ledger._url.render_as_string(hide_password=False),
        )  # fmt: skip
        subject = Subject(
            found, Clock(world.now, real_now(), 1.0), [Reading("f.yaml", "daily", campaign, ())], "ann"
        )
        notices = list(check_notify(subject))
        if subject.ledger is not None:
            subject.ledger.close()
        assert "hidden" not in str(notices)
        return notices

    return look


def test_an_installation_that_tells_nobody_is_well(look):
    """It is asked for by nobody."""
    (told,) = look()
    assert told.words == "0 campaigns tell somebody, nobody else"


def test_webhooks_without_a_secret_are_an_error(look):
    """None would ever be sent."""
    for notify, settings in ((HOOK, {}), (None, HOOK)):
        (notice,) = look(notify, **settings)
        assert (notice.level, "CALLBEAT_NOTIFY__SECRET" in notice.fix) == ("error", True)
    assert look(HOOK, secret=SECRET)[0].words == "1 campaigns tell somebody, nobody else"


def test_a_webhook_that_leads_into_this_network_is_an_error_unless_permitted(look):
    """It would wait for three days."""
    (notice,) = look(INSIDE, secret=SECRET)
    assert (notice.where, "CALLBEAT_NOTIFY__INSIDE" in notice.fix) == ("campaign daily.notify", True)
    for permitted in ({"inside": True}, INSIDE):
        (told,) = look(INSIDE, secret=SECRET, **permitted)
        assert told.words.startswith("1 campaigns")


def test_a_mail_server_is_asked_whether_it_is_there(look):
    """Without it nothing is sent; nothing is sent by the question either."""
    (notice,) = look(MAIL)
    assert "CALLBEAT_NOTIFY__SMTP_HOST" in notice.fix
    with a_mail_server() as box:
        server = {"sender": "c@example.com", "smtp_host": "127.0.0.1", "smtp_port": box.port}
        (told,) = look(MAIL, smtp_tls="none", **server)
        (refused,) = look(MAIL, **server)
    assert told.words.startswith("1 campaigns")
    assert (refused.where, box.got) == ("notify.mail", [])
    (gone,) = look(MAIL, smtp_tls="none", **server)
    assert "ConnectionRefusedError" in gone.problem


def test_what_waits_for_long_and_what_was_given_up_is_told(look, world):
    """Somebody believes that nothing has happened."""
    run = world.a_run(a_campaign(notify=HOOK))
    with world.ledger.write() as writer:
        writer.move(run, RunState.FAILED, at=world.now - timedelta(minutes=50), why="because")
    assert look(HOOK, secret=SECRET)[0].words.startswith("1 campaigns")
    world.clock.go(timedelta(minutes=20))
    (notice,) = look(HOOK, secret=SECRET)
    assert (notice.level, "1 messages wait" in notice.problem) == ("warning", True)
    with world.ledger.write() as writer:
        lost = {"next_action_at": None, "done_at": world.now, "given_up": True}
        writer.session.execute(update(OutboxRow).values(**lost))
    (notice,) = look(HOOK, secret=SECRET)
    assert "1 messages of the last 7 days were given up" in notice.problem
