"""Beat reads files, plans and sweeps, survives anything, and plans nothing by a clock it cannot believe."""

import math
from datetime import timedelta

import pytest

from callbeat.clock import monotonic, real_now
from callbeat.ledger.states import BatchState, RunState
from callbeat.providers.answers import Accepted, Busy
from callbeat.runs import heartbeat, tick
from callbeat.runs.clock_trust import Anchor, jumped, strange_start
from callbeat.runs.create import create
from callbeat.runs.heartbeat import beat_age, confirm_clock
from callbeat.runs.report import broken_files
from callbeat.runs.tick import Tick
from tests.factories import AGENT, DUE, NOW, a_campaign, minutes, seconds

HOUR, A_WHILE = timedelta(hours=1), seconds(11)
YAML = """\
name: {name}
provider: bolna
agent: {agent}
schedule:
  cron: "{cron}"
  timezone: UTC
contacts:
  source: contacts/daily.csv
hours: any
"""


class Beat:
    """A beat whose three clocks are moved by hand: the wall's, the steady one, and that of the campaigns."""

    def __init__(self, world, monkeypatch):
        self.world, self.wall, self.steady = world, NOW, 5000.0
        self.folder = world.folder / "campaigns"
        self.folder.mkdir()
        for module in (tick, heartbeat):
            monkeypatch.setattr(module, "monotonic", lambda: self.steady)
        monkeypatch.setattr(heartbeat, "real_now", lambda: self.wall)
        self.start()

    def start(self, boot="this boot"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(heartbeat, "boot", lambda: boot)
            self._tick = Tick(self.world.context, self.folder)

    def tick(self, wall=A_WHILE, steady=None):
        """Time goes by, on the steady clock as on the wall's unless told otherwise, and beat ticks."""
        self.wall += wall
        self.steady += (wall if steady is None else steady).total_seconds()
        self.world.clock.time = self.wall
        return self._tick()

    def silent_for(self):
        return self._tick.silent_for

    def write(self, name="daily", cron="0 * * * *"):
        (self.folder / f"{name}.yaml").write_text(YAML.format(name=name, cron=cron, agent=AGENT))

    def planned(self, name="daily"):
        return [run.due_at for run in self.world.runs(name)]


@pytest.fixture
def beat(world, monkeypatch):
    return Beat(world, monkeypatch)


# -- files, plans, sweeps --------------------------------------------------------------------------------------


def test_a_new_file_is_planned_within_ten_seconds(beat):
    """Whoever writes it watches for it."""
    beat.tick()
    beat.write()
    beat.tick(seconds(10))
    assert beat.planned() == [DUE]


def test_a_beat_knows_how_long_it_has_been_silent(beat, monkeypatch):
    """Another's heartbeat is in the same row of the ledger, and must not hide that this one writes none."""
    assert beat.silent_for() == math.inf
    beat.tick()
    assert beat.silent_for() == 0
    with monkeypatch.context() as patch:
        patch.setattr(heartbeat, "recall", lambda *_: 1 / 0)
        beat.tick(seconds(20))
    assert beat.silent_for() == 20
    beat.tick(wall=seconds(3600), steady=seconds(1))  # the clock is in doubt, so it writes none
    assert beat.silent_for() == math.inf


def test_an_edited_file_takes_effect_within_ten_seconds(beat):
    """Also one that is broken, and one that is removed."""
    beat.write(cron="0 5 * * *")
    beat.tick()
    beat.write(cron="nonsense and more")
    beat.tick(seconds(10))
    assert beat.world.campaign_row().state == "broken"
    assert len(broken_files(beat.world.ledger)) == 1
    (beat.folder / "daily.yaml").unlink()
    beat.tick(seconds(10))
    assert beat.world.campaign_row().state == "removed"
    assert beat.world.runs()[0].state is RunState.CANCELLED


def test_a_file_that_was_removed_while_beat_was_down_is_noticed(beat):
    """It must not go on calling."""
    beat.write()
    beat.tick()
    (beat.folder / "daily.yaml").unlink()
    beat.start()
    beat.tick()
    assert beat.world.campaign_row().state == "removed"


def test_a_folder_that_cannot_be_read_removes_nothing(beat):
    """A disk that is away for a minute is no order to cancel everything."""
    beat.write()
    beat.tick()
    beat.folder.rename(beat.folder.with_name("elsewhere"))
    beat.tick()
    beat.start()
    beat.tick()
    assert beat.world.runs()[0].state is RunState.PLANNED


def test_what_is_due_is_sent(beat):
    """That is what beat is for."""
    beat.write()
    beat.tick()
    beat.tick(minutes(25))
    (run,) = beat.world.runs()
    assert ("open", [run.id]) in beat.world.sent


@pytest.mark.parametrize("step", ["plan_due", "sweep", "apply"])
def test_a_step_that_fails_does_not_end_beat_nor_the_other_steps(beat, monkeypatch, step):
    """An exception in a scheduler's tick ends beat, and every campaign with it."""
    done, kept = [], {name: getattr(tick, name) for name in ("plan_due", "sweep", "apply")}

    def fails(*_args, **_words):
        raise RuntimeError("poisoned")

    for name in kept:
        monkeypatch.setattr(tick, name, fails if name == step else lambda *_, name=name, **__: done.append(name))
    assert beat.tick() > 0
    assert set(done) == set(kept) - {step}


def test_an_edit_that_the_ledger_could_not_take_is_not_lost(beat, monkeypatch):
    """The disk was full for a moment; the file has not changed since."""
    apply = tick.apply

    def fails(*_args, **_words):
        raise RuntimeError("disk full")

    monkeypatch.setattr(tick, "apply", fails)
    beat.write()
    beat.tick()
    assert beat.planned() == []
    monkeypatch.setattr(tick, "apply", apply)
    beat.tick()
    assert beat.planned() == [DUE]


def test_a_new_ledger_starts_from_now(beat):
    """A lost ledger is announced, and never replayed."""
    beat.write()
    beat.tick(5 * HOUR)
    assert beat.planned() == [DUE + 5 * HOUR]


def test_an_outage_with_a_clock_that_agrees_is_an_outage(beat):
    """Each due time of it is decided and shown."""
    beat.write()
    beat.tick()
    beat.start("another boot")
    beat.tick(5 * HOUR)
    assert beat.planned() == [DUE + n * HOUR for n in range(6)][: len(beat.planned())]
    assert len(beat.planned()) >= 5


# -- the clock is distrusted -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wall", "steady", "believed"),
    [
        (HOUR, HOUR, True),
        (timedelta(days=3), timedelta(days=3), True),  # the machine slept, and the steady clock with it
        (minutes(4), minutes(0), True),
        (minutes(6), minutes(0), False),
        (-minutes(4), minutes(0), True),
        (-minutes(6), minutes(0), False),
        (HOUR, timedelta(days=1), False),
    ],
)
def test_a_wall_clock_that_jumps_is_not_believed(wall, steady, believed):
    """More than five minutes against the clock that never jumps."""
    assert (jumped(Anchor(NOW, 100.0), NOW + wall, 100.0 + steady.total_seconds()) is None) is believed


