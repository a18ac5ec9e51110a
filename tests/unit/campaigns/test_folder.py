"""The folder of campaigns: everything in it, and what changes while callbeat runs."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from callbeat.campaigns.folder import read_folder
from callbeat.campaigns.reader import Reading
from callbeat.campaigns.stamps import Sight, Stamp, sight_of
from callbeat.campaigns.watched_folder import CampaignFolder
from callbeat.clock import real_now
from callbeat.errors import Finding
from tests.unit.campaigns.campaign_files import FULL, MINIMAL, named


class Hands:
    """A clock that is moved by hand. It starts well after every file was written."""

    def __init__(self) -> None:
        self.time = real_now() + timedelta(hours=1)

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def watched(tmp_path: Path, hands: Hands) -> CampaignFolder:
    """A folder with the campaigns a and b, read once."""
    (tmp_path / "a.yaml").write_bytes(named("a"))
    (tmp_path / "b.yml").write_bytes(named("b"))
    folder = CampaignFolder(tmp_path, hands.now)
    assert names(folder.changes()) == ["a.yaml", "b.yml"]
    return folder


def names(readings: list[Reading]) -> list[str]:
    """The file names, without the folder."""
    return [Path(reading.file).name for reading in readings]


def the_words(reading: Reading) -> str:
    """What is said of a file that has one problem."""
    (problem,) = reading.problems
    return f"{problem.where}: {problem.problem}: {problem.fix}"


def write_unnoticed(path: Path, data: bytes) -> None:
    """What a file system with a coarse clock would let pass: same inode, size and time of change."""
    before = path.stat()
    assert len(data) == before.st_size
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_all_campaign_files_are_read_by_name(tmp_path: Path) -> None:
    """Nothing else that lies there is anybody's campaign."""
    for name in ("b.yml", "a.yaml", ".hidden.yaml", "notes.txt", "c.yaml~", ".#a.yaml"):
        (tmp_path / name).write_bytes(named(name.partition(".")[0] or "x"))
    readings = read_folder(tmp_path)
    assert names(readings) == ["a.yaml", "b.yml"]
    assert [reading.name for reading in readings] == ["a", "b"]
    assert all(reading.campaign for reading in readings)


def test_a_broken_file_stops_only_its_own_campaign(tmp_path: Path) -> None:
    """One person's typo must not silence everybody's calls."""
    (tmp_path / "a.yaml").write_text("name: a\nnot yaml: [")
    (tmp_path / "b.yaml").write_bytes(named("b"))
    broken, whole = read_folder(tmp_path)
    assert broken.campaign is None
    assert whole.campaign is not None


def test_the_providers_rules_are_asked_for_every_file(tmp_path: Path) -> None:
    """The check is handed through, not lost on the way."""
    (tmp_path / "a.yaml").write_text(FULL)
    (reading,) = read_folder(tmp_path, lambda _: [Finding(("bolna", "webhook_url"), "bad", "mend")])
    assert the_words(reading) == "bolna.webhook_url: bad: mend"


def test_a_missing_folder_is_one_problem(tmp_path: Path) -> None:
    """The operator has most likely set the wrong variable."""
    (reading,) = read_folder(tmp_path / "nowhere")
    assert the_words(reading).startswith("folder: cannot be read: no such file or directory")
    assert "CALLBEAT_CAMPAIGNS" in the_words(reading)


def test_an_empty_folder_has_no_campaigns(tmp_path: Path) -> None:
    """A new installation is not a broken one."""
    assert read_folder(tmp_path) == []


def test_only_the_paths_asked_for_are_read(tmp_path: Path) -> None:
    """`callbeat validate one.yaml` is about that file, wherever it lies."""
    (tmp_path / "a.yaml").write_bytes(named("a"))
    (tmp_path / "b.yaml").write_bytes(named("b"))
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "c.yaml").write_bytes(named("c"))
    readings = read_folder(tmp_path, paths=[tmp_path / "b.yaml", tmp_path / "more", tmp_path / "gone.yaml"])
    assert names(readings) == ["b.yaml", "c.yaml", "gone.yaml"]
    assert "no such file" in the_words(readings[2])


@pytest.mark.parametrize("kind", ["folder", "pipe", "dangling link"])
def test_what_is_no_file_is_said_and_not_waited_for(tmp_path: Path, kind: str) -> None:
    """Reading from a pipe would stop beat until somebody wrote into it."""
    path = tmp_path / "a.yaml"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(tmp_path / "gone")
    (reading,) = read_folder(tmp_path)
    assert the_words(reading).startswith("file: ")


def test_reading_stops_where_a_file_is_too_long(tmp_path: Path) -> None:
    """A terabyte of nothing takes no memory: the file has a hole in it."""
    with (tmp_path / "a.yaml").open("wb") as file:
        file.truncate(2**40)
    (reading,) = read_folder(tmp_path)
    assert "larger than 1 MB" in the_words(reading)


def test_two_files_of_one_name_are_both_broken_and_name_each_other(tmp_path: Path) -> None:
    """Either could be the old copy; guessing would call the wrong people."""
    for file, name in (("a.yaml", "same"), ("b.yaml", "other"), ("c.yaml", "same")):
        (tmp_path / file).write_bytes(named(name))
    first, other, second = read_folder(tmp_path)
    assert other.campaign is not None
    assert (first.campaign, second.campaign) == (None, None)
    assert the_words(first).startswith(f"name: 'same' is also the name in {tmp_path / 'c.yaml'}")
    assert str(tmp_path / "a.yaml") in the_words(second)
    assert first.problems[0].line == 1


