"""What beat knew of the files outlives it: a start reads what may have changed, and overlooks nothing that has."""

import os
from pathlib import Path

import pytest
from sqlalchemy import update

from callbeat.campaigns import watched_folder
from callbeat.campaigns.stamps import Sight, Stamp, sight_of
from callbeat.ledger.tables import CampaignRow
from callbeat.runs import heartbeat, seen, tick
from callbeat.runs.report import broken_files
from callbeat.runs.revisions import load_campaign
from callbeat.runs.tick import Tick
from tests.factories import AGENT, NOW, seconds

TEXT = """\
name: {name}
provider: bolna
agent: {agent}
schedule:
  cron: "{cron}"
  timezone: UTC
contacts:
  source: contacts/daily.csv
hours: {hours}
"""
HOURS = """\
name: mine
title: Ours
zone: UTC
notes: Ours.
rules:
  - where: general
    hours: [{{days: mon-sun, between: "{between}"}}]
    source: ours
    url: https://example.org
    as_of: 2026-11-01
"""
LONG_AGO = 1_700_000_000


class Site:
    """A folder of campaigns, and beats over it that start and are gone. It counts what they read."""

    def __init__(self, world, monkeypatch):
        self.world, self.time, self.opened, self.parsed = world, NOW, [], []
        self.folder = world.folder / "campaigns"
        self.folder.mkdir()
        for module in (tick, heartbeat):
            monkeypatch.setattr(module, "monotonic", lambda: self.time.timestamp())
        monkeypatch.setattr(heartbeat, "real_now", lambda: self.time)
        contents, reading = watched_folder.contents_in_folder, watched_folder.reading_of

        def opened(path):
            self.opened.append(path.name)
            return contents(path)

        def parsed(path, *rest):
            self.parsed.append(path.name)
            return reading(path, *rest)

        monkeypatch.setattr(watched_folder, "contents_in_folder", opened)
        monkeypatch.setattr(watched_folder, "reading_of", parsed)

    def write(self, name, cron="0 5 * * *", *, file=None, hours="any", young=False):
        """A file, by default of a time long ago: the time of its change shows all the same that it was written."""
        path = self.folder / f"{file or name}.yaml"
        path.write_text(TEXT.format(name=name, cron=cron, agent=AGENT, hours=hours))
        if not young:
            os.utime(path, (LONG_AGO, LONG_AGO))
        return path

    def hours(self, between):
        folder = self.folder.parent / "hours"
        folder.mkdir(exist_ok=True)
        (folder / "mine.yaml").write_text(HOURS.format(between=between))

    def start(self):
        """Another beat; the files that it opened, and those that it parsed."""
        self.beat = Tick(self.world.context, self.folder)
        return self.tick()

    def tick(self):
        """A while later."""
        self.opened.clear()
        self.parsed.clear()
        self.time += seconds(4)
        self.world.clock.time = self.time
        self.beat()
        return self.opened, self.parsed

    def state(self, name):
        row = self.world.campaign_row(name)
        return row and row.state

    def cron_of(self, name):
        """The cron line that the ledger goes by."""
        return load_campaign(self.world.ledger, name, self.world.campaign_row(name).revision).schedule.cron


@pytest.fixture
def site(world, monkeypatch):
    return Site(world, monkeypatch)


def test_a_start_with_unchanged_files_opens_none(site):
    """There may be a hundred thousand, and a start after each deployment."""
    site.write("a")
    site.write("b")
    assert site.start() == (["a.yaml", "b.yaml"], ["a.yaml", "b.yaml"])
    assert site.start() == ([], [])
    assert site.tick() == ([], [])


def test_an_edit_while_no_beat_ran_is_seen(site):
    """10:00 becomes 11:00 without a byte more, and its time is put back."""
    site.write("a")
    site.write("b")
    site.start()
    site.write("a", cron="0 6 * * *")
    assert site.start() == (["a.yaml"], ["a.yaml"])
    assert site.cron_of("a") == "0 6 * * *"


def test_a_file_that_was_young_when_it_was_read_is_opened_once_more(site, monkeypatch):
    """On a coarse clock an edit within the same second shows nowhere, and beat may end before it looks again."""
    monkeypatch.setattr(watched_folder, "sight_of", _coarsely)
    path = site.write("a", young=True)
    before = path.stat()
    site.start()
    site.write("a", cron="0 6 * * *", young=True)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert site.start() == (["a.yaml"], ["a.yaml"])
    assert site.cron_of("a") == "0 6 * * *"


def _coarsely(entry: "os.DirEntry[str] | Path", now: float) -> Sight:
    sight = sight_of(entry, now)
    assert sight.stamp is not None
    return Sight(Stamp(sight.stamp.mtime_ns, 0, *sight.stamp[2:]), sight.again_at)


