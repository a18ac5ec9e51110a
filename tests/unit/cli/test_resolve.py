"""What `resolve` is about to do is told before it is asked or done, with what the ledger and the provider say."""

import pytest

from callbeat.errors import Refusal, UsageError
from callbeat.ledger.states import BatchState
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Busy, Refused, Why
from callbeat.providers.port import Phase
from callbeat.providers.registry import ADAPTERS
from cli import acting
from tests.factories import DUE, NOW, REF, a_campaign, a_world, minutes, parked, seen

S = BatchState
LABEL = "cb-main-daily-20261201T0500Z-1"
WHY = "created 2 times without an answer and not to be found by its label"
NOT_THERE = Refused("404", Why.NOT_FOUND)


@pytest.fixture
def world(tmp_path, monkeypatch):
    world = a_world(tmp_path)
    for provider in ADAPTERS:
        monkeypatch.setitem(ADAPTERS, provider, lambda *_, **__: world.provider)
    monkeypatch.setattr(acting, "load", lambda: None)
    monkeypatch.setattr(acting, "make_context", lambda _: world.context)
    monkeypatch.setattr(acting.sys.stdin, "isatty", lambda: False, raising=False)
    yield world
    world.ledger.close()


def held(world, provider="bolna", **over):
    campaign = a_campaign(provider=provider, schedule={"late": minutes(60)})
    return world.a_batch(S.HELD, campaign=campaign, **{"provider_ref": None, "reason": WHY} | over)


def says(capsys, batch, **how) -> list[str]:
    plain = {"placed": None, "not_placed": False, "give_up": False, "yes": True}
    acting.resolve(batch.key, **plain | how)
    return capsys.readouterr().err.splitlines()


@pytest.mark.parametrize(
    "how", [{"placed": REF}, {"not_placed": True}, {"give_up": True}], ids=["placed", "not placed", "given up"]
)
def test_nothing_is_done_before_it_is_told_and_confirmed(world, capsys, how):
    """There is nobody to ask here: everything was told, and nothing was done."""
    batch = held(world)
    world.provider.will("get", Accepted(seen()))
    world.provider.will("list_batches", Accepted([]))
    with pytest.raises(UsageError, match="--yes"):
        says(capsys, batch, **how, yes=False)
    told = capsys.readouterr().err.splitlines()
    assert told[0] == f"{batch.key} is held: {WHY}"
    assert told[-1].startswith("so it becomes ")
    assert (world.get(batch).state, world.provider.changes) == (S.HELD, [])


def test_what_is_known_of_it_is_told_first(world, capsys):
    """How many calls, under which label, what became of them, when; and what stands at the provider now."""
    batch = held(world, provider_ref=REF, start_at=DUE)
    world.provider.will("get", Accepted(seen(phase=Phase.DIALLING, status_word="in_progress")))
    _, ledger, provider, *_ = says(capsys, batch, give_up=True)
    facts = f"ledger: 2 calls (waiting 2), labelled {LABEL}, id {REF}, starts 2026-12-01 05:00 UTC"
    assert ledger == facts
    assert provider == f"bolna (account bolna): {REF} is in_progress, 2 calls, starts 2026-12-01 05:00 UTC"


@pytest.mark.parametrize(
    ("provider", "answer", "words"),
    [
        ("bolna", Accepted([seen(ref="b7")]), "b7 is scheduled, 2 calls, starts 2026-12-01 05:00 UTC"),
        ("bolna", Accepted([parked(ref="b7")]), "b7 is created, 2 calls, without a start"),
        ("cartesia", Accepted([seen(label="another")]), "nothing that bears its label"),
        ("cartesia", Busy("503", away=True), "no answer: 503"),
        ("trillet", None, "looked up by nobody but you"),
    ],
)
def test_what_has_no_id_is_looked_for_by_its_label(world, capsys, provider, answer, words):
    """Where that can be: whoever says that it is not there should see it if it is."""
    batch = held(world, provider)
    if answer is not None:
        world.provider.will("list_batches", answer)
    assert words in says(capsys, batch, give_up=True)[2]
    assert world.provider.changes == []


