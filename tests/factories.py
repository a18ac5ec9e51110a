"""What tests are made of: valid things of which a test names only the part it is about."""

import atexit
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import event, insert, select, update

from callbeat.campaigns.model import Campaign
from callbeat.ledger.forms import head
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import (
    BatchRow,
    CallRow,
    CampaignRow,
    EventRow,
    RevisionRow,
    RunRow,
    SwitchRow,
    Table,
)
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted
from callbeat.providers.port import AccountSeen, BatchSeen, CallPage, CallSeen, Created, NewBatch, Page, Phase
from callbeat.runs.accounts import Accounts
from callbeat.runs.context import Context
from callbeat.runs.labels import label, run_key
from callbeat.runs.reach import Reach
from callbeat.settings import AccountSettings, Settings
from tests.postgres import ON_POSTGRES, new_database

DUE = datetime(2026, 12, 1, 5, 0, tzinfo=UTC)  # a Tuesday
NOW = DUE - timedelta(minutes=30)
AGENT = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
LONG_PAST = datetime(2020, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2100, 1, 1, tzinfo=UTC)
REF = "b1"


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def a_campaign(**over: Any) -> Campaign:
    """A valid campaign: daily at 05:00 UTC, any hour. Parts given as mappings are laid over the plain ones."""
    plain: dict[str, Any] = {
        "name": "daily",
        "provider": "bolna",
        "account": "bolna",
        "agent": AGENT,
        "schedule": {"cron": "0 5 * * *", "timezone": "UTC", "lead": minutes(30), "late": minutes(20)},
        "contacts": {"source": "contacts/daily.csv"},
        "hours": "any",
    }
    plain |= AT_HOME.get(over.get("provider", "bolna"), {})
    for name, value in over.items():
        both = isinstance(value, dict) and isinstance(plain.get(name), dict)
        plain[name] = plain[name] | value if both else value
    return Campaign.model_validate(plain)


AT_HOME: dict[str, dict[str, Any]] = {
    "trillet": {"account": "trillet", "agent": "64f0c2a1b7d94e3f9a1c5d20"},
    "cartesia": {"account": "cartesia", "agent": "agent_1", "from_numbers": ("pn_main",)},
}


def office(start: str = "04:00", end: str = "20:00", **over: Any) -> dict[str, Any]:
    """Calling hours in UTC, every day."""
    return {"start": start, "end": end, "zone": "UTC"} | over


