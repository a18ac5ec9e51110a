"""The command `forget`: one person, wherever callbeat keeps something of them."""

import re
import sys
from collections.abc import Sequence
from typing import Annotated

import phonenumbers
import typer

from callbeat.errors import NeedsSomebody, Refusal, UsageError
from callbeat.runs.erasing import Found, erase, find, places_in_words, refuse_while_in_use
from callbeat.runs.written_files import Fate
from cli.acting import Yes, actor, ask
from cli.context import load, make_context
from cli.output import err

FULL = re.compile(r"\+[1-9][0-9]{6,14}")
BACKUPS = "backups of the ledger (`callbeat db backup`) still hold it: delete them, or forget again after a restore"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(forget)


def forget(
    number: Annotated[
        str | None, typer.Argument(help="The number; - reads it from standard input; left out, it is asked for.")
    ] = None,
    region: Annotated[
        str | None, typer.Option("--region", help="The country of a number without +, e.g. IN.")
    ] = None,
    hash_too: Annotated[
        bool, typer.Option("--hash", help="Its keyed hash, too: no frequency cap knows of the calls any more.")
    ] = False,
    and_suppress: Annotated[
        bool, typer.Option("--and-suppress", help="Remember, as a hash, that it is never called again.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Remove one person from all runs, and from files of calls. Number, variables and ids of their calls go.

    What is found is told first, also with --yes. Contact files are yours: where the number stands in them is told.
    Refused while a run that is not over has it among its calls. An event proves it, without the number.

    Exit 0 when it is done, 1 when nothing is found or it is refused, 3 when a file is left that you must see to.

    Example: callbeat forget +12025550101 --and-suppress
    """
    wanted = as_e164(number if number not in (None, "-") else _asked(number), region)
    context = make_context(load())
    found = find(context, wanted)
    for line in places_in_words(found):
        err.print(line, markup=False)
    refuse_while_in_use(found.runs)
    if not found.anything(hash_too=hash_too) and not (and_suppress and not found.suppressed):
        raise Refusal(f"nothing to forget: neither the ledger nor a file that callbeat wrote holds it; {BACKUPS}")
    ask(_question(hash_too=hash_too, and_suppress=and_suppress), yes)
    fates = erase(context, found, actor(), hash_too=hash_too, suppress=and_suppress)
    _tell(found, fates)


def as_e164(text: str, region: str | None) -> str:
    """A number in E.164. One that no rule of today takes may still stand in the ledger: it need not be valid.

    Raises:
        UsageError: it is none, or nobody says of which country.
    """
    bare = re.sub(r"[\s().\-]", "", text)
    try:
        found = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        if FULL.fullmatch(bare):
            return bare
        raise UsageError("that is no phone number: write it with + and its country, or add --region IN") from None
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)


def _asked(number: str | None) -> str:
    """From whoever types, or the first line of standard input: no other process sees it there.

    Raises:
        UsageError: there is nobody to ask.
    """
    if number is None and sys.stdin.isatty():
        return str(typer.prompt("Number", err=True))
    if number is None:
        raise UsageError("say which number to forget, or - to read it from standard input")
    return sys.stdin.readline().strip()


def _question(*, hash_too: bool, and_suppress: bool) -> str:
    more = [*(["its hash as well"] if hash_too else []), *(["and never call it again"] if and_suppress else [])]
    return f"Forget it for good{', ' if more else ''}{', '.join(more)}?"


def _tell(found: Found, fates: Sequence[tuple[str, Fate]]) -> None:
    """What was done, and what callbeat cannot do.

    Raises:
        NeedsSomebody: a file is left.
    """
    calls, files = sum(run.known for run in found.runs), sum(fate is Fate.EMPTIED for _, fate in fates)
    err.print(f"forgotten (hash {found.hash[:8]}…): {calls} calls, {files} files; {BACKUPS}", markup=False)
    left = [f"{file} {fate}" for file, fate in fates if not fate.settled]
    if left:
        raise NeedsSomebody(f"it is removed from the ledger, but {'; '.join(left)}")
