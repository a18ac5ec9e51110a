"""A beat of 100,000 campaigns: tick, start, edit, memory; beside Celery's own scheduler and RedBeat."""

import argparse
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path
from time import process_time
from typing import Any

import structlog
from croniter import croniter
from sqlalchemy import insert, select

from bench.figures import Figure, run
from bench.schedulers import Told, redbeat, stock
from callbeat.campaigns.stamps import Kept, Stamp
from callbeat.ledger.tables import CampaignRow, RevisionRow
from callbeat.runs import heartbeat, tick
from callbeat.runs.context import Context, open_context
from callbeat.runs.revisions import load_campaign
from callbeat.runs.seen import seen_as
from callbeat.runs.tick import Tick
from callbeat.settings import Settings

FILE = """\
name: {name}
provider: bolna
agent: 3c90c3cc-0d44-4b50-8888-8dd25736052a
schedule:
  cron: "{minute} 10 1 * *"
  timezone: Asia/Kolkata
contacts:
  source: contacts/daily.csv
hours:
  days: mon-sun
  between: "09:00-20:00"
"""
FULL = {"campaigns": 100_000, "few": 1_000, "anew": 1_000, "redbeat": 10_000, "ticks": 120}
SMALL = {"campaigns": 1_500, "few": 300, "anew": 300, "redbeat": 100, "ticks": 20}
HUNDREDFOLD, TWENTYFOLD = 100.0, 20.0
AT_ONCE = 1_000


class Hands:
    """A second goes by with each tick, on every clock that beat looks at."""

    def __init__(self) -> None:
        self.steady, self._began, self._real = 0.0, 0.0, heartbeat.real_now()

    def monotonic(self) -> float:
        return 1e6 + self.steady

    def real_now(self) -> Any:
        return self._real + timedelta(seconds=self.steady)


@contextmanager
def hands() -> Iterator[Hands]:
    """The clocks of beat in our hands."""
    moved, kept = Hands(), (tick.monotonic, heartbeat.monotonic, heartbeat.real_now)
    tick.monotonic = heartbeat.monotonic = moved.monotonic  # type: ignore[attr-defined]
    heartbeat.real_now = moved.real_now  # type: ignore[attr-defined]
    try:
        yield moved
    finally:
        tick.monotonic, heartbeat.monotonic, heartbeat.real_now = kept  # type: ignore[attr-defined]


class Site:
    """A folder of campaign files and a ledger that knows them."""

    def __init__(self, folder: Path) -> None:
        self.files = folder / "config" / "campaigns"
        self.files.mkdir(parents=True)
        settings = Settings(_env_file=None, home=folder / "var", campaigns=self.files, approval="off")
        self.context: Context = open_context(settings, lambda _task, _ids: None)
        self.count = 0

    def write(self, count: int) -> None:
        """So many files more."""
        for number in range(self.count, self.count + count):
            text = FILE.format(name=f"c{number:06}", minute=number % 60)
            (self.files / f"c{number:06}.yaml").write_text(text)
        self.count += count

    def learn(self, known: int) -> None:
        """Rows as they would be, had beat read all files from that one on; it has read those before."""
        with self.context.ledger.read() as session:
            row = session.execute(select(CampaignRow).limit(1)).scalar_one()
        like = load_campaign(self.context.ledger, row.name, row.revision or "")
        for first in range(known, self.count, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, self.count))
            self._insert(row, [like.model_copy(update={"name": f"c{number:06}"}) for number in numbers])

    def _insert(self, row: CampaignRow, campaigns: list[Any]) -> None:
        told = {"state": "active", "cursor": row.cursor, "next_plan_at": row.next_plan_at}
        rows, revisions = [], []
        for one in campaigns:
            file = self.files.resolve() / f"{one.name}.yaml"
            kept = Kept(_stamp(file), blake2b(file.read_bytes(), digest_size=16).digest(), one.name, None, b"")
            names = {"name": one.name, "file": str(file), "revision": one.revision, "file_seen": seen_as(kept)}
            rows.append(told | names)
            definition = {"definition": one.model_dump_json(by_alias=True), "first_seen_at": row.cursor}
            revisions.append({"campaign": one.name, "revision": one.revision} | definition)
        with self.context.ledger.write() as writer:
            writer.session.execute(insert(CampaignRow), rows)
            writer.session.execute(insert(RevisionRow), revisions)


def _stamp(file: Path) -> Stamp:
    found = file.stat()
    return Stamp(found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)


def until_read(site: Site, clock: Hands) -> tuple[Tick, float, int]:
    """A beat that starts and reads what it must: itself, its seconds of one core, and its ticks."""
    begin, beat, count = process_time(), Tick(site.context, site.files), 0
    while count == 0 or beat._look is not None:  # nothing of it says so from outside
        beat()
        clock.steady += 1
        count += 1
    return beat, process_time() - begin, count


def idle(beat: Tick, clock: Hands, ticks: int) -> Told:
    """Seconds of one core: the mean tick, the longest, and the usual one that looks at no files."""
    each, quiet = [], []
    for _ in range(ticks):
        clock.steady += 1
        begin = process_time()
        beat()
        each.append(process_time() - begin)
        if beat._look is None:
            quiet.append(each[-1])
    return {"mean": sum(each) / len(each), "longest": max(each), "quiet": min(quiet or each)}


