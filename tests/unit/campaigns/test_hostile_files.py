"""Campaign files that were good before something was done to them, and things in the folder that are none."""

import os
import threading
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from callbeat.campaigns.folder import read_folder
from callbeat.campaigns.reader import read_campaign
from callbeat.campaigns.watched_folder import CampaignFolder
from callbeat.runs.catalog import apply, check_campaign
from callbeat.runs.report import broken_files
from tests.factories import a_world
from tests.trying import tried
from tests.unit.campaigns.campaign_files import FULL
from tests.unit.campaigns.test_reader_fuzz import is_tellable

KEYS = sorted({line.split(":")[0].strip(" -{") for line in FULL.splitlines() if ":" in line})
VALUES = st.sampled_from(
    [
        *(
            "",
            "~",
            "null",
            "true",
            "no",
            "0o17",
            "0x1f",
            "1_000",
            "1e3",
            ".inf",
            ".nan",
            "-0",
            "9" * 5000,
            "2026-02-30",
        ),
        *(
            "9999-12-31",
            "0001-01-01",
            "12:30:45",
            "*a",
            "&a b",
            "!!python/object:os.system x",
            "!!binary aGk=",
            "<<: *a",
        ),
        *(
            "[]",
            "{}",
            "[[[[]]]]",
            "{a: {b: {c: d}}}",
            "|\n  a\n  b",
            ">-\n  a",
            '"\\u0000"',
            '"\\ud800"',
            "'it''s'",
        ),
        *(
            "x" * 9000,
            "é",
            "日本",
            "\u202e",
            "\ufeff",
            "a: b: c",
            "- x",
            "? x",
            "#",
            "%Y/../..",
            "../../etc/passwd",
        ),
        *(
            "https://127.0.0.1/x",
            "file:///etc/passwd",
            "\\\\server\\share",
            "//server/share",
            "C:\\x",
            "~/x",
            "/etc/x",
        ),
        *(
            "0d",
            "99999999999999d",
            "1s",
            "-5m",
            "00:00-24:00",
            "20:00-09:00",
            "25:00-26:00",
            "mon-xxx",
            "any",
            "+1",
        ),
        *(
            "* * * * *",
            "0 0 31 2 *",
            "@daily",
            "60 * * * *",
            "*/0 * * * *",
            "0-999999999 * * * *",
            "Asia/../etc",
            "UTC",
        ),
    ]
)


@st.composite
def spoilt_files(choose) -> bytes:
    """A whole campaign, some of its lines changed, doubled, gone or indented; perhaps in another encoding."""
    lines = FULL.splitlines()
    for _ in range(choose(st.integers(1, 4))):
        place = choose(st.integers(0, len(lines) - 1))
        line = lines[place]
        match choose(st.integers(0, 7)):
            case 0 | 1 | 2 if ":" in line:
                lines[place] = f"{line.split(':')[0]}: {choose(VALUES)}"
            case 3:
                lines.insert(place, line)
            case 4:
                lines[place] = " " * choose(st.integers(0, 9)) + line.strip()
            case 5 if len(lines) > 1:
                lines.pop(place)
            case 6:
                lines.insert(place, f"{choose(st.sampled_from(KEYS))}: {choose(VALUES)}")
            case _:
                lines[place] = line.replace(
                    choose(st.sampled_from([" ", ":", '"', "-", ","])), choose(VALUES)[:5], 1
                )
    ends = choose(st.sampled_from(["\n", "\r\n", "\r"]))
    text = choose(st.sampled_from(["", "\ufeff", "---\n", "%YAML 1.1\n---\n"])) + ends.join(lines)
    return text.encode(choose(st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-16", "latin-1"])), "replace")


@pytest.mark.slow
@tried(60)
@given(spoilt_files())
def test_a_spoilt_campaign_is_a_campaign_or_problems(data):
    """With the provider's own checks too, as beat reads it: an exception would stop every campaign."""
    reading = read_campaign(data, "f.yaml", check_campaign)
    assert all(is_tellable(problem) for problem in reading.problems)
    assert (reading.campaign is None) == any(problem.level == "error" for problem in reading.problems)


LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        "a: " + "[" * 100_000,
        "a: " + "{b: " * 5_000,
        "- " * 4_000 + "x",
        "? " * 4_000,
        "\n".join(f"k{n}: v" for n in range(60_000)),
        "a: &x {<<: *x}",
        "a: '" + "''" * 400_000,
        "a: |\n" + " x\n" * 200_000,
        "#" * 900_000,
        "\n" * 900_000 + "a",
        "a:\n" + "".join(" " * n + "a:\n" for n in range(1, 900)),
        'a: "' + "\\x41" * 2_000 + '"',
    ],
    ids=range(13),
)
def test_a_file_that_is_made_to_fill_the_memory_is_answered_soon(text):
    """Anybody who may write a campaign would otherwise stop all of them."""
    began = time.process_time()
    reading = read_campaign(text.encode(), "f.yaml", check_campaign)
    assert time.process_time() - began < 10
    assert reading.campaign is None
    assert len(reading.problems) <= 101


