"""Hours by name: files beside the campaigns, each rule with its source and the day on which it was read."""

import os
from datetime import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers.geodata import GEOCODE_DATA

from callbeat.campaigns.folder import read_folder
from callbeat.campaigns.hours import regions_of
from callbeat.campaigns.hours_files import HoursFiles
from callbeat.campaigns.model import Campaign, Interval, NamedHours, RegionRule
from callbeat.campaigns.named_hours import HoursReading
from callbeat.campaigns.reader import Reading, read_campaign, read_hours_file
from callbeat.campaigns.watched_folder import CampaignFolder
from callbeat.errors import has_errors
from tests.trying import tried
from tests.unit.campaigns.campaign_files import MINIMAL, changed
from tests.unit.campaigns.test_reader_fuzz import PIECES, is_tellable

SHIPPED = Path(__file__).parents[3] / "config" / "hours"
HOURS = """\
name: mine
title: Weekdays, and longer in Florida
notes: Made up for a test.
rules:
  - where: general
    hours:
      - {days: mon-fri, between: "09:00-12:00"}
      - {days: mon-fri, between: "13:00-18:00"}
    source: Our own rule
    url: https://example.com/rule
    as_of: 2026-11-22
  - where: US-FL
    prefixes: ["+1239", "+1305"]
    hours: [{between: "08:00-20:00"}]
    source: Fla. Stat. 501.616(6)(a)
    url: https://example.com/florida
    as_of: 2026-11-22
"""
BY_NAME = MINIMAL.replace("hours: any", "hours: mine")


def reading(text: str = HOURS, name: str = "mine") -> HoursReading:
    """What is read of a file's text."""
    return read_hours_file(text.encode(), f"hours/{name}.yaml", name)


def the_hours(text: str = HOURS) -> NamedHours:
    """The hours of a valid file."""
    found = reading(text)
    assert found.problems == ()
    assert found.hours is not None
    return found.hours


def the_campaign(text: str = HOURS) -> Campaign:
    """A campaign that goes by them."""
    found = read_campaign(BY_NAME.encode(), "f.yaml", named={"mine": reading(text)})
    assert found.problems == ()
    assert found.campaign is not None
    return found.campaign


def test_every_key_reaches_the_hours() -> None:
    """What is read and dropped would be a call at night."""
    weekdays = (0, 1, 2, 3, 4)
    assert the_hours() == NamedHours(
        name="mine",
        general=(
            Interval(days=weekdays, start=time(9), end=time(12)),
            Interval(days=weekdays, start=time(13), end=time(18)),
        ),
        regions=(
            RegionRule(
                region="US-FL", prefixes=("+1239", "+1305"), intervals=(Interval(start=time(8), end=time(20)),)
            ),
        ),
    )
    zoned = the_hours(HOURS.replace("notes:", "zone: recipient\nunknown_zone: campaign\nnotes:"))
    assert (zoned.zone, zoned.unknown_zone) == ("recipient", "campaign")


WRONG = [
    ("name: mine", "name: yours", "1: name: 'yours' is not the file's own name"),
    ("title: Weekdays, and longer in Florida", "#", "1: title: missing"),
    ("title: Weekdays", "titel: x\ntitle: Weekdays", "2: titel: unknown key: did you mean title?"),
    ("notes: Made up for a test.", "notes: x\nunknown_zone: call", "4: unknown_zone: 'call' is not one of"),
    ("notes: Made up for a test.", "notes: x\nzone: Atlantis", "4: zone: there is no zone 'Atlantis'"),
    ("notes: Made up for a test.", "notes: x\nzone: UTC", "5: rules: regions are told by the recipient's number"),
    ("  - where: general", "  - where: General", "5: rules[0].where: 'General' is no region"),
    (
        '  - where: US-FL\n    prefixes: ["+1239", "+1305"]',
        "  - where: general",
        "12: rules[1].where: has a rule already",
    ),
    ("  - where: general", '  - where: US-AL\n    prefixes: ["+1205"]', "4: rules: needs one general rule"),
    ("- where: general", '- where: general\n    prefixes: ["+1205"]', "5: rules[0]: the general rule has prefixes"),
    ('["+1239", "+1305"]', '["+1239", "1305"]', "13: rules[1].prefixes[1]: '1305' is not how a number begins"),
    ('["+1239", "+1305"]', '["+1239", "+1239"]', "13: rules[1].prefixes[1]: stands in this list already"),
    ('["+1239", "+1305"]', '["+1239", "+12395"]', "12: rules[1].prefixes: '+12395' begins with '+1239'"),
    ('    prefixes: ["+1239", "+1305"]\n', "", "12: rules[1]: a region without prefixes"),
    ('"13:00-18:00"', '"12:00-18:00"', "8: rules[0].hours[1]: touches or overlaps other hours of mon"),
    ('"13:00-18:00"', '"18:00-13:00"', "8: rules[0].hours[1].between: '18:00-13:00' crosses midnight"),
    ('{days: mon-fri, between: "13:00-18:00"}', "{days: mon-fri}", "8: rules[0].hours[1].between: missing"),
    ("url: https://example.com/florida", "url: the library", "16: rules[1].url: 'the library' is no address"),
    ("    source: Our own rule\n", "", "5: rules[0].source: missing"),
    ("as_of: 2026-11-22\n  - where", "as_of: lately\n  - where", "11: rules[0].as_of: 'lately' is not a date"),
]


