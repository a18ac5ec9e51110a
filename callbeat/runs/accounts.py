"""The accounts of this installation: one client each per process, and which of them are closed."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import AccountRow
from callbeat.providers.answers import Accepted, Refused, Why
from callbeat.providers.port import Credentials, Provider
from callbeat.providers.registry import connect, rules_of
from callbeat.runs.gates import Budget, Budgeted, ClosedAccount
from callbeat.settings import Settings

PROBE_EVERY = timedelta(minutes=1)
CLOSING = (Why.CREDENTIALS, Why.FUNDS)


@dataclass(frozen=True, slots=True)
class Door:
    """The way to a provider. `no_funds` says why nothing may be created or scheduled, where that is so."""

    provider: Provider
    no_funds: str | None = None


class Accounts:
    """Clients by account name, made when first needed (after a fork, and once: a client is dear to build)."""

    def __init__(
        self, settings: Settings, ledger: Ledger, now: Callable[[], datetime], budget: Budget | None = None
    ) -> None:
        self._settings, self._ledger, self._now, self._budget = settings, ledger, now, budget
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
            return Door(ClosedAccount(client, PROBE_EVERY))
        closed = self._closed(account)
        if closed is None:
            return Door(client)
        waits = closed.probe_at is not None and now < closed.probe_at
        if not waits and self._probe(client, closed, now):
            return Door(client)
        closed = self._closed(account) or closed
        words = self._words(closed)
        return Door(client, no_funds=words) if closed.kind == Why.FUNDS else Door(ClosedAccount(words, PROBE_EVERY))

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
                writer.note_campaign(
                    None, at=now, why=f"account {account} is closed: {answer.reason}", word="account.closed"
                )

    def _is_news(self, account: str, why: Why) -> bool:
        """A key that is refused shuts more than an empty wallet does."""
        closed = self._closed(account)
        return closed is None or (closed.kind == Why.FUNDS and why is Why.CREDENTIALS)

    def _client(self, account: str, provider: str) -> Provider | str:
        """The account's client, or why there is none."""
        with self._lock:
            if account not in self._clients:
                made = self._connect(account, provider)
                if isinstance(made, str):
                    return made
                self._clients[account] = made
            return self._clients[account]

    def _connect(self, account: str, provider: str) -> Provider | str:
        known = self._settings.account(account)
        if known is None or known.api_key is None:
            return f"account {account} has no key: set CALLBEAT_ACCOUNTS__{account.upper()}__API_KEY"
        if known.provider != provider:
            return f"account {account} is at {known.provider}, not at {provider}: check its PROVIDER setting"
        credentials = Credentials(
            known.api_key.get_secret_value(), known.base_url, known.workspace_id, known.version
        )
        rules = rules_of(provider)
        if (problem := rules.check_account(credentials)) is not None:
            return f"account {account}: {problem} (CALLBEAT_ACCOUNTS__{account.upper()}__…)"
        client = connect(provider, credentials, timeout=self._settings.request_timeout, now=self._now)
        limit = rules.capabilities.requests_a_minute
        return client if self._budget is None or limit is None else Budgeted(client, self._budget, account, limit)

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
                writer.note_campaign(None, at=now, why=f"account {closed.name} is open again", word="account.open")
        return good

    @staticmethod
    def _words(closed: AccountRow) -> str:
        return f"account {closed.name} is closed: {closed.reason}. It is tried again every minute"