@pytest.mark.parametrize(
    ("since", "believed"),
    [
        (None, True),
        (minutes(1), True),
        (timedelta(days=1), True),
        (-minutes(6), False),
        (timedelta(days=400), False),
    ],
)
def test_a_start_far_from_the_last_heartbeat_is_not_believed(since, believed):
    """A dead battery puts the clock to 1970, or beyond."""
    last = None if since is None else NOW - since
    assert (strange_start(last, NOW) is None) is believed


def test_while_the_clock_is_in_doubt_nobodys_time_has_come(beat):
    """What is removed is not to be had again."""
    beat.tick()
    due = NOW + timedelta(days=1)
    run = beat.world.a_run(state=RunState.FINISHED, keep_until=due)
    beat.tick(timedelta(days=2), steady=minutes(2))
    assert beat.world.sent == []
    beat.tick(-timedelta(days=2), steady=minutes(2))
    assert beat.world.sent == []
    beat.tick(timedelta(days=2))
    assert beat.world.sent == [("let_go", [run.id])]


@pytest.mark.parametrize("jump", [2 * HOUR, timedelta(days=2), -2 * HOUR])
def test_while_the_clock_jumps_nothing_is_planned_until_it_agrees_again(beat, jump):
    """It would plan a heap of runs, or ring at night."""
    beat.write(cron="*/20 * * * *")
    beat.tick()
    before = beat.planned()
    beat.tick(jump, steady=seconds(11))
    beat.tick()
    assert beat.planned() == before
    beat.tick(-jump, steady=seconds(11))
    beat.tick(minutes(20))
    assert len(beat.planned()) > len(before)
    assert max(beat.planned()) <= beat.wall + minutes(30)


