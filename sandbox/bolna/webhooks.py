"""What Bolna posts to a batch's `webhook_url`: the batch, as a read shows it."""

from datetime import datetime
from typing import Any

from sandbox.bolna.batches import Batch
from sandbox.bolna.switches import Switches
from sandbox.bolna.views import batch_view, status_word
from sandbox.provider import Post

ENDED = frozenset({"completed", "stopped", "failed"})
TERMINAL = frozenset({"completed", "no-answer", "busy", "failed", "canceled", "stopped", "error", "balance-low"})


def news_of(batch: Batch, now: datetime, switches: Switches) -> Post | None:
    """Its end, and the end of its last call; or each change of its status. Both ends at once are told once."""
    word = _word(batch, now, switches)
    if batch.deleted or word == batch.told:
        return None
    batch.told = word
    return _post(batch, batch_view(batch, now, switches))


def lie_of(batch: Batch, now: datetime, switches: Switches) -> Post | None:
    """That it is completed, although it is not."""
    if batch.deleted or batch.start is None or batch.status(now) in ENDED:
        return None
    over = {"completed": len(batch.upload.contacts)}
    return _post(batch, {**batch_view(batch, now, switches), "status": "completed", "execution_status": over})


def _word(batch: Batch, now: datetime, switches: Switches) -> str:
    if batch.status(now) not in ENDED:
        return status_word(batch, now, switches) if switches.webhooks == "statuses" else "created"
    over = batch.reckoning.instants[-1] <= now and batch.reckoning.counts(now).keys() <= TERMINAL
    return status_word(batch, now, switches) + (", and every call" if over else "")


def _post(batch: Batch, body: dict[str, Any]) -> Post:
    return Post(batch.webhook_url or "", batch.id, body["status"], body, {})
