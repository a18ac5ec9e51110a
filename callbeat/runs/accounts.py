"""The accounts of this installation: one client each per process, and which of them are closed."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from callbeat.errors import Finding
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import AccountRow
from callbeat.ledger.writer import SYSTEM, account_lock
from callbeat.providers.answers import Accepted, Answer, Refused, Why
from callbeat.providers.port import AccountSeen, Credentials, Provider
from callbeat.providers.registry import connect, rules_of
from callbeat.runs.gates import Budget, Budgeted, ClosedAccount
from callbeat.settings import AccountSettings, Settings

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
                writer.lock(account_lock(account))
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
        client = connect_account(self._settings, account, provider, self._now)
        if isinstance(client, Finding):
            return f"{client.problem}: {client.fix}"
        limit = rules_of(provider).capabilities.requests_a_minute
        return client if self._budget is None or limit is None else Budgeted(client, self._budget, account, limit)

    def _closed(self, account: str) -> AccountRow | None:
        return closed_account(self._ledger, account)

    def _probe(self, client: Provider, closed: AccountRow, now: datetime) -> bool:
        answer = client.account()
        if is_usable(answer):
            reopen(self._ledger, closed.name, now)
            return True
        empty = isinstance(answer, Accepted)
        kind, reason = (str(Why.FUNDS), "the wallet is empty") if empty else (closed.kind, closed.reason)
        probed = AccountRow(
            name=closed.name,
            closed_since=closed.closed_since,
            kind=kind,
            reason=reason,
            probe_at=now + PROBE_EVERY,
        )
        with self._ledger.write() as writer:
            writer.lock(account_lock(closed.name))
            writer.session.merge(probed)
        return False

    @staticmethod
    def _words(closed: AccountRow) -> str:
        return f"account {closed.name} is closed: {closed.reason}. It is tried again every minute"


def connect_account(
    settings: Settings, account: str, provider: str, now: Callable[[], datetime]
) -> Provider | Finding:
    """A client for an account of the settings, or what they lack."""
    known = settings.account(account)
    if known is None or known.api_key is None:
        return Finding((account,), f"account {account} has no key", f"set {_variable(account, 'API_KEY')}")
    if known.provider != provider:
        words = f"account {account} is at {known.provider or 'no provider'}, not at {provider}"
        return Finding((account,), words, f"check {_variable(account, 'PROVIDER')}")
    credentials = _credentials(known)
    if (problem := rules_of(provider).check_account(credentials)) is not None:
        return Finding((account,), f"account {account}: {problem}", f"set it as {_variable(account, '…')}")
    return connect(provider, credentials, timeout=settings.request_timeout, now=now)


def _credentials(known: AccountSettings) -> Credentials:
    key = known.api_key.get_secret_value() if known.api_key else ""
    return Credentials(key, known.base_url, known.workspace_id, known.version)


def _variable(account: str, field: str) -> str:
    return f"CALLBEAT_ACCOUNTS__{account.upper()}__{field}"


def is_usable(answer: Answer[AccountSeen]) -> bool:
    """Whether a harmless read shows that the account can be used: a good key, and a wallet that is not empty."""
    if not isinstance(answer, Accepted):
        return False
    return answer.value.wallet is None or answer.value.wallet > 0


def closed_account(ledger: Ledger, account: str) -> AccountRow | None:
    """The account's row while it is closed, else None."""
    with ledger.read() as session:
        row = session.execute(select(AccountRow).where(AccountRow.name == account)).scalar_one_or_none()
    return row if row is not None and row.closed_since is not None else None


def reopen(ledger: Ledger, account: str, now: datetime, actor: str = SYSTEM) -> None:
    """A harmless read has succeeded: the account is used again."""
    with ledger.write() as writer:
        writer.lock(account_lock(account))
        row = AccountRow(name=account, closed_since=None, kind=None, reason=None, probe_at=now + PROBE_EVERY)
        writer.session.merge(row)
        why = f"account {account} is open again"
        writer.note_campaign(None, at=now, why=why, actor=actor, word="account.open")
