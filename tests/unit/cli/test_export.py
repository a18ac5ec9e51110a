"""`callbeat export` and the files of `callbeat calls`, as somebody types them."""

import csv
import io
import json

import polars as pl
import pytest
from typer.testing import CliRunner

from callbeat.ledger.states import BatchState
from cli import exporting, showing
from cli.main import app
from tests.factories import a_world


@pytest.fixture
def typed(tmp_path, monkeypatch):
    """Type a command about a world with one run of two calls."""
    world = a_world(tmp_path)
    world.a_batch(BatchState.RUNNING)
    monkeypatch.chdir(tmp_path)
    for module in (exporting, showing):
        monkeypatch.setattr(module, "load", lambda: None)
        monkeypatch.setattr(module, "make_context", lambda _settings: world.context)
    monkeypatch.setattr(showing, "open_ledger", lambda _settings: world.ledger)
    return lambda *words: CliRunner().invoke(app, list(words))


RUN = "daily@20261201T0500Z"


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_calls_are_printed_as_the_file_that_was_asked_for(typed, form):
    """Straight into another program."""
    told = typed("calls", RUN, "--format", form).stdout_bytes
    rows = {
        "csv": lambda: list(csv.DictReader(io.StringIO(told.decode()))),
        "jsonl": lambda: [json.loads(line) for line in told.splitlines()],
        "parquet": lambda: pl.read_parquet(told).to_dicts(),
    }[form]()
    assert [str(row["row"]) for row in rows] == ["1", "2"]
    assert "•" in rows[0]["number"]


def test_a_file_is_written_where_it_is_asked_for(typed, tmp_path):
    """Relative to where somebody is; the ending says in which form."""
    told = typed("export", RUN, "--file", "out/calls.jsonl")
    assert (told.exit_code, "2 rows were written to" in told.stderr) == (0, True)
    assert len((tmp_path / "out/calls.jsonl").read_text().splitlines()) == 2


def test_words_that_do_not_fit_are_wrong_usage(typed):
    """Nobody should believe that the campaign's own file has masked numbers."""
    assert typed("export", RUN, "--reveal").exit_code == 2
    assert typed("export", RUN, "--format", "csv").exit_code == 2
    assert typed("export", RUN, "--file", "x.csv", "--format", "xlsx").exit_code == 2
