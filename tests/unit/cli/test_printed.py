"""What commands print for programs, and while somebody waits."""

import csv
import io

import pytest

from cli.acting import _told
from cli.output import print_csv


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("+12025550101", "+12025550101"),
        (-5, "-5"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1+cmd", "'+1+cmd"),
        ("@SUM(1)", "'@SUM(1)"),
        ("-2-3", "'-2-3"),
        (" =1+1", "' =1+1"),
        ("\t=1+1", "'\t=1+1"),
        ("\rx", "'\rx"),
        ("\nx", "'\nx"),
        ("＝1+1", "'＝1+1"),
        ("+12•••••••01", "'+12•••••••01"),
        ("+1\n=1+1", "'+1\n=1+1"),
        ("-0.0581", "-0.0581"),
        ("+١٢", "'+١٢"),
        ("a=1+1", "a=1+1"),
        ({"=cmd": "=1"}, '{"=cmd": "=1"}'),
        ("plain", "plain"),
        (None, ""),
    ],
)
def test_a_formula_is_quoted_and_a_number_is_not(capsys, value, cell):
    """A spreadsheet must run nothing; a program must find the number again that it gave us."""
    print_csv([{"value": value}], ["value"])
    assert list(csv.reader(io.StringIO(capsys.readouterr().out, newline=""))) == [["value"], [cell]]


@pytest.mark.parametrize(
    ("batch", "told"),
    [
        ({"state": "scheduled", "reason": None, "start_at": "2026-12-01T05:00:00+00:00"}, "scheduled until 05:00"),
        ({"state": "ready", "reason": "of 5 calls a day 5 are taken"}, "ready (of 5 calls a day 5 are taken)"),
        ({"state": "running", "reason": None}, "running"),
    ],
)
def test_whoever_waits_is_told_what_for(batch, told):
    """A run that a ceiling keeps from beginning looks like one that hangs."""
    made = {"state": "active", "batches": [batch], "outcomes": {"waiting": 3}}
    assert _told(made) == f"active {told} waiting 3"
