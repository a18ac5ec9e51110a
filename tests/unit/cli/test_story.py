"""`callbeat show RUN`: whoever was not there reads what happened, why, who did it, and what comes next."""

from datetime import timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from callbeat.errors import Refusal
from callbeat.ledger.states import BatchState, RunState
from callbeat.runs import story as telling
from callbeat.runs.by_hand import stop_run
from callbeat.runs.story import story
from callbeat.runs.switches import halt
from cli import story as page
from tests.factories import DUE, NOW, World, a_campaign, minutes, seconds

S = BatchState


@pytest.fixture
def printed(monkeypatch, world):
    """The page of a run, as a wide terminal shows it."""

    def of(run) -> str:
        told = Console(file=StringIO(), width=200)
        monkeypatch.setattr(page, "out", told)
        monkeypatch.setattr(page, "wide_enough", lambda: told)
        page.print_story(story(world.ledger, run.key))
        page.print_next(story(world.ledger, run.key))
        return told.file.getvalue()

    return of


def note(world: World, row, to=None, *, at=NOW, why="because", actor="callbeat", **changes):
    with world.ledger.write() as writer:
        if to is None:
            writer.note(row, at=at, why=why, actor=actor)
        else:
            writer.move(row, to, at=at, why=why, actor=actor, **changes)


def test_a_story_has_local_time_and_utc_how_long_it_took_and_who(world, printed):
    """A person in Kolkata asks why nobody was called at ten."""
    run = world.a_run(a_campaign(schedule={"timezone": "Asia/Kolkata"}), state=RunState.PLANNED)
    note(world, run, RunState.OPENING, why="its contacts are read")
    note(world, run, RunState.CANCELLED, at=NOW + minutes(66), why="no more", actor="ann (command line)")
    first, second = printed(run).splitlines()[2:4]
    assert first.split() == (
        "Tue 01 Dec 10:00:00 04:30:00 opens: its contacts are read".split()  # noqa: SIM905
    )
    assert "11:06:00" in second
    assert "05:36:00" in second
    assert "+1 h 06" in second
    assert second.rstrip().endswith("cancelled: no more — ann (command line)")


def test_where_the_zone_is_utc_it_is_told_once(world):
    """The same time twice is read as two."""
    run = world.a_run()
    assert page.heads(story(world.ledger, run.key)) == ["UTC", "after", "what happened"]


def test_the_batch_is_named_only_where_there_are_several(world, printed):
    """Most runs have one."""
    run = world.a_run()
    first = world.a_batch(S.SCHEDULED, run=run, rows=0)
    note(world, first, why="verified: one batch")
    assert page.heads(story(world.ledger, run.key)) == ["UTC", "after", "what happened"]
    second = world.a_batch(S.SCHEDULED, run=run, rows=0, n=2, key="b", label="b")
    note(world, second, why="verified too")
    assert page.heads(story(world.ledger, run.key))[2] == "batch"
    assert [told.batch for told in story(world.ledger, run.key).events] == [1, 2]
    assert "next: batch 2 starts to dial at 2026-12-01 05:00 UTC" in printed(run)


def test_what_happens_to_all_meanwhile_is_part_of_the_story(world):
    """A run that was missed while everything was stopped is explained by that, and by who did it."""
    run = world.a_run(state=RunState.PLANNED)
    note(world, run, why="due")
    halt(world.context, "ann")
    note(world, run, RunState.MISSED, why="everything is stopped; no start is left")
    with world.ledger.write() as writer:
        writer.note_campaign(None, at=NOW, why="long after")
        writer.note_campaign("other", at=NOW, why="of another")
    assert [(told.words, told.actor) for told in story(world.ledger, run.key).events] == [
        ("due", None),
        ("meanwhile: everything is stopped", "ann"),
        ("missed: everything is stopped; no start is left", None),
    ]