def test_touched_files_are_opened_once_and_not_parsed(site):
    """A checkout renews all times, and so does another machine: the next start opens none of them."""
    path = site.write("a")
    site.start()
    os.utime(path, (LONG_AGO + 5, LONG_AGO + 5))
    assert site.start() == (["a.yaml"], [])
    assert site.start() == ([], [])


def test_other_hours_while_no_beat_ran_are_seen_by_those_who_name_them(site):
    """Their files are what they were, and mean something else."""
    site.hours("09:00-17:00")
    site.write("a", "0 10 * * *", hours="mine")
    site.write("b")
    site.start()
    assert site.start() == ([], [])
    before = site.world.campaign_row("a").revision
    site.hours("09:00-18:00")
    assert site.start()[1] == ["a.yaml"]
    assert site.world.campaign_row("a").revision != before


def test_another_version_reads_all_anew(site, monkeypatch):
    """What it thinks of a file may be another matter."""
    site.write("a")
    site.start()
    monkeypatch.setattr(seen, "readers_mark", lambda: "another")
    assert site.start()[1] == ["a.yaml"]
    assert site.start() == ([], [])


def test_what_is_wrong_is_told_at_each_start(site):
    """It was in the log of a process that is gone."""
    site.write("a", cron="nonsense and more")
    site.start()
    assert site.start()[1] == ["a.yaml"]
    assert len(broken_files(site.world.ledger)) == 1


def test_a_new_file_that_takes_the_name_of_one_that_is_not_read_breaks_both(site):
    """Either could be the old copy; guessing would call the wrong people."""
    site.write("a")
    site.start()
    site.write("a", file="copy")
    site.start()
    assert site.state("a") == "broken"
    assert [Path(one["file"]).name for one in broken_files(site.world.ledger)] == ["a.yaml", "copy.yaml"]


def test_a_file_that_was_renamed_while_no_beat_ran_goes_on(site):
    """It is removed and new at once, under one name."""
    path = site.write("a")
    site.write("b")
    site.start()
    path.rename(path.with_name("z.yaml"))
    assert site.start()[1] == ["z.yaml"]
    assert (site.state("a"), site.world.campaign_row("a").file) == ("active", str(path.with_name("z.yaml")))
    assert site.start() == ([], [])


def test_a_ledger_that_was_put_back_learns_of_every_edit_since(site):
    """It remembers what it knew then, of the files as they were then."""
    site.write("a")
    site.start()
    old = site.world.campaign_row("a")
    site.write("a", cron="0 6 * * *")
    site.start()
    with site.world.ledger.write() as writer:
        back = update(CampaignRow).where(CampaignRow.name == "a")
        writer.session.execute(back.values(file_seen=old.file_seen, revision=old.revision))
    assert site.start()[1] == ["a.yaml"]
    assert site.cron_of("a") == "0 6 * * *"


def test_a_campaign_that_the_ledger_has_otherwise_is_read_again(site):
    """What is remembered of a file counts only while its campaign is as that file says."""
    site.write("a")
    site.start()
    with site.world.ledger.write() as writer:
        writer.session.execute(update(CampaignRow).values(state="removed"))
    assert site.start()[1] == ["a.yaml"]
    assert site.state("a") == "active"


def test_what_cannot_be_read_of_the_memory_is_no_harm(site):
    """Then the file is read, as if nothing had been kept."""
    site.write("a")
    site.start()
    with site.world.ledger.write() as writer:
        writer.session.execute(update(CampaignRow).values(file_seen=f"{seen.readers_mark()} 1,2 zz -"))
    assert site.start()[1] == ["a.yaml"]


# -- many files: a look takes several ticks --------------------------------------------------------------------


def mount(site, version, **files):
    """The folder as Kubernetes mounts it: links, by way of one that leads to the newest version's folder."""
    newest = site.folder / f"..{version}"
    newest.mkdir()
    for name, cron in files.items():
        (newest / f"{name}.yaml").write_text(TEXT.format(name=name, cron=cron, agent=AGENT, hours="any"))
        link = site.folder / f"{name}.yaml"
        link.is_symlink() or link.symlink_to(f"..data/{name}.yaml")
    (site.folder / "..next").symlink_to(newest.name)
    (site.folder / "..next").rename(site.folder / "..data")
    for link in site.folder.glob("[a-z]*.yaml"):
        link.exists() or link.unlink()


def test_each_version_of_a_mounted_configmap_is_of_the_same_files(site):
    """What was taken out of it must not go on calling, nor what was broken in it; and a start opens no file."""
    mount(site, "1", a="0 5 * * *", b="0 5 * * *", c="0 5 * * *")
    site.start()
    mount(site, "2", a="0 6 * * *", b="every day")
    site.tick()
    assert {name: site.state(name) for name in "abc"} == {"a": "active", "b": "broken", "c": "removed"}
    assert site.cron_of("a") == "0 6 * * *"
    mount(site, "3", a="0 6 * * *", b="0 7 * * *")
    site.tick()
    site.tick()
    assert (site.state("b"), site.cron_of("b"), broken_files(site.world.ledger)) == ("active", "0 7 * * *", [])
    site.time += seconds(10)
    assert site.start()[1] == []


