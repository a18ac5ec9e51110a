"""When a batch starts: Bolna's rules of time, `(text, now) -> start` or the documented refusal."""

from datetime import UTC, datetime, timedelta

from sandbox.bolna.refusals import bad_request, server_error

EARLIEST = timedelta(minutes=2)
LATEST = timedelta(days=30)
MARK = timedelta(minutes=10)


def read_instant(text: str) -> datetime:
    """An ISO 8601 date and time; without an offset it silently means UTC."""
    if "T" not in text.upper() and " " not in text:
        raise bad_request("Parsing error")
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise bad_request("Parsing error") from error


def round_up(moment: datetime) -> datetime:
    """The next 10-minute mark; a moment exactly on a mark stays."""
    past_the_mark = (moment - datetime.min.replace(tzinfo=UTC)) % MARK
    return moment + (MARK - past_the_mark) if past_the_mark else moment


def start_of(text: str, now: datetime) -> datetime:
    text = text.strip()
    if text[-1:] in ("Z", "z"):
        raise server_error()
    asked = read_instant(text)
    if asked - now < EARLIEST:
        raise bad_request("Scheduled time should be atleast 2 minutes in the future")
    if asked - now > LATEST:
        raise bad_request("Scheduled time should be within 30 days")
    return round_up(asked)
