"""The commands `suppress add`, `remove` and `list`: numbers that are never called, whatever a campaign says."""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Annotated

import phonenumbers
import polars as pl
import typer

from callbeat.clock import iso
from callbeat.contacts.suppression import BadList, in_e164, numbers_in, read_list
from callbeat.errors import Refusal, UsageError
from callbeat.runs import suppressing
from callbeat.runs.suppressing import Entry
from cli.acting import Yes, actor, ask
from cli.context import load, make_context
from cli.output import Format, Json, err, print_json, print_table

suppress = typer.Typer(
    help="Numbers that are never called, over all campaigns. Kept as hashes: nobody can read them back.",
    no_args_is_help=True,
)
SHOWN = 20
SOURCES: dict[str, Callable[[Json], object]] = {
    name: itemgetter(name) for name in ("source", "count", "first", "last")
}
NEWEST: dict[str, Callable[[Json], object]] = {
    name: itemgetter(name) for name in ("hash", "source", "added_at", "actor")
}
STANDARD_INPUT = "-"
HOW = "a number such as +12025550101, the path of a list, or - for lines on standard input"
Numbers = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NUMBER|FILE|-]...", help=f"Each {HOW}. Without any you are asked for one."),
]
Region = Annotated[
    str | None, typer.Option("--region", help="The country of numbers without +, two letters such as IN.")
]
Form = Annotated[Format, typer.Option("--format", help="table for people, json for machines.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    suppress.command("add")(add)
    suppress.command("remove")(remove)
    suppress.command("list")(list_them)
    app.add_typer(suppress, name="suppress")


def add(numbers: Numbers = None, region: Region = None, form: Form = Format.TABLE) -> None:
    """Never call these numbers again, from now on. What is created already is looked at again before its start.

    A list is plain lines, or CSV with a header such as phone; where one line of it cannot be read, none is taken.
    Numbers that are typed as words can be seen in this machine's list of processes: standard input hides them.

    Example: callbeat suppress add suppression/do-not-call.csv
    """
    wanted = _wanted(numbers, region)
    new, already = suppressing.add(make_context(load()), wanted, actor())
    if form is Format.JSON:
        print_json({"added": new, "already": already})
    err.print(f"{new:,} put on the list, {already:,} stood on it already", markup=False)


def remove(numbers: Numbers = None, region: Region = None, yes: Yes = False, form: Form = Format.TABLE) -> None:
    """Let these numbers be called again.

    Whether they were put on the list by hand or asked for it themselves. Numbers in the files of
    `contacts.suppress` stay there. Exit 1 when none of them was on the list.

    Example: callbeat suppress remove - --yes
    """
    wanted = _wanted(numbers, region)
    ask(f"Let {len(wanted):,} numbers be called again?", yes)
    gone, absent = suppressing.remove(make_context(load()), wanted, actor())
    if form is Format.JSON:
        print_json({"removed": gone, "absent": absent})
    err.print(f"{gone:,} taken off the list, {absent:,} were not on it", markup=False)
    if not gone:
        raise typer.Exit(1)


def list_them(
    number: Annotated[
        str | None, typer.Argument(metavar="[NUMBER|-]", help="Is this one on the list? - reads standard input.")
    ] = None,
    region: Region = None,
    form: Form = Format.TABLE,
) -> None:
    """How many numbers are on the list, or whether one is.

    Told are sources, dates, and the first digits of hashes, which nobody can turn back.

    With a number: exit 0 when it is on the list, 1 when it is not. Files of `contacts.suppress` are not looked at.

    Example: callbeat suppress list --format json
    """
    if number is not None:
        _tell_of_one(_only(_wanted([number], region)), form)
        return
    found = suppressing.entries(make_context(load()))
    if form is Format.JSON:
        print_json({"count": len(found), "sources": _by_source(found), "numbers": [_told(one) for one in found]})
    else:
        _show(found)


def _show(found: Sequence[Entry]) -> None:
    title = f"{len(found):,} numbers are never called"
    print_table(title, SOURCES, [{"source": name, **told} for name, told in _by_source(found).items()])
    if found:
        print_table(f"the newest of them, at most {SHOWN}", NEWEST, [_told(one) for one in found[-SHOWN:]])


def _tell_of_one(number: str, form: Format) -> None:
    found = suppressing.entry_of(make_context(load()), number)
    if form is Format.JSON:
        print_json({"on_list": found is not None} | (_told(found) if found else {}))
    if found is None:
        err.print("it is not on the ledger's list", markup=False)
        raise typer.Exit(1)
    err.print(f"it is on the list since {iso(found.added_at)}: {found.source}, {found.actor}", markup=False)


def _told(entry: Entry) -> Json:
    return {"hash": entry.hash, "source": entry.source, "added_at": iso(entry.added_at), "actor": entry.actor}


def _by_source(found: Sequence[Entry]) -> dict[str, Json]:
    by_source = defaultdict(list)
    for one in found:
        by_source[one.source].append(iso(one.added_at))
    return {name: {"count": len(at), "first": at[0], "last": at[-1]} for name, at in sorted(by_source.items())}


def _wanted(words: Sequence[str] | None, region: str | None) -> pl.Series:
    """The numbers (E.164) that were meant; nothing that was typed is ever repeated."""
    if region is not None and region.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise UsageError("there is no such region: write two letters such as IN or US")
    if not words and not sys.stdin.isatty():
        raise UsageError(f"say which: {HOW}")
    given = words or [typer.prompt("Number", err=True)]
    return pl.concat(list(_each(given, region.upper() if region else None))).unique(maintain_order=True)


def _each(words: Sequence[str], region: str | None) -> Iterator[pl.Series]:
    for place, word in enumerate(words, 1):
        number = in_e164(pl.Series([word]), region)
        yield number if number[0] is not None else _of_list(word, place, region)


def _of_list(word: str, place: int, region: str | None) -> pl.Series:
    try:
        if word == STANDARD_INPUT:
            return numbers_in(sys.stdin.read(), region)
        if not Path(word).is_file():
            raise UsageError(f"word {place} is neither a number that can be read nor a file: write {HOW}")
        return read_list(Path(word), region)
    except BadList as bad:
        what = "standard input" if word == STANDARD_INPUT else f"the list {Path(word).name}"
        raise Refusal(f"{what} {bad}; nothing was done") from None
    except (OSError, ValueError):
        raise UsageError(f"word {place} cannot be read: write {HOW}") from None


def _only(numbers: pl.Series) -> str:
    if len(numbers) != 1:
        raise UsageError("one number at a time: which of them is it about?")
    return str(numbers[0])
