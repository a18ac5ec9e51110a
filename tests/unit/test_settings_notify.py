"""Settings of notifications: what cannot be used is said where it is set, and no secret is said at all."""

import base64

import pytest

from callbeat.errors import SettingsError
from callbeat.settings import load_settings

SECRET = "whsec_" + base64.b64encode(b"a" * 32).decode()
OTHER = "whsec_" + base64.b64encode(b"b" * 24).decode()


@pytest.fixture
def load(monkeypatch, tmp_path):
    """The settings with these variables of notifications, and nothing else."""
    monkeypatch.chdir(tmp_path)

    def load(**values):
        for name, value in values.items():
            monkeypatch.setenv(f"CALLBEAT_NOTIFY__{name.upper()}", value)
        return load_settings().notify

    return load


def test_nothing_has_to_be_set(load):
    """An installation that tells nobody is none the worse."""
    found = load()
    assert (found.signing_keys, found.url, found.emails, found.inside, found.smtp_host) == (
        [],
        None,
        (),
        False,
        None,
    )


def test_two_secrets_are_valid_while_one_is_changed_for_the_other(load):
    """A receiver takes either, so that nothing is refused in between."""
    assert load(secret=SECRET).signing_keys == [b"a" * 32]
    assert load(secret=f"{OTHER} {SECRET}\n").signing_keys == [b"b" * 24, b"a" * 32]


def test_addresses_are_a_list_with_commas(load):
    """As CALLBEAT_ALLOW_NUMBERS is."""
    assert load(email="ops@example.com, lead@example.com").emails == ("ops@example.com", "lead@example.com")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("secret", "password", "make one with"),
        ("secret", "whsec_dG9vIHNob3J0", "base64 of 24 bytes or more"),
        ("secret", f"{SECRET} whsec_!!!", "make one with"),
        ("url", "https://me:hidden@example.com/", "has a user or a password in it"),
        ("url", "http://example.com/", "is http, not https"),
        ("email", "ops@example.com,Ops <o@example.com>", "is not an e-mail address"),
        ("email", "ops.@example.com", "is not an e-mail address"),
        ("sender", "callbeat", "is not an e-mail address"),
        ("sender", "a@example.com,b@example.com", "is not an e-mail address"),
        ("smtp_host", "smtp://mail.example.com", "is no host"),
        ("smtp_host", "mail.example.com:25", "the port in CALLBEAT_NOTIFY__SMTP_PORT"),
        ("smtp_port", "0", "greater than or equal to 1"),
        ("smtp_tls", "yes", "starttls"),
    ],
)
def test_what_cannot_be_used_is_said_with_the_variables_name(load, name, value, words):
    """Before anything is lost by it."""
    with pytest.raises(SettingsError, match=f"CALLBEAT_NOTIFY__{name.upper()}") as caught:
        load(**{name: value})
    assert words in str(caught.value)
    assert "hidden" not in str(caught.value)
    assert name != "secret" or value not in str(caught.value)


def test_no_password_goes_readable_over_a_network(load):
    """To a server on this machine it may, and to any other without a login."""
    login = {"smtp_user": "callbeat", "smtp_password": "hidden", "smtp_tls": "none"}
    with pytest.raises(SettingsError, match="CALLBEAT_NOTIFY__SMTP_TLS") as caught:
        load(smtp_host="mail.example.com", **login)
    assert "starttls or tls" in str(caught.value)
    assert "hidden" not in str(caught.value)
    assert load(smtp_host="localhost").smtp_tls == "none"
    assert load(smtp_host="mail.example.com", smtp_user="").smtp_tls == "none"


def test_each_of_two_secrets_is_hidden_in_logs(load):
    """A receiver's answer, told in a line, may show one of them alone."""
    load(secret=f"{OTHER} {SECRET}")
    assert {SECRET, OTHER} <= load_settings().secrets()
