"""Settings come from the environment, errors name the variable, and pretended time never meets a real provider."""

from decimal import Decimal

import pytest

from callbeat.clock import Clock
from callbeat.errors import SettingsError
from callbeat.settings import AccountSettings, Settings, is_loopback, load_settings

CLOCK = {
    "CALLBEAT_CLOCK__ORIGIN": "2026-12-01T04:30:00+00:00",
    "CALLBEAT_CLOCK__STARTED": "2026-06-01T00:00:00+00:00",
    "CALLBEAT_CLOCK__SPEED": "60",
}
SANDBOX = "http://127.0.0.1:8123/bolna"


@pytest.fixture
def load(monkeypatch, tmp_path):
    """Settings from exactly these variables."""
    monkeypatch.chdir(tmp_path)
    for name in ("BOLNA_API_KEY", "CARTESIA_API_KEY"):
        monkeypatch.delenv(name, raising=False)

    def read(**variables: str) -> Settings:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return load_settings()

    return read


def key_of(account: AccountSettings | None) -> str | None:
    return account.api_key.get_secret_value() if account and account.api_key else None


def test_without_any_variable_everything_has_a_place(load, tmp_path):
    """Two commands on a bare machine, and no configuration."""
    settings = load()
    assert settings.site == "main"
    assert settings.ledger_url == f"sqlite:///{tmp_path / 'var' / 'callbeat.db'}"
    assert settings.config_root == tmp_path / "config"
    assert settings.account_names() == []
    assert settings.account("bolna") is None
    assert settings.make_clock() == Clock()


def test_an_account_is_read_from_the_environment(load):
    """The provider is the account's own name unless it is told."""
    account = load(CALLBEAT_ACCOUNTS__BOLNA__API_KEY="k1", CALLBEAT_ACCOUNTS__BOLNA__BASE_URL=SANDBOX).account(
        "bolna"
    )
    assert (account.provider, key_of(account), account.base_url) == ("bolna", "k1", SANDBOX)


def test_the_providers_own_variable_is_read_too(load):
    """Whoever has used Bolna before has it set already."""
    settings = load(BOLNA_API_KEY="k2")
    assert settings.account_names() == ["bolna"]
    assert (settings.account("bolna").provider, key_of(settings.account("bolna"))) == ("bolna", "k2")


def test_our_own_variable_goes_before_the_providers(load):
    """It is the one that was set for callbeat."""
    settings = load(BOLNA_API_KEY="theirs", CALLBEAT_ACCOUNTS__BOLNA__API_KEY="ours")
    assert key_of(settings.account("bolna")) == "ours"


def test_the_providers_own_variable_completes_an_account(load):
    """A base URL alone does not lose the key."""
    settings = load(BOLNA_API_KEY="k2", CALLBEAT_ACCOUNTS__BOLNA__BASE_URL=SANDBOX)
    assert (key_of(settings.account("bolna")), settings.account("bolna").base_url) == ("k2", SANDBOX)


def test_further_accounts_have_names_of_their_own(load):
    """One company, two contracts."""
    settings = load(
        CALLBEAT_ACCOUNTS__EU__PROVIDER="bolna", CALLBEAT_ACCOUNTS__EU__API_KEY="k3", BOLNA_API_KEY="k2"
    )
    assert settings.account_names() == ["bolna", "eu"]
    assert (settings.account("eu").provider, key_of(settings.account("eu"))) == ("bolna", "k3")
    assert key_of(settings.account("bolna")) == "k2"


def test_a_further_account_never_borrows_another_key(load):
    """Calls would be placed, and paid, by the wrong contract."""
    settings = load(CALLBEAT_ACCOUNTS__EU__PROVIDER="bolna", BOLNA_API_KEY="k2")
    assert key_of(settings.account("eu")) is None


def test_a_file_named_env_is_read(load, tmp_path):
    """An operator keeps his keys there."""
    (tmp_path / ".env").write_text("CALLBEAT_SITE=oslo\nBOLNA_API_KEY=k4\n")
    settings = load()
    assert settings.site == "oslo"
    assert key_of(settings.account("bolna")) == "k4"


