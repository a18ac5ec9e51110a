"""An installation as it is one morning: something of everything that the pages show, the same each time."""

import os
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from callbeat.campaigns.folder import read_folder
from callbeat.campaigns.model import Campaign
from callbeat.campaigns.reader import Reading
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import BatchRow, CallRow, CampaignRow, ExclusionRow, FileRow, RevisionRow, RunRow
from callbeat.outcomes import Outcome
from callbeat.runs.catalog import apply, check_campaign
from tests.factories import Hands, World, minutes
from tests.integration.campaign_files import a_campaign, as_yaml

NOW = datetime(2026, 12, 1, 6, 1, tzinfo=UTC)  # a Tuesday, 11:31 in Kolkata
HOURS = {"days": "mon-sat", "between": "09:00-20:00"}
INDIA = {"timezone": "Asia/Kolkata", "lead": "30m", "late": "20m"}
ENDS = ("answered", "answered", "answered", "no_answer", "busy", "voicemail", "failed")
DAYS = 14


def live(folder: Path) -> Path:
    """A home below the folder, with its ledger, and a folder of campaign files beside it."""
    home = folder / "var"
    home.mkdir(mode=0o700)
    before = os.umask(0o077)
    ledger = Ledger(f"sqlite:///{home / 'callbeat.db'}")
    ledger.upgrade()
    os.umask(before)
    _Morning(World(ledger, folder, Hands(NOW))).comes()
    ledger.close()
    return home


class _Morning:
    """What happened until now, written as the steps would have."""

    def __init__(self, world: World) -> None:
        self.world, self._chance = world, random.Random(7)
        self._files = world.folder / "config/campaigns"
        self._files.mkdir(parents=True)

    def comes(self) -> None:
        """Seven campaigns, each in another state."""
        renewals = self._campaign("renewal-reminders", cron="0 10 * * mon-fri")
        for days in range(DAYS, -1, -1):
            day = datetime(2026, 12, 1, 4, 30, tzinfo=UTC) - timedelta(days=days)
            if day.weekday() < 5:
                self._finished(renewals, day, rows=60 if days == 0 else 40)
        self._running(self._campaign("fee-reminders", "trillet", cron="20 11 * * *"))
        self._held(self._campaign("delivery-survey", "trillet", cron="0 9 * * *"))
        self._missed(self._campaign("appointment-check", cron="40 10 * * *"))
        self._failed(self._campaign("invoice-calls", "cartesia", cron="15 9 * * *"))
        self._campaign("welcome-calls", "cartesia", cron="32 12-17 * * *", paused_since=NOW - timedelta(days=2))
        self._campaign("win-back", cron="2 14 * * *", approved=False)
        self._broken_file()

    def _campaign(self, name: str, provider: str = "bolna", *, cron: str, **over: Any) -> Campaign:
        """A file, read and taken in as beat does it; approved, as all but one are."""
        approved, paused = over.pop("approved", True), over.pop("paused_since", None)
        over |= {"provider": provider, "schedule": {**INDIA, "cron": cron}, "hours": HOURS}
        (reading,) = self._read(name, as_yaml(a_campaign(name, **over)))
        assert reading.campaign, reading.problems
        values: dict[str, Any] = {"paused_since": paused, "file": f"/srv/callbeat/config/campaigns/{name}.yaml"}
        self._write(update(CampaignRow).where(CampaignRow.name == name).values(**values))
        if approved:
            told = {"approved_at": NOW - timedelta(days=20), "approved_by": "asha (command line)"}
            self._write(update(RevisionRow).where(RevisionRow.campaign == name).values(**told))
        return reading.campaign

    def _read(self, name: str, text: str) -> list[Reading]:
        (self._files / f"{name}.yaml").write_text(text)
        readings = read_folder(self._files, check_campaign, [self._files / f"{name}.yaml"])
        apply(self.world.context, readings)
        return readings

    def _finished(self, campaign: Campaign, due: datetime, rows: int) -> None:
        out = ("invalid_number", "invalid_number", "duplicate", "suppressed", "suppressed", "frequency_cap")
        run = self._run(campaign, due, rows=rows)
        batch = self.world.a_batch(
            BatchState.RUNNING, campaign=campaign, run=run, rows=rows - len(out), start_at=due,
            provider_ref=f"batch_{due:%m%d}", dial_until=due + timedelta(hours=9),
        )  # fmt: skip
        self._leave_out(run, range(rows - len(out) + 1, rows + 1), out)
        self._end(batch, due, [self._chance.choice(ENDS) for _ in range(batch.calls)])
        ended = due + minutes(50)
        self._move(batch, BatchState.FINISHED, ended, "the provider has completed it and every call has an outcome")
        self._move(run, RunState.FINISHED, ended, "every call has an outcome")

    def _running(self, campaign: Campaign) -> None:
        due = NOW - minutes(11)
        run = self._run(campaign, due, rows=24)
        batch = self.world.a_batch(
            BatchState.RUNNING, campaign=campaign, run=run, rows=24, start_at=due, provider_ref="64f0c2a1b7d9",
            dial_until=due + timedelta(hours=8),
        )  # fmt: skip
        self._end(batch, due, [self._chance.choice(ENDS) for _ in range(9)])
        self._note(run, due, "opened: 24 calls in 1 batch")

    def _held(self, campaign: Campaign) -> None:
        run = self._run(campaign, NOW - timedelta(hours=2, minutes=31), rows=12)
        batch = self.world.a_batch(
            BatchState.UNCERTAIN, campaign=campaign, run=run, rows=12, start_at=run.due_at, provider_ref=None
        )
        why = "the answer to the create was lost, and this provider lists no batches"
        self._move(batch, BatchState.HELD, run.due_at - minutes(20), why, reason=why)

    def _missed(self, campaign: Campaign) -> None:
        run = self._run(campaign, NOW - minutes(51), state=RunState.PLANNED)
        why = "it was due at 10:40 in Asia/Kolkata, and no worker came to it until 11:15"
        self._move(run, RunState.MISSED, NOW - minutes(16), why, reason="too_late")

    def _failed(self, campaign: Campaign) -> None:
        run = self._run(campaign, NOW - timedelta(hours=2, minutes=16), state=RunState.OPENING)
        why = "contacts/invoice-calls.csv is not there"
        self._move(run, RunState.FAILED, run.due_at, why, reason="source_missing")

    def _broken_file(self) -> None:
        broken = a_campaign("refill", schedule={**INDIA, "cron": "0 25 * * *"})
        self._read("refill", as_yaml(broken))
        told = {"file": "/srv/callbeat/config/campaigns/refill.yaml"}
        self._write(update(FileRow).values(**told))

    def _run(self, campaign: Campaign, due: datetime, **over: Any) -> RunRow:
        return self.world.a_run(campaign, **{"due_at": due, "created_at": due - minutes(30)} | over)

    def _leave_out(self, run: RunRow, rows: Sequence[int], reasons: Sequence[str]) -> None:
        kinds = {"invalid_number": "invalid"}
        with self.world.ledger.write() as writer:
            for row, reason in zip(rows, reasons, strict=True):
                kind = kinds.get(reason, "excluded")
                writer.session.add(ExclusionRow(run_id=run.id, row=row, kind=kind, reason=reason))

    def _end(self, batch: BatchRow, start: datetime, outcomes: Sequence[str]) -> None:
        with self.world.ledger.write() as writer:
            for row, outcome in enumerate(outcomes, 1):
                ours = (CallRow.batch_id == batch.id, CallRow.row == row)
                told = _told(outcome, start + minutes(row * 0.8), f"call_{batch.id}_{row}")
                writer.session.execute(update(CallRow).where(*ours).values(**told))

    def _move(self, row: Any, to: Any, at: datetime, why: str, **over: Any) -> None:
        with self.world.ledger.write() as writer:
            writer.move(row, to, at=at, why=why, **over)

    def _note(self, row: RunRow, at: datetime, why: str) -> None:
        with self.world.ledger.write() as writer:
            writer.note(row, at=at, why=why)

    def _write(self, statement: Any) -> None:
        with self.world.ledger.write() as writer:
            writer.session.execute(statement)


