"""What a new user types wrong is answered in a line that says how to mend it, and never by a traceback."""

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.home_lock import HomeLock
from cli.main import main

REFUSED, USAGE = 1, 2
CAMPAIGN = """
name: first
provider: bolna
agent: 3c90c3cc-0d44-4b50-8888-8dd25736052a
schedule: {cron: "0 5 * * *", timezone: UTC}
contacts: {source: contacts/first.csv, phone: mobile}
hours: any
"""
Typed = Callable[..., tuple[int, str]]


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys) -> Typed:
    """A command line in a folder of its own: its exit code and what it says on stderr."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("CALLBEAT_", "BOLNA_", "CARTESIA_")):
            monkeypatch.delenv(name)
    monkeypatch.setattr("cli.main.begin_logs", lambda *_, **__: None)
    (tmp_path / "config" / "campaigns").mkdir(parents=True)
    (tmp_path / "config" / "campaigns" / "first.yaml").write_text(CAMPAIGN)

    def type_it(*words: str, **variables: str) -> tuple[int, str]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["callbeat", *words])
        before = os.umask(0o077)
        with pytest.raises(SystemExit) as left:
            main()
        os.umask(before)
        return int(left.value.code or 0), capsys.readouterr().err

    return type_it


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "code", "mend"),
    [
        ("rum first", USAGE, "Did you mean 'run'"),
        ("run", USAGE, "Try 'callbeat run --help'"),
        ("run first", USAGE, "add --yes"),
        ("run nobody --yes", REFUSED, "`callbeat validate` lists the files"),
        ("run first --yes --at 25:00", USAGE, "write 2026-12-01T09:30+05:30"),
        ("run first --yes --at 2026-12-01T10:00", USAGE, "with a zone: write 2026-12-01T09:30+05:30"),
        ("plan --from tomorrow", USAGE, "write 2026-12-01 or 2026-12-01T09:30+05:30"),
        ("plan --to 2099-01-01 --from 2000-01-01", USAGE, "choose a nearer --to"),
        ("validate nowhere.yaml", REFUSED, "no such file or directory: check the path"),
        ("preview nobody", REFUSED, "`callbeat validate` lists the files"),
        ("preview first", REFUSED, "there is no file first.csv"),
        ("show nobody@20261201T0430Z", REFUSED, "`callbeat runs` lists them"),
        ("calls x --format yaml", USAGE, "'table', 'json', 'csv', 'jsonl', 'parquet'"),
        ("stop", USAGE, "say which run to stop, or --all"),
        ("stop x --all", USAGE, "say which run to stop, or --all"),
        ("stop x --yes", REFUSED, "`callbeat runs` lists them"),
        ("pause nobody --yes", REFUSED, "`callbeat validate` lists the files"),
        ("resolve x/1", USAGE, "say one of --placed ID, --not-placed, --give-up"),
        ("resolve x/1 --give-up --yes", REFUSED, "`callbeat show RUN` lists a run's batches"),
        ("show \udcff", USAGE, "is not text in UTF-8"),
        ("plan --from 9999-12-31", USAGE, "write 2026-12-01 or"),
        ("plan --from 0001-01-01T00:00+05:30", USAGE, "write 2026-12-01 or"),
        ("plan --from 2099-12-30 --to 9999-12-31T23:59:59-10:00", USAGE, "write 2026-12-01 or"),
        ("run first --yes --at 9999-12-31T23:00:00Z", USAGE, "write 2026-12-01T09:30+05:30"),
        ("run first --yes --at 0001-01-01T00:00+05:30", USAGE, "write 2026-12-01T09:30+05:30"),
        ("flower --address .", REFUSED, "nobody can listen on"),
        ("db backup nowhere/copy.db", REFUSED, "start in the folder where callbeat runs, or set CALLBEAT_HOME"),
        ("up --speed 5", USAGE, "pretended time needs --sandbox"),
        ("flower --port 99999", USAGE, "less than or equal to 65535"),
        ("worker --threads 0", USAGE, "greater than or equal to 1"),
    ],
)
def test_wrong_words_are_answered_with_what_to_type(typed: Typed, words, code, mend):
    """Somebody who has never seen it has nothing else to go by."""
    left, said = typed(*words.split())
    assert (left, mend in said) == (code, True), said


@pytest.mark.parametrize(
    ("variable", "value", "words", "mend"),
    [
        ("CALLBEAT_CAMPAIGNS", "nowhere", "validate", "create it, or set CALLBEAT_CAMPAIGNS"),
        ("CALLBEAT_REQUEST_TIMEOUT", "soon", "runs", "CALLBEAT_REQUEST_TIMEOUT: Input should be a valid number"),
        ("CALLBEAT_REDIS_URL", "http://s3cret@h", "beat", "for example redis://127.0.0.1:6379/0"),
        ("CALLBEAT_REDIS_URL", "http://s3cret@h", "up", "for example redis://127.0.0.1:6379/0"),
        ("CALLBEAT_DATABASE_URL", "mysql://u:s3cret@h/d", "runs", "write sqlite:///path/to/callbeat.db"),
        ("CALLBEAT_DATABASE_URL", "postgresql://u:s3cret@127.0.0.1:1/d", "runs", "does not work"),
        ("CALLBEAT_DATABASE_URL", "sqlite:///config/campaigns/first.yaml", "runs", "CALLBEAT_DATABASE_URL"),
        ("CALLBEAT_HOME", "config/campaigns/first.yaml", "runs", "Check CALLBEAT_HOME"),
        ("CALLBEAT_HOME", "config/campaigns/first.yaml", "up", "CALLBEAT_HOME"),
        ("CALLBEAT_DATABASE_URL", "postgresql://u:s3cret@[", "runs", "does not work"),
        ("CALLBEAT_DATABASE_URL", f"sqlite:///{'x' * 5000}", "runs", "CALLBEAT_DATABASE_URL"),
        ("CALLBEAT_DATABASE_URL", f"sqlite:///{'x' * 5000}", "doctor", "names no file that can be"),
        ("CALLBEAT_HOME", "x" * 5000, "runs", "CALLBEAT_HOME: Value error, is no path"),
        ("CALLBEAT_HOME", "\udcff", "runs", "CALLBEAT_HOME: Value error, is no path"),
        ("CALLBEAT_CAMPAIGNS", "a\nb", "validate", "CALLBEAT_CAMPAIGNS: Value error, is no path"),
        ("CALLBEAT_ACCOUNTS__BOLNA__BASE_URL", "http://[", "runs", "BASE_URL: Value error, is no web address"),
        ("CALLBEAT_ACCOUNTS__BOLNA__BASE_URL", "file:///etc/passwd", "runs", "is no web address"),
        ("CALLBEAT_DAILY_COST", "1e999999999", "runs", "CALLBEAT_DAILY_COST: Input should be less than"),
        ("CALLBEAT_DAILY_CALLS", "9" * 30, "runs", "CALLBEAT_DAILY_CALLS: Input should be less than"),
        ("CALLBEAT_SECRETS_DIR", "nowhere", "runs", "make it, or unset the variable"),
        ("CALLBEAT_ALLOW_NUMBERS", "me", "runs", "write +12025550101,+442079460101"),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_write(typed: Typed, variable, value, words, mend):
    """The message goes into a log: no password is in it."""
    left, said = typed(words, **{variable: value})
    assert (left, mend in said, "s3cret" in said) == (REFUSED, True, False), said


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        (b'CALLBEAT_SITE=main\nCALLBEAT_ALLOW_NUMBERS="+12025559876\n', ".env:2: is not NAME=value"),
        (b"CALLBEAT_ALLOW_NUMBERS\xff=+12025559876\n", ".env: is not text in UTF-8"),
    ],
)
def test_an_env_file_that_cannot_be_read_whole_is_not_used_in_part(typed: Typed, tmp_path, text, mend):
    """The line that is left out in silence may be the one that lets nobody else be called."""
    (tmp_path / ".env").write_bytes(text)
    left, said = typed("runs")
    assert (left, mend in said, "9876" in said) == (REFUSED, True, False), said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_named(typed: Typed, tmp_path):
    """Services run as a user of their own."""
    (tmp_path / ".env").write_text("CALLBEAT_SITE=main\n")
    (tmp_path / ".env").chmod(0)
    assert ".env: cannot be read" in typed("runs")[1]
    (tmp_path / ".env").unlink()
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "bolna_api_key").touch(0)
    assert "give whoever runs callbeat the right" in typed("runs", CALLBEAT_SECRETS_DIR="secrets")[1]


@pytest.mark.parametrize(
    "words", ["flower --port {port}", "sandbox --port {port}", "up --flower-port {port}", "dashboard --port {port}"]
)
def test_a_port_that_is_taken_is_said_before_anything_starts(typed: Typed, words):
    """Two installations on one machine, or yesterday's that still runs."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        left, said = typed(*words.format(port=taken.getsockname()[1]).split())
    assert (left, "choose another port, or 0" in said) == (REFUSED, True), said
    assert not Path("var").exists()


