"""Stories played once, and at each of their points a copy in which a process of ours is killed, or asleep."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch
from zlib import crc32

from callbeat.providers.cartesia.rules import CartesiaRules
from tests.simulation.agenda import rows
from tests.simulation.copies import Copies
from tests.simulation.history import Violated
from tests.simulation.installation import Installation
from tests.simulation.ledgers import empty_ledger, home
from tests.simulation.scenarios import END, SCENARIOS, START
from tests.simulation.seams import Process
from tests.simulation.wires import Trouble
from tests.simulation.world import LEASE

AT_ONCE, AFTER_THE_LEASE = 1.0, LEASE.total_seconds() + 10
ASLEEP = LEASE.total_seconds() + 300  # long enough for another one to prove that nothing arrived
SEED = "crash-points"
_STILL_KNOWN = (
    "SELECT DISTINCT r.key, v.definition FROM calls c JOIN runs r ON r.id = c.run_id"
    " JOIN revisions v ON v.campaign = r.campaign AND v.revision = r.revision WHERE c.number <> ''"
)
_EXPORTED = (
    "SELECT r.key, r.rows FROM runs r JOIN revisions v ON v.campaign = r.campaign AND v.revision = r.revision"
    " WHERE r.rows > 0 AND v.definition LIKE '%results/%'"
)
Choice = Callable[[str], tuple[float, ...]]  # a point's name: after how long we start again, for each crash there


@dataclass
class Played:
    """What came of one story: its points, and what did not hold in which copy of it."""

    points: list[str] = field(default_factory=list)
    copies: int = 0
    wrong: list[str] = field(default_factory=list)


def play(name: str, provider: str, choose: Choice = lambda _name: ()) -> Played:
    """The whole story without a crash; `choose` says where a copy of it is crashed."""
    played, copies = Played(), Copies()

    def prepare(place: Installation) -> None:
        def at_point(process: Process, told: str) -> bool:
            played.points.append(told)
            for restart in choose(told):
                wrong = copies.go_on(place)
                if wrong is None:
                    copies.ends(place, lambda restart=restart: _killed(place, process, told, restart, name))
                _note(played, f"{name} at {provider}, killed at {told}, back after {restart:.0f} s", wrong)
            return False

        place.world.seams.dies = at_point

    _play(name, provider, prepare, copies)
    return played


def stall(name: str, provider: str, known: set[str]) -> Played:
    """The story, and a copy of it for each new request: its process sleeps past its lease, and sends it then."""
    played, copies = Played(), Copies()

    def prepare(place: Installation) -> None:
        inner = place.world.draw

        def draw(process: Process, whom: str, operation: str) -> Trouble | None:
            told = f"{process.doing}: {whom} {operation}"
            if told in known or copies.is_copy or process.name == "person":
                return inner(process, whom, operation)
            known.add(told)
            wrong = copies.go_on(place)
            if wrong is None:
                _troubled(place)
                return Trouble("stalled", ASLEEP)
            _note(played, f"{name} at {provider}, asleep before {told}", wrong)
            return inner(process, whom, operation)

        place.world.draw = draw

    _play(name, provider, prepare, copies)
    return played


def _note(played: Played, where: str, wrong: str | None) -> None:
    played.copies += 1
    if wrong:
        played.wrong.append(f"{where}: {wrong}")


def _play(name: str, provider: str, prepare: Callable[[Installation], None], copies: Copies) -> None:
    folder = Path(tempfile.mkdtemp(dir=home()))
    place, scenario = Installation(SEED, folder, empty_ledger(), START), SCENARIOS[name]
    with _batches_of(scenario.most_contacts), place.world.running():
        scenario.begin(place, provider)
        prepare(place)
        copies.ends(place, lambda: _to_the_end(place, name))


@contextmanager
def _batches_of(most: int) -> Iterator[None]:
    few = replace(CartesiaRules.capabilities, most_contacts=most)
    with patch.object(CartesiaRules, "capabilities", few):
        yield


def _troubled(place: Installation) -> None:
    place.history.troubles.between(place.world.now, place.world.now + timedelta(hours=1))


def _killed(place: Installation, process: Process, told: str, restart: float, name: str) -> None:
    """It never gets any further, as after SIGKILL: its frames stay where they are on this stack."""
    world = place.world
    world.seams.dies = lambda _process, _told: False
    world.restart_after = lambda _process: restart
    _troubled(place)
    world.is_killed(process, told, redelivered=restart == AT_ONCE)
    _to_the_end(place, name)


def _to_the_end(place: Installation, name: str) -> None:
    place.world.run(END)
    left = [*place.progress.runs.values(), *place.progress.batches.values()]
    if left:
        raise Violated(f"not over by then: {left}")
    if kept := [key for key, definition in rows(place.world.ledger, _STILL_KNOWN) if '"retention":"' in definition]:
        raise Violated(f"its retention is long over, and its people are still known: {kept}")
    _whole_files(place)
    _all_is_told(place)
    called = set(SCENARIOS[name].called)
    rung = {number for mine in place.dials.ours.values() for number in mine.rung()}
    if called and rung != called:
        raise Violated(f"{called ^ rung} should have been rung, or should not")
    place.decisions.judge(END)


def _whole_files(place: Installation) -> None:
    """Each run that is to be written has a file with all of its rows, and beside it lies no part of one."""
    folder = place.world.folder
    for key, count in rows(place.world.ledger, _EXPORTED):
        files = [path for path in (folder / "results").glob("*") if key in path.read_text()]
        found = [len(path.read_text().splitlines()) for path in files]
        if found != [count]:
            raise Violated(f"{key} has {count} rows, and its files have {found}")


def _all_is_told(place: Installation) -> None:
    """Whatever was to be told has arrived, and under one name for each: a receiver can tell a repetition."""
    written = rows(place.world.ledger, "SELECT key, kind, given_up, done_at FROM outbox")
    left = [row for row in written if row[2] or row[3] is None]
    heard = place.world.receiver.heard
    if left or {row[0] for row in written} != set(heard):
        raise Violated(f"not told: {left}; written {written}, heard {heard}")
    if len(written) > len({(row[1]) for row in written}):
        raise Violated(f"told under two names: {written}")


def each_name_once(known: set[str], story: str, part: int = 0, parts: int = 1) -> Choice:
    """One crash for each place in the code, by turns with a restart at once and one after the lease.

    Of several parts, which may be played at the same time, each takes its own places. Reading files looks the same
    whether one is new, edited or gone: there each story counts by itself.
    """

    def choose(told: str) -> tuple[float, ...]:
        name = f"{story}: {told}" if told.startswith("tick files") else told
        if name in known or told in known or crc32(name.encode()) % parts != part:
            return ()
        known.add(name)
        return (AT_ONCE,) if len(known) % 2 else (AFTER_THE_LEASE,)

    return choose


def without_changes(points: list[str]) -> set[str]:
    """Of these points those of work that changes nothing at a provider."""
    changes = {point.partition(": ")[0] for point in points if " leaves #" in point}
    return {point for point in points if point.partition(": ")[0] not in changes}


def every_point(_told: str) -> tuple[float, ...]:
    """Each point that is reached, restarted at once and after the lease."""
    return AT_ONCE, AFTER_THE_LEASE
