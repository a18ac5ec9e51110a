"""A webhook brings a look forward, and no more: whoever lies costs a look now and then."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from callbeat.ledger.states import BatchState
from callbeat.providers.answers import Accepted
from callbeat.providers.port import Phase
from callbeat.runs.hints import Hint, heed, read_hint
from callbeat.runs.needs import needs_of
from callbeat.runs.poll import poll
from tests.factories import AGENT, DUE, REF, a_campaign, minutes, seconds, seen

S = BatchState


@pytest.fixture(autouse=True)
def _in_the_middle(world):
    world.clock.time = DUE + minutes(30)


def a_batch(world, state=S.RUNNING, **over):
    return world.a_batch(state, **{"verified": 2, "next_action_at": world.now + minutes(12)} | over)


def about(*batches, agents=(), provider="bolna", of_a_call=False):
    return Hint(provider, frozenset(batches), frozenset(agents), of_a_call)


def brought(world, batch, *hints):
    """How soon it is looked at after these."""
    heed(world.context, hints)
    return world.get(batch).next_action_at - world.now


def test_what_a_hint_is_about_is_looked_at_at_the_next_mark(world):
    """Within 15 seconds or so, and not in twelve minutes."""
    batch = a_batch(world)
    assert seconds(5) <= brought(world, batch, about(REF)) <= seconds(20)
    assert (world.get(batch).state, world.sent, world.events(batch)) == (S.RUNNING, [], [])


def test_a_flood_of_lies_costs_a_look_each_15_seconds(world):
    """The ledger itself holds them back: a look that is near is never brought nearer."""
    batch = a_batch(world, seen="f1", rows=100)
    looks = []
    for _ in range(600):
        heed(world.context, [about(REF), about("nobody's"), about(agents=[AGENT])])
        if world.get(batch).next_action_at <= world.now:
            world.provider.will("list_batches", Accepted([seen(phase=Phase.DIALLING, over=50, fingerprint="f1")]))
            poll(world.context, [batch.id])
            looks.append(world.now)
        world.clock.go(seconds(1))
    assert 20 < len(looks) <= 600 / 15 + 1
    assert min(b - a for a, b in pairwise(looks)) >= seconds(5)


@pytest.mark.parametrize(
    ("state", "over"),
    [
        (S.SCHEDULED, {"start_at": DUE + minutes(40)}),
        (S.SCHEDULED, {"verified": 1}),
        (S.RUNNING, {"retry_at": DUE + minutes(42)}),
        (S.RUNNING, {"collect_wanted": True}),
        (S.HELD, {}),
        (S.CREATED, {}),
        (S.STOPPING, {}),
    ],
)
def test_what_does_not_dial_or_does_not_wait_for_a_look_is_left_alone(world, state, over):
    """Nothing is polled before its start, and no step is hurried that a provider's word could hurt."""
    batch = a_batch(world, state, **over)
    assert brought(world, batch, about(REF), about(agents=[AGENT])) == minutes(12)


def test_another_provider_cannot_speak_of_a_batch(world):
    """Each has an address of its own."""
    assert brought(world, a_batch(world), about(REF, provider="cartesia")) == minutes(12)


def test_a_word_about_a_single_call_matters_only_near_the_end(world):
    """A batch of a thousand calls would else be looked at a thousand times."""
    batch = a_batch(world)
    assert brought(world, batch, about(REF, of_a_call=True), about(agents=[AGENT], of_a_call=True)) == minutes(12)
    world.set(batch, next_action_at=world.now + minutes(3))
    assert brought(world, batch, about(agents=[AGENT], of_a_call=True)) <= seconds(20)


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ({"batch_id": "b1", "status": "completed"}, about("b1")),
        ({"data": {"batch_id": "b1"}}, about("b1")),
        (
            {"id": "x", "batch_id": "b1", "agent_id": "a", "telephony_data": {}},
            about("b1", agents="a", of_a_call=True),
        ),
        ({"event": "call_completed", "call": {"agent_id": "a"}}, about(agents="a", of_a_call=True)),
        ({"agent_id": "a"}, about(agents="a", of_a_call=True)),
    ],
)
def test_ids_are_read_wherever_they_stand(body, hint):
    """No schema is published."""
    assert read_hint("bolna", json.dumps(body).encode()) == hint


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xff", b"[]", b"null", b"7", b"{}", b'{"batch_id": 7}', b'{"batch_id": ""}', b'{"batch_id": null}',
        json.dumps({"batch_id": "x" * 121}).encode(), b"[" * 100_000,
        b'{"a":' * 9 + b'{"batch_id": "b"}' + b"}" * 9,
        json.dumps({str(n): {"batch_id": str(n)} for n in range(11)}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_hint_is_none(body):
    """Anybody who knows the secret may post anything."""
    assert read_hint("bolna", body) is None


def test_a_provider_is_told_where_to_post_unless_the_campaign_says_so_itself():
    """Both would be one too many: Bolna takes one address."""
    ours, theirs = "https://hooks.example.com/hooks/bolna/s", "https://example.com/hook"
    assert needs_of(a_campaign(), hook=ours).options == {"webhook_url": ours}
    own = a_campaign(options={"webhook_url": theirs})
    assert needs_of(own, hook=ours).options == {"webhook_url": theirs}
    assert needs_of(a_campaign()).options == {}


def test_a_batch_that_we_are_told_of_is_asked_for_less_often(world):
    """That is what webhooks save; where one is lost, the end is seen two minutes later."""
    near = Accepted([seen(phase=Phase.DIALLING, over=98, fingerprint="f2")])
    batch = a_batch(world, rows=100, seen="f2", next_action_at=world.now)
    world.provider.will("list_batches", near, near)
    poll(world.context, [batch.id])
    assert world.get(batch).next_action_at <= world.now + seconds(60)
    world.context = replace(world.context, hook=lambda _provider: "https://hooks.example.com/hooks/bolna/s")
    poll(world.context, [batch.id])
    assert world.get(batch).next_action_at == world.now + minutes(2)


def test_who_waits_for_a_turn_or_after_a_defect_is_not_hurried(world):
    """A 429 said when to ask again; a step that raises, asked each quarter minute, would soon be given up."""
    batch = a_batch(world, reason="the budget is used up", provider_ref="p1")
    assert brought(world, batch, about("p1")) == minutes(12)
