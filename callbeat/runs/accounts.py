"""The accounts of this installation: one client each per process, and which of them are closed."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from pydantic import SecretStr
from sqlalchemy import select

from callbeat import metrics
from callbeat.errors import Finding
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import AccountRow
from callbeat.ledger.writer import SYSTEM, account_lock
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown
from callbeat.providers.port import CallSeen, Credentials, Provider
from callbeat.providers.registry import connect, rules_of
from callbeat.runs.breaker import IN_A_ROW, Closed, Strikes, after_probe, came_of, is_news, kind_of, refused_for
from callbeat.runs.gates import Budget, Budgeted, ClosedAccount, StopsOnly, Watched
from callbeat.settings import Settings
from callbeat.settings_blocks import AccountSettings

PROBE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Door:
    """The way to a provider. `no_funds` says why nothing may be created or scheduled, where that is so.

    `closed` says why nothing may be asked at all.
    """

    provider: Provider
    no_funds: str | None = None
    closed: str | None = None


class Accounts:
    """Clients by account name, made when first needed (after a fork, and once: a client is dear to build)."""

    def __init__(
        self, settings: Settings, ledger: Ledger, now: Callable[[], datetime], budget: Budget | None = None
    ) -> None:
        self._settings, self._ledger, self._now, self._budget = settings, ledger, now, budget
        self._clients: dict[str, Provider] = {}
        self._lock = threading.Lock()
        self._strikes = Strikes()
        self.list_sizes: dict[tuple[str, str], int] = {}  # (account, agent): batches in the last list

    def enter(self, account: str, provider: str, now: datetime) -> Door:
        """The account's client; one that is busy to everything while the account is closed or has no key.

        A closed account is tried by a harmless read, once a minute. A batch must be stopped in time, whatever else:
        where only funds are missing everything but creating and scheduling goes on, and a provider that fails is
        told to stop all the same.
        """
        client = self._client(account, provider)
        if isinstance(client, str):
            return Door(ClosedAccount(client, PROBE_EVERY), closed=client)
        closed = closed_account(self._ledger, account)
        if closed is not None and self._may_probe(closed, now):
            closed = self._probe(client, closed, now)
        return Door(client) if closed is None else _door(client, closed)

    def heed(self, account: str, answer: object, now: datetime) -> None:
        """Close an account whose credentials or funds were refused, until a harmless read succeeds.

        Each answer comes by here by itself (`_watch`): no step has to tell of it.
        """
        kind = refused_for(answer)
        if kind is not None and isinstance(answer, Refused):
            self._close(account, kind, answer.reason, now)

    def heed_unpaid(self, account: str, calls: Iterable[CallSeen], now: datetime) -> None:
        """Some providers take every batch, and place no call of it: an empty wallet is told by the calls alone.

        They go on telling it of the same calls once it is topped up: what is older than its opening is no news.
        """
        unpaid = [call for call in calls if call.unpaid]
        if not unpaid:
            return
        with self._ledger.read() as session:
            row = session.get(AccountRow, account)
        opened = row.probe_at - PROBE_EVERY if row is not None and row.probe_at is not None else None
        if opened is None or any(call.changed_at and call.changed_at > opened for call in unpaid):
            words = f"{len(unpaid)} calls were not placed: {unpaid[0].status_word}"
            self._close(account, Closed.FUNDS, words, now)

    def _watch(self, account: str, request: str, answer: object, seconds: float) -> None:
        """Each answer of the account's provider: so many failures in a row close it too, for every process."""
        metrics.requested(account, request, came_of(answer), seconds)
        self.heed(account, answer, self._now())
        if self._strikes.out(account, answer) and isinstance(answer, Busy | Unknown):
            words = f"{IN_A_ROW} requests in a row failed, the last: {answer.reason}"
            self._close(account, Closed.FAILURES, words, self._now())

    def _close(self, account: str, kind: Closed, reason: str, now: datetime) -> None:
        if not self._is_news(closed_account(self._ledger, account), kind):
            return
        with self._ledger.write() as writer:
            writer.lock(account_lock(account))
            row = writer.session.get(AccountRow, account)
            if not self._is_news(row, kind):
                return  # another process was first
            row = row or writer.session.merge(AccountRow(name=account))
            row.closed_since, row.kind = row.closed_since or now, str(kind)
            row.reason, row.probe_at = reason, now + PROBE_EVERY
            why = f"account {account} is closed: {reason}"
            writer.note_campaign(None, at=now, why=why, word="account.closed")

    @staticmethod
    def _is_news(row: AccountRow | None, kind: Closed) -> bool:
        known = kind_of(row.kind) if row is not None and row.closed_since is not None else None
        return is_news(known, kind)

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
        limit = requests_a_minute(self._settings, account, provider)
        watched = Watched(client, partial(self._watch, account))
        return watched if self._budget is None or limit is None else Budgeted(watched, self._budget, account, limit)

    def _may_probe(self, closed: AccountRow, now: datetime) -> bool:
        """Whether it is time for a harmless read, and this process's: of all that ask at once one reads."""
        if closed.probe_at is not None and now < closed.probe_at:
            return False
        with self._ledger.write() as writer:
            writer.lock(account_lock(closed.name))
            row = writer.session.get(AccountRow, closed.name)
            if row is None or row.closed_since is None or row.probe_at != closed.probe_at:
                return False
            row.probe_at = now + PROBE_EVERY
        return True

    def _probe(self, client: Provider, closed: AccountRow, now: datetime) -> AccountRow | None:
        """The account after a harmless read: None where it is open again."""
        answer = client.account()
        kind = after_probe(kind_of(closed.kind), answer)
        if kind is None:
            reopen(self._ledger, closed.name, now)
            return None
        if kind != closed.kind:
            self._say(closed.name, kind, "the wallet is empty" if isinstance(answer, Accepted) else answer.reason)
        return closed_account(self._ledger, closed.name)

    def _say(self, account: str, kind: Closed, reason: str) -> None:
        """A closed account is closed for something else by now."""
        with self._ledger.write() as writer:
            writer.lock(account_lock(account))
            row = writer.session.get(AccountRow, account)
            if row is not None and row.closed_since is not None:
                row.kind, row.reason = str(kind), reason


def _door(client: Provider, closed: AccountRow) -> Door:
    words = f"account {closed.name} is closed: {closed.reason}. It is tried again every minute"
    match kind_of(closed.kind):
        case Closed.FUNDS:
            return Door(client, no_funds=words)
        case Closed.FAILURES:
            return Door(StopsOnly(client, words, PROBE_EVERY), closed=words)
    return Door(ClosedAccount(words, PROBE_EVERY), closed=words)


def requests_a_minute(settings: Settings, account: str, provider: str) -> int | None:
    """How many an account may get: as it is set, else as its provider documents it. None is without a limit."""
    known = settings.account(account)
    told = None if known is None else known.requests_a_minute
    return rules_of(provider).capabilities.requests_a_minute if told is None else told


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
    credentials = _credentials(known, settings.hooks.secret)
    if (problem := rules_of(provider).check_account(credentials)) is not None:
        return Finding((account,), f"account {account}: {problem}", f"set it as {_variable(account, '…')}")
    return connect(provider, credentials, timeout=settings.request_timeout, now=now)


def _credentials(known: AccountSettings, hooks: SecretStr | None) -> Credentials:
    key = known.api_key.get_secret_value() if known.api_key else ""
    told = hooks.get_secret_value() if hooks else None
    return Credentials(key, known.base_url, known.workspace_id, known.version, told)


def _variable(account: str, field: str) -> str:
    return f"CALLBEAT_ACCOUNTS__{account.upper()}__{field}"


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