@pytest.fixture
def crowded(site, monkeypatch):
    """A few files that are as a hundred thousand: a tick looks at two, and reads one."""
    for name, most in (("SLICE", 2), ("LARGE_SLICE", 4), ("PART", 1)):
        monkeypatch.setattr(watched_folder, name, most)
    for name in "abcde":
        site.write(name)
    return site


def ticks(site, most=60):
    """Until the look is over; how often the next tick was to come at once."""
    hasty = 0
    for _ in range(most):
        site.tick()
        hasty += site.beat._folder.in_haste
        if site.beat._look is None:
            return hasty
    raise AssertionError("the look does not end")


def test_many_files_are_looked_at_and_read_in_several_ticks(crowded):
    """Meanwhile what is due is sent: the tick that reads a hundred thousand files would take minutes."""
    crowded.start()
    assert crowded.beat._look is not None
    assert ticks(crowded) > 0, "and beat does not sleep between them"
    assert [crowded.state(name) for name in "abcde"] == ["active"] * 5
    assert ticks(crowded) == 0, "nothing has changed: no haste"


def test_no_campaign_begins_before_all_files_have_been_read(crowded):
    """The last of them may claim the first one's name."""
    crowded.write("a", file="zzz")
    crowded.start()
    while crowded.beat._look is not None:
        assert crowded.state("a") is None
        crowded.tick()
    assert len(broken_files(crowded.world.ledger)) == 2


def test_a_look_takes_larger_steps_when_files_came_or_went(crowded):
    """A checkout or an editor that renames is seen within seconds; what is written in place, within a minute."""
    crowded.start()
    ticks(crowded)
    assert steps(crowded) == 3
    crowded.write("f")
    assert steps(crowded) == 2
    assert crowded.state("f") == "active"


def test_what_went_while_no_beat_ran_is_not_begun_before_that_is_seen(crowded, monkeypatch):
    """Reading them all takes minutes, and its time may come meanwhile."""
    crowded.write("e", "0 9 * * *")
    crowded.start()
    ticks(crowded)
    (crowded.folder / "e.yaml").unlink()
    crowded.time = crowded.time.replace(hour=8, minute=45)
    monkeypatch.setattr(seen, "readers_mark", lambda: "another")
    crowded.start()
    ticks(crowded)
    assert crowded.world.runs("e") == []


def test_what_another_beat_has_taken_in_since_is_not_undone(crowded, monkeypatch):
    """A campaign that was changed or removed while a beat read all files must not begin as it was."""
    crowded.start()
    ticks(crowded)
    other = crowded.beat
    monkeypatch.setattr(seen, "readers_mark", lambda: "another")
    crowded.start()
    while "b.yaml" not in crowded.opened:
        crowded.tick()
    slow, crowded.beat = crowded.beat, other
    crowded.write("a", "0 6 * * *")
    (crowded.folder / "b.yaml").unlink()
    ticks(crowded)
    crowded.beat = slow
    for _ in range(20):
        assert (crowded.cron_of("a"), crowded.state("b")) == ("0 6 * * *", "removed")
        crowded.tick()


def steps(site):
    """The ticks of a whole look but for those that read: a step ends where it is full."""
    count = 1
    site.tick()
    while site.beat._look is not None:
        site.tick()
        count += not site.beat._folder.in_haste
    return count


def test_a_file_removed_in_the_midst_of_a_look_is_removed_once(crowded):
    """And the others are not."""
    crowded.start()
    ticks(crowded)
    (crowded.folder / "c.yaml").unlink()
    ticks(crowded)
    ticks(crowded)
    assert {name: crowded.state(name) for name in "abcde"} == dict.fromkeys("abde", "active") | {"c": "removed"}


def test_a_folder_that_is_away_in_the_midst_of_a_look_removes_and_breaks_nothing(crowded):
    """A checkout that is moved out of its place for a moment: half of the files were seen, the others are gone."""
    crowded.start()
    ticks(crowded)
    crowded.tick()
    assert crowded.beat._look is not None
    away = crowded.folder.rename(crowded.folder.with_name("away"))
    ticks(crowded)
    assert [crowded.state(name) for name in "abcde"] == ["active"] * 5
    away.rename(crowded.folder)
    ticks(crowded)
    assert [crowded.state(name) for name in "abcde"] == ["active"] * 5
    assert broken_files(crowded.world.ledger) == []
