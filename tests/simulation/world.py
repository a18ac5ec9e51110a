"""Everything together: processes, queue, providers and people on one clock, one event after the other."""

import hashlib
import heapq
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import structlog
from pydantic import SecretStr
from structlog.contextvars import clear_contextvars

import tasks.runs
from callbeat.clock import Clock
from callbeat.ledger.store import Ledger
from callbeat.providers import wire
from callbeat.runs import messages
from callbeat.runs.accounts import Accounts
from callbeat.runs.context import Context
from callbeat.runs.reach import Reach
from callbeat.runs.tick import ASK_EVERY, READ_EVERY, Tick
from callbeat.settings_notify import NotifySettings
from tests.simulation.agenda import Snapshot
from tests.simulation.creates import Creates
from tests.simulation.history import Violated
from tests.simulation.messages import Message, Planned, Queue
from tests.simulation.outside import Outside, settings_for
from tests.simulation.receiver import SECRET, Receiver
from tests.simulation.seams import Crash, Process, Seams, WatchedLedger, watched_send
from tests.simulation.timeline import Timeline, pretended
from tests.simulation.wires import TIMEOUT, Draw, Wires, no_trouble

LEASE = timedelta(seconds=TIMEOUT * 4)
SECOND = timedelta(seconds=1)
LONGEST_IDLE = timedelta(hours=6)
TAIL = 300


