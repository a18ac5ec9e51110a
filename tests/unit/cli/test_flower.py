"""Flower shows which campaigns run: whoever can reach it from elsewhere needs a password."""

import pytest

from cli.processes import FLOWER_LOGIN, made_up_login


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "localhost", "[::1]"])
def test_this_machine_alone_needs_none(address):
    """Whoever is on it can read the ledger as well."""
    assert made_up_login(address, {}) is None


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.7", "[::]", "flower.example.com"])
def test_where_others_can_look_one_is_made_up(address):
    """Another each time, and none that could be guessed."""
    first, second = made_up_login(address, {}), made_up_login(address, {FLOWER_LOGIN: ""})
    assert first is not None
    assert first != second
    assert first.startswith("callbeat:")
    assert len(first) > 20


def test_a_login_of_the_operators_own_is_kept():
    """It is in nobody's way, and in no log."""
    assert made_up_login("0.0.0.0", {FLOWER_LOGIN: "ann:secret"}) is None