@pytest.mark.parametrize(
    ("state", "more", "words", "at"),
    [
        (S.READY, {}, "is created", NOW),
        (S.READY, {"reason": "the day is full"}, "is created (now: the day is full)", NOW),
        (S.UNCERTAIN, {}, "is looked up at the provider", NOW),
        (S.SCHEDULED, {}, "starts to dial", DUE),
        (S.SCHEDULED, {"stop_reason": "stopped"}, "is stopped", NOW),
        (S.RUNNING, {"retry_at": DUE}, "tries again those who were not reached", DUE),
        (S.HELD, {}, "waits for you", None),
    ],
)
def test_what_comes_next_is_told_with_its_time(world, state, more, words, at):
    """Whoever waits wants to know for what, and how long."""
    run = world.a_batch(state, **more)
    (following,) = story(world.ledger, world.runs()[0].key).next
    assert (following.words, following.at, following.batch) == (words, at, run.n)


def test_every_state_of_a_batch_that_goes_on_has_a_next_step():
    """Or a new state would be a KeyError in the one command that people turn to in trouble."""
    known = {*telling.COMING, S.HELD, S.SCHEDULED}
    assert known == {state for state in S if not state.final}


def test_a_run_that_is_over_has_nothing_before_it(world):
    """And one that is to open says when."""
    assert story(world.ledger, world.a_run(state=RunState.FINISHED).key).next == []
    planned = world.a_run(state=RunState.PLANNED, due_at=DUE + timedelta(days=1), reason="halted")
    (following,) = story(world.ledger, planned.key).next
    assert (following.words, following.at) == ("opens (now: halted)", NOW)


def test_the_zone_of_what_comes_next_is_the_campaigns(world, printed):
    """As everything else on the page."""
    run = world.a_run(a_campaign(schedule={"timezone": "Asia/Kolkata"}))
    note(world, run, why="due")
    world.a_batch(S.SCHEDULED, run=run, rows=0)
    assert "next: starts to dial at 10:30 Asia/Kolkata (2026-12-01 05:00 UTC)" in printed(run)


def test_what_needs_a_person_says_exactly_what_to_type(world, monkeypatch):
    """At three in the morning nobody reads a manual."""
    batch = world.a_batch(S.HELD, reason="nobody knows")
    told = Console(file=StringIO(), width=60)
    monkeypatch.setattr(page, "out", told)
    page.print_what_is_held(telling_of(world))
    lines = told.file.getvalue()
    for act in ("--placed ID_AT_THE_PROVIDER", "--not-placed", "--give-up"):
        assert f"  callbeat resolve '{batch.key}' {act}\n" in lines


def telling_of(world):
    from callbeat.runs import report  # noqa: PLC0415

    return report.run(world.ledger, world.runs()[0].key)


def test_good_ends_and_bad_news_stand_out(world):
    """Among thirty lines one is looked for."""
    run = world.a_run()
    batch = world.a_batch(S.SCHEDULED, run=run, rows=0)
    note(world, batch, why="ALARM: it dials already")
    note(world, batch, S.HELD, why="nobody knows")
    note(world, run, RunState.FINISHED, why="all is well")
    assert [told.tone for told in story(world.ledger, run.key).events] == ["bad", "bad", "good"]


def test_a_person_who_acted_is_named_and_callbeat_is_not(world):
    """What is usual needs no name."""
    run = world.a_run()
    note(world, run, why="noted")
    stop_run(world.context, run.key, "ann (command line)")
    assert [told.actor for told in story(world.ledger, run.key).events] == [None, "ann (command line)"]


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (seconds(0.4), ""), (seconds(42), "+42 s"), (minutes(6.5), "+6 min"), (minutes(65), "+1 h 05"),
        (timedelta(days=3, hours=4), "+3 d 4 h"),
    ],
)  # fmt: skip
def test_how_long_a_step_took_is_told_in_the_unit_that_fits(span, words):
    """Nobody counts seconds of a day."""
    assert page.elapsed(span) == words


def test_an_unknown_run_is_refused_and_a_zone_is_read(world):
    """As everywhere."""
    with pytest.raises(Refusal, match="callbeat runs"):
        story(world.ledger, "nobody@20261201T0500Z")
    assert story(world.ledger, world.a_run().key).zone == ZoneInfo("UTC")
