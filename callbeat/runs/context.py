"""What every step needs: the ledger, the clock, the accounts, and a way to send the next task."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from callbeat.clock import Clock
from callbeat.ledger.marks import HomeMark, Keeper
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import SwitchRow
from callbeat.ledger.telling import Receivers
from callbeat.notify.letter import Attachment
from callbeat.runs.accounts import Accounts
from callbeat.runs.ceilings import NO_CEILINGS, Ceilings
from callbeat.runs.forgotten import recall_all
from callbeat.runs.gates import Budget
from callbeat.runs.reach import Reach, reach_of
from callbeat.runs.world import claim_world, world_of
from callbeat.settings import Settings
from callbeat.settings_notify import NotifySettings

log = structlog.get_logger("callbeat")
Send = Callable[[str, Sequence[int]], None]
Messages = Sequence[tuple[str, Sequence[int]]]
Attach = Callable[["Context", str, str], Attachment]  # of "report" or "csv", and a run's name
REQUESTS_IN_A_LEASE = 4
HALTED = "halted"


@dataclass(frozen=True)
class Context:
    """One per process. `timeout` is the total deadline of a request in real seconds; `term` names this process."""

    ledger: Ledger
    clock: Clock
    accounts: Accounts
    site: str
    reach: Reach
    send: Send
    timeout: float = 30.0
    can_send: Callable[[], bool] = lambda: True
    send_in_one_go: Callable[[Messages], None] | None = None
    allow_numbers: frozenset[str] | None = None  # the only ones that may be called; None allows all
    ceilings: Ceilings = NO_CEILINGS
    needs_approval: Callable[[str], bool] = lambda _account: False  # whether revisions of that account do
    hook: Callable[[str], str | None] = lambda _provider: None  # where a provider posts to, if it can reach us
    keepers: Sequence[Keeper] = ()  # who knows, outside of the ledger, how far it had come
    notify: NotifySettings = field(default_factory=NotifySettings)
    dashboard_url: str | None = None  # where people reach it
    attach: Attach | None = None  # makes what goes with an e-mail
    term: str = field(default_factory=lambda: secrets.token_hex(8))

    def send_all(self, messages: Messages) -> None:
        """Send many tasks, in one go where there is a way to."""
        if self.send_in_one_go is not None:
            self.send_in_one_go(messages)
            return
        for task, ids in messages:
            self.send(task, ids)

    @property
    def config_root(self) -> Path:
        """The folder from which the paths of campaign files start."""
        return self.reach.root

    @property
    def lease(self) -> timedelta:
        """How long a claim lasts, real time: several requests, each with its whole deadline."""
        return timedelta(seconds=self.timeout * REQUESTS_IN_A_LEASE)


def open_context(
    settings: Settings,
    send: Send,
    can_send: Callable[[], bool] = lambda: True,
    budget: Budget | None = None,
    send_in_one_go: Callable[[Messages], None] | None = None,
    attach: Attach | None = None,
) -> Context:
    """A process's context: its ledger ready, and of the right world. Without a budget nothing is held back.

    Raises:
        CallbeatError: a setting is wrong, or the ledger does not work or belongs to another world.
    """
    clock, ledger = settings.make_clock(), Ledger(settings.ledger_url, always_told(settings.notify))
    ledger.ensure_ready()
    claim_world(ledger, world_of(settings))
    recall_all(ledger, keepers := [HomeMark(settings.home)], clock.now())
    return Context(
        ledger=ledger,
        clock=clock,
        accounts=Accounts(settings, ledger, clock.now, budget),
        site=settings.site,
        reach=reach_of(settings),
        send=send,
        timeout=settings.request_timeout,
        can_send=can_send,
        send_in_one_go=send_in_one_go,
        allow_numbers=None if settings.allow_numbers is None else frozenset(settings.allow_numbers),
        ceilings=Ceilings(settings.daily_calls, settings.daily_cost),
        needs_approval=settings.needs_approval,
        hook=settings.hooks.address_for,
        keepers=keepers,
        notify=settings.notify,
        dashboard_url=settings.dashboard.url,
        attach=attach,
    )


def always_told(settings: NotifySettings) -> Receivers:
    """Who is told of every campaign."""
    return Receivers(settings.url, settings.emails)


def halted_since(session: Session) -> datetime | None:
    """Since when everything is stopped, by the red button, or None."""
    return session.execute(select(SwitchRow.halted_since)).scalar_one_or_none()