def _told(outcome: str, began: datetime, call: str) -> dict[str, Any]:
    """What a provider tells of a call that is over."""
    words = {"answered": "completed", "no_answer": "no-answer"}
    talked = {"seconds": 20 + began.minute, "cost": "0.04"} if outcome in ("answered", "voicemail") else {}
    return {
        "outcome": Outcome(outcome), "provider_call": call, "attempts": 1, "currency": "USD", **talked,
        "provider_status": words.get(outcome, outcome), "started_at": began, "changed_at": began + minutes(1),
        "variables": {"customer_name": "Secret Name"},
    }  # fmt: skip


def environment(home: Path) -> dict[str, str]:
    """What the processes of this installation are given: its clock goes by the machine's from NOW on."""
    accounts = {"BOLNA": "bn-sandbox", "TRILLET": "trillet-sandbox", "CARTESIA": "sk_car_sandbox"}
    return dict(_environment(home, accounts))


def _environment(home: Path, accounts: dict[str, str]) -> Iterator[tuple[str, str]]:
    yield "CALLBEAT_HOME", str(home)
    yield "CALLBEAT_CAMPAIGNS", str(home.parent / "config/campaigns")
    yield "CALLBEAT_CLOCK__ORIGIN", NOW.isoformat()
    yield "CALLBEAT_CLOCK__STARTED", datetime.now(UTC).isoformat()
    yield "CALLBEAT_APPROVAL", "always"
    for name, key in accounts.items():
        yield f"CALLBEAT_ACCOUNTS__{name}__API_KEY", key
        yield f"CALLBEAT_ACCOUNTS__{name}__BASE_URL", "http://127.0.0.1:9"
    yield "CALLBEAT_ACCOUNTS__TRILLET__WORKSPACE_ID", "workspace-sandbox"
