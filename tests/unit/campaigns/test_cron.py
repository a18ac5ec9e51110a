"""Cron lines: what is read, and what is refused in which words."""

import pytest

from callbeat.campaigns.cron import CronError, DayRule, parse_cron


def test_text_is_kept_with_single_spaces() -> None:
    """Two spaces more are not another campaign."""
    assert parse_cron("  0   9 *\t* MON-fri \n").text == "0 9 * * MON-fri"


@pytest.mark.parametrize(
    ("text", "wild"),
    [
        ("0 9 * * *", False),
        ("0 0-23 * * *", False),
        ("30,*/20 9 * * *", False),
        ("*/15 9 * * *", True),
        ("*/20,30 9 * * *", True),
        ("0 * * * *", True),
        ("0 */2 * * *", True),
    ],
)
def test_a_line_is_wild_when_its_minute_or_hour_begins_with_a_star(text: str, wild: bool) -> None:
    """Debian decides by this letter what happens in the nights when the clocks change."""
    assert parse_cron(text).wild is wild


REFUSED = [
    ("", "'' has 0 fields", "write minute, hour"),
    ("0 9 * *", "has 4 fields", "0 9 * * mon,wed"),
    ("0 9 * * * 30", "has 6 fields; five are needed (there are no seconds and no years)", "write minute, hour"),
    ("0 9 * * * * 2026", "has 7 fields", "write minute, hour"),
    ("0 9 * * mon, wed", "has 6 fields", "no spaces in lists"),
    ("0\u00a09 * * *", "has 4 fields", "write minute, hour"),
    ("0 9\u00a0 * * *", "hour '9\u00a0' is not understood", "use 0 to 23, for example 9-17 or *"),
    ("@daily", "'@daily' is a word, not a time", "for example 0 9 * * *"),
    ("@Hourly", "'@Hourly' is a word", "for example 0 * * * *"),
    ("@reboot", "'@reboot' is a word", "write five fields"),
    ("60 9 * * *", "minute '60': 60 is out of range", "use 0 to 59, for example 0,30 or *"),
    ("0 24 * * *", "hour '24': 24 is out of range", "use 0 to 23"),
    ("0 9 0 * *", "day of month '0': 0 is out of range", "use 1 to 31"),
    ("0 9 32 * *", "day of month '32': 32 is out of range", "use 1 to 31"),
    ("0 9 * 13 *", "month '13': 13 is out of range", "use 1 to 12 or jan to dec"),
    ("0 9 * 0 *", "month '0': 0 is out of range", "use 1 to 12"),
    ("0 9 * * 8", "day of week '8': 8 is out of range", "use 0 to 7 or sun to sat, for example mon-fri or *"),
    ("0 9 * * monday", "day of week 'monday' is not understood", "sun to sat"),
    ("0 9 * april *", "month 'april' is not understood", "jan to dec"),
    ("0 9 * * jan", "day of week 'jan' is not understood", "sun to sat"),
    ("mon 9 * * *", "minute 'mon' is not understood", "use 0 to 59"),
    ("0 9 * * 1-1", "day of week '1-1' is a range from a value to itself", "write 1"),
    ("5-5 * * * *", "minute '5-5' is a range from a value to itself", "write 5"),
    ("0 9 * JAN-JAN *", "month 'JAN-JAN' is a range from a value to itself", "write JAN"),
    ("0 9 * * FRI-MON", "day of week 'FRI-MON' is a range that runs backwards", "write FRI-sat,sun-MON"),
    ("0 9 * * sat-sun", "day of week 'sat-sun' is a range that runs backwards", "write sat,sun"),
    ("0 22-2 * * *", "hour '22-2' is a range that runs backwards", "write 22-23,0-2"),
    ("0 22-2/2 * * *", "hour '22-2/2' is a range that runs backwards", "list the values"),
    ("0 9 * nov-feb *", "month 'nov-feb' is a range that runs backwards", "write nov-dec,jan-feb"),
    (
        "5/15 * * * *",
        "minute '5/15' has a step on a single value",
        "write 5, or a range with a step, for example 0-59/2",
    ),
    ("0 9 * DEC/3 *", "month 'DEC/3' has a step on a single value", "write DEC"),
    ("*/0 9 * * *", "minute '*/0' has a step of 0", "use a step from 1 to 59"),
    ("*/60 9 * * *", "minute '*/60' has a step larger than its range, so that only 0 is left", "write 0 if"),
    ("0 9 1-5/5 * *", "day of month '1-5/5' has a step larger than its range", "use a step from 1 to 4"),
    ("0 9 * * */7", "day of week '*/7' has a step larger", "use a step from 1 to 6"),
    ("*/ 9 * * *", "minute '*/' has no number after the /", "use a step from 1 to 59"),
    ("*/2/3 9 * * *", "minute '*/2/3' has no number after the /", "use a step"),
    ("*/x 9 * * *", "minute '*/x' has no number after the /", "use a step"),
    ("0,,30 9 * * *", "minute '0,,30' has a comma with nothing beside it", "remove the comma"),
    ("0 9, * * *", "hour '9,' has a comma with nothing beside it", "remove the comma"),
    ("0 *,9 * * *", "hour '*,9' has a * in a list", "write only *, or leave the * out"),
    ("0 *-5 * * *", "hour '*-5' is not understood", "use 0 to 23"),
    ("0 -5 * * *", "hour '-5' is not understood", "use 0 to 23"),
    ("0 5- * * *", "hour '5-' is not understood", "use 0 to 23"),
    ("0 1-2-3 * * *", "hour '1-2-3' is not understood", "use 0 to 23"),
    ("0 ٩ * * *", "hour '٩' is not understood", "use 0 to 23"),
    ("0 9.5 * * *", "hour '9.5' is not understood", "use 0 to 23"),
    ("0 9 ? * 1", "day of month '?' is not understood", "write * instead of ?"),
    ("0 9 15W * *", "day of month '15W' is not understood", "there is no nearest weekday here"),
    ("0 9 LW * *", "day of month 'LW' is not understood", "there is no last day here"),
    ("0 9 L * *", "day of month 'L' is not understood", "for example 28"),
    ("0 9 * * 5L", "day of week '5L' is not understood", "there is no last day here"),
    ("0 9 * * L5", "day of week 'L5' is not understood", "there is no last day here"),
    ("0 9 * * MON#2", "day of week 'MON#2' is not understood", "`0 9 8-14 * mon` with `day_rule: and`"),
    ("H 9 * * *", "minute 'H' is not understood", "nothing is left to chance here; name the value"),
    ("R * * * *", "minute 'R' is not understood", "nothing is left to chance here"),
    ("h(0-29)/10 * * * *", "minute 'h(0-29)/10' is not understood", "nothing is left to chance here"),
    ("0 0 31 2 *", "'0 0 31 2 *' never fires: no such month has a day 31", "for example 28"),
    ("0 0 30,31 feb *", "never fires: no such month has a day 30", "for example 28"),
    ("0 0 31 4,6,9,11 *", "never fires: no such month has a day 31", "for example 28"),
    ("* 9 * * *", "fires more often than every 10 minutes (09:00 and 09:01)", "for example */15 or 0,30"),
    ("*/5 * * * *", "(00:00 and 00:05)", "leave at least 10 minutes between two times"),
    ("0,9 9 * * *", "(09:00 and 09:09)", "leave at least 10 minutes"),
    ("55,0 * * * *", "(00:55 and 01:00)", "leave at least 10 minutes"),
    ("0,55 9-10 * * *", "(09:55 and 10:00)", "leave at least 10 minutes"),
    ("59,0 23,0 * * *", "(23:59 and 00:00)", "leave at least 10 minutes"),
    ("59,0 23,0 28,1 2,3 *", "(23:59 and 00:00)", "leave at least 10 minutes"),
    ("59,0 23,0 31,1 12,1 *", "(23:59 and 00:00)", "leave at least 10 minutes"),
    (",".join(["0"] * 250) + " 9 * * *", "the cron line has 507 characters", "write ranges or steps"),
]


