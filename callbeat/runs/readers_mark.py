"""One word for all that a file's judgement depends on besides the file: if it changes, all files are read anew."""

import sys
import zoneinfo
from functools import lru_cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import callbeat

# What our code asks when it judges a file; `holidays` and `tzdata` are facts more than code.
ASKED = ("croniter", "holidays", "phonenumbers", "pydantic", "ruamel.yaml", "tzdata")
ZONES = ("tzdata.zi", "+VERSION", "version")


@lru_cache(maxsize=1)
def readers_mark() -> str:
    """Sixteen hex digits: our own code, of whatever release or working copy, what it asks, and the zones' rules."""
    mark = blake2b(sys.version.encode(), digest_size=8)
    for name in ASKED:
        mark.update(f"{name} {_version(name)}".encode())
    for data in (*_code(), *_zones()):
        mark.update(blake2b(data).digest())
    return mark.hexdigest()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _code() -> list[bytes]:
    folder = Path(callbeat.__file__).parent
    return [path.read_bytes() for path in sorted(folder.rglob("*.py")) if path.is_file()]


def _zones() -> list[bytes]:
    """The system's own release of the time zone database, where it says so."""
    files = [Path(folder, name) for folder in zoneinfo.TZPATH for name in ZONES]
    return [file.read_bytes() for file in files if file.is_file()]
