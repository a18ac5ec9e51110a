"""What is asked of the ledger often looks at a few rows, however many there are: at no large table as a whole."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text
from structlog.testing import capture_logs

from callbeat.campaigns.reader import Reading
from callbeat.doctor import attention
from callbeat.errors import Problem
from callbeat.ledger.states import RunState
from callbeat.ledger.tables import BatchRow, RunRow
from callbeat.runs import acts, by_hand, called, ceilings, exports, notify, open, report, today
from callbeat.runs.calendar import days_of
from callbeat.runs.calendar_rows import calendar
from callbeat.runs.campaign_list import campaign_list, last_runs, one_campaign
from callbeat.runs.campaign_runs import newest_runs
from callbeat.runs.catalog import apply
from callbeat.runs.changes import Changes
from callbeat.runs.completeness import differences
from callbeat.runs.contact_list import WantedContacts, contact_list, read_what, reasons_out, what_was_said
from callbeat.runs.erasing import find
from callbeat.runs.figures import figures
from callbeat.runs.heartbeat import Heartbeat
from callbeat.runs.one_run import calls_begun, one_run
from callbeat.runs.planning import plan_due
from callbeat.runs.retention import ask_who_goes, let_go
from callbeat.runs.run_list import Mark, Wanted, run_list
from callbeat.runs.rung import rung, rung_within_a_day
from callbeat.runs.standing import standing
from callbeat.runs.story import story
from callbeat.runs.stumbles import stumbled
from callbeat.runs.sweep import sweep
from callbeat.runs.throughput import pace_of
from tests.factories import DUE, ON_POSTGRES, World, a_campaign, a_world, minutes, number
from tests.full_ledger import fill, name_of

RUNS, CALLS = 3_000, 4
ONE = 1_234  # a run that is over like nearly all, and its batch
LIVE = 1_500  # one under way
LARGE = ("runs", "batches", "calls", "events", "exclusions", "exports", "campaigns", "outbox")
FILE = "/config/campaigns/c000003.yaml"
A_RUN = f"{name_of(ONE)}@{ONE}"
Step = Callable[[World], object]


def campaign(**over: Any) -> Any:
    return a_campaign(name=name_of(ONE), concurrency=5, **over)


def a_row(world: World, table: type[Any]) -> Any:
    with world.ledger.read() as session:
        return session.execute(select(table).where(table.id == ONE)).scalar_one()


def reading(world: World, ask: Callable[[Any], object]) -> None:
    with world.ledger.read() as session:
        ask(session)


def writing(world: World, do: Callable[[Any], object]) -> None:
    with world.ledger.write() as writer:
        do(writer)


def good(file: str) -> Reading:
    return Reading(file, name_of(ONE), campaign(), ())


def broken(file: str) -> Reading:
    return Reading(file, None, None, (Problem(file, 1, "name", "is missing", "write one"),))


def around() -> called.Called:
    return called.Called(DUE - timedelta(days=7), DUE, but_run=ONE)


# How often, and what. Commands of a person are here, too: nobody waits a minute for `callbeat runs`.
ASKED: dict[str, Step] = {
    "each second: planning": lambda world: plan_due(world.context),
    "each second: the sweep": lambda world: sweep(world.context),
    "each second: is anything to be told": lambda world: notify.Asking()(world.context),
    "each minute: what was told long ago": lambda world: notify.forget_old(world.context),
    "each message: what is told of a run": lambda world: notify.tell(world.context, LIVE),
    "each second: the heartbeat": lambda world: Heartbeat(world.context)(),
    "each minute: whose people are to go": lambda world: ask_who_goes(world.context),
    "each task: a batch's stumble": lambda world: stumbled(world.context, BatchRow, LIVE, ValueError()),
    "each task: a run's stumble": lambda world: stumbled(world.context, RunRow, LIVE, ValueError()),
    "each scrape: how it stands": lambda world: list(standing(world.context, ["bolna"])),
    "each file: new": lambda world: apply(world.context, [good("/config/campaigns/new.yaml")]),
    "each file: broken": lambda world: apply(world.context, [broken(FILE)]),
    "each file: removed": lambda world: apply(world.context, [], [FILE]),
    "each run: is the one before active": lambda world: writing(
        world, lambda w: open._still_active(w, a_row(world, RunRow), campaign())
    ),
    "each run: how fast are its calls": lambda world: reading(world, lambda s: pace_of(s, campaign())),
    "each run: was anybody called": lambda world: reading(
        world, lambda s: s.execute(around().query(called.CallRow.number_hash, HASHES)).all()
    ),
    "each run: called before the upgrade": lambda world: called.old_calls(world.ledger, around()),
    "each batch: others under way": lambda world: reading(world, lambda s: called.under_way(s, ONE)),
    "each batch: people in common": lambda world: reading(world, lambda s: called.share_people(s, ONE, [7, 8])),
    "each batch: calls of the day": lambda world: reading(
        world, lambda s: ceilings.calls_of_the_day(s, DUE - timedelta(days=2))
    ),
    "each run: do its sums add up": lambda world: reading(world, lambda s: differences(s, a_row(world, RunRow))),
    "each run: whose is its file": lambda world: writing(
        world, lambda w: exports._free_name(w, a_row(world, RunRow), "results/c000003-50.csv", there=False)
    ),
    "each run: its people go": lambda world: let_go(world.context, ONE),
    "a person: run by hand": lambda world: by_hand.run_by_hand(world.context, campaign(), DUE + minutes(90), "ann"),
    "a person: runs": lambda world: report.runs(world.ledger, limit=20),
    "a person: runs of a campaign": lambda world: report.runs(world.ledger, campaign=name_of(ONE), limit=20),
    "a person: the list of runs": lambda world: run_list(world.ledger, Wanted()),
    "a person: its next page": lambda world: run_list(world.ledger, Wanted(), before=Mark(DUE, ONE)),
    "a person: the page before it": lambda world: run_list(world.ledger, Wanted(), after=Mark(DUE, ONE)),
    "a person: the list of a campaign": lambda world: run_list(
        world.ledger, Wanted(campaign=name_of(ONE)), before=Mark(DUE, ONE)
    ),
    "a person: the list of a state": lambda world: run_list(world.ledger, Wanted(state=RunState.MISSED)),
    "a person: the list of a day": lambda world: run_list(world.ledger, Wanted(day=DUE.date())),
    "a person: what needs somebody": lambda world: run_list(world.ledger, Wanted(needs_attention=True)),
    "a person: show": lambda world: report.run(world.ledger, f"{name_of(ONE)}@{ONE}"),
    "a person: the page of a run": lambda world: one_run(world.ledger, A_RUN),
    "a person: when its calls began": lambda world: list(calls_begun(world.ledger, A_RUN)),
    "a person: what the provider said": lambda world: what_was_said(world.ledger, A_RUN),
    "a person: its contacts": lambda world: contact_list(world.ledger, A_RUN, WantedContacts(), after=2),
    "a person: those before": lambda world: contact_list(world.ledger, A_RUN, WantedContacts(), before=3),
    "a person: those of an outcome": lambda world: contact_list(world.ledger, A_RUN, read_what("busy")),
    "a person: those left out for a reason": lambda world: contact_list(
        world.ledger, A_RUN, read_what("excluded:suppressed")
    ),
    "a person: the calls to a number": lambda world: contact_list(
        world.ledger, A_RUN, WantedContacts(number=number(5))
    ),
    "a person: why some are left out": lambda world: reasons_out(world.ledger, A_RUN),
    "a person: what a stop will do": lambda world: acts.stopping(world.context, f"{name_of(LIVE)}@{LIVE}"),
    "a person: whom a run by hand calls again": lambda world: reading(
        world, lambda s: rung_within_a_day(s, name_of(ONE), DUE)
    ),
    "a person: who of a run was called": lambda world: reading(world, lambda s: rung(s, [ONE, LIVE])),
    "a person: story": lambda world: story(world.ledger, f"{name_of(ONE)}@{ONE}"),
    "a person: calls": lambda world: report.calls(world.ledger, f"{name_of(ONE)}@{ONE}", reveal=False),
    "each second of a page: what has changed": lambda world: changed(world),
    "each look at today: what needs somebody": lambda world: weeks_later(world, attention.needs),
    "each look at today: what runs": lambda world: today.under_way(world.ledger),
    "each look at today: what comes next": lambda world: today.coming(world.context, DUE),
    "a person: campaigns": lambda world: campaign_list(world.context),
    "a person: campaigns by name": lambda world: campaign_list(world.context, after="c000100"),
    "a person: how campaigns went": lambda world: reading(
        world, lambda s: last_runs(s, [name_of(n) for n in range(1, 150, 3)], DUE)
    ),
    "a person: one campaign": lambda world: one_campaign(world.context, name_of(ONE)),
    "a person: its runs": lambda world: newest_runs(world.context, name_of(ONE)),
    "a person: its figures": lambda world: figures(world.context, name_of(ONE)),
    "a person: the calendar": lambda world: calendar(
        world.context, campaign_list(world.context).campaigns, days_of(DUE.date(), 14), None
    ),
    "a person: forget": lambda world: find(world.context, number(5)),
}


def weeks_later(world: World, do: Callable[[Any], object]) -> None:
    """As in a ledger of years, of which few runs are looked at: those here are all of two days."""
    now = world.clock.time
    world.clock.time = now + timedelta(days=31, hours=22)
    do(world.context)
    world.clock.time = now


def changed(world: World) -> None:
    """The first look, and one after it."""
    changes = Changes(world.ledger)
    changes.look()
    changes.look()


HASHES = called.CallRow.number_hash.in_([f"{n:032x}" for n in range(20)])


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Of each thing that is asked, the statements that read a large table as a whole."""
    world = a_world(tmp_path_factory.mktemp("hot"))
    if ON_POSTGRES:
        _without_what_was_before(world)
    fill(world.ledger, runs=RUNS, calls=CALLS)
    if ON_POSTGRES:
        writing(world, lambda w: w.session.execute(text("ANALYZE")))
    world.clock.time = DUE + minutes(2)
    with capture_logs():
        found = {what: whole_reads(world, step) for what, step in ASKED.items()}
    world.ledger.close()
    return found


