"""The report of a run: one page that stands by itself, and its contacts as a table beside it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from callbeat import __version__
from callbeat.ledger.store import Ledger
from callbeat.runs import report as reports
from callbeat.runs.call_files import csv_parts, write_calls
from callbeat.runs.call_pages import CONTACT_COLUMNS, contact_pages
from callbeat.runs.one_run import calls_begun
from callbeat.runs.story import story
from dashboard.funnel import REACHED, bars
from dashboard.over_time import OverTime, over_time

HERE = Path(__file__).parent
# What agents are told of people (`variables`) is not for everybody whom a report is sent to.
COLUMNS = tuple(name for name in CONTACT_COLUMNS if name != "variables")
Json = dict[str, Any]


def run_page(ledger: Ledger, key: str, made_at: datetime) -> str:
    """A run as one HTML document that loads nothing: its sums, pictures, batches and every event.

    Raises:
        Refusal: no such run.
    """
    run, told = reports.run(ledger, key), story(ledger, key)
    return (
        _templates()
        .get_template("report.html")
        .render(
            run=run, story=told, zone=told.zone, local=str(told.zone) not in ("UTC", "Etc/UTC"), bars=bars(run),
            time=begun(ledger, key), tone=_tone(run), cost_of_one=cost_of_one(run),
            adds_up=run["rows"] == run["invalid"] + run["excluded"] + run["calls"],
            style=Markup((HERE / "static/callbeat.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
            made_at=made_at, version=__version__,
        )
    )  # fmt: skip


def write_contacts(ledger: Ledger, key: str, out: IO[bytes]) -> int:
    """Every row of the run's source as CSV, with its outcome or why it was left out; how many there are.

    Numbers are masked.

    Raises:
        Refusal: no such run.
    """
    return write_calls("csv", COLUMNS, contact_pages(ledger, _id_of(ledger, key), key, reveal=False), out)


def contact_parts(ledger: Ledger, key: str) -> Iterator[bytes]:
    """The same in parts, each read when it is asked for: nothing of it is kept anywhere meanwhile.

    Raises:
        Refusal: no such run, before the first part.
    """
    return csv_parts(COLUMNS, contact_pages(ledger, _id_of(ledger, key), key, reveal=False))


def _id_of(ledger: Ledger, key: str) -> int:
    with ledger.read() as session:
        return reports.find_run(session, key).id


def begun(ledger: Ledger, key: str) -> OverTime:
    """A run's calls by the time at which they began.

    Raises:
        Refusal: no such run.
    """
    return over_time((at, outcome in REACHED, count) for at, outcome, count in calls_begun(ledger, key))


def _tone(run: Json) -> str:
    return {"finished": "good", "failed": "bad", "missed": "bad"}.get(run["state"], "plain")


def cost_of_one(run: Json) -> str | None:
    """What a call that was answered has cost, all others included; None where nobody told."""
    answered = run["outcomes"].get("answered", 0)
    return f"{Decimal(run['cost']) / answered:.4f}" if run["cost"] and answered else None


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    made.filters |= {"instant": _instant, "span": span, "words": lambda name: name.replace("_", " ")}
    return made


def _instant(told: datetime | str | None, zone: ZoneInfo) -> str:
    """`2026-12-01 04:30 UTC (10:00 Asia/Kolkata)` of an instant, also as ISO text; nothing of None."""
    if told is None:
        return ""
    at = datetime.fromisoformat(told) if isinstance(told, str) else told
    local = f" ({at.astimezone(zone):%H:%M} {zone})" if str(zone) not in ("UTC", "Etc/UTC") else ""
    return f"{at:%Y-%m-%d %H:%M} UTC{local}"


def span(length: timedelta) -> str:
    """`10 minutes`, `1 hour`, `24 hours`, `7 days`."""
    minutes = int(length.total_seconds() // 60)
    count, unit = (minutes, "minute") if minutes < 60 else (minutes // 60, "hour")
    count, unit = (length.days, "day") if length.days > 1 else (count, unit)
    return f"{count} {unit}{'' if count == 1 else 's'}"
