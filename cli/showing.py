"""Commands that look at the ledger: runs, show, calls."""

from typing import Annotated

import typer

from callbeat.errors import UsageError
from callbeat.runs import report
from callbeat.runs.contact_list import note_reveal
from callbeat.runs.story import Story, story
from cli.acting import actor
from cli.context import load, make_context, open_ledger
from cli.output import CallsFormat, Format, Json, err, out, print_json, wide_enough
from cli.picture import batches, heading, picture
from cli.story import print_next, print_story, print_what_is_held
from cli.tables import print_call_file, print_calls, print_runs
from cli.watching import follow, look_on, newest
from cli.words import sum_line

FormatOption = Annotated[Format, typer.Option("--format", help="table for people, json for machines.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(runs)
    app.command()(show)
    app.command()(calls)


def runs(
    campaign: Annotated[str | None, typer.Argument(help="Only this campaign.")] = None,
    limit: Annotated[
        int | None, typer.Option(help="Only so many, the newest; table: 100, json: all.", min=1)
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show it anew each second, until Ctrl-C.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Every run with its state, and where each contact ended. Broken campaign files are told as well.

    Example: callbeat runs renewal-reminders --format json
    """
    settings = load()
    ledger = open_ledger(settings)
    if watch:
        _for_people(form, "--watch")
        look_on(lambda room: newest(ledger, campaign, limit or room), settings.make_clock())
        return
    rows = report.runs(ledger, campaign=campaign, limit=limit or (None if form is Format.JSON else 100))
    for file in report.broken_files(ledger):
        for problem in file["problems"]:
            if problem["level"] == "error":
                err.print("broken file: {file}:{line}: {where}: {problem}: {fix}".format(**problem), markup=False)
    if campaign is not None and not rows:
        err.print(f"no run of {campaign} yet: `callbeat plan` tells its due times, if it is one", markup=False)
    elif not rows:
        err.print(f"nothing has run yet by the ledger in {settings.home.resolve()} (CALLBEAT_HOME)", markup=False)
    if form is Format.JSON:
        print_json(rows)
    else:
        print_runs("Runs", rows)


def _for_people(form: Format, option: str) -> None:
    if form is Format.JSON:
        raise UsageError(f"{option} is for people: ask with --format json as often as you like")


def show(
    run: Annotated[str, typer.Argument(help="A run, e.g. renewal-reminders@20261201T0430Z.")],
    log: Annotated[
        bool, typer.Option("--log", help="Its events line by line as they come, until it is over.")
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """The story of one run, top to bottom. Every event with its reason, what comes next, and its batches.

    Exit 3 when it waits for somebody.

    Example: callbeat show renewal-reminders@20261201T0430Z
    """
    ledger = open_ledger(load())
    if log:
        _for_people(form, "--log")
        follow(ledger, run)
        raise typer.Exit(3 if report.run(ledger, run)["needs_attention"] else 0)
    found = report.run(ledger, run)
    if form is Format.JSON:
        print_json(found)
    else:
        _print_run(found, story(ledger, run))
    raise typer.Exit(3 if found["needs_attention"] else 0)


def _print_run(found: Json, told: Story) -> None:
    page = wide_enough()
    page.print(heading(found, told))
    if found["rows"]:
        out.print(sum_line(found), markup=False, soft_wrap=True)
        page.print(picture(found, page.width))
    print_story(told)
    page.print(batches(found["batches"], page.width) if found["batches"] else "Batches: none")
    print_next(told)
    print_what_is_held(found)


def calls(
    run: Annotated[str, typer.Argument(help="A run, e.g. renewal-reminders@20261201T0430Z.")],
    reveal: Annotated[bool, typer.Option("--reveal", help="Show whole numbers; this is recorded.")] = False,
    form: Annotated[
        CallsFormat, typer.Option("--format", help="table, json, csv, jsonl or parquet.")
    ] = CallsFormat.TABLE,
) -> None:
    """Every call of a run with its outcome. Numbers are masked without --reveal.

    Example: callbeat calls renewals@20261201T0430Z --format csv > calls.csv
    """
    ledger = open_ledger(load())
    pages = report.calls_by_page(ledger, run, reveal=reveal)
    if reveal:
        note_reveal(make_context(load()), run, actor())
    if form in (CallsFormat.TABLE, CallsFormat.JSON):
        print_calls([call for page in pages for call in page], form)
    else:
        print_call_file(pages, form)