class World:
    """One installation and its surroundings. All that happens follows from `seed`."""

    def __init__(
        self, seed: str, folder: Path, ledger: Ledger, start: datetime, *, beats: int = 1, workers: int = 2
    ):
        self.chance = Random(seed)
        self.timeline = Timeline(start)
        self.outside = Outside(self.timeline.now)
        self.folder, self.ledger = folder, ledger
        self.seams, self.queue = Seams(), Queue()
        self.draw: Draw = no_trouble
        self.after_step: Callable[[], None] = lambda: None
        self.tail: deque[str] = deque(maxlen=TAIL)
        self._digest = hashlib.blake2b(digest_size=16)
        self._planned: list[Planned] = []
        self._places = count()
        self._depth = 0
        self._in_hand: Message | None = None
        self.steps = self.requests = self.crashes = 0
        self.names = [*(f"beat-{n}" for n in range(1, beats + 1)), *(f"worker-{n}" for n in range(1, workers + 1))]
        self.processes: dict[str, Process] = {}
        self.at_work = Process("nobody")
        self.last_tick: dict[str, datetime] = {}
        self.files_changed: dict[str, bool] = {}
        self.fate: Callable[[], list[float]] = lambda: [self.chance.random()]  # when a message arrives
        self.redelivers: Callable[[], bool] = lambda: False  # what a dead worker had in its hands
        self.restart_after: Callable[[Process], float] = lambda _process: 5.0
        self._snapshot: Snapshot | None = None
        self.creates, self.receiver = Creates(), Receiver(self)
        self.allowed: frozenset[str] | None = None
        self.new_batches: list[tuple[str, Any]] = []
        self.hit_by: Callable[[str, str], None] = lambda _provider, _fault: None
        self.created: Callable[[str, Any], None] = lambda _provider, _batch: None

    def acted(self, provider: str, operation: str) -> None:
        """A provider has done what it was asked: what it created is followed from now on."""
        self.requests += 1
        if self.outside.met is not None:
            self.hit_by(provider, self.outside.met)
        if operation == "create":
            for batch in self.outside.since_last(provider):
                self.new_batches.append((provider, batch))
                self.created(provider, batch)

    @property
    def now(self) -> datetime:
        return self.timeline.true

    @property
    def in_a_stall(self) -> bool:
        """Whether all this happens while some process waits."""
        return self._depth > 0

    @property
    def trace(self) -> str:
        """Of everything that happened, in order: two runs are the same when this is."""
        return self._digest.hexdigest()

    def note(self, what: str) -> None:
        line = f"{self.now:%Y-%m-%d %H:%M:%S.%f} {what}".replace(str(self.folder), "")
        self.tail.append(line)
        self._digest.update(line.encode())

    @contextmanager
    def running(self) -> Iterator["World"]:
        """Time, chance, the providers and the tasks' context are ours while this lasts."""
        told = structlog.get_config()
        with (
            pretended(self.timeline, self.chance),
            patch.object(wire, "DeadlineTransport", lambda **_: Wires(self)),
            patch.object(messages, "post", self.receiver.post),
            patch.object(tasks.runs, "context", lambda: self.at_work.context),
        ):
            structlog.configure(processors=[self._hear])
            try:
                for name in self.names:
                    self.start(name)
                yield self
            finally:
                structlog.configure(**told)
                self.outside.close()

    def _hear(self, _logger: object, method: str, line: dict[str, object]) -> dict[str, object]:
        """Every line of our log; one that tells of an exception nobody expected is a defect."""
        told = " ".join(f"{name}={line[name]}" for name in sorted(line) if name not in ("exc_info", "event"))
        self.note(f"{self.at_work.name} {line['event']} {told}")
        if line.get("exc_info"):
            raise Violated(f"an exception that nobody expected: {line['event']} {told}: {sys.exc_info()[1]!r}")
        raise structlog.DropEvent

    def start(self, name: str) -> Process:
        """A process begins, with nothing in its memory."""
        process = Process(name)
        self.processes[name] = process
        process.context = self.context_of(process)
        if name.startswith("beat"):
            process.tick = Tick(process.context, self.folder / "campaigns")
            process.names_steps_of(process.tick)
            self.files_changed[name] = True
            self.last_tick.pop(name, None)
        return process

    def context_of(self, process: Process) -> Context:
        """A context as `open_context` makes it, with the world in place of the network."""
        clock, watched = Clock(), WatchedLedger(self.ledger, process, self.seams)
        settings = settings_for(self.outside)
        return Context(
            ledger=watched,  # type: ignore[arg-type]
            clock=clock,
            accounts=Accounts(settings, watched, clock.now),  # type: ignore[arg-type]
            site="main",
            reach=Reach(self.folder),
            send=watched_send(self._send, process, self.seams),
            timeout=TIMEOUT,
            allow_numbers=self.allowed,
            notify=NotifySettings(secret=SecretStr(SECRET)),
            term=f"{process.name}-{next(self._places)}",
        )

    def _send(self, task: str, ids: Sequence[int]) -> None:
        self.note(f"{self.at_work.name} sends {task} {list(ids)}")
        for seconds in self.fate():
            self.queue.put(task, ids, self.now + timedelta(seconds=seconds))

    def plan(self, at: datetime, do: Callable[[], None]) -> None:
        heapq.heappush(self._planned, Planned(max(at, self.now), next(self._places), do))

    def run(self, until: datetime) -> None:
        """Event after event, until nothing is left to happen before then."""
        while (step := self._next()) is not None and step[0] <= until:
            self.timeline.go_to(step[0])
            step[1]()
            self._snapshot = None
            self.steps += 1
            if not self._depth:
                self.after_step()
        self.timeline.go_to(until)

    def _next(self) -> tuple[datetime, Callable[[], None]] | None:
        """What happens next; of several at one time first what is planned, then messages, then ticks."""
        found: list[tuple[datetime, int, Callable[[], None]]] = []
        if self._planned:
            found.append((self._planned[0].at, 0, self._do_planned))
        if self.queue.next_at is not None and self._free("worker"):
            found.append((self.queue.next_at, 1, self._work))
        found += [(self._tick_at(beat), 2, lambda beat=beat: self._tick(beat)) for beat in self._free("beat")]
        first = min(found, key=lambda one: one[:2], default=None)
        return None if first is None else (max(first[0], self.now), first[2])

    def _free(self, kind: str) -> list[Process]:
        return [process for name, process in self.processes.items() if name.startswith(kind) and process.free]

    @property
    def plans_nothing(self) -> bool:
        """Whether a beat doubts its clock."""
        return any(_doubts(beat) for beat in self._free("beat"))

    def _tick_at(self, beat: Process) -> datetime:
        """Beat ticks each second; those ticks that find nothing to do are left out."""
        last = self.last_tick.get(beat.name)
        if last is None:
            return self.now
        if self.files_changed[beat.name] or _doubts(beat):
            return last + timedelta(seconds=ASK_EVERY if not self.files_changed[beat.name] else READ_EVERY)
        wanted = self.snapshot.next_action(self.timeline.wall())
        if wanted is None or wanted > self.timeline.wall() + LONGEST_IDLE:
            return max(last + SECOND, last + LONGEST_IDLE)
        return max(last + SECOND, wanted - self.timeline.wrong)

    @property
    def snapshot(self) -> Snapshot:
        """What is not final, as it is now."""
        if self._snapshot is None:
            self._snapshot = Snapshot(self.ledger)
        return self._snapshot

    def _do_planned(self) -> None:
        heapq.heappop(self._planned).do()

    def _work(self) -> None:
        message, workers = self.queue.take(), self._free("worker")
        process = workers[self.chance.randrange(len(workers))]
        self.note(f"{process.name} takes {message.task} {list(message.ids)}")
        self._in_hand = message
        self.act(process, self._named(message), lambda: getattr(tasks.runs, message.task)(list(message.ids)))
        if process.dead and self.redelivers():
            self.queue.put(message.task, message.ids, self.now + SECOND)

    def _named(self, message: Message) -> str:
        """A task by the state of what it acts on: what it does depends on that."""
        of_runs = ("open", "finish", "let_go", "export")
        table = self.snapshot.runs if message.task in of_runs else self.snapshot.batches
        found = [row.state for row in table if row.id in message.ids]
        return f"{message.task} ({found[0]})" if found else message.task

    def is_killed(self, process: Process, where: str, *, redelivered: bool) -> None:
        """Its frames stay where they are on this stack, and are never entered again."""
        process.dead, self.at_work, self._depth = True, Process("nobody"), 0
        clear_contextvars()
        if redelivered and process.name.startswith("worker") and self._in_hand is not None:
            self.queue.put(self._in_hand.task, self._in_hand.ids, self.now + SECOND)
        self._bury(process, where)

    def _tick(self, beat: Process) -> None:
        self.last_tick[beat.name] = self.now
        if not self.files_changed[beat.name]:
            beat.tick._last["files"] = self.timeline.steady  # type: ignore[union-attr]
        self.files_changed[beat.name] = _doubts(beat)
        self.act(beat, "tick", beat.tick)  # type: ignore[arg-type]

    def act(self, process: Process, doing: str, do: Callable[[], object]) -> None:
        """A process at work, until it is done or dead; the dead one starts again some time later."""
        before, self.at_work = self.at_work, process
        process.busy = True
        process.begins(doing)
        try:
            do()
        except Crash as crash:
            self._bury(process, str(crash))
        finally:
            self.at_work, process.busy = before, False

    def _bury(self, process: Process, where: str) -> None:
        self.crashes += 1
        self.note(f"{process.name} is killed, {where}")
        if process.again is not None:
            self.plan(self.now + timedelta(minutes=1), process.again)
        if process.name in self.processes:
            after = timedelta(seconds=self.restart_after(process))
            self.plan(self.now + after, lambda: self.again(process.name))

    def again(self, name: str) -> None:
        self.note(f"{name} starts again")
        self.start(name)

    def person(self, name: str, do: Callable[[Context], object], again: Callable[[], None] | None = None) -> None:
        """Somebody at a terminal: a process of its own, for one command; who sees it killed tries `again`."""
        process = Process("person")
        process.again = again
        process.context = self.context_of(process)
        self.note(f"person: {name}")
        self.act(process, name, lambda: do(process.context))

    def stall(self, process: Process, seconds: float) -> None:
        """Time goes by for a process that waits, and all others go on meanwhile; once at a time."""
        until = self.now + timedelta(seconds=seconds)
        if self._depth or seconds < SECOND.total_seconds():
            self.timeline.go_to(until)
            return
        self._depth, at_work = 1, self.at_work
        try:
            self.run(until)
        finally:
            self._depth, self.at_work = 0, at_work

    def file(self, name: str, text: str | None, *, folder: str = "campaigns") -> None:
        """A file is written, or (None) removed; beat looks every three seconds."""
        path = self.folder / folder / name
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.files_changed |= dict.fromkeys(self.files_changed, True)


def _doubts(beat: Process) -> bool:
    """Whether it holds planning, because it does not believe its clock."""
    return beat.tick is not None and beat.tick._heartbeat.held
