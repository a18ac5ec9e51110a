"""What leads into this network is told by its text, however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.addresses import is_inside, is_loopback, split, why_not_public
from tests.trying import tried


@pytest.mark.parametrize(
    "host",
    [
        *(
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "0",
            "0.0.0.0",
            "localhost",
            "LOCALHOST.",
        ),
        *("10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255"),
        *(
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "::ffff:a9fe:a9fe",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
        ),
        *(
            "metadata.google.internal",
            "printer.local",
            "db",
            "foo.localhost",
            "127。0。0。1",
            "１２７.0.0.1",
            "x.home.arpa",
        ),
    ],
)
def test_this_network_is_known_in_every_spelling(host):
    """Whoever hides an address writes it in the form that is checked least."""
    assert is_inside(host)
    assert why_not_public(f"https://{f'[{host}]' if ':' in host else host}/hook") is not None


@pytest.mark.parametrize(
    "host", ["example.com", "8.8.8.8", "2606:4700::1111", "hooks.example.co.uk", "bücher.example"]
)
def test_what_everybody_can_reach_is_not_inside(host):
    """A hook that works must not be refused."""
    assert not is_inside(host)
    assert why_not_public(f"https://{f'[{host}]' if ':' in host else host}:8443/hook?a=b") is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.com/hook", "is http, not https"),
        ("file:///etc/passwd", "is not a web address"),
        ("file://example.com/etc/passwd", "is file, not https"),
        ("ftp://example.com/x", "is ftp, not https"),
        ("https://", "is not a web address"),
        ("https://[", "is not a web address"),
        ("https://example.com:0/", "is not a web address"),
        ("https://example.com:99999/", "is not a web address"),
        ("https://exa mple.com/", "is not a web address"),
        ("https://example.com/\0", "is not a web address"),
        ("https://example.com\\@127.0.0.1/", "is not a web address"),
        ("https://me@example.com/", "has a user or a password in it"),
        ("//example.com/x", "is not a web address"),
        ("example.com", "is not a web address"),
        ("https://127.0.0.1/", "leads into a private network"),
    ],
)
def test_an_address_that_is_not_for_everybody_says_why(url, why):
    """Whoever wrote it mends it."""
    assert why_not_public(url) == why


@tried(60)
@given(st.text(max_size=30) | st.text(max_size=20).map(lambda text: f"https://{text}/"))
def test_no_text_is_too_odd_to_be_judged(url):
    """Campaign files are written by many hands."""
    for judge in (split, is_loopback, is_inside, why_not_public):
        judge(url)