@pytest.mark.parametrize(("text", "problem", "fix"), REFUSED, ids=[case[0][:30] for case in REFUSED])
def test_what_crons_disagree_on_is_refused_in_words_that_help(text: str, problem: str, fix: str) -> None:
    """croniter would take most of these, some of them for every minute of every day."""
    with pytest.raises(CronError) as refused:
        parse_cron(text)
    assert problem in refused.value.problem
    assert fix in refused.value.fix
    assert refused.value.field == "cron"
    assert str(refused.value) == f"{refused.value.problem}: {refused.value.fix}"


@pytest.mark.parametrize(
    ("backwards", "forwards"),
    [
        ("0 9 * * fri-mon", "fri-sat,sun-mon"),
        ("0 9 * * sat-sun", "sat,sun"),
        ("0 9 * * 6-0", "6,0"),
        ("0 22-2 * * *", "22-23,0-2"),
        ("0 23-0 * * *", "23,0"),
        ("0 9 28-3 * *", "28-31,1-3"),
        ("0 9 * nov-1 *", "nov-dec,1"),
    ],
)
def test_the_advice_for_a_range_that_runs_backwards_can_be_pasted(backwards: str, forwards: str) -> None:
    """Advice that is refused in its turn is worse than none."""
    with pytest.raises(CronError) as refused:
        parse_cron(backwards)
    assert refused.value.fix == f"write {forwards}"
    parse_cron(" ".join(forwards if "-" in part else part for part in backwards.split()))