@pytest.mark.parametrize(("old", "new", "told"), WRONG)
def test_what_is_wrong_in_a_file_of_hours_is_told_at_its_line(old: str, new: str, told: str) -> None:
    """Like a campaign's; and no campaign can go by such a file."""
    assert HOURS.count(old) == 1
    found = reading(HOURS.replace(old, new))
    assert found.hours is None
    words = [str(problem) for problem in found.problems]
    assert any(word.startswith(f"hours/mine.yaml:{told}") for word in words), words


def test_no_file_of_hours_may_be_called_any() -> None:
    """A campaign that says so would mean something else."""
    (problem,) = reading(HOURS.replace("name: mine", "name: any"), "any").problems
    assert "hours/any.yaml:1: name: hours: any has its own meaning" in str(problem)


def test_a_name_that_is_not_known_is_refused_with_a_suggestion() -> None:
    """Nobody may believe that a law is kept that is not even known."""
    known = {"us-federal": reading(), "us-strict": reading()}
    for name, words in (
        ("us-federall", "did you mean us-federal?"),
        ("moon", "known are any, us-federal, us-strict"),
    ):
        data = changed("hours: any", f"hours: {name}", MINIMAL)
        (problem,) = read_campaign(data, "f.yaml", named=known).problems
        assert str(problem).startswith(f"f.yaml:9: hours: there are no hours '{name}': {words}")


def test_a_broken_file_of_hours_breaks_the_campaigns_that_go_by_it() -> None:
    """And says where to look."""
    found = read_campaign(BY_NAME.encode(), "f.yaml", named={"mine": reading(HOURS.replace("13:00", "25:00"))})
    assert found.campaign is None
    (problem,) = found.problems
    assert str(problem).startswith("f.yaml:9: hours: the file of the hours 'mine' is broken: hours/mine.yaml:8: ")


def test_the_revision_changes_with_what_the_hours_mean_and_with_nothing_else() -> None:
    """An opened run keeps what it was opened with; a corrected comment or date plans nothing anew."""
    revision = the_campaign().revision
    assert the_campaign("# by hand\n" + HOURS.replace("2026-11-22", "2026-12-01")).revision == revision
    assert the_campaign(HOURS.replace("Our own rule", "Another text")).revision == revision
    assert the_campaign(HOURS.replace("18:00", "17:00")).revision != revision
    assert the_campaign(HOURS.replace("+1305", "+1786")).revision != revision


def test_a_run_finds_the_hours_again_in_the_ledger() -> None:
    """It is kept as JSON under its revision."""
    campaign = the_campaign()
    again = Campaign.model_validate_json(campaign.model_dump_json(by_alias=True))
    assert again == campaign
    assert again.revision == campaign.revision
    assert isinstance(again.hours, NamedHours)


OF_THE_VERSION_BEFORE = {
    MINIMAL: "a9d615eb2e9e",
    MINIMAL.replace("any", '{days: mon-sat, between: "08:00-20:00", zone: Asia/Dubai}'): "917661e43c80",
}


@pytest.mark.parametrize(("text", "revision"), OF_THE_VERSION_BEFORE.items(), ids=["any", "spelled out"])
def test_campaigns_without_named_hours_keep_their_revisions(text: str, revision: str) -> None:
    """An upgrade is no edit."""
    campaign = read_campaign(text.encode(), "f.yaml").campaign
    assert campaign is not None
    assert campaign.revision == revision


