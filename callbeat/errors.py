"""What can go wrong, by who must act.

* CallbeatError
  - SettingsError     the operator sets a variable
  - UsageError        whoever typed the command
  - LedgerConflict    nobody: another worker got there first
  - LedgerError       the operator looks after the database
  - Refusal           the operator decides: the state of things forbids what was asked
  - NeedsSomebody     the operator finds out at the provider what nobody here can know

Problems of campaign files are values (`Problem`), since all of them are told at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning"]


class CallbeatError(Exception):
    """Says what happened and how to mend it, in one line."""


class SettingsError(CallbeatError):
    """A setting is missing or wrong; the message names the variable."""


class UsageError(CallbeatError):
    """The command's words do not fit (exit 2)."""


class LedgerConflict(CallbeatError):
    """Somebody else moved the row first. Not an error to log: the row is in good hands."""


class LedgerError(CallbeatError):
    """The ledger cannot be read or written."""


class Refusal(CallbeatError):
    """What was asked for is not possible now (exit 1)."""


class NeedsSomebody(CallbeatError):
    """Only a person can tell how it goes on (exit 3)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in a campaign, before it is known on which line it stands.

    `where` is the path of keys, for example ("schedule", "cron") or ("from_numbers", 0).
    """

    where: tuple[str | int, ...]
    problem: str
    fix: str
    level: Level = "error"


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding with its place: what `validate` prints. `line` counts from 1; 0 is the file as a whole."""

    file: str
    line: int
    where: str
    problem: str
    fix: str
    level: Level = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.where}: {self.problem}: {self.fix}"


def has_errors(problems: Sequence[Problem]) -> bool:
    """Whether anything among these stops a campaign (warnings do not)."""
    return any(problem.level == "error" for problem in problems)
