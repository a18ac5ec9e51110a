"""`callbeat doctor`: what is wrong, and how to mend it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from callbeat.doctor.checks import checks_of
from callbeat.doctor.notices import Check, Notice, Told, error, examine, exit_code
from callbeat.doctor.subject import Subject
from callbeat.errors import Problem, SettingsError
from cli.acting import actor
from cli.context import load, read_campaigns
from cli.home_lock import is_held
from cli.output import Format, err, out, print_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(
    form: Annotated[Format, typer.Option("--format", help="table for people, json for machines.")] = Format.TABLE,
) -> None:
    """Look for what is wrong, and say how to mend it. Settings, campaigns, ledger, accounts, broker, beat, workers,
    and what is stuck.

    Each problem is told with what to do about it. Nothing is changed, and nobody is called; only an account that
    was closed is opened again, once its provider takes its key.

    Exit 0 when there are at most warnings, 1 with errors, 3 when only a batch is left that waits for somebody.

    Example: callbeat doctor --format json
    """
    with err.status("looking") as status:
        notices = list(_notices(lambda name: status.update(f"looking at {name}")))
    problems = [notice for notice in notices if isinstance(notice, Problem)]
    if form is Format.JSON:
        print_json([asdict(problem) | {"file": problem.file or None} for problem in problems])
    else:
        _print(notices, problems)
    raise typer.Exit(exit_code(notices))


def _notices(before: Callable[[str], None]) -> Iterator[Notice]:
    try:
        subject = _subject()
    except SettingsError as trouble:
        fix = "set it right in the environment, .env or a secret's file; nothing else can be looked at before that"
        yield error("settings", str(trouble), fix)
        return
    yield from examine([*checks_of(subject), Check("broker", lambda: _check_broker(subject))], before)
    if subject.ledger is not None:
        subject.ledger.close()


def _subject() -> Subject:
    settings = load()
    return Subject(settings, settings.make_clock(), read_campaigns(settings), actor())


def _check_broker(subject: Subject) -> Iterator[Notice]:
    """The broker, and the workers that are asked through it."""
    # Not at the top: Redis and Celery are a second of start-up that no other command needs.
    from worker.redis_check import check_redis, not_asked  # noqa: PLC0415

    needed = subject.beat_at_work or is_held(subject.settings.home)
    notices = list(check_redis(subject.settings, needed=needed))
    yield from notices
    if any(isinstance(notice, Problem) and notice.where == "redis" for notice in notices):
        yield not_asked()
        return
    from worker.workers_check import check_workers  # noqa: PLC0415

    yield from check_workers(needed=subject.begun)


def _print(notices: Sequence[Notice], problems: Sequence[Problem]) -> None:
    """What is well on stdout, what is not on stderr."""
    for notice in notices:
        if isinstance(notice, Told):
            out.print(
                f"{'ok' if notice.seen else '--'}  {notice.where}: {notice.words}", markup=False, soft_wrap=True
            )
    for problem in problems:
        err.print(_line(problem), markup=False)
    errors = sum(problem.level == "error" for problem in problems)
    good = sum(isinstance(notice, Told) and notice.seen for notice in notices)
    err.print(f"{good} well, {errors} errors, {len(problems) - errors} warnings")


def _line(problem: Problem) -> str:
    """A file's problem is told as `validate` tells it."""
    if problem.line:
        return f"{problem.level}: {problem}"
    place = f"{problem.file}: {problem.where}" if problem.file else problem.where
    return f"{problem.level}: {place}: {problem.problem}: {problem.fix}"
