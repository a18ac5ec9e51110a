"""The supervisor with real processes: what exits comes back, and nothing survives the end."""

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.supervisor import Process, Supervisor, stopping_on_signals

SOON = (0.05, 0.1)
STUBBORN = 'trap "" TERM; echo deaf; while :; do sleep 1; done'
A_SUPERVISOR = """
import sys
from pathlib import Path
from cli.supervisor import Process, Supervisor
sleeper = Process("sleeper", ["sleep", "60"], {}, Path(sys.argv[1]))
supervisor = Supervisor([sleeper], on_event=lambda name, words: print(words, flush=True))
supervisor.start()
supervisor.run_until(lambda: False)
"""


class Stage:
    """Supervises shell scripts and remembers what was told of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[tuple[str, str]] = []
        self.supervisors: list[Supervisor] = []

    def process(self, name: str, script: str, **over: object) -> Process:
        """A shell script as a process; a test names only the field it is about."""
        plain = {"argv": ["sh", "-c", script], "env": {}, "log": self.folder / f"{name}.log", "grace": 10.0}
        return Process(name=name, **(plain | over))  # type: ignore[arg-type]

    def supervise(self, *processes: Process) -> Supervisor:
        """A supervisor that starts again soon, and is stopped at the end of the test."""
        supervisor = Supervisor(processes, on_event=lambda *event: self.events.append(event), back_off=SOON)
        self.supervisors.append(supervisor)
        return supervisor

    def told(self, name: str) -> list[str]:
        """What was told of one process."""
        return [words for who, words in self.events if who == name]

    def pids(self, name: str) -> list[int]:
        """The processes that a name has had."""
        return [int(words[13:-1]) for words in self.told(name) if words.startswith("started (pid ")]

    def log(self, name: str) -> str:
        """What a process has said."""
        return (self.folder / f"{name}.log").read_text()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    for supervisor in stage.supervisors:
        supervisor.stop()


def test_a_killed_process_is_started_again(stage: Stage) -> None:
    """A Celery worker exits now and then when its broker restarts; somebody must bring it back."""
    supervisor = stage.supervise(stage.process("worker", "exec sleep 60"))
    supervisor.start()
    os.kill(stage.pids("worker")[0], signal.SIGKILL)
    assert supervisor.run_until(_seen(lambda: len(stage.pids("worker")) == 2))
    first, second = stage.pids("worker")
    assert first != second
    assert _lives(second)
    assert stage.told("worker")[1] == "ended by SIGKILL, logging nothing; starting again in 0.05 s"


def test_an_exit_is_told_with_its_code_and_last_words(stage: Stage) -> None:
    """The reason is in a log file that nobody has open."""
    supervisor = stage.supervise(stage.process("beat", "echo starting; echo no such table >&2; exit 3"))
    supervisor.start()
    supervisor.run_until(_seen(lambda: len(stage.told("beat")) >= 4))
    assert stage.told("beat")[1] == "exited with code 3: no such table; starting again in 0.05 s"
    assert stage.told("beat")[3] == "exited with code 3: no such table; starting again in 0.1 s"


def test_an_older_lifes_words_are_not_told_again(stage: Stage) -> None:
    """The last line of a log may be from last week, and would send its reader after the wrong fault."""
    (stage.folder / "beat.log").write_text("last week's trouble\n")
    supervisor = stage.supervise(stage.process("beat", "exit 3"))
    supervisor.start()
    supervisor.run_until(_seen(lambda: len(stage.told("beat")) >= 2))
    assert stage.told("beat")[1] == "exited with code 3, logging nothing; starting again in 0.05 s"


@pytest.mark.parametrize("argv", [["sh", "-c", "exit 1"], ["/nowhere/at/all"]])
def test_what_never_gets_up_is_given_up(stage: Stage, argv: list[str]) -> None:
    """`up` must then exit with 1, not go on for ever without a worker."""
    supervisor = stage.supervise(stage.process("worker", "", argv=argv), stage.process("beat", "exec sleep 60"))
    supervisor.start()
    assert supervisor.run_until(_seen(lambda: False)) is False
    assert stage.told("worker")[-1].endswith(f"given up after 5 quick ends, see {_near(stage.folder)}/worker.log")
    assert len([words for words in stage.told("worker") if "starting again" in words]) == 4
    assert _lives(stage.pids("beat")[0])


def test_one_that_lives_for_a_while_between_deaths_is_never_given_up(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that restarts six times a day is no reason to end everything."""
    monkeypatch.setattr("cli.supervisor.QUICK", 0.0)
    supervisor = stage.supervise(stage.process("worker", "exit 1"))
    supervisor.start()
    assert supervisor.run_until(_seen(lambda: len(stage.pids("worker")) == 7)) is True


