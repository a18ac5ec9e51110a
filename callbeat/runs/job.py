"""A batch that is claimed, with all that a step needs of it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session
from structlog.contextvars import bind_contextvars

from callbeat.campaigns.model import Campaign
from callbeat.clock import monotonic
from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import BatchRow, RunRow
from callbeat.ledger.writer import SWITCHES
from callbeat.providers.answers import Busy
from callbeat.providers.capabilities import Capabilities
from callbeat.providers.port import Provider, Rules
from callbeat.providers.registry import rules_of
from callbeat.runs.ceilings import over_a_ceiling
from callbeat.runs.context import HALTED, Context, halted_since
from callbeat.runs.errands import Errand, no_longer_than, on_the_way
from callbeat.runs.gates import USED_UP, Budgeted, HeldBack
from callbeat.runs.lease import Hold, claim_within
from callbeat.runs.next_step import LIVE, task_for_batch
from callbeat.runs.pace import overdue
from callbeat.runs.revisions import load_campaign
from callbeat.runs.starts import (
    MARGIN,
    STOP_AHEAD,
    Chosen,
    NoneLeft,
    Until,
    choose_start,
    dial_until,
    permitted,
    within_hours,
)

SOON = timedelta(seconds=10)
TAKEN_UP_WITHIN = timedelta(seconds=10)  # real time; else its message is lost, and the sweep sends another


@dataclass
class BatchJob:
    """A claimed batch with all that belongs to it."""

    context: Context
    hold: Hold
    batch: BatchRow
    run: RunRow
    rules: Rules
    provider: Provider
    no_funds: str | None = None  # why this account may create and schedule nothing now
    closed: str | None = None  # why it may be asked nothing

    @property
    def now(self) -> datetime:
        """Campaign time."""
        return self.context.clock.now()

    @cached_property
    def campaign(self) -> Campaign:
        """As it was when the run opened. Not read before it is needed: a batch is stopped without it."""
        return load_campaign(self.context.ledger, self.run.campaign, self.run.revision)

    @property
    def can(self) -> Capabilities:
        """What the provider can do."""
        return self.rules.capabilities

    @property
    def now_there(self) -> datetime:
        """Campaign time by the later of our clock and the provider's."""
        return self.now + max(self.provider.clock_difference, timedelta(0))

    @property
    def due_at(self) -> datetime:
        """When its wave is due: its recipients' hours may begin after the run is."""
        return self.batch.due_at or self.run.due_at

    @property
    def places(self) -> Collection[str]:
        """Where its recipients are, where the hours ask for that."""
        return self.batch.places or ()

    @property
    def ids(self) -> dict[str, str]:
        """What every line written about it carries."""
        return {"run": self.run.key, "batch": self.batch.key}

    @property
    def ref(self) -> str:
        """The provider's id of the batch."""
        return self.batch.provider_ref or ""

    @property
    def overdue(self) -> bool:
        """Whether the batch has waited so long that a person must be asked; its retries take their time."""
        if not overdue(self.batch, self.now):
            return False
        wish = self.campaign.retries if self.batch.state in LIVE else None
        return overdue(self.batch, self.now, sum(wish.after, timedelta(0)) if wish else timedelta(0))

    def before_page(self) -> None:
        """To be called before each request of a long reading: the lease is prolonged once half of it is gone.

        Raises:
            LedgerConflict: the batch is not ours any more.
            Lapsed: too little of the lease is left.
        """
        if self.hold.until - monotonic() < self.context.lease.total_seconds() / 2:
            with self.context.ledger.write() as writer:
                self.hold.renew(writer, self.batch)
        self.hold.check()

    def move(
        self, to: BatchState, why: str, *, wait: timedelta = timedelta(0), go_on: bool = False, **changes: Any
    ) -> None:
        """Move the batch in a transaction of its own, and give it back unless `keep_lease`.

        `go_on` sends its next task at once.
        """
        now = self.now
        changes.setdefault("next_action_at", now + (self._left_alone(to, changes) if go_on else wait))
        with self.context.ledger.write() as writer:
            writer.move(self.batch, to, at=now, why=why, **changes)
        if go_on:
            self.next_task()

    def release(
        self, *, wait: timedelta = timedelta(0), why: str | None = None, go_on: bool = False, **changes: Any
    ) -> None:
        """Give the batch back as it is, to be acted on again after `wait`; `why` makes an event of it.

        `go_on` sends its next task at once.
        """
        now = self.now
        until = now + (self._left_alone(self.batch.state, changes) if go_on else wait)
        with self.context.ledger.write() as writer:
            writer.release(self.batch, next_action_at=until, **changes)
            if why is not None:
                writer.note(self.batch, at=now, why=why)
        if go_on:
            self.next_task()

    def _left_alone(self, state: BatchState, changes: dict[str, Any]) -> timedelta:
        """How long the sweep leaves a batch alone whose next task is sent now: else it would send a second one.

        A wish to stop waits for no lost message, and nothing is sent while the broker is away, or of what is held.
        """
        wished = changes.get("stop_reason", self.batch.stop_reason) is not None
        at_once = wished or state is BatchState.HELD or not self.context.can_send()
        return timedelta(0) if at_once else self.context.clock.stretch(TAKEN_UP_WITHIN)

    def wait(self, wait: timedelta, reason: str, **changes: Any) -> None:
        """Give the batch back to be looked at again; one that has waited too long is held for a person.

        The reason is an event only when it is a new one: a provider may be away for hours.
        """
        if self.overdue and self.batch.reason is not None:  # and not at the first such answer
            words = f"given up waiting: {reason}"
            self.move(BatchState.HELD, words, **changes | {"reason": words})
            return
        why = None if self.batch.reason == reason else reason
        until = None if self.batch.state is BatchState.STOPPING else self.batch.dial_until
        if until is not None:  # a provider's Retry-After must not outlast the hours
            wait = min(wait, max(until - STOP_AHEAD - self.now, SOON))
        self.release(wait=wait, why=why, **changes | {"reason": reason})

    def goes_on_as(self, errand: Errand) -> None:
        """What is asked from now on is for that: it does not use the part that is kept for what went before."""
        if isinstance(self.provider, Budgeted):
            self.provider = self.provider.on(errand)

    def afford(self, requests: int) -> bool:
        """Whether the requests that are sent next may leave; else the batch is given back, to wait for its turn."""
        busy = self.provider.afford(requests) if isinstance(self.provider, Budgeted) else None
        if busy is not None:
            self.wait(self.turn(busy), busy.reason)
        return busy is None

    def turn(self, busy: Busy) -> timedelta:
        """How long to wait before a start; what did not leave here, for want of budget, no longer than it may."""
        return busy.retry_in if busy.sent else no_longer_than(busy.retry_in, self._last_moments(), self.now)

    def _last_moments(self) -> tuple[datetime, ...]:
        """Until when a start can be asked for on time, and not too late; and shortly before the one asked for."""
        on_time = self.rules.rounded(self.due_at) - self.can.earliest - MARGIN
        asked = [self.batch.start_at - SOON] if self.batch.start_at else []
        return on_time, on_time + self.campaign.schedule.late, *asked

    def choose_start(self) -> Chosen | NoneLeft:
        """The start to ask for now, by the provider's clock."""
        now, by_hand = self.now + self.provider.clock_difference, bool(self.run.manual)
        return choose_start(self.rules, self.campaign, self.due_at, now, by_hand=by_hand, places=self.places)

    def within_hours(self, start_at: datetime) -> Until | NoneLeft:
        """Whether its calls may begin at that instant."""
        return within_hours(self.campaign, start_at, self.places)

    def dial_until(self, start_at: datetime) -> datetime | None:
        """When the hours of that start end; at once, for one outside the hours."""
        return dial_until(self.campaign, start_at, self.places)

    def permits(self, start_at: datetime) -> bool:
        """Whether a start that the provider chose is inside hours and `late`."""
        by_hand = bool(self.run.manual)
        return permitted(self.rules, self.campaign, self.due_at, start_at, by_hand=by_hand, places=self.places)

    def held_back(self, start_at: datetime, session: Session | None = None) -> HeldBack | None:
        """Why nothing that starts then may be created, scheduled or tried again now, or None."""
        if session is None:
            with self.context.ledger.read() as session:
                return self.held_back(start_at, session)
        if self.no_funds is not None:
            return HeldBack("no_funds", self.no_funds)
        if halted_since(session) is not None:
            return HeldBack(HALTED, "everything is stopped")
        return over_a_ceiling(self.context.ceilings, session, self.batch, start_at)

    def reserve(self, to: BatchState, why: str, begins: datetime, **changes: Any) -> HeldBack | None:
        """Move to a state from which it may dial, or say what holds it back: others reserve at the same time."""
        with self.context.ledger.write() as writer:
            writer.lock(SWITCHES)
            held = self.held_back(begins, writer.session)
            if held is None:
                writer.move(self.batch, to, at=self.now, why=why, keep_lease=True, **changes)
        return held

    def in_vain(self, none: NoneLeft) -> NoneLeft:
        """Why no start is left: what held it back until then, where something did."""
        shut = HeldBack("account_closed", self.closed) if self.closed is not None else None
        held = shut or self.held_back(self.rules.rounded(self.due_at))
        if held is None and (self.batch.reason or "").startswith(USED_UP):
            held = HeldBack(none.reason, self.batch.reason or "")
        return none if held is None else NoneLeft(held.reason, f"{held.words}; {none.words}")

    def note(self, why: str) -> None:
        """An event, whoever holds the row by now."""
        with self.context.ledger.write() as writer:
            writer.note(self.batch, at=self.now, why=why)

    def next_task(self) -> None:
        """The fast path: what is due at once is sent at once, without waiting for the sweep."""
        if self.batch.state.final:
            self.context.send("finish", [self.run.id])
        elif self.batch.state is not BatchState.HELD:
            self.context.send(task_for_batch(self.batch, self.now), [self.batch.id])


