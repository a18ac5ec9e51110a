"""What measures must work when somebody wants to know: a small run of it, without a look at the times."""

from bench.contacts import LOOPED, measured, report, shown
from bench.opening import open_run_of
from bench.people import BROKEN, COLUMNS, COUNTRIES, write
from callbeat.contacts.numbers import read


def test_the_bench_of_contacts_measures_every_stage(tmp_path):
    """Ratios in one run are how the speed is told."""
    path = tmp_path / "people.csv"
    write(path, 2_000, seed=1)
    found = report(measured(path, 2_000), 2_000)
    names = [stage["stage"] for stage in found["stages"]]
    assert names == ["csv.reader", "phonenumbers, one by one", "numbers", "zones", "all: read, screen, zone"]
    assert all(stage["seconds"] > 0 and stage["of_csv"] > 0 for stage in found["stages"])
    assert found["looped"] == 2_000 < LOOPED
    assert "numbers" in shown(found)


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