def test_a_never_firing_date_with_and_is_refused_too() -> None:
    """With `or` the weekday fires; with `and` nothing ever would."""
    parse_cron("0 9 31 2 mon", "or")
    with pytest.raises(CronError, match="never fires"):
        parse_cron("0 9 31 2 mon", "and")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("*/15 * * * *", None),
        ("*/10 * * * *", None),
        ("0,10,20,30,40,50 * * * *", None),
        ("0 0 29 2 *", None),
        ("55,0 0,9 * * *", None),
        ("59,0 23,0 * * 1", None),
        ("59,0 23,0 1-31/2 2 *", None),
        ("59,0 23,0 1 * *", None),
        ("59,0 23,0 28,1 2,4 *", None),
        ("59,0 23,0 28 2-3 mon", "and"),
        ("0 9 1-31 * 0-7", "and"),
    ],
)
def test_lines_that_only_look_too_frequent_or_impossible_are_taken(text: str, rule: DayRule | None) -> None:
    """The gap over midnight counts only where two days in a row fire."""
    parse_cron(text, rule)


@pytest.mark.parametrize("text", ["0 9 1 * 1", "0 9 */2 * mon", "0 9 1 * */2", "0 9 */1 * 0-7"])
def test_two_restricted_day_fields_need_a_day_rule(text: str) -> None:
    """cron fires on either, Celery on both only: a weekly campaign becomes one that calls twice a year."""
    with pytest.raises(CronError, match="are both restricted: say day_rule: or") as refused:
        parse_cron(text)
    assert refused.value.field == "day_rule"
    assert parse_cron(text, "or").day_rule == "or"
    assert parse_cron(text, "and").day_rule == "and"


@pytest.mark.parametrize("text", ["0 9 * * *", "0 9 1 * *", "0 9 * * mon", "0 9 */2 * *"])
def test_a_day_rule_that_has_nothing_to_join_is_refused(text: str) -> None:
    """Whoever wrote it believes that the line says something else than it does."""
    with pytest.raises(CronError, match=r"only for lines that restrict both .* remove day_rule") as refused:
        parse_cron(text, "or")
    assert refused.value.field == "day_rule"
