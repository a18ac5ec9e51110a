"""Batches that are followed to their end on pretended time: a real ledger, the real steps, a sandbox over HTTP."""

import random
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, func, insert, or_, select

from bench.party import KEYS, ORIGIN, Party
from callbeat.campaigns.model import Campaign
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import BatchRow, CallRow, RunRow
from callbeat.runs.accounts import Accounts
from callbeat.runs.collect import collect
from callbeat.runs.context import Context
from callbeat.runs.create import create
from callbeat.runs.errands import Errand, allowed
from callbeat.runs.labels import label, run_key
from callbeat.runs.next_step import SINGLY, TALKS
from callbeat.runs.poll import poll
from callbeat.runs.reach import Reach
from callbeat.runs.revisions import remember
from callbeat.runs.schedule import schedule
from callbeat.runs.sweep import sweep
from callbeat.runs.verify import verify
from callbeat.settings import AccountSettings, Settings

A_SECOND, A_MINUTE, A_MARK = timedelta(seconds=1), timedelta(minutes=1), timedelta(minutes=10)
HALF_A_MINUTE, LONGEST = timedelta(seconds=30), timedelta(hours=8)
LOOK = "GET /bolna/batches/*"
SETTLED = [*range(88), *range(94, 100)]  # last digits whose call comes to an end on the day
STEPS = {"create": create, "schedule": schedule, "verify": verify, "collect": collect}


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent of one account, and how many batches of it are followed."""

    provider: str
    account: str
    name: str
    batches: int


class Hand:
    """A clock that goes where it is put; see `callbeat.clock.Clock`."""

    def __init__(self) -> None:
        self.time = ORIGIN

    def now(self) -> datetime:
        return self.time

    def stretch(self, real: timedelta) -> timedelta:
        return real


class Minutes:
    """A budget of requests a minute, on pretended time and in this process; see `callbeat.runs.gates.Budget`."""

    def __init__(self, clock: Hand) -> None:
        self._clock, self._sent = clock, dict[str, deque[datetime]]()

    def spend(self, account: str, a_minute: int, errand: Errand, requests: int = 1) -> timedelta | None:
        sent, now = self._sent.setdefault(account, deque()), self._clock.now()
        while sent and sent[0] <= now - A_MINUTE:
            sent.popleft()
        if len(sent) + requests > allowed(a_minute, errand):
            return timedelta(seconds=random.uniform(10, 20))
        sent.extend([now] * requests)
        return None


@dataclass
class Followed:
    """What became of it: `late` is seconds from each batch's real end until it was seen, by provider."""

    asked: Counter[str] = field(default_factory=Counter)  # requests after the first start, by kind
    late: dict[str, list[float]] = field(default_factory=dict)
    lasted: list[float] = field(default_factory=list)  # seconds of each batch
    unseen: int = 0  # batches whose end was not seen
    looks: int = 0  # of whoever asks for some of them each half minute until they are over
    looked_for: float = 0.0  # seconds that these lasted


