"""The accounts of this installation: one client each per process, and which of them are closed."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import AccountRow
from callbeat.providers.answers import Accepted, Answer, Busy, Refused, Why
from callbeat.providers.port import AccountSeen, BatchSeen, CallSeen, Credentials, NewBatch, Provider
from callbeat.providers.registry import connect
from callbeat.settings import Settings

PROBE_EVERY = timedelta(minutes=1)
CLOSING = (Why.CREDENTIALS, Why.FUNDS)


class ClosedAccount:
    """A provider that nothing may be sent to now: it says so to every question, and nothing leaves."""

    clock_difference = timedelta(0)

    def __init__(self, reason: str) -> None:
        self._busy = Busy(reason, PROBE_EVERY)

    def create(self, batch: NewBatch) -> Answer[str]:
        return self._busy

    def schedule(self, ref: str, text: str) -> Answer[datetime | None]:
        return self._busy

    def stop(self, ref: str) -> Answer[None]:
        return self._busy

    def delete(self, ref: str) -> Answer[None]:
        return self._busy

    def stop_call(self, call: str) -> Answer[None]:
        return self._busy

    def get(self, ref: str) -> Answer[BatchSeen]:
        return self._busy

    def list_batches(self, agent: str) -> Answer[list[BatchSeen]]:
        return self._busy

    def list_calls(self, ref: str) -> Answer[list[CallSeen]]:
        return self._busy

    def account(self) -> Answer[AccountSeen]:
        return self._busy


@dataclass(frozen=True, slots=True)
class Door:
    """The way to a provider. `no_funds` says why nothing may be created or scheduled, where that is so."""

    provider: Provider
    no_funds: str | None = None


class Accounts:
    """Clients by account name, made when first needed (after a fork, and once: a client is dear to build)."""

    def __init__(self, settings: Settings, ledger: Ledger, now: Callable[[], datetime]) -> None:
        self._settings, self._ledger, self._now = settings, ledger, now
        self._clients: dict[str, Provider] = {}
        self._lock = threading.Lock()
        self.list_sizes: dict[tuple[str, str], int] = {}  # (account, agent): batches in the last list

    def enter(self, account: str, provider: str, now: datetime) -> Door:
        """The account's client; one that is busy to everything while the account is closed or has no key.

        A closed account is tried by a harmless read, once a minute. Where only funds are missing everything but
        creating and scheduling goes on: a batch must be stopped in time, paid or not.
        """
        client = self._client(account, provider)
        if isinstance(client, str):
            return Door(ClosedAccount(client))
        closed = self._closed(account)
        if closed is None:
            return Door(client)
        waits = closed.probe_at is not None and now < closed.probe_at
        if not waits and self._probe(client, closed, now):
            return Door(client)
        closed = self._closed(account) or closed
        words = self._words(closed)
        return Door(client, no_funds=words) if closed.kind == Why.FUNDS else Door(ClosedAccount(words))

    def heed(self, account: str, answer: object, now: datetime) -> None:
        """Close an account whose credentials or funds were refused, until a harmless read succeeds."""
        if isinstance(answer, Refused) and answer.why in CLOSING and self._is_news(account, answer.why):
            with self._ledger.write() as writer:
                writer.session.merge(
                    AccountRow(
                        name=account,
                        closed_since=now,
                        kind=str(answer.why),
                        reason=answer.reason,
                        probe_at=now + PROBE_EVERY,
                    )
                )
                writer.note_campaign(None, at=now, why=f"account {account} is closed: {answer.reason}")

    def _is_news(self, account: str, why: Why) -> bool:
        """A key that is refused shuts more than an empty wallet does."""
        closed = self._closed(account)
        return closed is None or (closed.kind == Why.FUNDS and why is Why.CREDENTIALS)

    def _client(self, account: str, provider: str) -> Provider | str:
        with self._lock:
            if account not in self._clients:
                known = self._settings.account(account)
                if known is None or known.api_key is None:
                    return f"account {account} has no key: set CALLBEAT_ACCOUNTS__{account.upper()}__API_KEY"
                if known.provider != provider:
                    return (
                        f"account {account} is at {known.provider}, not at {provider}: check its PROVIDER setting"
                    )
                credentials = Credentials(
                    known.api_key.get_secret_value(), known.base_url, known.workspace_id, known.version
                )
                timeout = self._settings.request_timeout
                self._clients[account] = connect(provider, credentials, timeout=timeout, now=self._now)
            return self._clients[account]

    def _closed(self, account: str) -> AccountRow | None:
        with self._ledger.read() as session:
            row = session.execute(select(AccountRow).where(AccountRow.name == account)).scalar_one_or_none()
        return row if row is not None and row.closed_since is not None else None

    def _probe(self, client: Provider, closed: AccountRow, now: datetime) -> bool:
        answer = client.account()
        empty = isinstance(answer, Accepted) and answer.value.wallet is not None and answer.value.wallet <= 0
        good = isinstance(answer, Accepted) and not empty
        kind, reason = (str(Why.FUNDS), "the wallet is empty") if empty else (closed.kind, closed.reason)
        with self._ledger.write() as writer:
            writer.session.merge(
                AccountRow(
                    name=closed.name,
                    closed_since=None if good else closed.closed_since,
                    kind=None if good else kind,
                    reason=None if good else reason,
                    probe_at=now + PROBE_EVERY,
                )
            )
            if good:
                writer.note_campaign(None, at=now, why=f"account {closed.name} is open again")
        return good

    @staticmethod
    def _words(closed: AccountRow) -> str:
        return f"account {closed.name} is closed: {closed.reason}. It is tried again every minute"
