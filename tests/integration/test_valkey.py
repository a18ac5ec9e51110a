"""The embedded Valkey, real: it must be private, keep what it is given, and never be two or somebody else's."""

import contextlib
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from kombu import Connection
from redis import Redis

from callbeat.errors import CallbeatError, Refusal
from cli.valkey import EmbeddedValkey, HomeLock, socket_url
from worker.redis_urls import celery_url

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

AN_UP = """
import sys, time
from pathlib import Path
from cli.valkey import EmbeddedValkey, HomeLock
home = Path(sys.argv[1])
with HomeLock(home):
    valkey = EmbeddedValkey(home)
    valkey.start()
    print(valkey.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A home with a short path, whatever pytest's own folder is; what still serves it at the end is killed."""
    folder = Path(tempfile.mkdtemp(prefix="cb-"))
    yield folder / "var"
    _kill_what_serves(folder)
    shutil.rmtree(folder)


@pytest.fixture
def valkey(home: Path) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(home)
    yield server
    server.stop()


@pytest.fixture
def a_killed_up(home: Path) -> int:
    """The pid of the Valkey that an `up`, killed with SIGKILL, has left."""
    up = subprocess.Popen([sys.executable, "-c", AN_UP, str(home)], stdout=subprocess.PIPE)
    assert up.stdout is not None
    with up.stdout as said:
        pid = int(said.readline())
    up.kill()
    up.wait(timeout=10)
    return pid


def test_it_answers_where_its_address_says_and_other_commands_find_it(valkey: EmbeddedValkey, home: Path) -> None:
    """Every other command of the same home asks socket_url; a wrong answer sends messages to nobody."""
    assert socket_url(home) is None
    url = valkey.start()
    with Redis.from_url(url) as client:
        client.set("campaign", "renewals")
        assert client.get("campaign") == b"renewals"
    assert socket_url(home) == url
    valkey.stop()
    assert socket_url(home) is None


def test_nobody_but_its_owner_can_reach_it_or_read_it(valkey: EmbeddedValkey, home: Path) -> None:
    """There is no password: the modes are all that keeps other users of the machine out."""
    old = os.umask(0)
    try:
        socket = _socket_of(valkey.start())
    finally:
        os.umask(old)
    assert stat.S_ISSOCK(socket.stat().st_mode)
    folders = [home, home / "valkey", home / "valkey" / "appendonlydir", home / "logs"]
    files = [socket, home / "logs" / "valkey.log", *(home / "valkey" / "appendonlydir").iterdir()]
    assert {oct(folder.stat().st_mode & 0o777) for folder in folders} == {"0o700"}
    assert {oct(file.stat().st_mode & 0o777) for file in files} == {"0o600"}


@linux_only
def test_it_listens_on_no_port(valkey: EmbeddedValkey) -> None:
    """A port without a password would be open to every user and every web page on the machine."""
    valkey.start()
    links = [os.readlink(link) for link in Path(f"/proc/{valkey.pid}/fd").iterdir()]
    sockets = {found[1] for link in links if (found := re.fullmatch(r"socket:\[(\d+)\]", link))}
    assert sockets & _inodes("unix", column=6)
    assert not sockets & (_inodes("tcp", column=9) | _inodes("tcp6", column=9))


def test_it_keeps_everything_and_evicts_nothing(valkey: EmbeddedValkey) -> None:
    """An evicted message is a task that nobody ever runs, with no error anywhere."""
    with Redis.from_url(valkey.start(), decode_responses=True) as client:
        kept = client.config_get("appendonly", "appendfsync", "maxmemory-policy")
    assert kept == {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}


def test_what_it_was_given_outlives_its_own_death(valkey: EmbeddedValkey) -> None:
    """`up` starts it again at the same address, where workers are still trying to reconnect."""
    url = valkey.start()
    _set(url, "message", "kept")
    os.kill(valkey.pid or 0, signal.SIGKILL)
    _until(lambda: not valkey.running)
    assert valkey.start() == url
    assert _get(url, "message") == b"kept"


def test_a_terminals_ctrl_c_does_not_reach_it(valkey: EmbeddedValkey) -> None:
    """It is stopped last, after the workers have put back what they hold."""
    valkey.start()
    assert os.getsid(valkey.pid or 0) == valkey.pid
    assert os.getpgid(valkey.pid or 0) == valkey.pid


def test_after_the_stop_only_the_data_is_left(valkey: EmbeddedValkey, home: Path) -> None:
    """A left socket or pid file would be believed by the next command."""
    valkey.start()
    pid = valkey.pid
    valkey.stop()
    valkey.stop()
    assert valkey.pid is None
    assert not _lives(pid)
    assert _everything_in(home) == {"valkey", "valkey/appendonlydir", "logs", "logs/valkey.log"}


def test_a_path_too_long_for_a_socket_moves_it_to_a_private_folder(home: Path) -> None:
    """The kernel takes 108 bytes; deep clones are longer, and must work just the same."""
    deep = home / ("d" * 60) / ("e" * 60)
    with EmbeddedValkey(deep) as server:
        url = socket_url(deep)
        assert url is not None
        socket = _socket_of(url)
        assert len(os.fsencode(socket)) <= 100
        assert socket.parent.name.startswith("callbeat-")
        assert oct(socket.parent.stat().st_mode & 0o777) == "0o700"
        assert oct((deep / "valkey.socket-path").stat().st_mode & 0o777) == "0o600"
        os.kill(server.pid or 0, signal.SIGKILL)
        _until(lambda: not server.running)
        assert server.start() == url
    assert not socket.parent.exists()
    assert not (deep / "valkey.socket-path").exists()


