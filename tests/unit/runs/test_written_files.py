"""Files that callbeat wrote are made to hold nobody; of what is no longer ours not a byte is changed."""

import json
import os
import stat

import polars as pl
import pytest

from callbeat.runs.written_files import Fate, Whom, empty_file, fate_unchanged
from tests.factories import number

RUN = "daily@20261201T0500Z"
ALL, SECOND = Whom(RUN), Whom(RUN, (2,))
FORMS = ("csv", "jsonl", "parquet")


def a_call(row, run=RUN):
    return {
        "run": run, "row": row, "number": number(row), "batch": f"{run}/1", "provider_call": f"call-{row}",
        "outcome": "answered", "provider_status": "completed", "attempts": 1, "started_at": None, "seconds": 42,
        "cost": "0.10", "currency": "USD", "error": 'said "no",\r and rang off', "variables": {"name": "Asha"},
        "reason": None,
    }  # fmt: skip


def written(folder, form, calls):
    path = folder / f"day.{form}"
    plain = [call | {"variables": json.dumps(call["variables"])} for call in calls]
    if form == "jsonl":
        path.write_text("".join(json.dumps(call) + "\n" for call in calls))
    elif form == "csv":
        pl.DataFrame(plain).write_csv(path)
    else:
        pl.DataFrame(plain).write_parquet(path)
    return path


def read(path):
    """What stands in a file: number, variables, ids, and what is not personal."""
    if path.suffix == ".jsonl":
        found = [json.loads(line) for line in path.read_text().splitlines()]
    elif path.suffix == ".csv":
        found = pl.read_csv(path, infer_schema=False, empty_string_is_null=True).to_dicts()
    else:
        found = pl.read_parquet(path).to_dicts()
    return [
        (str(one["row"]), one["number"] or "", one["provider_call"], one["error"], one["outcome"], one["cost"])
        for one in found
    ]


def whole(row):
    return (str(row), number(row), f"call-{row}", 'said "no",\r and rang off', "answered", "0.10")


def emptied(row):
    return (str(row), "", None, None, "answered", "0.10")


@pytest.mark.parametrize("form", FORMS)
def test_one_person_is_taken_out_and_everybody_else_stays_as_they_were(tmp_path, form):
    """It is somebody's report: the sums must stay right."""
    path = written(tmp_path, form, [a_call(row) for row in (1, 2, 3)])
    assert fate_unchanged(path, SECOND) is Fate.EMPTIED
    assert empty_file(path, SECOND) is Fate.EMPTIED
    assert read(path) == [whole(1), emptied(2), whole(3)]
    assert b"call-2" not in path.read_bytes()
    assert empty_file(path, SECOND) is fate_unchanged(path, SECOND) is Fate.CLEAN


@pytest.mark.parametrize("form", FORMS)
def test_all_people_of_a_run_are_taken_out_and_nobody_of_another(tmp_path, form):
    """Two runs of a day may share a file."""
    path = written(tmp_path, form, [a_call(1), a_call(2), a_call(3, "other@20261201T0500Z")])
    assert empty_file(path, ALL) is Fate.EMPTIED
    assert read(path) == [emptied(1), emptied(2), whole(3)]
    assert b"Asha" in path.read_bytes()
    assert empty_file(path, Whom("other@20261201T0500Z")) is Fate.EMPTIED
    assert b"Asha" not in path.read_bytes()


@pytest.mark.parametrize("form", FORMS)
def test_the_new_file_is_its_owners_only_and_nothing_lies_beside_it(tmp_path, form):
    """Also where the old one was readable by all, and a killed process left its part."""
    path = written(tmp_path, form, [a_call(1)])
    path.chmod(0o644)
    (tmp_path / f".day.{form}.part").write_text("left by a killed process")
    assert empty_file(path, ALL) is Fate.EMPTIED
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("form", FORMS)
def test_what_somebody_has_added_is_not_destroyed(tmp_path, form):
    """A column of their own is their work."""
    path = written(tmp_path, form, [a_call(1) | {"notes": "her mother answers"}])
    before = path.read_bytes()
    assert empty_file(path, ALL) is fate_unchanged(path, ALL) is Fate.CHANGED
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("day.csv", b""),
        ("day.csv", b"name;phone\nAsha;1\n"),
        ("day.csv", b'row,number,batch\n1,"2\n'),
        ("day.jsonl", b"[1]\n"),
        ("day.jsonl", b'{"row": 1\n'),
        ("day.jsonl", b"\xff\xfe\n"),
        ("day.parquet", b"PAR1"),
        ("day.xlsx", b"PK"),
        ("*.csv", b"name\n"),
    ],
)
def test_what_is_no_file_of_ours_is_left_alone(tmp_path, name, data):
    """Somebody has put another file in its place."""
    path = tmp_path / name
    path.write_bytes(data)
    assert empty_file(path, ALL) is Fate.CHANGED
    assert path.read_bytes() == data


@pytest.mark.parametrize("form", FORMS)
def test_the_form_is_told_by_the_content(tmp_path, form):
    """Whoever names a file themselves may end it as they like."""
    path = written(tmp_path, form, [a_call(1)]).rename(tmp_path / "report of [the] day*")
    assert empty_file(path, ALL) is Fate.EMPTIED
    assert b"Asha" not in path.read_bytes()


def test_who_was_left_out_stays_as_it_is(tmp_path):
    """Rows without a batch hold nobody."""
    left_out = dict.fromkeys(a_call(1)) | {"run": RUN, "row": 4, "outcome": "excluded", "reason": "duplicate"}
    path = tmp_path / "day.jsonl"
    path.write_text(json.dumps(left_out) + "\n")
    assert empty_file(path, ALL) is Fate.CLEAN


def test_a_link_is_not_followed(tmp_path):
    """What it leads to is somebody else's."""
    real = written(tmp_path, "csv", [a_call(1)])
    link = tmp_path / "link.csv"
    link.symlink_to(real)
    assert empty_file(link, ALL) is Fate.CHANGED
    assert number(1).encode() in real.read_bytes()


def test_what_is_written_meanwhile_is_not_lost(tmp_path, monkeypatch):
    """A report is written anew while it is read: the new one stays."""
    path = written(tmp_path, "csv", [a_call(1)])
    plain = os.fsync

    def meanwhile(descriptor):
        path.write_text("another report")
        plain(descriptor)

    monkeypatch.setattr(os, "fsync", meanwhile)
    assert empty_file(path, ALL) is Fate.CHANGED
    assert path.read_text() == "another report"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_gone_is_gone(tmp_path):
    """Nothing to do."""
    assert empty_file(tmp_path / "no.csv", ALL) is fate_unchanged(tmp_path / "no.csv", ALL) is Fate.GONE


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_what_may_not_be_written_is_said(tmp_path):
    """Rights are the operator's."""
    path = written(tmp_path, "csv", [a_call(1)])
    tmp_path.chmod(0o500)
    assert empty_file(path, ALL) is Fate.UNWRITABLE
    tmp_path.chmod(0o700)
