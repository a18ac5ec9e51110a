"""Runs that ended, and whose rows did not each end in one place: told for as long as it is so."""

from collections.abc import Iterator

from sqlalchemy import select

from callbeat.doctor.notices import Notice, error, well
from callbeat.doctor.subject import Subject, without_ledger
from callbeat.ledger.tables import RunRow
from callbeat.runs.completeness import SUMS_DIFFER, differences

MOST_TOLD = 20
FIX = "`callbeat show '{run}'` has the story; compare `callbeat calls '{run}'` with what the provider shows of it"


def check_sums(subject: Subject) -> Iterator[Notice]:
    """Only those are counted anew that were found wanting when they ended: a finished run does not change."""
    if subject.ledger is None:
        yield without_ledger("sums")
        return
    with subject.ledger.read() as session:
        wanted = select(RunRow).where(RunRow.reason == SUMS_DIFFER).order_by(RunRow.id.desc()).limit(MOST_TOLD)
        found = [(run.key, differences(session, run)) for run in session.execute(wanted).scalars()]
    for key, words in found:
        if words:
            yield error(f"run {key}", f"its rows do not add up: {'; '.join(words)}", FIX.format(run=key))
    if not any(words for _, words in found):
        yield well("sums", "every run that has ended adds up")
