"""What measures must work when somebody wants to know: a small run of it, without a look at the times."""

from argparse import Namespace

import pytest

from bench.contacts import measure
from bench.followed import _campaign
from bench.opening import open_run_of
from bench.people import BROKEN, COLUMNS, COUNTRIES, write
from bench.polling import WHOLE, agents
from callbeat.contacts.numbers import read


@pytest.mark.slow
def test_the_bench_of_contacts_says_its_figures():
    """Ratios in one run are how the speed is told; of so few rows they say nothing."""
    csv_reader, loop, memory = measure(Namespace(small=True, rows=0, seed=1))
    assert (csv_reader.reach, loop.reach) == ("≥ 0.3 of csv.reader", "≥ 30× a loop over phonenumbers")
    assert all(one.ratio is not None and one.ratio > 0 for one in (csv_reader, loop))
    assert all(stage in csv_reader.note for stage in ("reading", "the list", "numbers", "zones"))
    assert memory.reach == "memory flat in rows"


def test_a_large_run_opens_with_the_sums_that_a_count_row_by_row_finds(tmp_path):
    """The same with a million rows: python -m bench.opening."""
    opened = open_run_of(tmp_path, rows=4_000, listed=800, seed=3)
    assert opened.found == opened.expected
    assert {"duplicate", "suppressed", "invalid_number"} <= opened.found.keys()
    assert sum(opened.found.values()) == 4_000


def test_the_list_of_the_bench_is_what_it_says(tmp_path):
    """Nineteen rows in twenty can be called, in forty countries; the same for the same seed."""
    path, again = tmp_path / "people.csv", tmp_path / "again.csv"
    write(path, 2_000, seed=1)
    write(again, 2_000, seed=1)
    rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    callable_rows = sum(read(row[0])[0] is not None for row in rows[1:])
    assert path.read_bytes() == again.read_bytes()
    assert tuple(rows[0]) == COLUMNS
    assert len(set(COUNTRIES)) == 40
    assert abs(callable_rows / 2_000 - (1 - BROKEN)) < 0.02


def test_each_batch_whose_polling_is_measured_has_a_campaign_of_its_own():
    """Two of one name, and by chance of one due time, would end the benchmark."""
    names = [_campaign(agent, n).name for agent in agents(WHOLE) for n in range(agent.batches)]
    assert len(set(names)) == len(names) == 400