# -- in the folder -----------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path) -> Path:
    found = tmp_path / "config" / "campaigns"
    found.mkdir(parents=True)
    (found / "good.yaml").write_text(FULL)
    return found


def told(folder: Path) -> dict[str, str]:
    """What is said of each file that is no campaign, the same by both ways of reading a folder."""
    answers: list[list] = []
    asking = threading.Thread(target=lambda: answers.append(read_folder(folder)), daemon=True)
    asking.start()
    asking.join(10)
    (readings,) = answers
    assert {str(one) for one in CampaignFolder(folder).changes()} == {str(one) for one in readings}
    assert sum(one.campaign is not None for one in readings) == 1, "the good one is read all the same"
    for one in readings:
        assert one.file.encode()
        assert all(is_tellable(problem) for problem in one.problems)
    return {Path(one.file).name: one.problems[0].problem for one in readings if one.problems}


def test_a_file_of_a_hundred_megabytes_is_refused_by_its_size(folder):
    """It has holes: it takes no room, and would take all memory."""
    with (folder / "huge.yaml").open("wb") as file:
        file.truncate(100 * 1024**2)
    tracemalloc.start()
    assert told(folder) == {"huge.yaml": "larger than 1 MB"}
    assert tracemalloc.get_traced_memory()[1] < 30 * 1024**2
    tracemalloc.stop()


def test_what_is_no_file_is_told_and_not_waited_for(folder):
    """Each could keep beat from all other campaigns."""
    os.mkfifo(folder / "pipe.yaml")
    (folder / "folder.yaml").mkdir()
    (folder / "circle.yaml").symlink_to("circle.yaml")
    (folder / "zero.yaml").symlink_to("/dev/zero")
    found = told(folder)
    assert set(found) == {"pipe.yaml", "folder.yaml", "circle.yaml", "zero.yaml"}


def test_a_link_out_of_the_folder_is_not_read(folder, tmp_path):
    """A line of it would stand in the words about what is wrong with it."""
    secret = tmp_path / "secret"
    secret.write_text("key: [s3cret")
    (folder / "out.yaml").symlink_to(secret)
    (readings,) = (one for one in read_folder(folder) if one.file.endswith("out.yaml"))
    assert "leads out of config/" in readings.problems[0].problem
    assert "s3cret" not in str(readings.problems)
    assert told(folder)


def test_a_link_within_the_folder_is_a_campaign(folder):
    """Kubernetes mounts each file as a link to the one of the newest version."""
    (folder / "..data").mkdir()
    (folder / "good.yaml").rename(folder / "..data" / "good.yaml")
    (folder / "good.yaml").symlink_to("..data/good.yaml")
    assert told(folder) == {}


@pytest.mark.parametrize(
    "name", [b"\xff.yaml", b"a\nb.yaml", b"\x1b[2J.yaml", "\u202e.yaml".encode(), b"a\\b.yaml"]
)
def test_a_file_whose_name_cannot_be_shown_is_told_and_harms_no_other(folder, name):
    """Its name goes into the ledger, which holds text: beat would fail at it at every look."""
    Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text(FULL.replace("renewal", "other"))
    assert list(told(folder).values()) == ["has a name that cannot be shown"]


@pytest.mark.parametrize("links", ["circle", "long"])
def test_what_the_folder_holds_goes_into_the_ledger_whatever_its_path(folder, world_of_ledger, links):
    """An exception there is met again at each look, and no file after it is read."""
    if links == "circle":
        (folder / "bad.yaml").symlink_to("bad.yaml")
    else:
        for _ in range(4):
            folder = folder / ("x" * 200)
            folder.mkdir()
        (folder / "bad.yaml").write_text("name: [")
    apply(world_of_ledger.context, read_folder(folder))
    (broken,) = broken_files(world_of_ledger.ledger)
    assert broken["file"].endswith("bad.yaml")
    assert len(broken["file"]) <= 400


@pytest.fixture
def world_of_ledger(tmp_path):
    world = a_world(tmp_path)
    with capture_logs():
        yield world
    world.ledger.close()


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("http://169.254.169.254/latest", "is http, not https"),
        ("file:///etc/passwd", "is not supported"),
        ("ftp://example.com/x.csv", "is not supported"),
        ("https://user:secret@example.com/x.csv", "has a user or a password in it"),
        ("https://example.com\\@10.0.0.1/x.csv", "is not a web address"),
        ("//server/share/x.csv", "is not relative"),
        ("\\\\server\\share\\x.csv", "has a backslash"),
        ("C:/x.csv", "is not relative"),
        ("/etc/passwd", "is not relative"),
        ("~root/x.csv", "is not relative"),
        ("../x.csv", "may not climb out"),
        ("contacts/../../x.csv", "may not climb out"),
        ("%Y/../../x.csv", "may not climb out"),
        ("contacts/%n.csv", "unknown date code"),
    ],
)
def test_a_source_that_leads_elsewhere_is_refused_with_what_to_write(source, says):
    """Other files of the machine never; what an address leads to is judged when it is asked."""
    data = FULL.replace("contacts/%Y-%m-%d.csv", f"'{source}'").encode()
    (problem,) = read_campaign(data, "f.yaml").problems
    assert (problem.where, says in problem.problem) == ("contacts.source", True), problem
