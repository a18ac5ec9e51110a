"""Short stories that together reach every task and every command: what is crashed at each of its points."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sandbox.faults import Fault
from tests.simulation.campaigns import Spec
from tests.simulation.installation import Installation
from tests.simulation.wires import Trouble

START = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
DUE = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
END = DUE + timedelta(hours=30)
BUSY = ("+919876500072", "+919876501072", "+919876502072")
ANSWERED = ("+919876500001",)
TALKS = ("+919876500001", "+919876501001")
KEY = "daily@20261201T1000Z"


def a_daily(provider: str, numbers: tuple[str, ...] = BUSY[:1], **over: object) -> Spec:
    """Due once in the story: on its one day."""
    return Spec("daily", provider, numbers, weekdays=(DUE.weekday(),), lead=20, late=40).changed(**over)


@dataclass(frozen=True)
class Scenario:
    """`called` are the numbers that must have been rung in the end, whatever was crashed."""

    begin: Callable[[Installation, str], None]
    called: tuple[str, ...] = ()
    providers: tuple[str, ...] = ("bolna", "trillet", "cartesia")
    most_contacts: int = 5000  # of a batch, where a run is divided


def at(place: Installation, minutes: float, do: Callable[[], None]) -> None:
    place.world.plan(DUE + timedelta(minutes=minutes), do)


def plain(place: Installation, provider: str) -> None:
    """Planned, opened, created, scheduled, verified, polled, collected, finished."""
    place.write(a_daily(provider, (*BUSY[:1], "no number", *BUSY[:1])))


def kept_an_hour(place: Installation, provider: str) -> None:
    """Called, kept for an hour, and then nobody in the ledger any more."""
    place.write(a_daily(provider, TALKS, retention=1))


def exported(place: Installation, provider: str) -> None:
    """What became of everybody is written to a file when the run is over; somebody is told, and hears it twice."""
    _go_wrong_once(place, "webhook", Trouble("lost", 1.0, acted=True))
    how = {"export": "results/%Y-%m-%d.jsonl", "notify": "https://hooks.example.com/callbeat"}
    place.write(a_daily(provider, (*BUSY[:1], "no number"), **how))


def two_batches(place: Installation, provider: str) -> None:
    """More contacts than one batch takes."""
    place.write(a_daily(provider, BUSY, lines=2))


def rounds(place: Installation, provider: str) -> None:
    """Those who were not reached are tried again."""
    place.write(a_daily(provider, ("+919876500071",), retries=(60,) if provider == "trillet" else (5,)))


def stopped(place: Installation, provider: str) -> None:
    """A person stops a run that dials."""
    place.write(a_daily(provider, TALKS, lines=1 if provider == "cartesia" else None))
    at(place, 0.5, lambda: place.stop(KEY))


def stopped_early(place: Installation, provider: str) -> None:
    """A person stops a run that waits for its start."""
    place.write(a_daily(provider))
    at(place, -6, lambda: place.stop(KEY))


def shown_late(place: Installation, provider: str) -> None:
    """A person stops a run that its provider does not show yet."""
    place.world.outside.faults.add(
        Fault(provider=provider, operation="create", fault="late_visibility", seconds=240)
    )
    place.write(a_daily(provider))
    at(place, -15, lambda: place.stop(KEY))


def everything_stopped(place: Installation, provider: str) -> None:
    """The red button, and started again."""
    place.write(a_daily(provider))
    at(place, -7, place.halt)
    at(place, 30, place.lift)


def hours_end(place: Installation, provider: str) -> None:
    """Long talks, one after the other, until the hours are over."""
    talks = tuple(f"+9198765{n:03}97" for n in range(3))
    if provider != "cartesia":
        place.world.outside.providers[provider].set_switches({"concurrency": 1})
    place.write(a_daily(provider, talks, lines=1, opens="09:00", closes="10:16"))


def stumbled_create(place: Installation, provider: str) -> None:
    """The provider takes the create, and answers 500 all the same."""
    _go_wrong_once(place, "create", Trouble("status", 1.0, 500, acted=True))
    place.write(a_daily(provider))


def lost_create(place: Installation, provider: str) -> None:
    """The answer to the create is lost: it is found, or a person looks."""
    _go_wrong_once(place, "create", Trouble("lost", 1.0, acted=True))
    place.write(a_daily(provider))


def lost_schedule(place: Installation, provider: str) -> None:
    _go_wrong_once(place, "schedule", Trouble("lost", 1.0, acted=True))
    place.write(a_daily(provider))


def _go_wrong_once(place: Installation, operation: str, trouble: Trouble) -> None:
    left = [trouble]
    place.world.draw = lambda _process, _provider, asked: left.pop() if asked == operation and left else None


def no_source(place: Installation, provider: str) -> None:
    """Its contacts never come."""
    place.history.troubles.between(START, END)
    place.write(a_daily(provider), contacts=False)


def edited(place: Installation, provider: str) -> None:
    """The file changes while the run is planned, and is removed once it is over."""
    place.write(a_daily(provider, lead=25))
    at(place, -22, lambda: place.write(a_daily(provider, lead=25, note="x", late=30)))
    at(place, 40, lambda: place.remove("daily"))


def edited_while_away(place: Installation, provider: str) -> None:
    """Beat is down when a run is due, and before it is back the file has changed: the old file's run is decided."""
    place.history.troubles.between(START, END)
    place.write(a_daily(provider))
    at(place, -25, lambda: setattr(place.world.processes["beat-1"], "dead", True))
    at(place, 10, lambda: place.write(a_daily(provider, note="x", hours_of_day=(12,))))
    at(place, 20, lambda: place.world.again("beat-1"))


def paused(place: Installation, provider: str) -> None:
    """A pause in which one run is due; another is called by hand."""
    place.write(a_daily(provider, skip_dates=(date(2026, 12, 2),)))
    at(place, -28, lambda: place.pause("daily"))
    at(place, -5, lambda: place.by_hand("daily"))
    at(place, 30, lambda: place.resume("daily"))


def opted_out(place: Installation, provider: str) -> None:
    """One of two asks not to be called, once the batch waits for its start: the other is called all the same."""
    place.history.troubles.between(START, END)  # one call fewer than the file says
    place.write(a_daily(provider, BUSY[:2], lines=2))
    at(place, -6, lambda: place.suppress(BUSY[1]))


SCENARIOS = {
    "plain": Scenario(plain, BUSY[:1]),
    "kept_an_hour": Scenario(kept_an_hour, TALKS, ("bolna",)),
    "exported": Scenario(exported, BUSY[:1], ("bolna",)),
    "two_batches": Scenario(two_batches, BUSY, ("cartesia",), most_contacts=2),
    "rounds": Scenario(rounds, ("+919876500071",)),
    "stopped": Scenario(stopped),
    "stopped_early": Scenario(stopped_early),
    "shown_late": Scenario(shown_late),
    "everything_stopped": Scenario(everything_stopped),
    "hours_end": Scenario(hours_end),
    "lost_create": Scenario(lost_create, BUSY[:1]),
    "stumbled_create": Scenario(stumbled_create, BUSY[:1]),
    "lost_schedule": Scenario(lost_schedule, BUSY[:1], ("bolna",)),
    "no_source": Scenario(no_source, (), ("bolna",)),
    "edited": Scenario(edited, BUSY[:1]),
    "edited_while_away": Scenario(edited_while_away, (), ("bolna",)),
    "paused": Scenario(paused, BUSY[:1]),
    "opted_out": Scenario(opted_out, BUSY[:1]),
}