def test_no_key_is_in_any_text(load):
    """Settings are printed by somebody sooner or later."""
    settings = load(
        BOLNA_API_KEY="s3cret-1",
        CALLBEAT_ACCOUNTS__EU__API_KEY="s3cret-2",
        CALLBEAT_REDIS_URL="redis://:s3cret-3@h/0",
        CALLBEAT_DATABASE_URL="postgresql://u:s3cret-4@h/d",
    )
    text = f"{settings!r} {settings} {settings.account('eu')!r} {settings.account('bolna')}"
    assert "s3cret" not in text


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CALLBEAT_SITE", "Two Words"),
        ("CALLBEAT_SITE", "with-dash"),
        ("CALLBEAT_REQUEST_TIMEOUT", "soon"),
        ("CALLBEAT_REQUEST_TIMEOUT", "0"),
        ("CALLBEAT_ACCOUNTS__BOLNA__APIKEY", "k"),
        ("CALLBEAT_CLOCK__ORIGIN", "2026-12-01T04:30:00"),
        ("CALLBEAT_CLOCK__SPEED", "-1"),
        ("CALLBEAT_CLOCK__STARTED", "yesterday"),
    ],
)
def test_an_error_names_its_variable(load, variable, value):
    """An operator must know what to mend, and where."""
    with pytest.raises(SettingsError, match=variable):
        load(**CLOCK | {variable: value})


def test_an_error_does_not_tell_a_secret(load):
    """It goes to the log."""
    with pytest.raises(SettingsError) as caught:
        load(
            CALLBEAT_SITE="Wrong",
            CALLBEAT_ACCOUNTS__BOLNA__API_KEY="s3cret",
            CALLBEAT_ACCOUNTS__BOLNA__KEY="s3cret",
        )
    assert "s3cret" not in str(caught.value)


def test_the_ceilings_of_a_day_are_numbers(load):
    """A slip must not be read as no ceiling at all."""
    assert (load().daily_calls, load().daily_cost) == (None, None)
    settings = load(CALLBEAT_DAILY_CALLS="0", CALLBEAT_DAILY_COST="12.50")
    assert (settings.daily_calls, settings.daily_cost) == (0, Decimal("12.50"))
    for name, wrong in (("CALLS", "-1"), ("CALLS", "many"), ("CALLS", ""), ("COST", "12,50"), ("COST", "nan")):
        with pytest.raises(SettingsError, match=f"CALLBEAT_DAILY_{name}"):
            load(**{f"CALLBEAT_DAILY_{name}": wrong})


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("+12025550101", ("+12025550101",)),
        (" +12025550101 , +442079460101,", ("+12025550101", "+442079460101")),
        ("", ()),
    ],
)
def test_a_trial_names_the_only_numbers_that_may_be_called(load, written, read):
    """Set but empty it allows nobody: the dangerous reading of a slip is the other one."""
    assert load().allow_numbers is None
    settings = load(CALLBEAT_ALLOW_NUMBERS=written)
    assert settings.allow_numbers == read
    assert "4420794" not in repr(settings)


@pytest.mark.parametrize("written", ["2025559876", "+1202555987x", "+12025559876;+442079460101", "all"])
def test_a_number_of_a_trial_that_cannot_be_one_is_refused(load, written):
    """It would let nobody be called, or the wrong one; the message repeats no number."""
    with pytest.raises(SettingsError, match="CALLBEAT_ALLOW_NUMBERS") as caught:
        load(CALLBEAT_ALLOW_NUMBERS=written)
    assert "5987" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8080/bolna", True),
        ("http://127.8.9.1/", True),
        ("http://localhost:80", True),
        ("http://[::1]:9/", True),
        ("https://api.bolna.ai", False),
        ("http://127.0.0.1.example.com/", False),
        ("http://localhost.example.com", False),
        ("http://example.com/127.0.0.1", False),
        ("http://127.0.0.1@example.com/", False),
        ("http://0.0.0.0/", False),
        ("http://10.0.0.1/", False),
        ("127.0.0.1:8080", False),
        ("", False),
        (None, False),
    ],
)
def test_loopback_is_this_machine_and_no_other(url, here):
    """A pretended clock that meets a real provider rings people at a pretended hour."""
    assert is_loopback(url) is here


def test_pretended_time_needs_a_pretended_provider(load):
    """The sandbox is on this machine."""
    clock = load(**CLOCK, BOLNA_API_KEY="k", CALLBEAT_ACCOUNTS__BOLNA__BASE_URL=SANDBOX).make_clock()
    assert (clock.pretended, clock.speed) == (True, 60)


@pytest.mark.parametrize(
    "accounts",
    [
        {"BOLNA_API_KEY": "k"},
        {"CARTESIA_API_KEY": "k"},
        {"CALLBEAT_ACCOUNTS__BOLNA__API_KEY": "k"},
        {"CALLBEAT_ACCOUNTS__BOLNA__API_KEY": "k", "CALLBEAT_ACCOUNTS__BOLNA__BASE_URL": "https://api.bolna.ai"},
        {"CALLBEAT_ACCOUNTS__BOLNA__BASE_URL": SANDBOX, "CALLBEAT_ACCOUNTS__EU__PROVIDER": "bolna"},
    ],
)
def test_pretended_time_is_refused_against_a_real_provider(load, accounts):
    """One account among many is enough to ring somebody."""
    with pytest.raises(SettingsError, match=r"CALLBEAT_CLOCK__.*CALLBEAT_ACCOUNTS__"):
        load(**CLOCK, **accounts).make_clock()


