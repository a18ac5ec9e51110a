"""Campaign files on disk: which names count, what stands in them, and what is said of those that cannot be read."""

import hashlib
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path

from callbeat.campaigns.named_hours import HoursByName
from callbeat.campaigns.reader import Check, Reading, read_campaign
from callbeat.campaigns.wording import one_line
from callbeat.campaigns.yaml_text import MOST_BYTES
from callbeat.errors import Problem
from callbeat.regular_files import LeadsOut, NotAFile, open_regular

ENDINGS = (".yaml", ".yml")


def is_campaign_file(name: str) -> bool:
    """Whether a name in the folder is a campaign file's, and not an editor's or a version control's."""
    return name.endswith(ENDINGS) and not name.startswith(".")


def shown_path(folder: Path, name: str) -> Path:
    """A file of the folder by a name that the ledger holds and a terminal shows; one with `\\` has another name."""
    return folder / one_line(name)


def contents_of(path: Path, within: Path | None = None) -> bytes | Problem:
    """What stands in a file, up to where it is too long anyway, or why it cannot be read.

    Links may lead nowhere out of the folder `within`: words about what is wrong with a file quote from it.
    """
    if "\\" in path.name:
        fix = "rename it: letters, digits, '-' and '_'"
        return Problem(str(path), 0, "file", "has a name that cannot be shown", fix)
    try:
        with open_regular(path, within) as file:
            return file.read(MOST_BYTES + 1)
    except NotAFile:
        return Problem(str(path), 0, "file", "not a file", "campaigns are files; rename or remove it")
    except LeadsOut as error:
        return Problem(str(path), 0, "file", str(error.strerror), "put the file itself there, or remove the link")
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        fix = "check the path" if missing else "give callbeat the right to read it, or remove it"
        return Problem(str(path), 0, "file", f"cannot be read: {_reason(error)}", fix)


def reading_of(path: Path, contents: bytes | Problem, check: Check | None, named: HoursByName) -> Reading:
    """The Reading of a file's contents, or of the reason why there are none."""
    if isinstance(contents, Problem):
        return Reading(str(path), None, None, (contents,))
    return read_campaign(contents, str(path), check, named)


def digest_of(contents: bytes | Problem) -> bytes:
    """What differs when the contents, or why there are none, do."""
    data = contents if isinstance(contents, bytes) else str(contents).encode()
    return hashlib.blake2b(data, digest_size=16).digest()


def unreadable_folder(folder: Path, error: OSError) -> Reading:
    """The one Reading of a folder that is missing or closed."""
    closed = isinstance(error, PermissionError)
    first = "give callbeat the right to read it" if closed else "create it"
    fix = f"{first}, or set CALLBEAT_CAMPAIGNS to the folder with the campaign files"
    problem = Problem(str(folder), 0, "folder", f"cannot be read: {_reason(error)}", fix)
    return Reading(str(folder), None, None, (problem,))


def refuse_shared_name(reading: Reading, claimants: AbstractSet[str]) -> Reading:
    """The same Reading, broken if other files claim its name: which of them is meant cannot be known."""
    others = sorted(claimants - {reading.file})
    if not others:
        return reading
    named = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
    problem = f"'{reading.name}' is also the name in {named}"
    note = Problem(reading.file, reading.name_line, "name", problem, "give each campaign a name of its own")
    problems = sorted((*reading.problems, note), key=lambda problem: problem.line)
    return replace(reading, campaign=None, problems=tuple(problems))


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