@lru_cache(maxsize=1)
def _template() -> bytes:
    """A migrated, empty ledger: made once per process, since migrating is slow."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        ledger = Ledger(f"sqlite:///{path}")
        ledger.upgrade()
        ledger.close()
        return path.read_bytes()


@lru_cache(maxsize=1)
def _home() -> Path:
    folder = tempfile.mkdtemp(prefix="callbeat-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@lru_cache(maxsize=1)
def _only_ledger() -> Ledger:
    """Kept from test to test for what it has learnt: compiling its SQL anew takes longer than a test."""
    ledger = Ledger(f"sqlite:///{_home() / 'ledger.db'}")
    event.listen(ledger._engine, "connect", _without_disk)
    return ledger


@lru_cache(maxsize=1)
def _shared_ledger() -> Ledger:
    ledger = Ledger(new_database())
    ledger.upgrade()
    return ledger


def _emptied() -> Ledger:
    ledger = _shared_ledger()
    if ledger.revision() != head():
        ledger.upgrade()
    with ledger.write() as writer:
        writer.session.connection().exec_driver_sql(_forgetting())
        writer.session.add(SwitchRow(id=1))
    return ledger


@lru_cache(maxsize=1)
def _forgetting() -> str:
    """A few rows go a few times sooner by DELETE than by TRUNCATE, which makes sixteen tables anew."""
    emptied = [f"DELETE FROM {table.name}" for table in reversed(Table.metadata.sorted_tables)]
    return "; ".join([*emptied, "SELECT setval(sequencename::regclass, 1, false) FROM pg_sequences"])


def a_ledger() -> Ledger:
    """An empty ledger. There is one at a time: the next is the same file, or database, emptied."""
    if ON_POSTGRES:
        return _emptied()
    ledger = _only_ledger()
    ledger.close()
    for old in _home().iterdir():
        old.unlink()
    (_home() / "ledger.db").write_bytes(_template())
    return ledger


def _without_disk(connection: Any, _record: object) -> None:
    """No test cuts the power, and waiting for the disk is most of what a test would do."""
    connection.execute("PRAGMA synchronous=OFF")


@dataclass
class Hands:
    """A clock that is moved by hand."""

    time: datetime = NOW
    speed: float = 1.0

    def now(self) -> datetime:
        return self.time

    def stretch(self, real: timedelta) -> timedelta:
        return real * self.speed

    def go(self, span: timedelta) -> None:
        self.time += span


@dataclass
class Steady:
    """The clock that never jumps, moved by hand: a process that stalls sees it leap."""

    time: float = 1000.0

    def __call__(self) -> float:
        return self.time

    def stall(self) -> None:
        """Longer than any lease lasts."""
        self.time += 100_000.0


def seen(**over: Any) -> BatchSeen:
    """A batch as the provider shows it: scheduled for the due time, ours."""
    plain = BatchSeen(
        ref=REF, label="cb-main-daily-20261201T0500Z-1.csv", phase=Phase.SCHEDULED, status_word="scheduled",
        has_start=True, start_at=DUE, created_at=NOW, total=2, valid=2, over=0, fingerprint="f1",
    )  # fmt: skip
    return replace(plain, **over)


def parked(**over: Any) -> BatchSeen:
    """A batch that exists, has no start and dials nobody."""
    return seen(phase=Phase.PARKED, status_word="created", has_start=False, start_at=None, **over)


def call_seen(row: int | None = 1, **over: Any) -> CallSeen:
    """A call as the provider shows it: answered and over."""
    plain = CallSeen(
        ref=f"x{row}", row=row, number=number(row or 0), outcome=Outcome.ANSWERED, status_word="completed",
        over=True, postponed=False, attempts=1, changed_at=DUE + minutes(1), started_at=DUE, seconds=20, cost=None,
        currency=None, error=None,
    )  # fmt: skip
    return replace(plain, **over)


def number(row: int) -> str:
    return f"+9198765{row:05d}"


@dataclass
class FakeProvider:
    """A provider that answers as scripted, and keeps what it was asked. The last answer of a script stays.

    An answer that is a function is called with what was asked: the world may change while a request is away.
    """

    scripts: dict[str, list[Any]] = field(default_factory=dict)
    requests: list[tuple[Any, ...]] = field(default_factory=list)
    clock_difference: timedelta = timedelta(0)

    def will(self, request: str, *answers: Any) -> None:
        self.scripts[request] = list(answers)

    def asked(self, request: str) -> list[tuple[Any, ...]]:
        """What was asked with that request, in order."""
        return [asked[1:] for asked in self.requests if asked[0] == request]

    @property
    def changes(self) -> list[tuple[Any, ...]]:
        """The requests that would change the outside world."""
        reads = ("get", "list_batches", "list_calls", "get_call", "list_talks", "account")
        return [asked for asked in self.requests if asked[0] not in reads]

    def _answer(self, request: str, *asked: Any) -> Any:
        self.requests.append((request, *asked))
        script = self.scripts.get(request)
        if not script:
            raise AssertionError(f"nobody expected the provider to be asked for: {request} {asked}")
        answer = script.pop(0) if len(script) > 1 else script[0]
        return answer(*asked) if callable(answer) else answer

    def create(self, batch: NewBatch) -> Any:
        answer = self._answer("create", batch)
        told = isinstance(answer, Accepted) and isinstance(answer.value, str)
        return Accepted(Created(answer.value)) if told else answer

    def schedule(self, ref: str, text: str) -> Any:
        return self._answer("schedule", ref, text)

    def stop(self, ref: str) -> Any:
        return self._answer("stop", ref)

    def delete(self, ref: str) -> Any:
        return self._answer("delete", ref)

    def stop_call(self, call: str) -> Any:
        return self._answer("stop_call", call)

    def get(self, ref: str) -> Any:
        return self._answer("get", ref)

    def retry(self, ref: str) -> Any:
        return self._answer("retry", ref)

    def list_batches(self, agent: str, cursor: str | None = None) -> Any:
        return _paged(self._answer("list_batches", agent, *([cursor] if cursor else [])), Page)

    def list_calls(self, ref: str, cursor: str | None = None) -> Any:
        return _paged(self._answer("list_calls", ref, *([cursor] if cursor else [])), CallPage)

    def get_call(self, ref: str, call: str) -> Any:
        return self._answer("get_call", ref, call)

    def list_talks(self, ref: str, cursor: str | None = None) -> Any:
        return _paged(self._answer("list_talks", ref, *([cursor] if cursor else [])), Page)

    def account(self) -> Any:
        return self._answer("account")


def _paged(answer: Any, page: type[Page[Any]]) -> Any:
    """A plain list in a script is a list that is complete."""
    plain = isinstance(answer, Accepted) and isinstance(answer.value, list)
    return Accepted(page(answer.value)) if plain else answer


@lru_cache(maxsize=1)
def _settings() -> Settings:
    one = AccountSettings(api_key="sk-secret", workspace_id="ours")
    return Settings(_env_file=None, accounts={"bolna": one, "trillet": one, "cartesia": one})


GOOD_ACCOUNT = Accepted(AccountSeen("us", None, None))


@dataclass
class World:
    """A ledger, a clock in our hands, a provider that does as it is told, and the messages that were sent."""

    ledger: Ledger
    folder: Path
    clock: Hands = field(default_factory=Hands)
    provider: FakeProvider = field(default_factory=FakeProvider)
    sent: list[tuple[str, list[int]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        settings = _settings()
        self.context = Context(
            ledger=self.ledger,
            clock=self.clock,
            accounts=Accounts(settings, self.ledger, self.clock.now),
            site="main",
            reach=Reach(self.folder),
            send=lambda task, ids: self.sent.append((task, list(ids))),
        )

    @property
    def now(self) -> datetime:
        return self.clock.time

    def remember(self, campaign: Campaign) -> Campaign:
        """A campaign's definition in the ledger, as opened runs need it."""
        key = {"campaign": campaign.name, "revision": campaign.revision}
        with self.ledger.write() as writer:
            if writer.session.get(RevisionRow, tuple(key.values())) is None:
                definition = campaign.model_dump_json(by_alias=True)
                writer.session.add(RevisionRow(**key, definition=definition, first_seen_at=NOW))
        return campaign

    def a_campaign_row(self, campaign: Campaign | None = None, **over: Any) -> Campaign:
        """A campaign that beat plans, its cursor at now."""
        campaign = self.remember(campaign or a_campaign())
        values: dict[str, Any] = {"cursor": self.now, "next_plan_at": self.now} | over
        row = CampaignRow(
            name=campaign.name, state=values.pop("state", "active"), file=f"{campaign.name}.yaml",
            revision=campaign.revision, **values,
        )  # fmt: skip
        with self.ledger.write() as writer:
            writer.session.add(row)
        return campaign

    def a_run(self, campaign: Campaign | None = None, state: RunState = RunState.ACTIVE, **over: Any) -> RunRow:
        campaign = self.remember(campaign or a_campaign())
        due, manual = over.get("due_at", DUE), over.get("manual", 0)
        plain = {
            "key": run_key(campaign.name, due, manual), "campaign": campaign.name, "revision": campaign.revision,
            "due_at": due, "opens_at": due - campaign.schedule.lead, "state": state, "created_at": LONG_PAST,
            "next_action_at": None if state.final else self.now,
        }  # fmt: skip
        return self._add(RunRow(**plain | over))

    def a_batch(
        self,
        state: BatchState,
        *,
        campaign: Campaign | None = None,
        run: RunRow | None = None,
        rows: int = 2,
        **over: Any,
    ) -> BatchRow:
        """A batch in a state, with what it would have there, and its calls."""
        run = run or self.a_run(campaign)
        at = campaign or a_campaign()
        created = state not in (BatchState.READY, BatchState.CREATING, BatchState.UNCERTAIN)
        asked = created and state is not BatchState.CREATED
        plain: dict[str, Any] = {
            "key": f"{run.key}/1", "run_id": run.id, "n": 1,
            "provider": at.provider, "account": at.account, "agent": at.agent,
            "label": label("main", run.campaign, run.due_at, run.manual, 1), "state": state, "calls": rows,
            "next_action_at": None if state.final else self.now,
            "provider_ref": REF if created else None,
            "asked_text": run.due_at.isoformat() if asked else None,
            "start_at": run.due_at if asked else None,
            "creates": 0 if state is BatchState.READY else 1,
            "schedules": 1 if asked else 0,
            "in_doubt_since": self.now if state in DOUBTFUL else None,
        }  # fmt: skip
        if rows and not run.rows:
            self.set(run, rows=rows)
        return self._add(BatchRow(**plain | over), rows)

    def _add(self, row: Any, calls: int = 0) -> Any:
        with self.ledger.write() as writer:
            writer.session.add(row)
            writer.session.flush()
            writer.session.expunge(row)
            if calls:
                writer.session.execute(insert(CallRow), [_call(row, n) for n in range(1, calls + 1)])
        return row

    def get(self, row: Any) -> Any:
        """A row as it is in the ledger now."""
        with self.ledger.read() as session:
            return session.execute(select(type(row)).where(type(row).id == row.id)).scalar_one()

    def set(self, row: Any, /, **values: Any) -> None:
        """Change a row behind everybody's back."""
        with self.ledger.write() as writer:
            writer.session.execute(update(type(row)).where(type(row).id == row.id).values(**values))

    def rob(self, row: Any) -> None:
        """Another process takes the row, as it may once a lease is over."""
        with self.ledger.write() as writer:
            table = type(row)
            writer.session.execute(
                update(table).where(table.id == row.id).values(fence=table.fence + 1, lease_until=FAR_AHEAD)
            )

    def calls(self, batch: BatchRow) -> list[CallRow]:
        with self.ledger.read() as session:
            return list(
                session.execute(select(CallRow).where(CallRow.batch_id == batch.id).order_by(CallRow.row)).scalars()
            )

    def outcomes(self, batch: BatchRow) -> list[Outcome]:
        return [call.outcome for call in self.calls(batch)]

    def runs(self, campaign: str = "daily") -> list[RunRow]:
        with self.ledger.read() as session:
            wanted = select(RunRow).where(RunRow.campaign == campaign).order_by(RunRow.due_at, RunRow.manual)
            return list(session.execute(wanted).scalars())

    def campaign_row(self, name: str = "daily") -> CampaignRow | None:
        with self.ledger.read() as session:
            return session.get(CampaignRow, name)

    def batches(self) -> list[BatchRow]:
        with self.ledger.read() as session:
            return list(session.execute(select(BatchRow).order_by(BatchRow.id)).scalars())

    def events(self, row: Any = None) -> list[EventRow]:
        """All events, or those of one run or batch, oldest first."""
        with self.ledger.read() as session:
            found = list(session.execute(select(EventRow).order_by(EventRow.id)).scalars())
        if isinstance(row, BatchRow):
            return [one for one in found if one.batch_id == row.id]
        return [one for one in found if row is None or one.run_id == row.id]

    def said(self, row: Any = None) -> str:
        """Everything that the events say."""
        return "\n".join(one.why for one in self.events(row))

    def write_contacts(self, text: str, name: str = "contacts/daily.csv") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


def _call(batch: BatchRow, row: int) -> dict[str, Any]:
    ids = {"run_id": batch.run_id, "batch_id": batch.id}
    return {**ids, "row": row, "number": number(row), "variables": {"name": "A"}}


DOUBTFUL = (BatchState.CREATING, BatchState.UNCERTAIN, BatchState.SCHEDULING, BatchState.STOPPING)


def a_world(folder: Path) -> World:
    """A world with an empty ledger, one at a time. Contact files live in the folder."""
    return World(a_ledger(), folder)


def then(do: Callable[[], object], answer: Any) -> Callable[..., Any]:
    """An answer before which something happens elsewhere."""

    def answered(*_asked: Any) -> Any:
        do()
        return answer

    return answered
