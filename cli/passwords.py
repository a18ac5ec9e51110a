"""A password that is asked for without showing it, and what is kept of it."""

import sys

import typer

from callbeat.errors import UsageError
from cli.output import out


def print_hash() -> None:
    """Ask twice on a terminal, else read a line, and print what is kept of the password.

    Raises:
        UsageError: it is too short.
    """
    from dashboard.passwords import hashed  # noqa: PLC0415 - no other command needs it

    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    try:
        out.print(hashed(password), markup=False, highlight=False, soft_wrap=True)
    except ValueError as error:
        raise UsageError(str(error)) from None
