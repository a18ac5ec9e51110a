"""One benchmark in a process of its own: what it said, or why it said nothing. Nothing it has started is left."""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.figures import Figure

TOLD_EVERY = 30.0
TO_END = 20.0  # seconds, for one that is asked to
LONGEST_LINE = 160
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one benchmark; `failed` says why it has no figures."""

    name: str
    figures: list[Figure]
    seconds: float
    failed: str | None


def measured_alone(module: str, longest: float, tell: Tell, *, small: bool) -> Came:
    """`python -m module --json`, ended after so many seconds."""
    began, name = time.monotonic(), module.rpartition(".")[2]
    argv = [sys.executable, "-m", module, "--json", *(["--small"] if small else [])]
    with tempfile.TemporaryDirectory(prefix="callbeat-bench-") as folder:
        said, complained = Path(folder, "said"), Path(folder, "complained")
        with said.open("wb") as out, complained.open("wb") as err:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
            in_time = _waited(process, began + longest, lambda: tell(f"{name}: {_last_line(complained)}"))
        failed = _why(in_time, process.returncode, longest, _last_line(complained))
        figures = _figures(said) if failed is None else []
    if failed is None and not figures:
        failed = "failed: it said no figure"
    return Came(name, figures, time.monotonic() - began, failed)


def _waited(process: subprocess.Popen[bytes], until: float, still: Callable[[], None]) -> bool:
    """Whether it ended in time; if not, or if we are interrupted, it is ended with all it has started."""
    try:
        while (left := until - time.monotonic()) > 0:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(min(left, TOLD_EVERY))
                return True
            still()
        return False
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """It and all it has started: asked first, because it cleans up after itself; then the family is killed."""
    if process.poll() is not None:
        return
    family = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(TO_END)
    for one in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
    process.kill()
    process.wait()


def _why(in_time: bool, code: int, longest: float, last: str) -> str | None:
    if not in_time:
        return f"failed: not done after {longest:g} s ({last})"
    return None if code == 0 else f"failed: exit {code} ({last})"


def _last_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.strip()[:LONGEST_LINE] for line in reversed(lines) if line.strip()), "nothing said")


def _figures(said: Path) -> list[Figure]:
    try:
        return [Figure(**one) for one in json.loads(said.read_text(encoding="utf-8"))]
    except (ValueError, TypeError):
        return []
