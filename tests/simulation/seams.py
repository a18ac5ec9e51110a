"""Where our code touches the world: each commit, each request, each message. Here it is crashed."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from callbeat.ledger.store import Ledger

if TYPE_CHECKING:
    from callbeat.ledger.writer import Writer
    from callbeat.runs.context import Context
    from callbeat.runs.tick import Tick


class Crash(BaseException):
    """The process is gone, as after SIGKILL: no `except Exception` of the product sees this."""


@dataclass
class Process:
    """One process of ours. Once it is dead nothing gets out of it any more, whatever its `finally` blocks try."""

    name: str
    context: "Context" = field(init=False, repr=False)
    tick: "Tick | None" = field(default=None, repr=False)
    dead: bool = False
    busy: bool = False  # in the middle of something, on this very stack
    again: Callable[[], None] | None = field(default=None, repr=False)
    doing: str = "starts"
    done: Counter[str] = field(default_factory=Counter, repr=False)  # points of what it does, by name

    def begins(self, doing: str) -> None:
        """What it does from now on."""
        self.doing = doing
        self.done.clear()

    def names_steps_of(self, tick: "Tick") -> None:
        """A tick does several things: its points bear their names."""
        safely = tick._safely

        def told(what: str, step: Callable[[], None], **over: float) -> None:
            safely(what, lambda: (self.begins(f"tick {what}"), step())[1], **over)

        tick._safely = told  # type: ignore[method-assign]

    @property
    def free(self) -> bool:
        return not (self.dead or self.busy)


Judge = Callable[[Process, str], bool]  # whether the process dies at this point


class Seams:
    """Every point that is reached, in order, and who decides whether a process dies there."""

    def __init__(self) -> None:
        self.points: list[str] = []
        self.keeps = False
        self.reached = 0
        self.dies: Judge = lambda _process, _name: False

    def reach(self, process: Process, name: str) -> None:
        """To be called right before and right after everything that others can notice."""
        if process.dead:
            raise Crash
        process.done[name] += 1
        told = f"{process.doing}: {name} #{process.done[name]}"
        self.reached += 1
        if self.keeps:
            self.points.append(told)
        if self.dies(process, told):
            process.dead = True
            raise Crash(told)


class WatchedLedger:
    """The ledger of one process: each commit of it is two points."""

    def __init__(self, ledger: Ledger, process: Process, seams: Seams) -> None:
        self._ledger, self._process, self._seams = ledger, process, seams

    @contextmanager
    def write(self) -> "Iterator[Writer]":
        if self._process.dead:
            raise Crash
        with self._ledger.write() as writer:
            yield writer
            self._seams.reach(self._process, "before a commit")
        self._seams.reach(self._process, "after a commit")

    @contextmanager
    def read(self) -> Iterator[Any]:
        if self._process.dead:
            raise Crash
        with self._ledger.read() as session:
            yield session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


def watched_send(
    send: Callable[[str, Sequence[int]], None], process: Process, seams: Seams
) -> Callable[[str, Sequence[int]], None]:
    """A message is two points."""

    def sends(task: str, ids: Sequence[int]) -> None:
        seams.reach(process, f"before sending {task}")
        send(task, ids)
        seams.reach(process, f"after sending {task}")

    return sends
