"""Whether `.env` can be read whole: a line that is left out in silence may be the one that limits a trial."""

import os
from pathlib import Path

from dotenv.parser import parse_stream

from callbeat.errors import SettingsError


def check_env_file(path: Path = Path(".env")) -> None:
    """Nothing, where there is no such file or each of its lines is understood. No error repeats any of it.

    Raises:
        SettingsError: it cannot be read, or not all of it.
    """
    if not path.is_file():
        return
    try:
        with path.open(encoding="utf-8") as file:
            wrong = [binding.original.line for binding in parse_stream(file) if binding.error]
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not text in UTF-8: write it anew with a plain editor") from None
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read ({error.strerror}): give whoever runs callbeat the right to, or remove it"
        ) from None
    if wrong:
        raise SettingsError(f"{path}:{wrong[0]}: is not NAME=value, or a quote in it is not closed: mend that line")


def check_secrets_dir(folder: Path) -> None:
    """Nothing, where each file of the folder can be read.

    Raises:
        SettingsError: there is no such folder, one of its files is closed to us, or was never there: Docker
            makes an empty folder of the name of a file that is missing.
    """
    if not folder.is_dir():
        raise SettingsError(f"CALLBEAT_SECRETS_DIR: there is no folder {folder}: make it, or unset the variable")
    closed = [path for path in (folder, *_entries(folder)) if not os.access(path, os.R_OK)]
    if closed:
        raise SettingsError(
            f"CALLBEAT_SECRETS_DIR: {closed[0]} cannot be read: give whoever runs callbeat the right to read it"
        )
    missing = [path for path in _entries(folder) if path.is_dir() and not any(path.iterdir())]
    if missing:
        raise SettingsError(
            f"CALLBEAT_SECRETS_DIR: {missing[0]} is an empty folder, as Docker makes one where a file is missing: "
            "remove it where it was mounted from, and write the file"
        )


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if os.access(folder, os.R_OK | os.X_OK) else []
