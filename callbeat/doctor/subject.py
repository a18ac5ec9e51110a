"""What is looked at: the settings, the campaign files, and the ledger where it can be read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from sqlalchemy import select

from callbeat.campaigns.model import Campaign
from callbeat.campaigns.reader import Reading
from callbeat.clock import Clock, real_now
from callbeat.doctor.ledger_file import LedgerFile, look_at
from callbeat.doctor.notices import Told, unseen
from callbeat.errors import LedgerError
from callbeat.ledger.engines import file_of, read_url
from callbeat.ledger.forms import head
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import BeatRow
from callbeat.settings import Settings

SILENT_AFTER = timedelta(seconds=30)


@dataclass(frozen=True)
class Subject:
    """One installation. `actor` is who asks: for the event when an account is opened again."""

    settings: Settings
    clock: Clock
    readings: Sequence[Reading]
    actor: str

    @cached_property
    def ledger_file(self) -> LedgerFile | None:
        """The ledger's file; None where it is in no file.

        Raises:
            LedgerError: CALLBEAT_DATABASE_URL cannot be read, or names what can be no file.
        """
        path = file_of(read_url(self.settings.ledger_url))
        try:
            return None if path is None else look_at(path, self.settings.home)
        except (OSError, ValueError) as trouble:
            raise LedgerError(f"CALLBEAT_DATABASE_URL names no file that can be: {trouble}") from None

    @cached_property
    def ledger(self) -> Ledger | None:
        """The ledger, if it is there in this version's form: it is not made, and not upgraded."""
        try:
            file = self.ledger_file
            readable = file is None or (file.damage is None and file.revision == head())
            ledger = Ledger(self.settings.ledger_url) if readable else None
            return ledger if ledger is not None and ledger.revision() == head() else None
        except LedgerError:
            return None

    @property
    def begun(self) -> bool:
        """Whether anything was ever started here: the first start makes a ledger."""
        try:
            return self.ledger_file is None or self.ledger_file.size is not None
        except LedgerError:  # told as such by the ledger's own check
            return True

    @cached_property
    def beat(self) -> BeatRow | None:
        """What beat wrote down last; None if it never did, or the ledger cannot be read."""
        if self.ledger is None:
            return None
        with self.ledger.read() as session:
            return session.execute(select(BeatRow)).scalar_one_or_none()

    @cached_property
    def beat_age(self) -> timedelta | None:
        """How long ago beat wrote that it is at work, real time."""
        return None if self.beat is None else real_now() - self.beat.ticked_real

    @property
    def beat_at_work(self) -> bool:
        """Whether beat looks after what is due. One that doubts the clock writes no heartbeat."""
        doubts = self.beat is not None and self.beat.held_since is not None
        return doubts or (self.beat_age is not None and self.beat_age <= SILENT_AFTER)

    def providers_of(self, account: str) -> list[str]:
        """At which providers campaigns use this account; there should be one."""
        return sorted({campaign.provider for campaign in self.campaigns() if campaign.account == account})

    def campaigns(self) -> Iterator[Campaign]:
        """The campaigns whose files are good."""
        return (reading.campaign for reading in self.readings if reading.campaign is not None)


def without_ledger(where: str) -> Told:
    """What the ledger would tell is not known."""
    return unseen(where, "not known: there is no ledger that can be read")