@pytest.mark.parametrize(
    ("shown", "to", "words"),
    [
        (seen(), S.SCHEDULED, "it becomes scheduled: b1 is scheduled, 2 calls, starts 2026-12-01 05:00 UTC"),
        (seen(phase=Phase.DIALLING, status_word="running"), S.RUNNING, "it becomes running: b1 is running"),
        (seen(phase=Phase.OVER, status_word="done"), S.RUNNING, "it becomes running: b1 is done"),
    ],
)
def test_what_is_placed_is_followed(world, capsys, shown, to, words):
    """Nothing is created by it."""
    batch = held(world)
    world.provider.will("list_batches", Accepted([]))
    world.provider.will("get", Accepted(shown))
    *_, so, done = says(capsys, batch, placed=REF)
    assert words in so
    assert "and is followed; nothing is created" in so
    assert (world.get(batch).state, done) == (to, f"{batch.key} is {to} now")


def test_what_is_placed_and_was_to_stop_is_stopped(world, capsys):
    """Whoever says that it is there should know that it ends by that."""
    batch = held(world, stop_reason="stopped")
    world.provider.will("list_batches", Accepted([]))
    world.provider.will("get", Accepted(seen()))
    assert "It is stopped there at once" in says(capsys, batch, placed=REF)[3]


@pytest.mark.parametrize(
    ("provider", "words"),
    [
        (
            "bolna",
            "it is looked for once more by its label, then made anew with 2 calls, to start 2026-12-01 05:00",
        ),
        ("trillet", "it is made anew with 2 calls, to start 2026-12-01 05:00"),
    ],
)
def test_what_is_not_placed_is_made_again_with_time_left(world, capsys, provider, words):
    """And what that means if it is there after all."""
    batch = held(world, provider, in_doubt_since=NOW - minutes(60))
    world.provider.will("list_batches", Accepted([]))
    so = says(capsys, batch, not_placed=True)[3]
    assert words in so
    assert "If it does exist after all, these people are called twice" in so
    assert world.get(batch).state is S.READY


def test_what_is_not_placed_and_too_late_is_missed(world, capsys):
    """It is told before, not found out afterwards."""
    batch = held(world)
    world.provider.will("list_batches", Accepted([]))
    world.clock.time = DUE + minutes(120)
    so = says(capsys, batch, not_placed=True)[3]
    assert so.startswith("so it becomes missed: ")
    assert "its 2 calls are not placed, and nothing is sent" in so
    assert world.get(batch).state is S.MISSED


def test_what_is_not_placed_and_was_to_stop_is_cancelled(world, capsys):
    """A wish to stop outlasts it."""
    batch = held(world, stop_reason="stopped")
    world.provider.will("list_batches", Accepted([]))
    assert "is cancelled: a stop was asked for. Nothing is sent" in says(capsys, batch, not_placed=True)[3]


def test_what_is_given_up_says_how_many_count_as_called(world, capsys):
    """And that what runs there runs on."""
    batch = held(world, provider_ref=REF, rows=3)
    first = world.calls(batch)[0]
    world.set(first, outcome=Outcome.ANSWERED)
    world.provider.will("get", NOT_THERE)
    *_, so, done = says(capsys, batch, give_up=True)
    assert "2 calls without an outcome become unknown, which counts as called, and 1 keep theirs" in so
    assert "what runs at bolna runs on" in so
    assert done == f"{batch.key} is failed now"


def test_what_cannot_be_done_is_refused_before_anybody_is_asked(world, capsys):
    """Not after a yes."""
    batch = held(world)
    world.provider.will("list_batches", Accepted([]))
    world.provider.will("get", NOT_THERE)
    with pytest.raises(Refusal, match="does not show nope"):
        says(capsys, batch, placed="nope", yes=False)