def test_a_campaign_that_never_ran_is_no_empty_table(typed: Typed):
    """A name with a slip in it looks the same otherwise."""
    assert "no run of frist yet: `callbeat plan`" in typed("runs", "frist")[1]


def test_an_empty_table_says_which_ledger_it_is_of(typed: Typed, tmp_path):
    """In another folder everything looks as if it had never been."""
    assert f"nothing has run yet by the ledger in {tmp_path / 'var'}" in typed("runs")[1]


def test_a_folder_without_campaigns_is_no_success_in_silence(typed: Typed, tmp_path):
    """One folder too high, and a pipeline would be green for ever."""
    left, said = typed("validate", "config")
    assert (left, "warning: config:0: folder: there is no campaign file" in said) == (0, True), said


def test_a_second_up_is_refused_before_it_tells_addresses(typed: Typed, tmp_path):
    """They would be those of nothing."""
    with HomeLock(tmp_path / "var"):
        left, said = typed("up", "--sandbox")
    assert (left, f"process {os.getpid()} is already running" in said) == (REFUSED, True)
    assert "http" not in said


def test_one_process_alone_says_that_it_waits_for_a_broker(typed: Typed, monkeypatch):
    """It would only repeat that it cannot connect, to a socket that nobody has heard of."""
    started: list[list[str]] = []

    def become(_path: str, argv: list[str]) -> None:
        started.append(argv)
        raise SystemExit(0)

    monkeypatch.setattr("os.execv", become)
    assert "no CALLBEAT_REDIS_URL, and no `callbeat up` at work in var" in typed("worker")[1]
    assert "CALLBEAT_REDIS_URL" not in typed("worker", CALLBEAT_REDIS_URL="redis://127.0.0.1:1/0")[1]
    assert len(started) == 2
