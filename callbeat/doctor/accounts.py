"""Each account: its settings, its credentials, its wallet, its clock. One harmless read, nothing else."""

from collections.abc import Iterator
from datetime import timedelta

from callbeat.clock import Clock, iso
from callbeat.doctor.notices import Notice, error, warning, well
from callbeat.doctor.subject import Subject
from callbeat.errors import Finding, Problem
from callbeat.ledger.tables import AccountRow
from callbeat.providers.answers import Accepted, Answer, Busy, Refused, Why
from callbeat.providers.port import AccountSeen, Provider
from callbeat.providers.wire import masked_numbers
from callbeat.runs.accounts import closed_account, connect_account, reopen
from callbeat.runs.breaker import Closed, is_usable, kind_of
from callbeat.runs.clock_trust import MOST_DRIFT
from callbeat.settings import Settings

NOTICED = timedelta(seconds=5)
LONGEST_WAIT = 10.0  # seconds for an answer


def account_names(subject: Subject) -> list[str]:
    """Accounts of the settings, and those that a campaign wants."""
    wanted = {campaign.account for campaign in subject.campaigns()}
    return sorted({*subject.settings.account_names(), *wanted})


def client_of(subject: Subject, account: str) -> Provider | Problem:
    """A client for the account, or what is wrong with its settings."""
    where, known = f"account {account}", subject.settings.account(account)
    used = subject.providers_of(account)
    named = used or ([known.provider] if known and known.provider else [])
    if not named:
        variable = f"CALLBEAT_ACCOUNTS__{account.upper()}__PROVIDER"
        return error(where, f"account {account} is at no provider", f"set {variable} to bolna, trillet or cartesia")
    made = [connect_account(hurried(subject.settings), account, provider, subject.clock.now) for provider in named]
    for one in made:
        if isinstance(one, Finding):
            return (error if used else warning)(where, one.problem + _users(subject, account), one.fix)
    return next(one for one in made if not isinstance(one, Finding))


def hurried(settings: Settings) -> Settings:
    """The same, but nobody waits half a minute for each provider that hangs."""
    return settings.model_copy(update={"request_timeout": min(settings.request_timeout, LONGEST_WAIT)})


def _users(subject: Subject, account: str) -> str:
    names = [campaign.name for campaign in subject.campaigns() if campaign.account == account]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f", and is wanted by {', '.join(names[:3])}{more}" if names else ""


def check_account(subject: Subject, account: str) -> Iterator[Notice]:
    """Ask the account's provider who we are; where it says so again, a closed account is opened."""
    client = client_of(subject, account)
    if isinstance(client, Problem):
        yield client
        return
    answer = client.account()
    yield from judge_answer(account, answer, client.clock_difference)
    yield from judge_clock(account, client.clock_difference, subject.clock)
    yield from _open_again(subject, account, answer)


def _open_again(subject: Subject, account: str, answer: Answer[AccountSeen]) -> Iterator[Notice]:
    closed = closed_account(subject.ledger, account) if subject.ledger is not None else None
    if subject.ledger is None or closed is None:
        return
    if is_usable(answer):
        reopen(subject.ledger, account, subject.clock.now(), subject.actor)
        yield well(f"account {account}", f"was closed ({closed.reason}), and is open again from now on")
    else:
        yield told_closed(closed)


def told_closed(closed: AccountRow) -> Problem:
    """An account that is closed: for what, since when, what goes on, and who mends it. Pure."""
    words, fix = CLOSED[kind_of(closed.kind)]
    since = f" since {iso(closed.closed_since)}" if closed.closed_since else ""
    return error(f"account {closed.name}.closed", f"it is closed{since}: {closed.reason}. {words}", fix)


CLOSED = {
    Closed.FUNDS: (
        "Nothing is created, scheduled or tried again; what dials is followed and stopped",
        "top it up at the provider: the next batch that asks opens it",
    ),
    Closed.FAILURES: (
        "Nothing is asked but to stop; whatever else is due waits, and is missed when its start has gone by",
        "see the provider's status page and this machine's way out: it opens by itself within a minute",
    ),
    Closed.CREDENTIALS: (
        "Nothing is sent, stops included: stop at the provider what must not dial",
        "set the key right and start beat and workers again, then `callbeat doctor` opens it",
    ),
}


def judge_answer(account: str, answer: Answer[AccountSeen], difference: timedelta) -> Iterator[Notice]:
    """What the harmless read says of credentials, wallet and the way there. Pure."""
    where, key = f"account {account}", f"CALLBEAT_ACCOUNTS__{account.upper()}__"
    match answer:
        case Accepted(seen) if is_usable(answer):
            yield well(where, f"{_told(seen)}, clock {abs(difference).total_seconds():.1f} s apart")
        case Accepted(seen):
            words = f"its wallet is empty ({seen.wallet:f}): nothing is created or scheduled"
            yield error(f"{where}.wallet", words, "top it up at the provider")
        case Refused(reason, Why.CREDENTIALS):
            words = f"its credentials are refused: {reason}"
            yield error(where, words, f"set {key}API_KEY (and what belongs to it) to what the provider shows")
        case Refused(reason, Why.FUNDS):
            yield error(f"{where}.wallet", f"it has no funds: {reason}", "top it up at the provider")
        case Busy(reason):
            fix = f"check this machine's way out, {key}BASE_URL, and the provider's status page; then look again"
            yield error(where, f"its provider cannot be asked: {reason}", fix)
        case other:
            words = f"what answers is not as its provider documents: {other.reason}"
            yield error(where, words, f"check {key}BASE_URL; unset, it is the provider's own")


def _told(seen: AccountSeen) -> str:
    parts = [masked_numbers(seen.name) if seen.name else "credentials are good"]
    parts += [f"wallet {seen.wallet:.2f}"] if seen.wallet is not None else []
    parts += [f"{seen.concurrency} calls at once"] if seen.concurrency is not None else []
    return ", ".join(parts)


def judge_clock(account: str, difference: timedelta, clock: Clock) -> Iterator[Notice]:
    """Whether the provider's `Date` agrees with our clock: starts are reckoned by the difference. Pure."""
    if abs(difference) <= clock.stretch(NOTICED):
        return
    way = "ahead of" if difference > timedelta(0) else "behind"
    words = f"the provider's clock is {abs(difference).total_seconds():.0f} s {way} ours"
    fix = "let this machine keep its time by NTP: `timedatectl` tells whether it does"
    if abs(difference) > clock.stretch(MOST_DRIFT):
        yield error(f"account {account}.clock", f"{words}: planning is held where it is seen at work", fix)
    else:
        yield warning(f"account {account}.clock", words, fix)
