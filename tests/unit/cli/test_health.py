"""`callbeat health`: an exit code for what watches processes, and a line for who looks after them."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from typer.testing import CliRunner

from callbeat.clock import real_now
from cli.main import app
from cli.ports import free_port
from worker import signs

Health = Callable[..., str | None]


@pytest.fixture
def health(tmp_path, monkeypatch) -> Health:
    """Why a process is not well, None where it is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALLBEAT_HOME", str(tmp_path / "var"))

    def of(*words: str) -> str | None:
        found = CliRunner().invoke(app, ["health", *words])
        assert (found.exit_code == 0) is (found.exception is None)
        return None if found.exception is None else str(found.exception)

    return of


def test_beat_is_well_while_its_heartbeat_is_young(health: Health, tmp_path, monkeypatch):
    """It writes none while it doubts the clock, so that shows too."""
    assert "no beat here has ever written a heartbeat" in str(health("beat"))
    signs.renew(tmp_path / "var")
    assert health("beat") is None
    (sign,) = (tmp_path / "var" / signs.FOLDER).iterdir()
    now = real_now()
    monkeypatch.setattr(signs, "real_now", lambda: now)
    os.utime(sign, (now.timestamp() - 30,) * 2)
    assert health("beat") is None
    os.utime(sign, (now.timestamp() - 31,) * 2)
    assert "heartbeat was 31 s ago: `callbeat doctor`" in str(health("beat"))


def test_a_beat_that_hangs_is_not_hidden_by_another(health: Health, tmp_path, monkeypatch):
    """Two containers share a home, and each has to tell of its own."""
    with monkeypatch.context() as patch:
        patch.setattr(signs, "PROCESSES", tmp_path)  # those of another container
        signs.renew(tmp_path / "var")
        assert health("beat") is None
    assert "no beat here" in str(health("beat"))


def test_health_by_itself_says_the_same_and_loads_next_to_nothing(health: Health, tmp_path):
    """It is asked each half minute in each container, by a command of its own."""
    command = "import sys; from cli.health import main; sys.argv[1:] = ['health', 'beat']; main()"
    loaded = "print(*{'polars', 'sqlalchemy', 'celery', 'rich', 'httpx'} & set(sys.modules))"
    told = _python(f"import sys\ntry:\n  {command}\nexcept SystemExit as end: print(end)\n{loaded}")
    assert (
        told == "callbeat: no beat here has ever written a heartbeat: start it, and its log says what keeps it\n\n"
    )
    signs.renew(tmp_path / "var")
    assert _python(command) == ""


def _python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    ).stdout


def test_signs_of_containers_that_have_gone_do_not_pile_up(tmp_path):
    """Each restart makes a new one, in a home that stays."""
    signs.renew(tmp_path)
    (sign,) = (tmp_path / signs.FOLDER).iterdir()
    signs.forget_old(tmp_path)
    assert sign.exists()
    os.utime(sign, (sign.stat().st_mtime - signs.KEPT.total_seconds() - 1,) * 2)
    signs.forget_old(tmp_path)
    assert not sign.exists()


@pytest.mark.slow
def test_a_worker_that_cannot_be_asked_is_not_well(health: Health, monkeypatch):
    """Without a broker it does nothing, whatever its process looks like. No password is told."""
    monkeypatch.setenv("CALLBEAT_REDIS_URL", f"redis://:s3cret@127.0.0.1:{free_port()}/0")
    told = str(health("worker"))
    assert "the broker cannot be reached" in told
    assert "s3cret" not in told


@pytest.mark.parametrize(("prefix", "path"), [("", "/healthcheck"), ("/flower/", "/flower/healthcheck")])
def test_flower_is_asked_where_it_is(health: Health, monkeypatch, prefix, path):
    """Behind a reverse proxy it lives under a path."""
    monkeypatch.setenv("FLOWER_URL_PREFIX", prefix)
    with _page(path) as port:
        assert health("flower", "--port", str(port)) is None
    assert "does not answer as Flower does" in str(health("flower", "--port", str(port)))


def test_another_page_is_no_flower(health: Health):
    """Something else may have taken the port."""
    with _page("/") as port:
        assert "HTTPStatusError" in str(health("flower", "--port", str(port)))


@contextmanager
def _page(path: str) -> Iterator[int]:
    """A server that knows one path."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == path else 404)
            self.end_headers()

        def log_message(self, *_words: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()
