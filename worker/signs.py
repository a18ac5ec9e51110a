"""A sign of life of each beat, in the home: the heartbeat in the ledger is of all beats, and hides a dead one."""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from callbeat.clock import real_now

FOLDER = "beats"
KEPT = timedelta(days=1)  # containers come and go, and their home stays
PROCESSES = Path("/proc/self/ns/pid")


def renew(home: Path) -> None:
    """Say that the beat among these processes has just looked at the ledger. It never raises."""
    with suppress(OSError):
        sign = _sign(home)
        sign.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        sign.touch(mode=0o600)


def age(home: Path) -> timedelta | None:
    """How long ago that was said, real time; None where no beat among these processes ever did."""
    try:
        return _age_of(_sign(home))
    except OSError:
        return None


def forget_old(home: Path) -> None:
    """Those of containers that have gone. It never raises."""
    with suppress(OSError):
        for sign in (home / FOLDER).iterdir():
            if _age_of(sign) > KEPT:
                sign.unlink(missing_ok=True)


def _age_of(sign: Path) -> timedelta:
    return timedelta(seconds=real_now().timestamp() - sign.stat().st_mtime)


def _sign(home: Path) -> Path:
    """One name for all who see each other's processes: a machine, or a container, whatever its host's name is."""
    try:
        return home / FOLDER / str(PROCESSES.stat().st_ino)
    except OSError:
        return home / FOLDER / "here"