def _without_what_was_before(world: World) -> None:
    """Rows that other tests have deleted still take room, and PostgreSQL plans by room."""
    with world.ledger._engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM FULL"))


def whole_reads(world: World, step: Step) -> list[str]:
    """What a step asks of the ledger, planned again: the statements that go through a large table."""
    asked: list[tuple[str, Any]] = []
    engine = world.ledger._engine

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if re.match(r"\s*(SELECT|UPDATE|DELETE)", statement):
            asked.append((statement, parameters[0] if many else parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        step(world)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert asked, "nothing was asked: this proves nothing"
    with engine.connect() as connection:
        return [f"{told}: {sql}" for sql, values in asked for told in planned(connection, sql, values)]


def planned(connection: Any, sql: str, values: Any) -> list[str]:
    if ON_POSTGRES:
        (plan,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {sql}", values).scalar_one()
        return list(seq_scans(plan["Plan"]))
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all()
    return [row.detail for row in rows if is_whole(row.detail, sql)]


def is_whole(detail: str, sql: str) -> bool:
    """SQLite says SCAN for a table as a whole (calls_1 is calls again); in the order wanted, a LIMIT ends it."""
    scan = re.match(r"SCAN (\w+?)(?:_\d+)?(?: |$)", detail)
    ends = "LIMIT" in sql and "ORDER BY" in sql and "USING" in detail
    return scan is not None and scan[1] in LARGE and not ends


def seq_scans(node: dict[str, Any]) -> Any:
    if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE:
        yield json.dumps({name: node.get(name) for name in ("Relation Name", "Filter", "Plan Rows")})
    for below in node.get("Plans", []):
        yield from seq_scans(below)


@pytest.mark.parametrize("what", ASKED)
def test_no_large_table_is_read_as_a_whole(plans: dict[str, list[str]], what: str) -> None:
    """A hundred million calls after a year, and still a tick a second."""
    assert plans[what] == []
