"""Commands about campaign files: validate, plan, preview, schema. None of them asks a provider anything."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from callbeat.campaigns.due import campaign_due_times, opens_at
from callbeat.campaigns.model import Campaign
from callbeat.campaigns.reader import Reading
from callbeat.campaigns.schema import campaign_schema
from callbeat.clock import iso, parse_instant
from callbeat.errors import Problem, Refusal, UsageError, has_errors
from callbeat.providers.registry import rules_of
from callbeat.runs.accounts import requests_a_minute
from callbeat.runs.by_hand import find_campaign
from callbeat.runs.load import Start, crowds
from callbeat.runs.outlook import notes_on, outlook
from callbeat.runs.preview import preview as preview_of
from callbeat.runs.reach import reach_of
from callbeat.runs.roster import Means
from callbeat.runs.starts import Chosen
from callbeat.settings import Settings
from cli.context import load, now, open_ledger, read_campaigns
from cli.output import Format, Json, err, print_json, print_table
from cli.words import clock, excluded

MOST_ROWS = 10_000
FormatOption = Annotated[Format, typer.Option("--format", help="table for people, json for machines.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(validate)
    app.command()(plan)
    app.command()(preview)
    app.command()(schema)


def validate(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files or folders; default: CALLBEAT_CAMPAIGNS.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """All problems of all campaign files, at once and offline.

    Exit 0 when there are none (warnings do not count), 1 otherwise.

    Example: callbeat validate config/campaigns/renewal-reminders.yaml
    """
    settings = load()
    readings = read_campaigns(settings, paths)
    problems = [problem for reading in readings for problem in reading.problems]
    if not readings:
        fix = "name a file or a folder with *.yaml in it"
        place = ", ".join(map(str, paths or [settings.campaigns]))
        problems.append(Problem(place, 0, "folder", "there is no campaign file", fix, "warning"))
    if form is Format.JSON:
        print_json([asdict(problem) for problem in problems])
    else:
        for problem in problems:
            err.print(f"{problem.level}: {problem}", markup=False)
        good = sum(reading.campaign is not None for reading in readings)
        err.print(f"{len(readings)} files, {good} campaigns, {len(problems)} problems", markup=False)
    raise typer.Exit(1 if has_errors(problems) else 0)


def plan(
    begin: Annotated[str | None, typer.Option("--from", help="First instant, e.g. 2026-12-01T00:00+00:00.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last instant; default: a week later.")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """What will happen, and when the providers really start. Each due time, when it opens, and what to know.

    Reads the campaign files, not the ledger. Instants without a zone are taken as UTC.

    Example: callbeat plan --to 2026-12-24
    """
    settings = load()
    first = _instant(begin) if begin else now(settings)
    last = _instant(end) if end else first + timedelta(days=7)
    readings = read_campaigns(settings)
    _tell_broken(readings)
    rows = sorted(_rows(settings, readings, first, last), key=lambda row: (row["due_at"], row["campaign"]))
    if form is Format.JSON:
        print_json(rows)
        return
    columns = {
        "due (campaign zone)": lambda row: row["due_local"],
        "campaign": lambda row: row["campaign"],
        "opens UTC": lambda row: clock(row["opens_at"]),
        "starts UTC": lambda row: clock(row["start_at"]),
        "notes": lambda row: "; ".join(row["notes"]),
    }
    print_table(f"Plan from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC", columns, rows)


def preview(
    campaign: Annotated[str, typer.Argument(help="The campaign's name.")], form: FormatOption = Format.TABLE
) -> None:
    """What a run now would do, calling nobody. Contacts in and out with reasons, batches and starts.

    Exit 0, or 1 when such a run would be refused: a source that cannot be used, or no start within the hours.

    Example: callbeat preview renewal-reminders
    """
    settings = load()
    found = find_campaign(campaign, read_campaigns(settings))
    means = Means(open_ledger(settings), reach_of(settings), settings.allow_numbers)
    seen = preview_of(means, found, now(settings))
    told = seen.told
    if form is Format.JSON:
        print_json(told)
    else:
        _print_preview(told)
    for note in seen.notes:
        err.print(f"the source: {note}", markup=False)
    if seen.refused is not None:
        raise Refusal(f"a run now would be refused: {seen.refused}")
    most = settings.daily_calls
    if most is not None and told["calls"] > most:
        raise Refusal(
            f"a run now would be missed: {told['calls']} calls, and CALLBEAT_DAILY_CALLS permits {most} a day"
        )


def _print_preview(told: Json) -> None:
    columns = {
        "rows": lambda row: row["rows"],
        "not called": excluded,
        "calls": lambda row: row["calls"],
    }
    print_table(f"A run of {told['campaign']} now", columns, [told])
    batches = {
        "start UTC": lambda row: clock(row["start_at"]),
        "dial until": lambda row: clock(row["dial_until"]),
        "calls": lambda row: row["calls"],
    }
    print_table("Batches", batches, told["batches"])
    examples = {"row": lambda row: row["row"], "not called because": lambda row: row["reason"]}
    print_table("Examples", examples, told["examples"])


def schema() -> None:
    """The JSON Schema of campaign files, for editors.

    Example: callbeat schema > campaign.schema.json
    """
    print_json(campaign_schema())


def _tell_broken(readings: list[Reading]) -> None:
    for reading in readings:
        for problem in reading.problems:
            if problem.level == "error":
                err.print(f"broken file: {problem}", markup=False)


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text if _has_zone(text) else f"{text}+00:00" if "T" in text else f"{text}T00:00+00:00")
    except ValueError:
        raise UsageError(f"'{text}' is no instant: write 2026-12-01 or 2026-12-01T09:30+05:30") from None


def _has_zone(text: str) -> bool:
    return text.endswith("Z") or (len(text) > 10 and ("+" in text[10:] or "-" in text[10:]))


def _rows(settings: Settings, readings: list[Reading], first: datetime, last: datetime) -> list[Json]:
    """What will happen; that too much of it happens at once is seen when all of it is known."""
    rows, starts = [], []
    for campaign, due in _dues(readings, first, last):
        row, chosen = _row(campaign, due)
        rows.append(row)
        if chosen is not None:
            can = rules_of(campaign.provider).capabilities
            most = requests_a_minute(settings, campaign.account, campaign.provider)
            opens, name = opens_at(campaign, due), (campaign.name, row["due_at"])
            starts.append(Start(name, campaign.account, can, opens, chosen.start.start_at, most))
    in_the_way = crowds(starts)
    for row in rows:
        if crowd := in_the_way.get((row["campaign"], row["due_at"])):
            row["notes"].append(crowd.words)
    return rows


def _dues(readings: list[Reading], first: datetime, last: datetime) -> Iterator[tuple[Campaign, datetime]]:
    count = 0
    for reading in readings:
        if reading.campaign is None:
            continue
        for due in campaign_due_times(reading.campaign, first, last):
            count += 1
            if count > MOST_ROWS:
                raise UsageError(f"more than {MOST_ROWS} due times: choose a nearer --to")
            yield reading.campaign, due


def _row(campaign: Campaign, due: datetime) -> tuple[Json, Chosen | None]:
    """As it is printed, and the start where there will be one."""
    seen = outlook(campaign, due)
    row = {
        "campaign": campaign.name,
        "provider": campaign.provider,
        "due_at": iso(due),
        "due_local": due.astimezone(ZoneInfo(campaign.schedule.timezone)).isoformat(timespec="minutes"),
        "opens_at": iso(seen.opens_at),
        "start_at": iso(seen.start_at) if seen.start_at else None,
        "notes": list(notes_on(campaign, seen)),
    }
    return row, seen.chosen
