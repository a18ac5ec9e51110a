"""Commands that change what is called: run, stop, start, pause, resume, resolve, clock confirm."""

import getpass
import sys
import time
from datetime import datetime
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from callbeat.clock import iso, parse_instant
from callbeat.errors import Refusal, UsageError
from callbeat.outcomes import OPEN
from callbeat.runs import acts, by_hand, report, resolving
from callbeat.runs.acts_on_files import question_of_running
from callbeat.runs.context import Context
from callbeat.runs.heartbeat import beat_age, confirm_clock
from cli.context import load, make_context, read_campaigns
from cli.output import CallsFormat, Format, Json, err, print_json
from cli.tables import print_calls, print_runs
from cli.words import outcomes

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; needed where there is no terminal.")]
FINAL = ("finished", "failed", "cancelled", "skipped", "missed")
SILENT_AFTER = 30.0
clock_app = typer.Typer(help="When the machine's clock was not to be trusted.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(run)
    app.command()(stop)
    app.command()(start)
    app.command()(pause)
    app.command()(resume)
    app.command()(resolve)
    clock_app.command("confirm")(clock_confirm)
    app.add_typer(clock_app, name="clock")


def actor() -> str:
    """Who types: for the events."""
    try:
        return f"{getpass.getuser()} (command line)"
    except (OSError, KeyError):
        return "command line"


def ask(question: str, yes: bool) -> None:
    """Ask once.

    Raises:
        UsageError: there is nobody to ask, and no --yes.
        Refusal: the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{question} There is no terminal to ask on: add --yes")
    if not typer.confirm(question, err=True):
        raise Refusal("nothing was done")


def run(
    campaign: Annotated[str, typer.Argument(help="The campaign's name.")],
    at: Annotated[
        str | None, typer.Option("--at", help="When calls should start, with zone; default: now.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it is over, and print every call.")] = False,
    yes: Yes = False,
    form: Annotated[Format, typer.Option("--format", help="table for people, json for machines.")] = Format.TABLE,
) -> None:
    """One run by hand, as soon as the provider can start it. It ignores `late`, never the hours.

    Exit 0 when it is made (with --wait: finished), 1 refused, failed or missed, 3 when it needs somebody.

    Example: callbeat run renewal-reminders --wait
    """
    due_at, settings = _instant(at), load()
    context = make_context(settings)
    found = by_hand.find_campaign(campaign, read_campaigns(settings))
    ask(question_of_running(found), yes)
    key = by_hand.run_by_hand(context, found, due_at, actor())
    _warn_if_nobody_works(context)
    err.print(f"made {key}", markup=False)
    if wait:
        _wait(context, key, quiet=form is Format.JSON)
    made = report.run(context.ledger, key)
    _print_run(context, {name: value for name, value in made.items() if name != "events"}, form, wait=wait)
    raise typer.Exit(_exit_code(made))


def _instant(text: str | None) -> datetime | None:
    try:
        return None if text is None else parse_instant(text)
    except ValueError:
        raise UsageError(f"--at {text}: is no instant with a zone: write 2026-12-01T09:30+05:30") from None


def _exit_code(made: Json) -> int:
    if made["needs_attention"]:
        return 3
    return 1 if made["state"] in ("failed", "missed", "skipped", "cancelled") else 0


def _print_run(context: Context, made: Json, form: Format, *, wait: bool) -> None:
    if form is Format.JSON:
        print_json(made)
        return
    if wait and made["calls"]:
        print_calls(report.calls(context.ledger, made["run"], reveal=False), CallsFormat.TABLE)
    print_runs("Run", [made])


def _warn_if_nobody_works(context: Context) -> None:
    age = beat_age(context)
    if age is None or age.total_seconds() > SILENT_AFTER:
        err.print("no beat is at work here: start it with `callbeat up`, and the run will go on", markup=False)


def _wait(context: Context, key: str, *, quiet: bool) -> None:
    """Follow a run until it is over or needs somebody."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, disable=quiet or not err.is_terminal, transient=True) as bar:
        line, before = bar.add_task(key, total=None, told=""), ""
        while True:
            made = report.run(context.ledger, key)
            left = sum(made["outcomes"].get(name, 0) for name in OPEN)
            told = _told(made)
            bar.update(line, total=made["calls"] or None, completed=made["calls"] - left, told=told)
            if told != before and not quiet and not err.is_terminal:
                err.print(f"{iso(context.clock.now())} {told}", markup=False)
            before = told
            if made["state"] in FINAL or made["needs_attention"]:
                return
            time.sleep(0.5)


def _told(made: Json) -> str:
    told = (_batch_told(batch) for batch in made["batches"])
    batches = ", ".join(batch for batch in told if batch != made["state"])
    return " ".join(part for part in (made["state"], batches, outcomes(made)) if part)


def _batch_told(batch: Json) -> str:
    """Its state, and until when it waits for its start, or why it gets no further."""
    if batch["state"] == "scheduled":
        return f"scheduled until {batch['start_at'][11:16]}"
    return f"{batch['state']} ({batch['reason']})" if batch["reason"] else str(batch["state"])


def stop(
    run_key: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="A run, e.g. renewal-reminders@20261201T0430Z.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="The red button: stop every run, and let none begin until `start`.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Stop a run, or with --all everything. What is scheduled or dialling is stopped at the provider.

    Calls under way may end. While everything is stopped nothing is created or scheduled; what comes due is missed,
    unless `callbeat start` lifts it in time. Exit 3 when something is held that only a person can stop.

    Example: callbeat stop renewal-reminders@20261201T0430Z
    """
    if (run_key is None) is not everything:
        raise UsageError("say which run to stop, or --all")
    context = make_context(load())
    if run_key is None:
        _carry_out(acts.halting(context), yes)
        _warn_if_nobody_works(context)
        return
    _carry_out(acts.stopping(context, run_key), yes)


def _carry_out(act: acts.Act, yes: bool) -> None:
    ask(act.question, yes)
    err.print(act.do(actor()).words, markup=False)


def start(yes: Yes = False) -> None:
    """Lift `stop --all`: runs that come due from now on open again. What was stopped stays so.

    Example: callbeat start
    """
    _carry_out(acts.lifting(make_context(load())), yes)


def pause(campaign: Annotated[str, typer.Argument(help="The campaign's name.")], yes: Yes = False) -> None:
    """Skip a campaign's due times until `resume`. Runs that are open already go on: `callbeat stop` is for those.

    Example: callbeat pause renewal-reminders
    """
    _carry_out(acts.pausing(make_context(load()), campaign), yes)


def resume(campaign: Annotated[str, typer.Argument(help="The campaign's name.")], yes: Yes = False) -> None:
    """Plan a paused campaign again, from now on. What was skipped is not made up for.

    Example: callbeat resume renewal-reminders
    """
    _carry_out(acts.resuming(make_context(load()), campaign), yes)


def resolve(
    batch: Annotated[str, typer.Argument(help="A held batch, e.g. renewal-reminders@20261201T0430Z/1.")],
    placed: Annotated[str | None, typer.Option("--placed", help="It exists at the provider under this id.")] = None,
    not_placed: Annotated[bool, typer.Option("--not-placed", help="It does not exist, or has no start.")] = False,
    give_up: Annotated[
        bool, typer.Option("--give-up", help="Nobody will know: count its calls as called.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Tell what became of a batch that only a person can judge.

    --placed follows it from now on; --not-placed goes through `late` again (a new start, or missed);
    --give-up ends it with unknown outcomes, which count as called. What the ledger and the provider say of it, and
    what will be done, is told first, also with --yes.

    Example: callbeat resolve renewals@20261201T0430Z/1 --placed batch_7891011
    """
    if sum((placed is not None, not_placed, give_up)) != 1:
        raise UsageError("say one of --placed ID, --not-placed, --give-up")
    context = make_context(load())
    held = resolving.held_batch(context, batch)
    for line in resolving.facts(context, held):
        err.print(line, markup=False)
    decision, question = acts.decided(context, held, placed, given_up=give_up)
    err.print(f"so {decision.words}", markup=False)
    ask(question, yes)
    to = resolving.carry_out(context, held, decision, actor())
    err.print(f"{batch} is {to} now", markup=False)


def clock_confirm(yes: Yes = False) -> None:
    """Say that this machine's clock is right, after it jumped. Planning goes on from now.

    Example: callbeat clock confirm
    """
    context = make_context(load())
    ask(f"Is it really {iso(context.clock.now())}?", yes)
    why = confirm_clock(context, actor())
    err.print(
        f"planning goes on ({why})" if why else "the clock was not in doubt: nothing to confirm", markup=False
    )
