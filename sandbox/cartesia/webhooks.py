"""What Cartesia posts to an agent's webhook: the beginning and the end of each call, never a batch."""

from datetime import datetime
from typing import Any

from sandbox.cartesia.batches import Batch
from sandbox.cartesia.instants import stamp
from sandbox.cartesia.plan import Attempt
from sandbox.cartesia.switches import AgentWebhook, Switches
from sandbox.cartesia.views import call_view
from sandbox.provider import Post

EVENTS = {"started": "call_started", "completed": "call_completed", "failed": "call_failed"}


def news_of(batch: Batch, hook: AgentWebhook, now: datetime, switches: Switches) -> list[Post]:
    """Each call that was answered or has ended since."""
    return [
        _post(hook, EVENTS[status], batch, call_view(batch, call, now, switches, transcript=True), now)
        for call in batch.reckoning.dialled(now)
        if (status := call.call_status(now)) in EVENTS and _is_new(batch, call, status)
    ]


def lies_of(batch: Batch, hook: AgentWebhook, now: datetime, switches: Switches) -> list[Post]:
    """That every call which is not over has been completed."""
    over = {"status": "completed", "end_time": stamp(now)}
    live = [call for call in batch.reckoning.dialled(now) if call.call_status(now) in ("created", "started")]
    views = [call_view(batch, call, now, switches, transcript=True) for call in live]
    return [_post(hook, "call_completed", batch, view | over, now) for view in views]


def _is_new(batch: Batch, call: Attempt, status: str) -> bool:
    place = (call.row, call.attempt)
    before, batch.told[place] = batch.told.get(place), status
    return before != status


def _post(hook: AgentWebhook, event: str, batch: Batch, call: dict[str, Any], now: datetime) -> Post:
    body = {
        "type": event,
        "call_id": call["id"],
        "agent_id": batch.agent,
        "timestamp": stamp(now),
        "call": call,
    }
    return Post(hook.url, batch.agent, event, body, {"x-webhook-secret": hook.secret.get_secret_value()})