def test_nothing_changed_means_nothing_read(watched: CampaignFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """beat looks every few seconds at what may be a hundred thousand files."""

    def unexpected(*_: object) -> None:
        raise AssertionError("a file was opened")

    monkeypatch.setattr(Path, "open", unexpected)
    assert watched.changes() == []
    assert watched.removed == []


def test_new_changed_and_removed_files_are_told_once(watched: CampaignFolder) -> None:
    """What is told is what has to be planned again."""
    (watched.folder / "b.yml").write_text(MINIMAL.replace("daily", "b").replace("agent: a1", "agent: a2"))
    (watched.folder / "c.yaml").write_bytes(named("c"))
    (watched.folder / "a.yaml").unlink()
    assert names(watched.changes()) == ["b.yml", "c.yaml"]
    assert watched.removed == [str(watched.folder / "a.yaml")]
    assert watched.changes() == []
    assert watched.removed == []


def test_an_edit_of_the_same_size_in_the_same_second_is_seen(watched: CampaignFolder) -> None:
    """10:00 becomes 11:00 without a byte more."""
    path = watched.folder / "a.yaml"
    before = path.stat()
    path.write_bytes(named("a").replace(b"0 10 ", b"0 11 "))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    (reading,) = watched.changes()
    assert reading.campaign is not None
    assert reading.campaign.schedule.cron == "0 11 * * *"


def test_a_file_put_in_the_place_of_another_is_seen(watched: CampaignFolder) -> None:
    """Editors and deployments rename a new file over the old one, times and all."""
    path, new = watched.folder / "a.yaml", watched.folder / "new"
    before = path.stat()
    new.write_bytes(named("a").replace(b"0 10 ", b"0 11 "))
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.rename(path)
    assert names(watched.changes()) == ["a.yaml"]


def test_a_touched_file_has_not_changed(watched: CampaignFolder) -> None:
    """A checkout renews all times; no run is planned anew for that."""
    (watched.folder / "a.yaml").touch()
    assert watched.changes() == []


def test_a_young_file_is_read_once_more(tmp_path: Path, hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a coarse clock the second half of a save can look like the first."""
    path = tmp_path / "a.yaml"
    path.write_bytes(named("a"))
    monkeypatch.setattr("callbeat.campaigns.watched_folder.sight_of", _coarsely)
    hands.time = real_now()
    folder = CampaignFolder(tmp_path, hands.now)
    assert names(folder.changes()) == ["a.yaml"]
    write_unnoticed(path, named("a").replace(b"0 10 ", b"0 11 "))
    assert folder.changes() == []
    hands.time += timedelta(seconds=3)
    assert names(folder.changes()) == ["a.yaml"]
    write_unnoticed(path, named("a").replace(b"0 10 ", b"0 12 "))
    hands.time += timedelta(seconds=3)
    assert folder.changes() == []


def _coarsely(entry: "os.DirEntry[str]", now: float) -> Sight:
    """A file system that shows no time of a file's change but the one that was set."""
    sight = sight_of(entry, now)
    assert sight.stamp is not None
    return Sight(Stamp(sight.stamp.mtime_ns, 0, *sight.stamp[2:]), sight.again_at)


def test_a_name_taken_twice_breaks_the_file_that_was_there_before(watched: CampaignFolder) -> None:
    """It has not changed itself, but what it says is no longer certain."""
    (watched.folder / "c.yaml").write_bytes(named("a"))
    first, second = watched.changes()
    assert names([first, second]) == ["a.yaml", "c.yaml"]
    assert (first.campaign, second.campaign) == (None, None)


def test_a_name_given_up_mends_the_other_file(watched: CampaignFolder) -> None:
    """Nobody should have to touch a file that is right."""
    (watched.folder / "c.yaml").write_bytes(named("a"))
    watched.changes()
    (watched.folder / "c.yaml").unlink()
    (mended,) = watched.changes()
    assert names([mended]) == ["a.yaml"]
    assert mended.campaign is not None
    assert watched.removed == [str(watched.folder / "c.yaml")]


def test_a_renamed_file_is_removed_and_new_without_a_dispute(watched: CampaignFolder) -> None:
    """The campaign lives on under its name."""
    (watched.folder / "a.yaml").rename(watched.folder / "z.yaml")
    (reading,) = watched.changes()
    assert names([reading]) == ["z.yaml"]
    assert reading.campaign is not None
    assert watched.removed == [str(watched.folder / "a.yaml")]


def test_a_folder_that_disappears_takes_no_campaign_with_it(watched: CampaignFolder) -> None:
    """A volume that is not mounted for a moment must not cancel a thousand runs."""
    away = watched.folder.with_name("away")
    watched.folder.rename(away)
    (reading,) = watched.changes()
    assert the_words(reading).startswith("folder: cannot be read")
    assert watched.removed == []
    assert watched.changes() == []
    away.rename(watched.folder)
    assert watched.changes() == []
    assert watched.removed == [str(watched.folder)]
    assert watched.changes() == []
    assert watched.removed == []


def test_a_file_that_cannot_be_read_is_told_once_and_tried_again(watched: CampaignFolder) -> None:
    """Rights are mended without touching the file, which shows in no time stamp of its contents."""
    path = watched.folder / "c.yaml"
    path.symlink_to(watched.folder / "later")
    (broken,) = watched.changes()
    assert broken.campaign is None
    assert watched.changes() == []
    (watched.folder / "later").write_bytes(named("c"))
    (mended,) = watched.changes()
    assert mended.campaign is not None
