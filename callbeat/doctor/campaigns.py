"""Whether there is anything to call with: the campaign files, as `validate` reads them and as beat knows them."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from callbeat.clock import iso
from callbeat.doctor.notices import Notice, unseen, warning, well
from callbeat.doctor.subject import Subject
from callbeat.ledger.tables import CampaignRow, FileRow
from callbeat.runs.file_keys import keys_of


def check_files(subject: Subject) -> Iterator[Notice]:
    """The problems of all files, and whether there is a campaign at all."""
    broken = 0
    for reading in subject.readings:
        yield from reading.problems
        broken += reading.campaign is None
    good = len(subject.readings) - broken
    if not subject.readings:
        fix = "write a campaign file there (the README has one), or let CALLBEAT_CAMPAIGNS name another folder"
        yield warning("campaigns", "there is no campaign file: nobody will be called", fix, _folder(subject))
    elif not broken:
        yield well("campaigns", f"{good} in {_folder(subject)}")


def _folder(subject: Subject) -> str:
    return str(subject.settings.campaigns)


def check_known(subject: Subject) -> Iterator[Notice]:
    """What beat makes of the files: those it finds broken, and campaigns that are paused."""
    if subject.ledger is None:
        yield unseen("paused", "not known: there is no ledger that can be read")
        return
    with subject.ledger.read() as session:
        yield from _broken_for_beat(subject, session)
        yield from _paused(session)


def _broken_for_beat(subject: Subject, session: Session) -> Iterator[Notice]:
    """Files that are good here or not here at all, and broken where beat reads them."""
    here = keys_of(reading.file for reading in subject.readings if reading.campaign is None)
    for file in session.execute(select(FileRow).order_by(FileRow.file)).scalars():
        errors = [problem for problem in file.problems if problem.get("level") == "error"]
        if file.file in here or not errors:
            continue
        words = f"beat found it broken at {iso(file.seen_at)}, and it is not so here: {errors[0].get('problem')}"
        fix = "just mended, it is read again within seconds; else beat has another CALLBEAT_CAMPAIGNS than you"
        yield warning("campaigns.beat", words, fix, file.file)


def _paused(session: Session) -> Iterator[Notice]:
    wanted = select(CampaignRow).where(CampaignRow.paused_since.is_not(None), CampaignRow.state != "removed")
    for row in session.execute(wanted.order_by(CampaignRow.name)).scalars():
        since = iso(row.paused_since) if row.paused_since else ""
        words = f"paused since {since}: its due times are skipped"
        yield warning(f"campaign {row.name}", words, f"`callbeat resume {row.name}`, when it should call again")
