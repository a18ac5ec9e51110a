"""Variables that look like a setting and are none: what is misspelt is never read, and nobody says so."""

import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from dotenv import dotenv_values

from callbeat.doctor.notices import Notice, warning, well
from callbeat.doctor.subject import Subject
from callbeat.settings import SECRETS_DIR, Settings

PREFIX, NEAR = "CALLBEAT_", 0.8


def check_settings(subject: Subject) -> Iterator[Notice]:
    """They could be read, or we would not be here."""
    found = list(misspelt([*os.environ, *dotenv_values(".env")]))
    for name, meant in found:
        words = f"{name} is no setting, and is not read"
        yield warning("settings", words, f"did you mean {meant}? `config/.env.example` has all of them")
    clock = subject.clock
    time = f"time is pretended, {clock.speed:g} times as fast" if clock.pretended else "real time"
    yield well("settings", f"site {subject.settings.site}, home {subject.settings.home}, {time}")


def misspelt(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each variable that is nearly a setting, and which. Others may begin so too: they are let be. Pure."""
    known = [name.removeprefix(PREFIX).upper() for name in (*Settings.model_fields, SECRETS_DIR)]
    for name in sorted({name.upper() for name in names if name.upper().startswith(PREFIX)}):
        first, nesting, rest = name.removeprefix(PREFIX).partition("__")
        near = get_close_matches(first, known, n=1, cutoff=NEAR)
        if first not in known and near:
            yield name, f"{PREFIX}{near[0]}{nesting}{rest}"
