"""The rule of time that all providers share: not too soon, not too far, in whole seconds, on a mark if any."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from callbeat.providers.capabilities import Capabilities
from callbeat.providers.port import NoStart, Start

RESOLUTION = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rounded_up(asked: datetime, mark: timedelta | None) -> datetime:
    """The next mark, or that very instant if it is on one."""
    return asked if mark is None else _EPOCH - ((_EPOCH - asked) // mark) * mark


def start_within(
    rules: Capabilities,
    name: str,
    write: Callable[[datetime], str],
    *,
    asked: datetime,
    now: datetime,
    margin: timedelta,
) -> Start | NoStart:
    """The start that comes of asking at `now` (the provider's clock) for `asked`, or why it would be refused.

    `margin` is kept on top of the earliest start, for the time the request takes and for clocks that differ.
    `write` puts an instant into the words that the provider reads.

    Raises:
        ValueError: an instant without a zone.
    """
    if asked.tzinfo is None or now.tzinfo is None:
        raise ValueError("an instant without a zone is no start")
    if asked < now + rules.earliest + margin:
        minutes = (rules.earliest + margin) / timedelta(minutes=1)
        return NoStart(f"{name} wants a start at least {minutes:g} minutes ahead (margin included)")
    if asked > now + rules.latest - margin:
        return NoStart(f"{name} takes starts at most {rules.latest.days} days ahead")
    sent = (asked + timedelta(seconds=1) - RESOLUTION).replace(microsecond=0)
    return Start(asked_at=sent, start_at=rounded_up(sent, rules.mark), text=write(sent))
