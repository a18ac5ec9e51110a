"""The process of the pages: it refuses before it listens, says where it is, and ends when it is told to."""

import threading

import pytest
import uvicorn
from structlog.testing import capture_logs
from typer.testing import CliRunner

import dashboard.__main__ as process
from callbeat.settings import load_settings
from cli.main import app
from dashboard.passwords import fits

PASSWORD = "a password of some length"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A home of its own, and the process's log left as it is."""
    monkeypatch.chdir(tmp_path)
    for name in ("begin_logs", "settle_logs"):
        monkeypatch.setattr(process, name, lambda *_: None)
    monkeypatch.setattr(process.signal, "signal", lambda *_: None)
    monkeypatch.setenv("CALLBEAT_HOME", str(tmp_path / "home"))


def test_it_refuses_to_listen_where_anybody_could_act(here):
    """Before anything is open, and in words that mend it."""
    with capture_logs() as lines:
        assert process.main(["--host", "0.0.0.0", "--port", "0"]) == 1
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["process.refused"]
    assert "CALLBEAT_DASHBOARD__PASSWORD_HASH" in lines[-1]["why"]


@pytest.mark.parametrize(("host", "address"), [("127.0.0.1", "http://127.0.0.1:"), ("::1", "http://[::1]:")])
def test_it_says_where_it_listens(here, monkeypatch, host, address):
    """By the port that it has got."""
    served = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda self, sockets: served.append((self.config, sockets)))
    with capture_logs() as lines:
        assert process.main(["--host", host, "--port", "0"]) == 0
    assert lines[-1]["address"].startswith(address)
    assert not lines[-1]["address"].endswith(":0")
    ((config, _),) = served
    assert (config.access_log, config.proxy_headers, config.server_header) == (False, False, False)


def test_prometheus_asks_it_at_a_port_of_its_own(here, monkeypatch):
    """Never behind the login, and never on the port of the pages."""
    asked = []
    monkeypatch.setattr(process.metrics_port, "serve", lambda *words: asked.append(words))
    monkeypatch.setattr(uvicorn.Server, "run", lambda *_, **__: None)
    with capture_logs():
        assert process.main(["--port", "0"]) == 0
    ((name, _, ledger),) = asked
    assert name == "dashboard"
    assert [family.samples[0].value for family in ledger.collect()] == [1]


def test_a_port_that_is_taken_is_told(here, monkeypatch):
    """Not as a traceback."""
    with process._listening("127.0.0.1", 0) as taken, capture_logs() as lines:
        assert process.main(["--port", str(taken.getsockname()[1])]) == 1
    assert lines[-1]["event"] == "process.refused"
    assert threading.current_thread() is threading.main_thread()


def test_a_password_becomes_what_the_settings_take(monkeypatch):
    """And is shown nowhere."""
    told = CliRunner().invoke(app, ["dashboard", "--hash"], input=f"{PASSWORD}\n")
    assert (told.exit_code, PASSWORD in told.output) == (0, False)
    monkeypatch.setenv("CALLBEAT_DASHBOARD__PASSWORD_HASH", told.stdout)
    assert fits(load_settings().dashboard.password_hash.get_secret_value(), PASSWORD)


def test_the_command_refuses_what_the_process_would(here):
    """So that it is told where it was typed."""
    told = CliRunner().invoke(app, ["dashboard", "--host", "0.0.0.0", "--port", "0"])
    assert (told.exit_code, "PASSWORD_HASH" in str(told.exception)) == (1, True)
