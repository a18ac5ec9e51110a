"""Variables that look like a setting and are none: what is misspelt is never read, and nobody says so."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values

from callbeat.doctor.notices import Notice, warning, well
from callbeat.doctor.subject import Subject
from callbeat.settings import SECRETS_DIR, Settings

PREFIX, NEAR = "CALLBEAT_", 0.8
ENV_FILE = Path(".env")
OTHERS = 0o007  # a group may be that of the service
SECRET = re.compile(r"(?i)_API_KEY$|_BASIC_AUTH$|_URL$")


def check_settings(subject: Subject) -> Iterator[Notice]:
    """They could be read, or we would not be here."""
    found = list(misspelt([*os.environ, *dotenv_values(ENV_FILE)]))
    for name, meant in found:
        words = f"{name} is no setting, and is not read"
        yield warning("settings", words, f"did you mean {meant}? `config/.env.example` has all of them")
    clock = subject.clock
    time = f"time is pretended, {clock.speed:g} times as fast" if clock.pretended else "real time"
    yield from open_env_file(ENV_FILE)
    yield well("settings", f"site {subject.settings.site}, home {subject.settings.home}, {time}{_trial(subject)}")


def _trial(subject: Subject) -> str:
    """Whom a trial is limited to: forgotten, it excludes everybody else for ever."""
    allowed = subject.settings.allow_numbers
    return "" if allowed is None else f", nobody but {len(allowed)} numbers is called (CALLBEAT_ALLOW_NUMBERS)"


def open_env_file(file: Path) -> Iterator[Notice]:
    """Keys stand in it."""
    with suppress(OSError):
        mode = file.stat().st_mode & 0o777
        if mode & OTHERS and any(SECRET.search(name) for name in dotenv_values(file)):
            words = f"others than its owner may look in (mode {mode:o}), and keys are in it"
            yield warning("settings", words, f"chmod {mode & ~OTHERS:o} {file}", str(file))


def misspelt(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each variable that is nearly a setting, and which. Others may begin so too: they are let be. Pure."""
    known = [name.removeprefix(PREFIX).upper() for name in (*Settings.model_fields, SECRETS_DIR)]
    for name in sorted({name.upper() for name in names if name.upper().startswith(PREFIX)}):
        first, nesting, rest = name.removeprefix(PREFIX).partition("__")
        near = get_close_matches(first, known, n=1, cutoff=NEAR)
        if first not in known and near:
            yield name, f"{PREFIX}{near[0]}{nesting}{rest}"
