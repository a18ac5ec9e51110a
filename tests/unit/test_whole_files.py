"""A file with numbers in it: whole or not there, for its owner only, and nowhere but where it belongs."""

import os
import stat
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from callbeat.whole_files import NotWritten, replaced


def write(root, file="results/a.csv", content=b"new"):
    with replaced(file, root) as out:
        out.write(content)


def fail(root, file):
    with replaced(file, root) as out:
        out.write(b"half")
        raise LookupError


def test_a_file_is_replaced_whole_and_for_its_owner_only(tmp_path):
    """Whoever reads it meanwhile sees the old one or the new one."""
    write(tmp_path, content=b"old")
    with replaced("results/a.csv", tmp_path) as out:
        out.write(b"half")
        out.flush()
        assert (tmp_path / "results/a.csv").read_bytes() == b"old"
    path = tmp_path / "results/a.csv"
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"half", 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert os.listdir(path.parent) == ["a.csv"]


def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    """No half of it lies about."""
    write(tmp_path, content=b"old")
    with pytest.raises(LookupError):
        fail(tmp_path, "results/a.csv")
    assert os.listdir(tmp_path / "results") == ["a.csv"]
    assert (tmp_path / "results/a.csv").read_bytes() == b"old"


def test_what_a_killed_process_left_is_removed(tmp_path):
    """Numbers that nobody looks for would stay for ever."""
    (tmp_path / "results").mkdir()
    for name in (".a.csv.x1.part", ".b.csv.x1.part"):
        (tmp_path / "results" / name).write_bytes(b"+12025550101")
    write(tmp_path)
    assert sorted(os.listdir(tmp_path / "results")) == [".b.csv.x1.part", "a.csv"]


def test_a_link_leads_nowhere_else(tmp_path):
    """A folder that is a link out, and a file that is one: the one is refused, the other replaced."""
    root, outside = tmp_path / "config", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "results").symlink_to(outside)
    with pytest.raises(NotWritten, match="leads out of config/"):
        write(root)
    (outside / "secret").write_text("kept")
    (root / "b.csv").symlink_to(outside / "secret")
    write(root, "b.csv")
    assert ((outside / "secret").read_text(), (root / "b.csv").read_bytes()) == ("kept", b"new")
    assert os.listdir(outside) == ["secret"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    """A file where a folder should be: the message says which, and what is wrong."""
    (tmp_path / "results").write_text("")
    with pytest.raises(NotWritten, match=r"results/a.csv cannot be written: (Not a directory|File exists)"):
        write(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(NotWritten, match="Is a directory"):
        write(tmp_path, "folder.csv")


@pytest.fixture
def bucket(monkeypatch):
    """A pretended S3 that keeps what is put there; set `refuse` and it refuses."""
    kept, refuse = {}, []

    class Answers(BaseHTTPRequestHandler):
        def do_PUT(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not refuse:
                kept[self.path] = body
            self.send_response(403 if refuse else 200)
            self.send_header("ETag", '"1"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    settings = {"ENDPOINT": f"http://127.0.0.1:{server.server_port}", "ALLOW_HTTP": "true", "REGION": "eu-west-1"}
    for name, value in (settings | {"ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "s3cret"}).items():
        monkeypatch.setenv(f"AWS_{name}", value)
    yield kept, refuse
    server.shutdown()
    server.server_close()


def test_a_bucket_takes_a_file_whole(bucket, tmp_path):
    """With the credentials of the environment; and nothing of it when the writing fails."""
    kept, refuse = bucket
    with pytest.raises(LookupError):
        fail(tmp_path, "s3://calls/a/b.csv")
    assert kept == {}
    write(tmp_path, "s3://calls/a/b.csv", b"x" * 100_000)
    assert kept == {"/calls/a/b.csv": b"x" * 100_000}
    refuse.append(True)
    with pytest.raises(NotWritten) as told:
        write(tmp_path, "s3://calls/a/b.csv")
    assert "s3://calls/a/b.csv was not taken by its bucket" in str(told.value)
    assert "s3cret" not in str(told.value)