def test_secrets_may_come_from_files(load, tmp_path):
    """As container engines and systemd mount them: one file each, often with a line break at its end."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "bolna_api_key").write_text("bn-from-file\n")
    (folder / "callbeat_accounts__trillet__api_key").write_text("trillet-from-file\n")
    (folder / "CALLBEAT_ACCOUNTS__TRILLET__WORKSPACE_ID").write_text("ours\n")
    found = load(CALLBEAT_SECRETS_DIR=str(folder))
    trillet = found.account("trillet")
    assert found.account("bolna").api_key.get_secret_value() == "bn-from-file"
    assert (trillet.api_key.get_secret_value(), trillet.workspace_id) == ("trillet-from-file", "ours")
    assert "from-file" not in repr(found)


def test_the_environment_goes_before_files(load, tmp_path):
    """Whoever sets a variable for one command means it."""
    (tmp_path / "bolna_api_key").write_text("bn-from-file")
    found = load(CALLBEAT_SECRETS_DIR=str(tmp_path), BOLNA_API_KEY="bn-from-shell")
    assert found.account("bolna").api_key.get_secret_value() == "bn-from-shell"


def test_a_folder_of_secrets_that_is_not_there_is_an_error(load, tmp_path):
    """Without it every account would look as if it had no key."""
    with pytest.raises(SettingsError, match="CALLBEAT_SECRETS_DIR"):
        load(CALLBEAT_SECRETS_DIR=str(tmp_path / "elsewhere"))


def test_a_secret_that_was_missing_when_it_was_mounted_is_an_error(load, tmp_path):
    """Docker makes an empty folder of its name; without its address, a second ledger would begin in silence."""
    (tmp_path / "callbeat_database_url").mkdir()
    with pytest.raises(SettingsError, match=r"callbeat_database_url is an empty folder.*write the file"):
        load(CALLBEAT_SECRETS_DIR=str(tmp_path))


def test_a_wrong_setting_says_where_it_was_looked_for(load, tmp_path):
    """It may stand in any of three places."""
    (tmp_path / "callbeat_site").write_text("a-b")
    with pytest.raises(SettingsError, match=f"CALLBEAT_SITE.*{tmp_path}"):
        load(CALLBEAT_SECRETS_DIR=str(tmp_path))


@pytest.mark.parametrize(
    ("written", "real", "trial"),
    [(None, True, False), ("real", True, False), ("always", True, True), ("off", 0, 0)],
)
def test_campaigns_of_real_accounts_need_approval_unless_told_otherwise(load, written, real, trial):
    """A safety switch that is off by default helps nobody, and one that stops a trial is switched off."""
    here = {"CALLBEAT_ACCOUNTS__TRIAL__BASE_URL": "http://127.0.0.1:8700/bolna", "BOLNA_API_KEY": "bn-secret"}
    settings = load(**here, **({"CALLBEAT_APPROVAL": written} if written else {}))
    assert [settings.needs_approval(name) for name in ("bolna", "unknown", "trial")] == [real, real, trial]


def test_the_log_has_its_own_settings(load):
    """In capitals or not."""
    settings = load(CALLBEAT_LOG="JSON", CALLBEAT_LOG_LEVEL="Warning")
    assert (settings.log, settings.log_level) == ("json", "warning")
    assert (Settings(_env_file=None).log_level, Settings.model_fields["log"].default) == ("warning", "auto")


@pytest.mark.parametrize(("name", "words"), [("CALLBEAT_LOG", "'json'"), ("CALLBEAT_LOG_LEVEL", "'warning'")])
def test_a_wrong_word_for_the_log_is_refused_with_the_right_ones(load, name, words):
    """A log that is not as it was wished for is noticed when it is needed."""
    with pytest.raises(SettingsError, match=rf"^{name}: .*{words}"):
        load(**{name: "loud"})


def test_every_key_and_password_is_told_to_what_must_hide_it(load):
    """A field that is added as a secret is among them by its kind alone."""
    found = load(
        BOLNA_API_KEY="key-1",
        CALLBEAT_ACCOUNTS__EU__PROVIDER="trillet",
        CALLBEAT_ACCOUNTS__EU__API_KEY="key-2",
        CALLBEAT_REDIS_URL="redis://me:p%40ss@10.0.0.1:6379/0",
    ).secrets()
    assert found == {"key-1", "key-2", "p%40ss", "p@ss"}
    assert load(CALLBEAT_REDIS_URL="redis://10.0.0.1:6379/0").secrets() == {"key-1", "key-2"}