@pytest.mark.slow
@tried(50)
@given(
    st.lists(st.tuples(st.integers(0, len(HOURS)), st.integers(0, 12), PIECES), max_size=4), st.binary(max_size=40)
)
def test_no_mangled_file_of_hours_raises(edits: list[tuple[int, int, str]], tail: bytes) -> None:
    """beat reads it every few seconds; a traceback there would stop every campaign."""
    text = HOURS
    for start, length, piece in edits:
        text = text[:start] + piece + text[start + length :]
    for data in (text.encode(), text.encode() + tail, tail):
        found = read_hours_file(data, "f.yaml", "mine")
        assert all(is_tellable(problem) for problem in found.problems)
        assert (found.hours is None) == has_errors(found.problems)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration with two campaigns, of which `daily` goes by the hours `mine`."""
    for name in ("campaigns", "hours"):
        (tmp_path / name).mkdir()
    (tmp_path / "campaigns" / "daily.yaml").write_text(BY_NAME)
    (tmp_path / "campaigns" / "other.yaml").write_text(MINIMAL.replace("name: daily", "name: other"))
    (tmp_path / "hours" / "mine.yaml").write_text(HOURS)
    return tmp_path


def broken(readings: list[Reading]) -> dict[str, bool]:
    """The files that were read, and whether each is broken."""
    return {Path(reading.file).name: reading.campaign is None for reading in readings}


def test_the_folder_beside_the_campaigns_has_the_hours(config: Path) -> None:
    """With a file of each, `validate` finds both without being told."""
    assert broken(read_folder(config / "campaigns")) == {"daily.yaml": False, "other.yaml": False}
    one = [config / "campaigns" / "daily.yaml"]
    assert broken(read_folder(config / "campaigns", paths=one)) == {"daily.yaml": False}


def test_a_relative_folder_has_its_hours_beside_it(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However it was written."""
    monkeypatch.chdir(config / "campaigns")
    for folder in (Path(), Path("../campaigns"), Path("."), Path("../hours/../campaigns")):
        assert broken(read_folder(folder))["daily.yaml"] is False, folder
    monkeypatch.chdir(config)
    assert broken(read_folder(Path("campaigns")))["daily.yaml"] is False


def test_a_broken_file_of_hours_is_told_even_if_nobody_names_it(config: Path) -> None:
    """Found before somebody relies on it."""
    (config / "hours" / "spare.yaml").write_text(
        HOURS.replace("name: mine", "name: spare").replace("18:00", "25:00")
    )
    readings = read_folder(config / "campaigns")
    assert broken(readings) == {"daily.yaml": False, "other.yaml": False, "spare.yaml": True}
    (problem,) = readings[-1].problems
    assert f"{Path('hours') / 'spare.yaml'}:8: rules[0].hours[1].between: " in str(problem)


def test_a_changed_file_of_hours_is_a_change_of_the_campaigns_that_name_it(config: Path) -> None:
    """Beat looks at files only when they change: theirs are what they were."""
    folder = CampaignFolder(config / "campaigns")
    before = {reading.name: reading for reading in folder.changes()}
    assert broken(folder.changes()) == {}
    (config / "hours" / "mine.yaml").write_text(HOURS.replace("18:00", "17:00"))
    (after,) = folder.changes()
    assert after.name == "daily"
    assert after.campaign is not None
    first = before["daily"].campaign
    assert first is not None
    assert after.campaign.revision != first.revision


def test_hours_that_break_go_or_come_back_are_seen_too(config: Path) -> None:
    """The campaign is broken until its hours are there again."""
    folder, hours = CampaignFolder(config / "campaigns"), config / "hours" / "mine.yaml"
    folder.changes()
    hours.write_text("name: [")
    assert broken(folder.changes()) == {"daily.yaml": True}
    hours.unlink()
    assert broken(folder.changes()) == {"daily.yaml": True}
    hours.write_text(HOURS)
    assert broken(folder.changes()) == {"daily.yaml": False}
    assert broken(folder.changes()) == {}


def test_hours_that_were_missing_at_first_are_noticed(config: Path) -> None:
    """Also where there was no such folder at all."""
    hours = config / "hours" / "mine.yaml"
    hours.unlink()
    hours.parent.rmdir()
    folder = CampaignFolder(config / "campaigns")
    assert broken(folder.changes()) == {"daily.yaml": True, "other.yaml": False}
    hours.parent.mkdir()
    hours.write_text(HOURS)
    assert broken(folder.changes()) == {"daily.yaml": False}
    hours.unlink()
    hours.parent.rmdir()
    assert broken(folder.changes()) == {"daily.yaml": True}


