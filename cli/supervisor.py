"""Keeps processes running: starts them in order, starts again what exits, and leaves nobody behind."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.child import group_is_alive, how_it_ended, signal_group, spawn
from cli.private import tail
from cli.stopping import stopping_on_signals

__all__ = ["Process", "Supervisor", "stopping_on_signals"]

BACK_OFF = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)  # seconds before the next start, the last for all later ones
SETTLED = 60.0  # seconds of life after which the back-off begins anew
QUICK = 2.0  # a death within so many seconds is a quick one
QUICK_DEATHS = 5  # so many in a row, and we give up
READY_WITHIN = 30.0
HURRIED = 1.0  # seconds of grace left after a second Ctrl-C
SAME_WISH = 0.5  # seconds in which a second signal is the first one's echo: make passes on what a group also gets
KILLED_WITHIN = 5.0
TICK = 0.1


@dataclass(frozen=True)
class Process:
    """What to run. `env` is added to our own environment; with `ready`, later ones wait until it says so.

    One that is not `essential` may be given up without ending the others.
    """

    name: str
    argv: list[str]
    env: dict[str, str]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 20.0
    ready: Callable[[], bool] | None = None
    essential: bool = True


class Supervisor:
    """Runs processes until it is told to stop. Used from the main thread only."""

    def __init__(
        self,
        processes: Sequence[Process],
        *,
        on_event: Callable[[str, str], None],
        back_off: Sequence[float] = BACK_OFF,
    ) -> None:
        """`on_event` gets a process's name and what became of it, in words for people."""
        self._lives = [_Life(process, on_event, back_off) for process in processes]

    def start(self, stop: threading.Event | Callable[[], bool] = lambda: False) -> None:
        """Start all, each when those before it are ready. Returns early on `stop`, or when one is given up."""
        self._run(stop, until_all_are_ready=True)

    def run_until(self, stop: threading.Event | Callable[[], bool]) -> bool:
        """Start again what exits, until `stop`. False if a process had to be given up."""
        self._run(stop)
        return not self._given_up()

    def stop(self) -> None:
        """End all, the last started first, and everything they started. A second Ctrl-C shortens the grace."""
        with stopping_on_signals() as hurry:
            began = time.monotonic()
            ending = [life for life in reversed(self._lives) if life.begin_to_end()]
            while ending:
                if time.monotonic() - began < SAME_WISH:
                    hurry.clear()
                elif hurry.is_set():
                    for life in ending:
                        life.hurry()
                ending = [life for life in ending if not life.has_ended()]
                time.sleep(TICK / 4)

    def _run(self, stop: threading.Event | Callable[[], bool], until_all_are_ready: bool = False) -> None:
        wants_to_stop = stop.is_set if isinstance(stop, threading.Event) else stop
        while not (wants_to_stop() or self._given_up()):
            self._look_after_all()
            if until_all_are_ready and all(life.lets_others_start for life in self._lives):
                return
            time.sleep(TICK)

    def _look_after_all(self) -> None:
        for life in self._lives:
            life.look_after()
            if not life.lets_others_start:
                return

    def _given_up(self) -> bool:
        return any(life.given_up and life.essential for life in self._lives)


class _Life:
    """One process, from its first start over its deaths to its end."""

    def __init__(self, process: Process, on_event: Callable[[str, str], None], back_off: Sequence[float]) -> None:
        self.lets_others_start = process.ready is None
        self.given_up = False
        self.essential = process.essential
        self._process = process
        self._on_event = on_event
        self._back_off = back_off
        self._running: subprocess.Popen[bytes] | None = None
        self._deaths = self._quick_deaths = 0
        self._first_start: float | None = None
        self._started = self._next_start = self._asked = self._deadline = 0.0
        self._log_start = 0
        self._orphans_told = False

    def look_after(self) -> None:
        """Start it if that is due, notice its death, and see whether others need no longer wait for it."""
        if self._running is None:
            if time.monotonic() >= self._next_start:
                self._start()
        elif (code := self._running.poll()) is not None:
            signal_group(self._running.pid, signal.SIGKILL)  # what it started has lost its parent
            self._running = None
            self._died(how_it_ended(code))
        if not self.lets_others_start:
            self._see_whether_ready()

    def begin_to_end(self) -> bool:
        """Ask it to stop; False if it does not run.

        Only the leader is asked, as systemd's KillMode=mixed does: a Celery pool process that got SIGTERM
        would drop its request in the middle, where its parent lets it finish.
        """
        if self._running is None:
            return False
        self._asked = time.monotonic()
        self._deadline = self._asked + self._process.grace
        if self._running.poll() is None:
            self._running.send_signal(self._process.stop_signal)
        return True

    def hurry(self) -> None:
        """Leave it little more time."""
        self._deadline = min(self._deadline, time.monotonic() + HURRIED)

    def has_ended(self) -> bool:
        """Whether it and everything it started has gone; kills them once their time is over."""
        running = self._running
        if running is None:
            return True
        words = "stopped"
        if running.poll() is None or self._has_orphans(running.pid):
            if time.monotonic() < self._deadline:
                return False
            self._kill(running)
            words = f"stopped, by force after {time.monotonic() - self._asked:.0f} s"
        self._running = None
        self._tell(words)
        return True

    def _has_orphans(self, leader: int) -> bool:
        if not group_is_alive(leader):
            return False
        if not self._orphans_told:
            self._orphans_told = signal_group(leader, signal.SIGTERM)
        return True

    def _kill(self, running: subprocess.Popen[bytes]) -> None:
        signal_group(running.pid, signal.SIGKILL)
        until = time.monotonic() + KILLED_WITHIN
        while (running.poll() is None or group_is_alive(running.pid)) and time.monotonic() < until:
            time.sleep(TICK / 4)

    def _start(self) -> None:
        process = self._process
        self._started = time.monotonic()
        self._first_start = self._first_start or self._started
        self._log_start = process.log.stat().st_size if process.log.exists() else 0
        try:
            self._running = spawn(process.argv, process.env, process.log)
        except (OSError, subprocess.SubprocessError) as error:
            self._died(f"could not be started ({error})")
            return
        self._tell(f"started (pid {self._running.pid})")

    def _died(self, how: str) -> None:
        age = time.monotonic() - self._started
        self._quick_deaths = self._quick_deaths + 1 if age < QUICK else 0
        self._deaths = 1 if age >= SETTLED else self._deaths + 1
        said = tail(self._process.log, self._log_start)
        what = f"{how}: {said}" if said else f"{how}, logging nothing"
        if self._quick_deaths >= QUICK_DEATHS:
            self.given_up = True
            self._tell(f"{what}; given up after {QUICK_DEATHS} quick ends, see {_near(self._process.log)}")
            return
        wait = self._back_off[min(self._deaths, len(self._back_off)) - 1]
        self._next_start = time.monotonic() + wait
        self._tell(f"{what}; starting again in {wait:g} s")

    def _see_whether_ready(self) -> None:
        waited = time.monotonic() - (self._first_start or self._started)
        if self._running is not None and self._says_ready():
            self.lets_others_start = True
        elif waited > READY_WITHIN:
            self.lets_others_start = True
            self._tell(f"is not ready after {READY_WITHIN:g} s; going on without waiting for it")

    def _says_ready(self) -> bool:
        try:
            return self._process.ready is None or self._process.ready()
        except Exception:  # whatever a question to a process that is not up yet may run into
            return False

    def _tell(self, words: str) -> None:
        self._on_event(self._process.name, words)


def _near(path: Path) -> str:
    return os.path.relpath(path)
