"""What may run at all: revisions that wait to be approved, and the ceilings of the day."""

from collections.abc import Iterator

from callbeat.doctor.notices import Notice, warning, well
from callbeat.doctor.subject import Subject, without_ledger
from callbeat.runs.approval import approval_of
from callbeat.runs.ceilings import calls_of_the_day, cost_of_the_day


def check_approvals(subject: Subject) -> Iterator[Notice]:
    """Campaigns as their files say now, which nobody has let run yet."""
    if subject.ledger is None:
        yield without_ledger("approvals")
        return
    wanting = [one for one in subject.campaigns() if subject.settings.needs_approval(one.account)]
    with subject.ledger.read() as session:
        waiting = [one for one in wanting if approval_of(session, one.name, one.revision) is None]
    for campaign in waiting:
        words = f"its revision {campaign.revision} is not approved: until it is, its due times are missed"
        yield warning(f"campaign {campaign.name}", words, f"`callbeat approve {campaign.name}`")
    if not waiting:
        yield well("approvals", f"{len(wanting)} campaigns need one, and have it")


def check_ceilings(subject: Subject) -> Iterator[Notice]:
    """How much of the day is used up, where there are ceilings."""
    calls, cost = subject.settings.daily_calls, subject.settings.daily_cost
    if subject.ledger is None or (calls is None and cost is None):
        return
    now = subject.clock.now()
    with subject.ledger.read() as session:
        placed, spent = calls_of_the_day(session, now), cost_of_the_day(session, now)
    if calls is not None:
        yield _judge("calls", f"{placed} of {calls}", reached=placed >= calls)
    if cost is not None:
        yield _judge("cost", f"{spent:f} of {cost:f}", reached=spent >= cost)


def _judge(what: str, used: str, *, reached: bool) -> Notice:
    where, words = f"ceilings.{what}", f"{used} are used today (UTC)"
    if not reached:
        return well(where, words)
    fix = f"wait until midnight UTC, or raise CALLBEAT_DAILY_{what.upper()}"
    return warning(where, f"{words}: nothing more begins", fix)
