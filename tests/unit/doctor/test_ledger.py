"""What is said of a ledger's file, its disk and its rights."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from callbeat.doctor.ledger import GB, MB, judge
from callbeat.doctor.ledger_file import LedgerFile, look_at
from callbeat.doctor.mounts import file_system_of
from callbeat.errors import Problem
from callbeat.ledger.forms import head, known_revisions
from callbeat.ledger.store import Ledger

GOOD = LedgerFile(
    path=Path("/srv/var/callbeat.db"),
    home=Path("/srv/var"),
    free=50 * GB,
    file_system="ext4",
    writable=True,
    home_mode=0o700,
    file_mode=0o600,
    size=3 * MB,
    revision="0003",
    journal="wal",
)
MOUNTS = """\
22 1 0:20 / / rw - overlay overlay rw
23 22 0:21 / /srv rw,relatime shared:1 - ext4 /dev/vda1 rw
24 23 0:22 / /srv/my\\040share rw - nfs4 server:/share rw,vers=4.2
25 22 0:23 / /home rw - ext4 /dev/vdb rw
26 22 0:24 / /home rw - fuse.sshfs me@server:/ rw
broken line
"""


def problems(found: LedgerFile) -> list[tuple[str, str]]:
    told = judge(found, "0003", {"0001", "0002", "0003"})
    return [(one.where, one.level) for one in told if isinstance(one, Problem)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"size": None, "revision": None, "journal": None, "file_mode": None}, []),
        ({"revision": "0001"}, [("ledger.revision", "error")]),
        ({"revision": None}, [("ledger.revision", "error")]),
        ({"revision": "0077"}, [("ledger.revision", "error")]),
        ({"damage": "database disk image is malformed"}, [("ledger.damage", "error")]),
        ({"locked": "database is locked"}, [("ledger.lock", "error")]),
        ({"locked": "attempt to write a readonly database"}, [("ledger.lock", "error")]),
        ({"file_system": "nfs4"}, [("ledger.place", "error")]),
        ({"file_system": None}, []),
        ({"writable": False}, [("ledger.place", "error")]),
        ({"journal": "delete"}, [("ledger.place", "warning")]),
        ({"free": GB}, []),
        ({"free": GB - 1}, [("ledger.disk", "warning")]),
        ({"free": 100 * MB}, [("ledger.disk", "warning")]),
        ({"free": 100 * MB - 1}, [("ledger.disk", "error")]),
        ({"home_mode": 0o750}, [("ledger.rights", "warning")]),
        ({"file_mode": 0o644}, [("ledger.rights", "warning")]),
        ({"free": 0, "file_system": "cifs"}, [("ledger.place", "error"), ("ledger.disk", "error")]),
    ],
)
def test_each_fault_of_the_file_is_told_for_what_it_is(changes, expected):
    """All of them at once: whoever mends a disk at night wants to do it once."""
    assert problems(replace(GOOD, **changes)) == expected


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/tmp", "overlay"),
        ("/srv/var", "ext4"),
        ("/srvers", "overlay"),
        ("/srv/my share/home", "nfs4"),
        ("/home/me", "fuse.sshfs"),
    ],
)
def test_the_deepest_mount_holds_a_path_and_of_two_at_one_place_the_last(path, kind):
    """A ledger on a share two sites away looks like any other folder."""
    assert file_system_of(MOUNTS, PurePosixPath(path)) == kind
    assert file_system_of("", PurePosixPath(path)) is None


def test_a_file_is_read_without_being_made_or_upgraded(tmp_path):
    """Looking must not be the first thing that changes it."""
    path = tmp_path / "deep" / "callbeat.db"
    assert (look_at(path, tmp_path).size, path.parent.exists()) == (None, False)
    ledger = Ledger(f"sqlite:///{path}")
    ledger.upgrade()
    ledger.close()
    found = look_at(path, tmp_path)
    assert (found.revision, found.journal, found.damage, found.locked) == (head(), "wal", None, None)
    assert head() in known_revisions()
    assert found.file_mode == 0o600
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=DELETE")
    assert look_at(path, tmp_path).journal == "delete"


def test_what_is_no_database_and_what_has_no_tables_is_told_apart(tmp_path):
    """The one needs a backup, the other an upgrade."""
    spoilt, empty = tmp_path / "spoilt.db", tmp_path / "empty.db"
    spoilt.write_bytes(b"x" * 10_000)
    empty.touch()
    assert look_at(spoilt, tmp_path).damage == "file is not a database"
    assert (look_at(empty, tmp_path).damage, look_at(empty, tmp_path).revision) == (None, None)


@pytest.mark.parametrize(("revision", "word"), [("0001", "older"), ("0077", "later"), (None, "no tables")])
def test_tables_of_the_past_and_of_the_future_are_mended_differently(revision, word):
    """To upgrade what a later version made would be the wrong advice."""
    (problem,) = judge(replace(GOOD, revision=revision), "0003", {"0001", "0002", "0003"})
    assert word in problem.problem
    assert ("db upgrade" in problem.fix) is (word != "later")


def test_a_file_where_the_home_should_be_is_named(tmp_path):
    """The first start could make nothing there, and would only say so then."""
    (tmp_path / "var").write_text("something else")
    found = look_at(tmp_path / "var" / "callbeat.db", tmp_path / "var")
    (told,) = judge(found, head(), known_revisions())
    assert (told.where, told.level) == ("ledger.place", "error")
    assert f"{tmp_path / 'var'} is a file" in told.problem
