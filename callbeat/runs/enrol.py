"""Write a run's contacts into the ledger while they are read, and divide them into batches once all are known.

Rows go in parts, so that nobody else waits long, and nothing is acted on before the run is active: a crash leaves
parts of a run that is still opening, which are removed when it opens again.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import delete, insert, update

from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import BatchRow, CallRow, ExclusionRow, RunRow
from callbeat.ledger.writer import Writer
from callbeat.runs.half_opened import clear
from callbeat.runs.labels import label
from callbeat.runs.lease import Hold
from callbeat.runs.roster import Enrolled, Part, Planned, Roster
from callbeat.runs.waves import Wave

AT_ONCE = 5000


class Enrolment:
    """The calls of one run on their way into the ledger."""

    def __init__(self, hold: Hold, run: RunRow, roster: Roster) -> None:
        self._hold, self._run, self._roster = hold, run, roster
        self._ledger = hold.context.ledger
        self._of_wave: list[BatchRow] = []

    def write(self) -> list[BatchRow]:
        """Everything, in batches that nobody acts on yet, in the order of their starts.

        Raises:
            SourceError: the contacts cannot be used as a whole; parts of them are in the ledger.
            LedgerConflict: somebody else opens this run.
        """
        with self._writing() as writer:
            clear(writer, self._run)
        for part in self._roster.parts():
            self._write(part)
        batches = list(self._divide())
        self._drop_but({batch.id for batch in batches})
        return batches

    @contextmanager
    def _writing(self) -> Iterator[Writer]:
        """A transaction of whoever still holds the run, and holds it on."""
        with self._ledger.write() as writer:
            self._hold.renew(writer, self._run)
            yield writer

    def _write(self, part: Part) -> None:
        with self._writing() as writer:
            new = self._roster.waves[len(self._of_wave) :]
            self._of_wave += [
                self._new_batch(writer, wave, f"wave {nth}") for nth, wave in enumerate(new, len(self._of_wave))
            ]
        for out in part.left_out(AT_ONCE):
            self._insert(ExclusionRow, [{"run_id": self._run.id, **row} for row in out])
        for people in part.to_call(AT_ONCE):
            self._insert(CallRow, [self._call(person) for person in people])

    def _insert(self, table: type[CallRow] | type[ExclusionRow], rows: list[dict[str, object]]) -> None:
        with self._writing() as writer:
            writer.session.connection().execute(insert(table), rows)

    def _call(self, person: Enrolled) -> dict[str, object]:
        called = person._asdict()
        batch = self._of_wave[called.pop("wave")]
        return called | {"run_id": self._run.id, "batch_id": batch.id}

    def _new_batch(self, writer: Writer, wave: Wave, name: str) -> BatchRow:
        """A row that nobody acts on yet: it has no next action."""
        campaign, run, due_at = self._roster.campaign, self._run, wave.slot.due_at
        batch = BatchRow(
            key=f"{run.key}/{name}", run_id=run.id, n=0, provider=campaign.provider, account=campaign.account,
            agent=campaign.agent, label=f"{run.key}/{name}", state=BatchState.READY,
            due_at=due_at if wave.places or due_at != run.due_at else None, places=sorted(wave.places) or None,
        )  # fmt: skip
        writer.session.add(batch)
        writer.session.flush()
        writer.session.expunge(batch)
        return batch

    def _divide(self) -> Iterator[BatchRow]:
        """The batch of a wave keeps its first calls; each further one takes the next. Now they are numbered."""
        named: set[int] = set()
        for n, planned in enumerate(self._roster.planned(), 1):
            wave, batch = self._roster.waves[planned.wave], self._of_wave[planned.wave]
            with self._writing() as writer:
                if batch.id in named:
                    batch = self._new_batch(writer, wave, f"part {n}")
                    _take(writer, self._of_wave[planned.wave], batch, planned)
                named.add(batch.id)
                self._name(writer, batch, wave, n, planned.calls)
            yield batch

    def _drop_but(self, used: set[int]) -> None:
        """A start that was possible and that nobody needed has no batch: the run would wait for it for ever."""
        left = [batch.id for batch in self._of_wave if batch.id not in used]
        if left:
            with self._writing() as writer:
                writer.session.execute(delete(BatchRow).where(BatchRow.id.in_(left)))

    def _name(self, writer: Writer, batch: BatchRow, wave: Wave, n: int, calls: int) -> None:
        """Only now it is known who is in it: a place may have come late."""
        run, site = self._run, self._hold.context.site
        named = label(site, run.campaign, run.due_at, run.manual, n)
        places = sorted(wave.places) or None
        writer.change(batch, n=n, key=f"{run.key}/{n}", label=named, calls=calls, places=places)


def _take(writer: Writer, before: BatchRow, batch: BatchRow, planned: Planned) -> None:
    """Calls go from one batch of a wave to another, by their rows."""
    rows = CallRow.row.between(planned.first_row, planned.last_row)
    moved = update(CallRow).where(CallRow.batch_id == before.id, rows).values(batch_id=batch.id)
    writer.session.execute(moved, execution_options={"synchronize_session": False})