def claim_batch(
    context: Context, batch_id: int, states: Collection[BatchState], errand: Errand = Errand.POLL
) -> BatchJob | None:
    """Take a batch, its run, its campaign and its provider, who is asked for that errand.

    None if it is not to be had, or if it is to be stopped and this is not the stop: that is sent instead.
    """
    with context.ledger.write() as writer:
        taken = claim_within(context, writer, BatchRow, batch_id, states)
        run = None if taken is None else writer.snapshot(RunRow, taken[0].run_id)
    if taken is None or run is None:
        return None
    batch, hold = taken
    bind_contextvars(run=run.key)
    door = context.accounts.enter(batch.account, batch.provider, context.clock.now())
    rules = rules_of(batch.provider)
    provider = _on(errand, door.provider, batch.start_at or batch.due_at or run.due_at, context.clock.now())
    job = BatchJob(context, hold, batch, run, rules, provider, door.no_funds, door.closed)
    if errand is not Errand.STOP and task_for_batch(batch, job.now) == "stop":
        job.release()
        job.next_task()
        return None
    return job


def _on(errand: Errand, provider: Provider, start_at: datetime, now: datetime) -> Provider:
    if not isinstance(provider, Budgeted):
        return provider
    return provider.on(on_the_way(start_at, now) if errand is Errand.START else errand)