def test_the_last_started_is_asked_to_stop_first(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who uses must go before what is used."""
    asked: list[int] = []
    really = subprocess.Popen.send_signal
    monkeypatch.setattr(
        subprocess.Popen, "send_signal", lambda self, sign: (asked.append(self.pid), really(self, sign))
    )
    supervisor = stage.supervise(*(stage.process(name, "exec sleep 60") for name in ("one", "two", "three")))
    supervisor.start()
    supervisor.stop()
    assert asked == [stage.pids(name)[0] for name in ("three", "two", "one")]
    assert [stage.told(name)[-1] for name in ("one", "two", "three")] == ["stopped"] * 3


def test_a_stubborn_process_is_killed_after_its_grace_and_several_wait_side_by_side(stage: Stage) -> None:
    """Ctrl-C must end, and not after the sum of everybody's patience."""
    names = [f"process-{number}" for number in range(8)]
    supervisor = stage.supervise(*(stage.process(name, STUBBORN, grace=1.0) for name in names))
    supervisor.start()
    _until(lambda: all("deaf" in stage.log(name) for name in names))
    began = time.monotonic()
    supervisor.stop()
    assert 1.0 <= time.monotonic() - began < 6.0
    assert not any(_lives(stage.pids(name)[0]) for name in names)
    assert stage.told(names[0])[-1].startswith("stopped, by force after ")


def test_one_that_stops_in_time_is_not_killed(stage: Stage) -> None:
    """A worker in the middle of a request finishes it, so that no call is left in doubt."""
    finishing = 'trap "sleep 0.5; echo finished; exit 0" TERM; echo up; while :; do sleep 0.1; done'
    supervisor = stage.supervise(stage.process("worker", finishing))
    supervisor.start()
    _until(lambda: "up" in stage.log("worker"))
    supervisor.stop()
    assert stage.log("worker").endswith("finished\n")


def test_a_process_is_stopped_with_the_signal_it_wants(stage: Stage) -> None:
    """Some end gracefully on another signal than SIGTERM."""
    listening = 'trap "echo asked; exit 0" USR1; echo up; while :; do sleep 0.1; done'
    supervisor = stage.supervise(stage.process("flower", listening, stop_signal=signal.SIGUSR1))
    supervisor.start()
    _until(lambda: "up" in stage.log("flower"))
    supervisor.stop()
    assert stage.log("flower").endswith("asked\n")


def test_helpers_are_left_to_their_parent_while_it_is_stopping(stage: Stage) -> None:
    """A Celery pool process that got SIGTERM itself would drop its request in the middle."""
    parent = (
        "import signal, subprocess, sys, time\n"
        "helper = subprocess.Popen(['sleep', '60'])\n"
        "def stop(*_):\n"
        "    time.sleep(0.4)\n"
        "    print('helper', helper.poll(), flush=True)\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, stop)\n"
        "print('up', flush=True)\n"
        "time.sleep(60)\n"
    )
    supervisor = stage.supervise(stage.process("worker", "", argv=[sys.executable, "-c", parent]))
    supervisor.start()
    _until(lambda: "up" in stage.log("worker"))
    supervisor.stop()
    assert stage.log("worker") == "up\nhelper None\n"


@pytest.mark.parametrize("helper", ["sleep 60", f"sh -c '{STUBBORN}'"])
def test_no_helper_survives_the_stop(stage: Stage, helper: str) -> None:
    """A forgotten pool process would go on with calls that nobody sees."""
    script = f"{helper} & echo helper $! >&2; exec sleep 60"
    supervisor = stage.supervise(stage.process("worker", script, grace=0.5))
    supervisor.start()
    _until(lambda: "helper " in stage.log("worker") and ("deaf" in stage.log("worker") or "60" in helper))
    pid = _helper(stage)
    assert _lives(pid)
    supervisor.stop()
    _until(lambda: not _lives(pid), seconds=2)


def test_no_helper_survives_its_parent(stage: Stage) -> None:
    """After the restart there would be two pools on one queue."""
    supervisor = stage.supervise(stage.process("worker", "sleep 60 & echo helper $!; exec sleep 60"))
    supervisor.start()
    _until(lambda: "helper " in stage.log("worker"))
    first = _helper(stage)
    os.kill(stage.pids("worker")[0], signal.SIGKILL)
    supervisor.run_until(_seen(lambda: len(stage.pids("worker")) == 2))
    _until(lambda: not _lives(first), seconds=2)


def test_a_second_ctrl_c_shortens_the_grace(stage: Stage) -> None:
    """Whoever presses it twice wants to go home."""
    supervisor = stage.supervise(stage.process("worker", STUBBORN, grace=60.0))
    supervisor.start()
    _until(lambda: "deaf" in stage.log("worker"))
    impatience = threading.Timer(0.8, os.kill, (os.getpid(), signal.SIGINT))
    with stopping_on_signals():  # so that a SIGINT that stop() does not heed cannot end the tests
        impatience.start()
        began = time.monotonic()
        supervisor.stop()
    assert time.monotonic() - began < 20
    assert not _lives(stage.pids("worker")[0])


def test_one_ctrl_c_that_arrives_twice_is_not_impatience(stage: Stage) -> None:
    """make passes on the signal that its whole group got already; the worker must still finish its requests."""
    finishing = 'trap "sleep 2; echo finished; exit 0" TERM; echo up; while :; do sleep 0.1; done'
    supervisor = stage.supervise(stage.process("worker", finishing))
    supervisor.start()
    _until(lambda: "up" in stage.log("worker"))
    with stopping_on_signals():
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
        supervisor.stop()
    assert stage.log("worker").endswith("finished\n")


def test_stopping_again_or_before_the_start_does_nothing(stage: Stage) -> None:
    """`up` stops in a finally block, wherever it was interrupted."""
    supervisor = stage.supervise(stage.process("worker", "exec sleep 60"))
    supervisor.stop()
    supervisor.start()
    supervisor.stop()
    supervisor.stop()
    assert [words.split(" (")[0] for words in stage.told("worker")] == ["started", "stopped"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_the_death_of_the_supervisor_ends_its_processes(tmp_path: Path) -> None:
    """Workers without a supervisor would meet those of the next `up`, and nobody would know them."""
    supervisor = subprocess.Popen(
        [sys.executable, "-c", A_SUPERVISOR, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    )
    assert supervisor.stdout is not None
    with supervisor.stdout as told:
        pid = int(told.readline().removeprefix("started (pid ").removesuffix(")\n"))
    assert _lives(pid)
    supervisor.kill()
    supervisor.wait(timeout=10)
    _until(lambda: not _lives(pid))


def test_children_are_not_started_from_another_thread(stage: Stage) -> None:
    """The kernel would end them when that thread ends."""
    supervisor = stage.supervise(stage.process("worker", "exec sleep 60"))
    refused: list[str] = []

    def start() -> None:
        try:
            supervisor.start()
        except RuntimeError as error:
            refused.append(str(error))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join(timeout=10)
    assert refused == ["children are started from the main thread only"]
    assert stage.events == []


def test_one_waits_until_what_it_needs_is_ready(stage: Stage) -> None:
    """A worker that starts before the sandbox listens counts its first calls as failures."""
    sign = stage.folder / "listening"
    sandbox = stage.process("sandbox", f"sleep 0.4; echo > {sign}; exec sleep 60", ready=sign.exists)
    witness = stage.process("worker", f"test -e {sign} && echo after; exec sleep 60")
    supervisor = stage.supervise(sandbox, witness)
    supervisor.start()
    _until(lambda: stage.log("worker") == "after\n")


def test_a_question_that_fails_is_a_not_yet_and_does_not_block_for_ever(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readiness is asked of a port that nobody listens on at first, perhaps never."""
    monkeypatch.setattr("cli.supervisor.READY_WITHIN", 0.5)

    def refused() -> bool:
        raise ConnectionRefusedError

    supervisor = stage.supervise(
        stage.process("sandbox", "exec sleep 60", ready=refused), stage.process("worker", "exec sleep 60")
    )
    supervisor.start(_seen(lambda: False))
    assert stage.told("sandbox")[-1] == "is not ready after 0.5 s; going on without waiting for it"
    assert len(stage.pids("worker")) == 1


def test_a_wish_to_stop_ends_the_wait_for_readiness(stage: Stage) -> None:
    """Ctrl-C during the start is heard at once."""
    supervisor = stage.supervise(stage.process("sandbox", "exec sleep 60", ready=lambda: False))
    wish = threading.Event()
    wish.set()
    began = time.monotonic()
    supervisor.start(wish)
    assert supervisor.run_until(wish) is True
    assert time.monotonic() - began < 10


def test_output_goes_to_a_private_log_that_is_kept(stage: Stage) -> None:
    """What a worker said before it died is what one wants to read after it died."""
    log = stage.folder / "logs" / "worker.log"
    script = 'echo "out $WHO $HOME"; echo err >&2; umask; exec sleep 60'
    for _ in range(2):
        supervisor = stage.supervise(stage.process("worker", script, env={"WHO": "callbeat"}, log=log))
        supervisor.start()
        _until(lambda: log.read_text().count("77") >= len(stage.pids("worker")))
        supervisor.stop()
    assert log.read_text() == f"out callbeat {os.environ.get('HOME', '')}\nerr\n0077\n" * 2
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.parent.stat().st_mode) == 0o700


def test_a_terminals_ctrl_c_does_not_reach_the_processes(stage: Stage) -> None:
    """They are stopped in order, by the supervisor, not all at once by the terminal."""
    supervisor = stage.supervise(stage.process("worker", "exec sleep 60"))
    supervisor.start()
    pid = stage.pids("worker")[0]
    assert os.getsid(pid) == os.getpgid(pid) == pid


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_way_of_asking_sets_the_event_and_leaves_the_handlers_as_they_were(sign: signal.Signals) -> None:
    """A terminal, a service manager and a closed window all mean the same."""
    mine = signal.signal(sign, lambda *_: None)
    try:
        handler = signal.getsignal(sign)
        with stopping_on_signals() as wish:
            assert not wish.is_set()
            os.kill(os.getpid(), sign)
            assert wish.wait(timeout=5)
        assert signal.getsignal(sign) is handler
    finally:
        signal.signal(sign, mine)


def test_under_nohup_a_closed_window_stops_nothing() -> None:
    """nohup ignores SIGHUP for us; to hear it all the same would make it useless."""
    mine = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopping_on_signals() as wish:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not wish.wait(timeout=0.2)
    finally:
        signal.signal(signal.SIGHUP, mine)


def _seen(true: Callable[[], bool], seconds: float = 20) -> Callable[[], bool]:
    """A condition to run until; a test that waits in vain fails."""
    until = time.monotonic() + seconds

    def seen() -> bool:
        assert time.monotonic() < until, "waited in vain"
        return true()

    return seen


def _until(true: Callable[[], bool], seconds: float = 10) -> None:
    seen = _seen(true, seconds)
    while not seen():
        time.sleep(0.02)


def _helper(stage: Stage) -> int:
    line = next(line for line in stage.log("worker").splitlines() if line.startswith("helper "))
    return int(line.split()[1])


def _near(path: Path) -> str:
    return os.path.relpath(path)


def _lives(pid: int) -> bool:
    """Whether a process runs; one that only waits for init to take note of its end does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
