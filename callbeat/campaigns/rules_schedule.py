"""The rules of `schedule`: when calls should start."""

from datetime import timedelta
from typing import Any, Literal

from callbeat.campaigns.cron import CronError, DayRule, parse_cron
from callbeat.campaigns.durations import duration_text, parse_duration
from callbeat.campaigns.fields import Fields, read_fields
from callbeat.campaigns.keys import SCHEDULE
from callbeat.campaigns.model import Schedule
from callbeat.campaigns.places import Place
from callbeat.campaigns.public_holidays import parse_holidays
from callbeat.campaigns.values import distinct, given, list_of, one_of, parsed, read_date, read_text
from callbeat.campaigns.yaml_lines import Listing, Scalar
from callbeat.campaigns.zones import parse_zone

SHORTEST_LEAD, LONGEST_LEAD = timedelta(minutes=10), timedelta(days=7)
LATEST = timedelta(hours=24)
DAY_RULES: tuple[DayRule, ...] = ("and", "or")
ON_HOLIDAY: tuple[Literal["skip", "next_day"], ...] = ("skip", "next_day")

read_duration = parsed(parse_duration)


def read_schedule(place: Place) -> Schedule | None:
    """When calls should start, or None after noting why not."""
    fields = read_fields(place, SCHEDULE)
    if fields is None:
        return None
    day_rule = _day_rule(fields)
    values: dict[str, Any] = {
        "cron": _cron(fields, day_rule),
        "timezone": fields.read("timezone", parsed(parse_zone)),
        "day_rule": day_rule,
        **_dates(fields),
        "holidays": fields.read("holidays", _holidays),
        "on_holiday": _on_holiday(fields),
        "lead": fields.read("lead", _lead),
        "late": fields.read("late", _late),
        "overlap": fields.read("overlap", one_of(("skip", "allow"))),
    }
    return Schedule(**given(values)) if fields.sound else None


def _day_rule(fields: Fields) -> DayRule | None:
    """A rule that decides nothing is told and left out: the line means the same without it."""
    rule: DayRule | None = fields.read("day_rule", one_of(DAY_RULES))
    place, line = fields.get("day_rule"), fields.get("cron")
    parts = line.node.text.split() if line and isinstance(line.node, Scalar) else []
    if rule and place and len(parts) == 5 and "*" in (parts[2], parts[4]):
        where = (*fields.place.where, "day_rule")
        place.notes.add(
            place.line, where, "decides nothing: only one day field is restricted", "remove it", "warning"
        )
        return None
    return rule


def _cron(fields: Fields, day_rule: DayRule | None) -> str | None:
    """The line is read together with `day_rule`, which it may require or forbid."""
    text = fields.read("cron", read_text)
    try:
        return text and parse_cron(text, day_rule).text
    except CronError as error:
        rule_is_known = day_rule is not None or fields.get("day_rule") is None
        if error.field == "cron" or rule_is_known:
            _note(fields, error)
        return None


def _note(fields: Fields, error: CronError) -> None:
    place = fields.get(error.field) or fields.get("cron") or fields.place
    where = (*fields.place.where, error.field)
    place.notes.add(place.line, where, error.problem, error.fix)


def _dates(fields: Fields) -> dict[str, Any]:
    first, last = fields.read("from", read_date), fields.read("until", read_date)
    place = fields.get("until")
    if place and first and last and last < first:
        place.note(f"{last} is before the first day, {first}", "write a day that is not before `from`")
    skipped = fields.read("skip_dates", distinct(list_of(read_date)))
    return {"from": first, "until": last, "skip_dates": skipped and tuple(sorted(skipped))}


def _holidays(place: Place) -> tuple[str, ...] | None:
    """One code, or a list of them."""
    if isinstance(place.node, Listing):
        return distinct(list_of(parsed(parse_holidays), least=1))(place)
    code = parsed(parse_holidays)(place)
    return None if code is None else (code,)


def _on_holiday(fields: Fields) -> Literal["skip", "next_day"] | None:
    chosen: Literal["skip", "next_day"] | None = fields.read("on_holiday", one_of(ON_HOLIDAY))
    place = fields.get("on_holiday")
    if place and chosen and not (fields.get("holidays") or fields.get("skip_dates")):
        words, fix = "decides nothing: there are neither holidays nor skip_dates", "name them, or remove it"
        place.notes.add(place.line, place.where, words, fix, "warning")
    return chosen


def _lead(place: Place) -> timedelta | None:
    lead = read_duration(place)
    if lead is not None and lead < SHORTEST_LEAD:
        why = "what must be done before a start, two checks at the provider included, takes that long"
        place.note(f"lead shorter than {duration_text(SHORTEST_LEAD)}; {why}", "write 10m or more; 30m is usual")
    elif lead is not None and lead > LONGEST_LEAD:
        place.note(f"lead longer than {duration_text(LONGEST_LEAD)}", "write 7d or less; 30m is usual")
    return lead


def _late(place: Place) -> timedelta | None:
    late = read_duration(place)
    if late is not None and late > LATEST:
        place.note("later than 24h is another day's run", "write 24h or less, for example 20m")
    return late