def measured_site(folder: Path, size: dict[str, int], clock: Hands) -> Told:
    """Few campaigns, then many: first reading, ticks, start, edit, memory."""
    site = Site(folder)
    site.write(size["anew"])
    _, anew, _ = until_read(site, clock)
    _, first_few, _ = until_read(site, clock)
    beat, _, _ = until_read(site, clock)
    few = idle(beat, clock, size["ticks"])
    site.write(size["campaigns"] - size["anew"])
    site.learn(size["anew"])
    with counted() as calls:
        before = resident()
        beat, start, _ = until_read(site, clock)
        grown = resident() - before
    many = idle(beat, clock, size["ticks"])
    edited, ticks = edit(site, beat, clock)
    told = {f"few_{name}": value for name, value in few.items()} | many
    told |= {"anew": anew / size["anew"], "start": start, "start_few": first_few, "croniter": float(calls[0])}
    return told | {"grown": grown, "edit_seconds": edited, "edit_ticks": float(ticks)}


def edit(site: Site, beat: Tick, clock: Hands) -> tuple[float, int]:
    """One file is written anew: seconds of one core, and ticks, until the ledger goes by it."""
    name, begin = f"c{site.count // 2:06}", process_time()
    (site.files / f"{name}.yaml").write_text(FILE.format(name=name, minute=7).replace("10 1 *", "11 2 *"))
    before = revision(site, name)
    for count in range(1, 1_000):
        clock.steady += 1
        beat()
        if revision(site, name) != before:
            return process_time() - begin, count
    raise SystemExit("the edit was overlooked")


def revision(site: Site, name: str) -> str | None:
    with site.context.ledger.read() as session:
        return session.execute(select(CampaignRow.revision).where(CampaignRow.name == name)).scalar_one()


@contextmanager
def counted() -> Iterator[list[int]]:
    """How often croniter is asked."""
    calls, whole = [0], croniter.__init__

    def count(self: Any, *words: Any, **more: Any) -> None:
        calls[0] += 1
        whole(self, *words, **more)

    croniter.__init__ = count
    try:
        yield calls
    finally:
        croniter.__init__ = whole


def resident() -> float:
    """Megabytes of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def measure(asked: argparse.Namespace) -> Iterable[Figure]:
    """Our beat first, then the others with as many entries."""
    size = SMALL if asked.small else FULL
    quiet = structlog.make_filtering_bound_logger(50)
    structlog.configure(wrapper_class=quiet)
    with hands() as clock, tempfile.TemporaryDirectory() as folder:
        ours = measured_site(Path(folder), size, clock)
    theirs = stock(size["campaigns"], max(5, size["ticks"] // 10))
    with tempfile.TemporaryDirectory() as folder:
        red = redbeat(Path(folder), size["redbeat"], size["ticks"])
    structlog.reset_defaults()
    yield from ticks_told(size, ours, theirs, red)
    yield from starts_told(size, ours, theirs, red)


def ticks_told(size: dict[str, int], ours: Told, theirs: Told, red: Told) -> Iterator[Figure]:
    what = f"beat tick, {size['campaigns']:,} campaigns, nothing due"
    aim, by_stock = "≥ 100× cheaper", f"Celery's scheduler, as many entries: {ms(theirs['tick'])}"
    yield compared(
        what, ours["quiet"], theirs["tick"], by_stock, aim, HUNDREDFOLD, "what the others do, too: schedule only"
    )
    note = f"the mean of all ticks, those that look at files included; the longest {ms(ours['longest'])}"
    yield compared(
        f"{what}, and its folder of files watched", ours["mean"], theirs["tick"], by_stock, aim, HUNDREDFOLD, note
    )
    by_red = f"RedBeat, {size['redbeat']:,} entries: {ms(red['tick'])}, without Valkey's own time"
    yield compared(
        what, ours["quiet"], red["tick"], by_red, "told beside it", None, "one ZRANGEBYSCORE there, a ledger here"
    )
    flat = ours["quiet"] / ours["few_quiet"]
    few = f"with {size['anew']:,}: {ms(ours['few_quiet'])}, mean {ms(ours['few_mean'])}"
    yield Figure(f"{what}: flat", ms(ours["quiet"]), few, flat, "flat in the number of campaigns", flat < 2, "")


def starts_told(size: dict[str, int], ours: Told, theirs: Told, red: Told) -> Iterator[Figure]:
    count, anew = size["campaigns"], ours["anew"] * size["campaigns"]
    what = f"{count:,} campaign files, unchanged since last start"
    peer = f"reading them anew: {anew:,.0f} s, {ms(ours['anew'])} a file, from {size['anew']:,} that were"
    by_red = f"RedBeat with {size['redbeat']:,} in {red['start']:.1f} s"
    note = f"Celery's scheduler starts in {theirs['start']:.1f} s, {by_red}"
    yield compared(what, ours["start"], anew, peer, "≥ 20× faster", TWENTYFOLD, note, seconds=True)
    calls = int(ours["croniter"])
    yield Figure(f"{what}: croniter", f"{calls} calls", "none", None, "no croniter call", calls == 0)
    took = f"{ours['edit_ticks']:.0f} ticks of a second, {ours['edit_seconds']:.2f} s of one core in all"
    yield Figure(
        f"one file of {count:,} is edited", took, "reading all anew", anew / ours["edit_seconds"], "told", None
    )
    grown = f"{ours['grown']:.0f} MB more"
    yield Figure(f"memory of beat, {count:,} files known", grown, "an empty folder", None, "told", None)


def compared(
    what: str,
    ours: float,
    peer: float,
    beside: str,
    aim: str,
    least: float | None,
    note: str,
    *,
    seconds: bool = False,
) -> Figure:
    ratio, told = peer / ours, f"{ours:.2f} s" if seconds else ms(ours)
    return Figure(what, told, beside, ratio, aim, None if least is None else ratio >= least, note)


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


if __name__ == "__main__":
    run("beat", __doc__, measure)