def test_a_file_of_hours_is_read_once_for_all_campaigns(config: Path) -> None:
    """There may be a hundred thousand; they share what it says."""
    for number in range(50):
        text = BY_NAME.replace("name: daily", f"name: more-{number}")
        (config / "campaigns" / f"more-{number}.yaml").write_text(text)
    found = [reading.campaign for reading in CampaignFolder(config / "campaigns").changes()]
    hours = {id(campaign.hours) for campaign in found if campaign and campaign.hours != "any"}
    assert len(found) == 52
    assert len(hours) == 1


def test_links_lead_no_file_of_hours_out_of_the_configuration(
    config: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Words about what is wrong with a file quote from it."""
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.yaml"
    secret.write_text("password: hunter2")
    os.symlink(secret, config / "hours" / "leak.yaml")
    files = HoursFiles(config / "campaigns")
    files.changes()
    assert "leads out of" in str(files.by_name["leak"].problems[0])
    assert "hunter2" not in str(files.by_name["leak"].problems)


shipped = pytest.mark.parametrize("file", sorted(SHIPPED.glob("*")), ids=lambda file: file.name)


@shipped
def test_every_shipped_file_can_be_used_as_it_is(file: Path) -> None:
    """Each says that it is no legal advice, and goes by the recipient's clock."""
    found = read_hours_file(file.read_bytes(), str(file), file.stem)
    assert found.problems == ()
    assert found.hours is not None
    assert found.hours.zone == "recipient"
    assert file.read_text().count("o legal advice") == 2


def test_the_page_about_hours_shows_a_file_that_works_and_all_that_are_shipped() -> None:
    """It is the first thing that anybody copies."""
    page = (SHIPPED.parents[1] / "docs" / "hours.md").read_text()
    example = page.partition("# config/hours/our-rule.yaml\n")[2].partition("```")[0]
    assert reading(example, "our-rule").problems == ()
    names = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    assert names == {file.stem for file in SHIPPED.glob("*.yaml")}


def test_no_state_permits_more_than_the_federal_rule() -> None:
    """Both hold."""
    strict = read_hours_file((SHIPPED / "us-strict.yaml").read_bytes(), "f", "us-strict").hours
    federal = read_hours_file((SHIPPED / "us-federal.yaml").read_bytes(), "f", "us-federal").hours
    assert strict is not None
    assert federal is not None
    assert strict.general == federal.general
    (whole,) = federal.general
    for rule in strict.regions:
        assert all(whole.start <= one.start < one.end <= whole.end for one in rule.intervals), rule.region
        assert rule.intervals != federal.general, rule.region


STATES = {
    "US-AL": {"AL", "Alabama"},
    "US-CT": {"CT", "Connecticut"},
    "US-FL": {"FL", "Florida"},
    "US-IL": {"IL", "Illinois"},
    "US-KY": {"KY", "Kentucky"},
    "US-LA": {"LA", "Louisiana"},
    "US-MA": {"MA", "Massachusetts"},
    "US-MD": {"MD", "Maryland"},
    "US-MI": {"MI", "Michigan"},
    "US-MN": {"MN", "Minnesota"},
    "US-MS": {"MS", "Mississippi"},
    "US-NE": {"NE", "Nebraska"},
    "US-NM": {"NM", "New Mexico"},
    "US-NV": {"NV", "Nevada"},
    "US-OK": {"OK", "Oklahoma"},
    "US-RI": {"RI", "Rhode Island"},
    "US-TX": {"TX", "Texas"},
    "US-WA": {"WA", "Washington State"},
}


def test_every_area_code_is_in_the_state_that_the_geocoder_knows() -> None:
    """All of a state's, and no other's: one that is left out would be called by the general rule."""
    strict = read_hours_file((SHIPPED / "us-strict.yaml").read_bytes(), "f", "us-strict").hours
    assert strict is not None
    places: dict[str, set[str]] = {}
    for digits, names in GEOCODE_DATA.items():
        if digits.startswith("1") and len(digits) >= 4 and "en" in names:
            places.setdefault(f"+{digits[:4]}", set()).add(names["en"].rpartition(", ")[2])
    by_state = {
        prefix: region for prefix, known in places.items() for region, names in STATES.items() if known <= names
    }
    assert dict(regions_of(strict)) == by_state
    assert {rule.region for rule in strict.regions} == set(STATES)