class Follower:
    """One process that does all that is due, second by second; empty seconds are left out."""

    def __init__(self, folder: Path, party: Party, agents: Sequence[Agent], seed: int, calls: int) -> None:
        self._party, self._agents, self._chance, self._calls = party, agents, random.Random(seed), calls
        self._clock, self._queue = Hand(), deque[tuple[str, list[int]]]()
        self._ledger = Ledger(f"sqlite:///{folder / 'ledger.db'}")
        event.listen(self._ledger._engine, "connect", _without_disk)
        self._ledger.upgrade()
        self._seen: dict[int, datetime] = {}
        self.context = Context(
            ledger=self._ledger,
            clock=self._clock,  # type: ignore[arg-type]
            accounts=Accounts(self._settings(), self._ledger, self._clock.now, Minutes(self._clock)),
            site="bench",
            reach=Reach(folder),
            send=lambda task, ids: self._queue.append((task, list(ids))),
        )

    def _settings(self) -> Settings:
        accounts = {agent.account: agent.provider for agent in self._agents}
        made = {
            name: AccountSettings(
                provider=provider,
                api_key=f"{KEYS[provider]}{'' if name == provider else name}",
                workspace_id="ours",
                base_url=f"{self._party.address}/{provider}",
            )
            for name, provider in accounts.items()
        }
        return Settings(_env_file=None, accounts=made)

    def close(self) -> None:
        self._ledger.close()

    def prepare(self) -> None:
        """A run of one batch for each campaign; due somewhere in the hour that begins in half an hour."""
        for agent in self._agents:
            for n in range(agent.batches):
                self._one(agent, n)

    def _one(self, agent: Agent, n: int) -> None:
        campaign = _campaign(agent, n)
        due = ORIGIN + 3 * A_MARK + self._chance.randrange(6) * A_MARK
        run = RunRow(
            key=run_key(campaign.name, due, 0), campaign=campaign.name, revision=campaign.revision, due_at=due,
            opens_at=ORIGIN, state=RunState.ACTIVE, created_at=ORIGIN, next_action_at=None,
        )  # fmt: skip
        many = round(self._calls * self._chance.uniform(0.9, 1.1))
        with self._ledger.write() as writer:
            remember(writer, campaign, ORIGIN)
            writer.session.add(run)
            writer.session.flush()
            batch = BatchRow(
                key=f"{run.key}/1", run_id=run.id, n=1, provider=agent.provider, account=agent.account,
                agent=agent.name, label=label("bench", campaign.name, due, 0, 1), state=BatchState.READY,
                calls=many, next_action_at=ORIGIN,
            )  # fmt: skip
            writer.session.add(batch)
            writer.session.flush()
            people = [self._person(run.id, batch.id, row) for row in range(1, many + 1)]
            writer.session.execute(insert(CallRow), people)

    def _person(self, run: int, batch: int, row: int) -> dict[str, Any]:
        number = f"+1202{row:05}{self._chance.choice(SETTLED):02}"
        return {"run_id": run, "batch_id": batch, "row": row, "number": number, "variables": {}}

    def follow(self, plainly: int) -> Followed:
        """Until all are over, or for eight hours. So many of Bolna's are asked for each half minute besides."""
        self._until(ORIGIN + 3 * A_MARK - A_SECOND)
        before, told, looks = self._party.counts(), Followed(), 0
        asked_for = {batch.provider_ref: batch.start_at for batch in self._batches("bolna")[:plainly]}
        watched = dict(asked_for)
        while (asked_for or self._going_on()) and self._clock.time < ORIGIN + LONGEST:
            self._until(self._clock.time + HALF_A_MINUTE)
            for ref in [ref for ref, start in asked_for.items() if start <= self._clock.time]:
                looks += 1
                if self._party.is_over(ref):
                    del asked_for[ref]
        told.asked = self._party.counts() - before - Counter({LOOK: looks})
        told.looks, ends = looks, self._party.ends()
        told.looked_for = sum((ends[ref] - start).total_seconds() for ref, start in watched.items())
        return self._sums(told)

    def _batches(self, *providers: str) -> list[BatchRow]:
        with self._ledger.read() as session:
            return list(session.execute(select(BatchRow).where(BatchRow.provider.in_(providers))).scalars())

    def _going_on(self) -> bool:
        return len(self._seen) < sum(agent.batches for agent in self._agents)

    def _until(self, instant: datetime) -> None:
        while (due := self._next()) is not None and due <= instant:
            self._go_to(max(due, self._clock.time))
            sweep(self.context)
            while self._queue:
                self._do(*self._queue.popleft())
            self._go_to(self._clock.time + A_SECOND)
        self._go_to(instant)

    def _go_to(self, instant: datetime) -> None:
        if instant > self._clock.time:
            self._party.advance(instant - self._clock.time)
            self._clock.time = instant

    def _next(self) -> datetime | None:
        with self._ledger.read() as session:
            return session.execute(select(func.min(BatchRow.next_action_at))).scalar_one()

    def _do(self, task: str, ids: list[int]) -> None:
        if task == "poll":
            poll(self.context, ids)
        elif task in STEPS:
            for batch_id in ids:
                STEPS[task](self.context, batch_id)
                if task == "collect":
                    self._note_end(batch_id)

    def _note_end(self, batch_id: int) -> None:
        """A batch's end is seen once every call is accounted for; talk times may still be read then."""
        reads = or_(BatchRow.page.startswith(TALKS), BatchRow.page.startswith(SINGLY))
        over = select(BatchRow.id).where(BatchRow.id == batch_id, or_(reads, BatchRow.state == BatchState.FINISHED))
        with self._ledger.read() as session:
            if session.execute(over).first():
                self._seen.setdefault(batch_id, self._clock.time)

    def _sums(self, told: Followed) -> Followed:
        ends = self._party.ends()
        for batch in self._batches(*KEYS):
            end, seen = ends.get(batch.provider_ref or ""), self._seen.get(batch.id)
            if end is None or seen is None or batch.start_at is None:
                told.unseen += 1
                continue
            told.late.setdefault(batch.provider, []).append((seen - end).total_seconds())
            told.lasted.append((end - batch.start_at).total_seconds())
        return told


def _without_disk(connection: Any, _record: object) -> None:
    """What is measured is requests: nothing waits for a disk."""
    connection.execute("PRAGMA synchronous = OFF")


def _campaign(agent: Agent, n: int) -> Campaign:
    plain = {
        "name": f"{agent.account}-{agent.name[-17:]}-{n}".lower().replace("_", "-"),
        "provider": agent.provider, "account": agent.account, "agent": agent.name, "hours": "any",
        "schedule": {"cron": "0 5 * * *", "timezone": "UTC", "late": A_MARK * 6},
        "contacts": {"source": "contacts/none.csv"},
    }  # fmt: skip
    if agent.provider == "cartesia":
        plain |= {"from_numbers": ("pn_main",), "concurrency": 1}
    return Campaign.model_validate(plain)
