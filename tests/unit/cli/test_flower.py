"""Flower shows which campaigns run: whoever can reach it from elsewhere needs a password."""

from pathlib import Path

import pytest

from callbeat.errors import SettingsError
from worker.flower_login import LOGIN, OTHER_LOGIN, made_up_login, set_login, url_of


@pytest.fixture(autouse=True)
def _a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An .env that lies about would be read."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "localhost", "::1"])
def test_this_machine_alone_needs_none(address: str) -> None:
    """Whoever is on it can read the ledger as well."""
    assert made_up_login(address, {}) is None


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.7", "::", "flower.example.com", ""])
def test_where_others_can_look_one_is_made_up(address: str) -> None:
    """Another each time, and none that could be guessed."""
    first, second = made_up_login(address, {}), made_up_login(address, {LOGIN: ""})
    assert first is not None
    assert first != second
    assert first.startswith("callbeat:")
    assert len(first) > 20


@pytest.mark.parametrize("own", [{LOGIN: "ann:secret"}, {OTHER_LOGIN: ".*@example.com"}])
def test_a_login_of_the_operators_own_is_kept(own: dict[str, str]) -> None:
    """It is in nobody's way, and in no log."""
    assert made_up_login("0.0.0.0", own) is None


def test_a_login_is_found_wherever_settings_are(tmp_path: Path) -> None:
    """One that stands in .env and is not read leaves its owner outside."""
    assert set_login({}) is None
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "flower_basic_auth").write_text("ann:from-file\n")
    assert set_login({"CALLBEAT_SECRETS_DIR": str(secrets)}) == "ann:from-file"
    (tmp_path / ".env").write_text(f"{LOGIN}=ann:from-env\n")
    assert set_login({"CALLBEAT_SECRETS_DIR": str(secrets)}) == "ann:from-env"
    assert made_up_login("0.0.0.0", {}) is None
    assert set_login({LOGIN: "ann:secret,bob:other:secret"}) == "ann:secret,bob:other:secret"


@pytest.mark.parametrize("login", ["s3cr3t", ":s3cr3t", "ann:", "ann:s3,cr3t", "ann:s3cr3t,"])
def test_a_login_that_nobody_could_use_is_refused(login: str) -> None:
    """Flower would start, and answer 401 to all; or take the half before a comma for the password."""
    with pytest.raises(SettingsError, match="must be user:password") as refusal:
        set_login({LOGIN: login})
    assert "cr3t" not in str(refusal.value)


@pytest.mark.parametrize(("address", "url"), [("127.0.0.1", "http://127.0.0.1:5555"), ("::1", "http://[::1]:5555")])
def test_the_address_that_is_told_can_be_typed_into_a_browser(address: str, url: str) -> None:
    assert url_of(address, 5555) == url
