"""Whether the ledger's file can be worked with: its form, its lock, its disk, who may read it. Pure."""

from collections.abc import Callable, Collection, Iterator

from callbeat.doctor.ledger_file import LOCK_SECONDS, LedgerFile
from callbeat.doctor.mounts import NETWORK
from callbeat.doctor.notices import Notice, error, unseen, warning, well
from callbeat.errors import Problem

GB, MB = 1024**3, 1024**2
LITTLE, TOO_LITTLE = 1 * GB, 100 * MB
UPGRADE = "`callbeat db upgrade`, once every older process is stopped"


def judge(found: LedgerFile, head: str, known: Collection[str]) -> Iterator[Notice]:
    """What is to be said of a ledger's file. `known` are the forms of the tables up to this version's `head`."""
    problems = [problem for check in CHECKS for problem in check(found, head, known)]
    yield from problems
    if any(problem.level == "error" for problem in problems):
        return
    free = f"{found.free / GB:.1f} GB free"
    if found.size is None:
        yield unseen("ledger", f"none yet: the first start makes {found.path}, {free}")
    else:
        yield well("ledger", f"{found.path}, revision {found.revision}, {found.size / MB:.1f} MB, {free}")


def _form(found: LedgerFile, head: str, known: Collection[str]) -> Iterator[Problem]:
    file = str(found.path)
    if found.size is None or found.damage is not None or found.revision == head:
        return
    if found.revision is None:
        yield error("ledger.revision", "the file has no tables", UPGRADE, file)
    elif found.revision in known:
        words = f"its tables are of an older version: {found.revision}, not {head}"
        yield error("ledger.revision", words, UPGRADE, file)
    else:
        words = f"its tables are of a later version: {found.revision}, which this one does not know"
        yield error("ledger.revision", words, "install the version that made it, or a later one", file)


def _damage(found: LedgerFile, _head: str, _known: Collection[str]) -> Iterator[Problem]:
    if found.damage is not None:
        fix = "stop everything, keep a copy of the file, and put the latest backup in its place"
        yield error("ledger.damage", f"SQLite cannot read it: {found.damage}", fix, str(found.path))


def _lock(found: LedgerFile, _head: str, _known: Collection[str]) -> Iterator[Problem]:
    if found.locked is None:
        return
    if "locked" in found.locked:
        words = f"another process has kept it locked for more than {LOCK_SECONDS} s: nobody else can write"
        fix = f"find it with `fuser -v {found.path}` (a shell, a backup, a stopped process?) and end it"
        yield error("ledger.lock", words, fix, str(found.path))
    else:
        fix = "give the user that runs callbeat the right to write the file and its folder"
        yield error("ledger.lock", f"it cannot be written: {found.locked}", fix, str(found.path))


def _place(found: LedgerFile, _head: str, _known: Collection[str]) -> Iterator[Problem]:
    file = str(found.path)
    if found.in_the_way is not None:
        fix = "let CALLBEAT_HOME name a folder, or move that file away"
        yield error("ledger.place", f"{found.in_the_way} is a file, and a folder is needed there", fix, file)
        return
    if found.file_system in NETWORK:
        words = f"it is on a network file system ({found.file_system}), where its locks cannot be relied on"
        fix = "let CALLBEAT_HOME name a folder on a disk of this machine, and move the file there"
        yield error("ledger.place", words, fix, file)
    if not found.writable:
        fix = f"give the user that runs callbeat the right to write to {found.path.parent}"
        yield error("ledger.place", "its folder cannot be written to", fix, file)
    if found.size is not None and found.damage is None and found.journal != "wal":
        fix = "move it to a local disk; any callbeat command then sets it right"
        yield warning(
            "ledger.place", f"its journal is '{found.journal}', not 'wal': readers block writers", fix, file
        )


def _disk(found: LedgerFile, _head: str, _known: Collection[str]) -> Iterator[Problem]:
    if found.free >= LITTLE:
        return
    judged = error if found.free < TOO_LITTLE else warning
    words = f"{found.free // MB} MB are left on its disk: without room nothing can be written down, or called"
    yield judged("ledger.disk", words, "make room, or move CALLBEAT_HOME to a larger disk", str(found.path))


def _rights(found: LedgerFile, _head: str, _known: Collection[str]) -> Iterator[Problem]:
    if found.in_the_way is not None:
        return
    for mode, place, wanted in ((found.home_mode, found.home, "700"), (found.file_mode, found.path, "600")):
        if mode is not None and mode & 0o077:
            words = f"others than its owner may look in (mode {mode:o}), and people's numbers are in it"
            yield warning("ledger.rights", words, f"chmod {wanted} {place}", str(place))


Judgement = Callable[[LedgerFile, str, Collection[str]], Iterator[Problem]]
CHECKS: tuple[Judgement, ...] = (_damage, _form, _lock, _place, _disk, _rights)