def test_celery_reaches_it_in_a_home_with_blanks_and_percent_signs(home: Path) -> None:
    """Both addresses are derived from one path, and either library could read it in its own way."""
    with EmbeddedValkey(home / "100% mine; übrig?") as server:
        url = server.start().replace("?db=0", "?db=3")
        with Connection(celery_url(url)) as broker:
            broker.default_channel.client.set("from", "celery")
        assert _get(url, "from") == b"celery"


def test_the_server_of_a_killed_up_is_adopted_with_all_it_holds(a_killed_up: int, home: Path) -> None:
    """Its workers may still be finishing their calls and must find the same server."""
    with HomeLock(home):  # free again, although a child of its holder lives on
        left = socket_url(home)
        assert left is not None
        _set(left, "message", "waiting")
        server = EmbeddedValkey(home)
        assert server.start() == left
        assert server.pid == a_killed_up
        assert _get(left, "message") == b"waiting"
        server.stop()
    assert not _lives(a_killed_up)
    assert not _socket_of(left).exists()


@linux_only
def test_a_left_server_that_cannot_be_reached_is_ended_before_another_starts(a_killed_up: int, home: Path) -> None:
    """Two servers writing one append-only file would spoil it."""
    left = socket_url(home)
    assert left is not None
    _socket_of(left).unlink()
    with EmbeddedValkey(home) as server:
        assert not _lives(a_killed_up)
        assert server.pid != a_killed_up
        assert socket_url(home) is not None


def test_a_noted_process_that_is_another_program_is_left_alone(valkey: EmbeddedValkey, home: Path) -> None:
    """After a reboot the noted number may belong to anything, even to something working in our folder."""
    (home / "valkey").mkdir(parents=True)
    other = subprocess.Popen(["sleep", "60"], cwd=home / "valkey")
    try:
        (home / "valkey" / "valkey.pid").write_text(f"{other.pid}\n")
        valkey.start()
        assert valkey.pid != other.pid
        valkey.stop()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait(timeout=10)


def test_another_servers_socket_is_refused_and_left_alone(home: Path) -> None:
    """To adopt somebody's server is to empty or to stop it one day."""
    with EmbeddedValkey(home / "theirs") as theirs:
        url = socket_url(home / "theirs")
        assert url is not None
        (home / "ours").mkdir()
        (home / "ours" / "valkey.sock").symlink_to(_socket_of(url))
        with pytest.raises(Refusal, match="another server answers"):
            EmbeddedValkey(home / "ours").start()
        assert theirs.running
        assert socket_url(home / "theirs") == url


def test_a_server_that_cannot_start_says_why_and_leaves_nothing(valkey: EmbeddedValkey, home: Path) -> None:
    """The reason is in a log that a newcomer does not know of."""
    (home / "valkey" / "appendonlydir").mkdir(parents=True)
    (home / "valkey" / "appendonlydir" / "appendonly.aof.manifest").write_text("torn\n")
    with pytest.raises(CallbeatError, match=r"manifest.*CALLBEAT_REDIS_URL") as failure:
        valkey.start()
    assert "\n" not in str(failure.value)
    assert valkey.pid is None
    assert not (home / "valkey" / "valkey.pid").exists()


def test_a_second_up_of_the_same_home_is_refused_while_the_first_lives(home: Path) -> None:
    """Two would stop each other's server and workers."""
    waits = "import sys; from pathlib import Path; from cli.valkey import HomeLock\n"
    waits += "with HomeLock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    first = subprocess.Popen(
        [sys.executable, "-c", waits, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert first.stdout is not None
    assert first.stdout.readline() == b"held\n"
    with pytest.raises(Refusal, match=f"process {first.pid} is already running"), HomeLock(home):
        pytest.fail("two hold the lock")
    first.communicate(timeout=10)
    with HomeLock(home):
        assert (home / "up.lock").read_text() == f"{os.getpid()}\n"


def _socket_of(url: str) -> Path:
    return Path(unquote(urlsplit(url).path))


def _set(url: str, key: str, value: str) -> None:
    with Redis.from_url(url) as client:
        client.set(key, value)
        client.waitaof(1, 0, 5000)  # on the disk, also where a slow one holds writing up


def _get(url: str, key: str) -> object:
    with Redis.from_url(url) as client:
        return client.get(key)


def _everything_in(folder: Path) -> set[str]:
    """All paths, but not the data files themselves."""
    found = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    return {path for path in found if not path.startswith("valkey/appendonlydir/appendonly.aof.")}


def _inodes(kind: str, column: int) -> set[str]:
    lines = Path(f"/proc/net/{kind}").read_text().splitlines()[1:]
    return {line.split()[column] for line in lines}


def _until(true: Callable[[], bool], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def _lives(pid: int | None) -> bool:
    """Whether a process runs; one that only waits for init to take note of its end does not."""
    assert pid is not None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def _kill_what_serves(folder: Path) -> None:
    for noted in folder.rglob("valkey.pid"):
        with contextlib.suppress(OSError, ValueError):
            pid = int(noted.read_text())
            if "valkey" in Path(f"/proc/{pid}/exe").readlink().name:
                os.kill(pid, signal.SIGKILL)