def test_an_edit_while_the_clock_is_wrong_moves_no_cursor(beat):
    """The cursor never goes back: moved to next week, a week would be left out."""
    beat.write()
    beat.tick()
    beat.tick(timedelta(days=7), steady=seconds(11))
    beat.write(cron="30 * * * *")
    beat.write("new")
    beat.tick()
    assert max([*beat.planned(), *beat.planned("new")]) <= NOW + HOUR
    beat.tick(-timedelta(days=7), steady=seconds(11))
    beat.tick(minutes(5))
    assert beat.world.runs("new")[0].due_at <= beat.wall + minutes(30)
    assert beat.world.campaign_row().cursor <= beat.wall + minutes(30)


def test_while_the_clock_is_wrong_nothing_opens_and_what_is_open_goes_on(beat):
    """By a clock that is hours ahead every run would be found too late, and missed."""
    beat.write()
    beat.tick()
    batch = beat.world.a_batch(BatchState.RUNNING, campaign=a_campaign(name="other"))
    beat.world.sent.clear()
    beat.tick(2 * HOUR, steady=seconds(11))
    assert ("poll", [batch.id]) in beat.world.sent
    assert not [task for task, _ in beat.world.sent if task == "open"]
    assert beat.world.runs()[0].state is RunState.PLANNED


def test_a_person_may_confirm_the_clock(beat):
    """It was wrong before, and is right now: planning goes on from the new time."""
    beat.write()
    beat.tick()
    beat.tick(26 * HOUR, steady=seconds(11))
    held = len(beat.planned())
    assert "forward" in confirm_clock(beat.world.context, "ann")
    beat.tick()
    beat.tick()
    assert len(beat.planned()) > held
    confirmed = next(event for event in beat.world.events() if "confirmed by a person" in event.why)
    assert confirmed.actor == "ann"


def test_confirming_a_clock_that_is_believed_changes_nothing(beat):
    """And says so."""
    assert confirm_clock(beat.world.context, "ann") is None
    beat.tick()
    assert confirm_clock(beat.world.context, "ann") is None


@pytest.mark.parametrize("wall", [-2 * HOUR, timedelta(days=400)])
def test_a_beat_that_starts_with_a_strange_clock_plans_nothing(beat, wall):
    """Judged by the ledger's last heartbeat, since nothing else is left after a boot."""
    beat.write()
    beat.tick()
    before = beat.planned()
    beat.steady = 10.0
    beat.start("another boot")
    beat.tick(wall, steady=seconds(11))
    beat.tick()
    assert beat.planned() == before


def test_a_restart_does_not_end_the_doubt(beat):
    """A supervisor restarts beat within a second; only the clock or a person may end it."""
    beat.write()
    beat.tick()
    before = beat.planned()
    beat.tick(2 * HOUR, steady=seconds(11))
    beat.start()
    beat.tick()
    beat.tick()
    assert beat.planned() == before


def test_a_provider_whose_clock_is_far_from_ours_holds_planning(beat):
    """Of the two clocks it is ours that is more likely wrong."""
    beat.write()
    beat.tick()
    before = beat.planned()
    batch = beat.world.a_batch(BatchState.READY, campaign=a_campaign(name="other", schedule={"late": 9 * HOUR}))
    beat.world.provider.clock_difference = HOUR
    beat.world.provider.will("list_batches", Accepted([]))
    beat.world.provider.will("create", Busy("429"))
    create(beat.world.context, batch.id)
    beat.tick(HOUR)
    assert beat.planned() == before


def test_beats_heartbeat_has_an_age(beat):
    """Something outside watches it."""
    assert beat_age(beat.world.context) is None
    beat.tick()
    beat.wall += minutes(3)
    assert beat_age(beat.world.context) == minutes(3)


def test_a_real_tick_on_real_clocks_works(world):
    """The hands above must not hide that nothing fits."""
    folder = world.folder / "campaigns"
    folder.mkdir()
    world.clock.time = real_now()
    before = monotonic()
    assert Tick(world.context, folder)() > 0
    assert beat_age(world.context) <= seconds(monotonic() - before + 1)
