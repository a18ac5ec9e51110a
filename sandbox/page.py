"""The page at `/_sandbox/`: first what this is not, then what it is and what just happened."""

from collections.abc import Iterable, Sequence
from html import escape

from sandbox.clock import Clock
from sandbox.faults import MEANINGS, FaultBox
from sandbox.journal import Journal
from sandbox.provider import Provider

SHOWN = 40
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{padding:.15rem .8rem .15rem 0;text-align:left;"
    "vertical-align:top}th{border-bottom:1px solid #999}.not{background:#fff3cd;padding:.6rem 1rem}"
    "code{background:#f1f1f1;padding:0 .2rem}"
)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows]
    if not lines:
        return "<p>Nothing yet.</p>"
    return "<table><tr>" + "".join(f"<th>{name}</th>" for name in head) + "</tr>" + "".join(lines) + "</table>"


def _what_it_is(base: str, clock: Clock, providers: Iterable[Provider]) -> str:
    names = [provider.name.capitalize() for provider in providers]
    bases = _table(("provider", "base URL"), [(name, f"{base}/{name.lower()}") for name in names])
    return (
        f'<p class="not"><b>This is not {escape(" or ".join(names))}.</b> It calls nobody, knows no real account, '
        "and is only an approximation made from public documents: what passes here may still fail there.</p>"
        "<p>It is a pretended provider to try campaigns against: it takes batches, moves them along a script on "
        f"its own clock, and fails on request. Its clock says <b>{clock.now():%Y-%m-%d %H:%M:%S} UTC</b>, "
        f"{clock.speed:g}× real time. Any key in the provider's form is accepted.</p>{bases}"
    )


def _batches(providers: Iterable[Provider]) -> str:
    rows = []
    for provider in providers:
        for line in list(provider.batches())[-SHOWN:]:
            counts = ", ".join(f"{count} {status}" for status, count in line.counts.items())
            start = f"{line.start:%Y-%m-%d %H:%M}" if line.start else "not scheduled"
            rows.append((provider.name, line.label, line.batch, line.status, start, counts))
    return _table(("provider", "label", "batch", "status", "start (UTC)", "calls"), reversed(rows))


def _stories(providers: Iterable[Provider]) -> str:
    parts = [
        f"<h3>{provider.name}</h3>" + _table(("ending", "story"), provider.stories()) for provider in providers
    ]
    return "".join(parts)


def _requests(journal: Journal) -> str:
    recent = journal.recent()[-SHOWN:]
    rows = [
        (str(entry["at"])[:19], entry["method"], entry["path"], entry["status"] or "cut", entry["fault"] or "")
        for entry in reversed(recent)
    ]
    return _table(("at (UTC)", "method", "path", "status", "fault"), rows)


def _faults(faults: FaultBox) -> str:
    pending = [
        (one["fault"], one["provider"], one["operation"], one["times"], one["skip"]) for one in faults.pending()
    ]
    return (
        "<p><code>POST /_sandbox/faults</code> with <code>provider, operation, fault, times, skip</code> "
        "orders one.</p>"
        + _table(("fault", "what happens"), MEANINGS.items())
        + "<h3>Pending</h3>"
        + _table(("fault", "provider", "operation", "times", "skip"), pending)
    )


def render(base: str, clock: Clock, providers: Iterable[Provider], faults: FaultBox, journal: Journal) -> str:
    known = list(providers)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Pretended providers</title>'
        f'<meta http-equiv="refresh" content="5"><style>{_STYLE}</style><h1>Pretended providers</h1>'
        f"{_what_it_is(base, clock, known)}<h2>Batches</h2>{_batches(known)}"
        f"<h2>What was just asked</h2>{_requests(journal)}"
        f"<h2>Stories, by the last two digits of a number</h2>{_stories(known)}"
        f"<h2>Faults</h2>{_faults(faults)}</html>"
    )
