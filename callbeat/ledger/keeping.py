"""What is still to be done with the people of a run that has ended, by the revision that it was opened with."""

import json
from datetime import datetime, timedelta

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from callbeat.ledger.lines import log
from callbeat.ledger.tables import RevisionRow, RunRow

_SPAN = TypeAdapter(timedelta)


def kept_until(session: Session, run: RunRow, revision: str, ended_at: datetime) -> datetime | None:
    """When the people of a run that ended then are to go; None where its campaign keeps them for ever.

    A definition that cannot be read is no reason for a run not to end: it is told, and they are kept.
    """
    try:
        span = retention_in(definition_of(session, run.campaign, revision))
        return None if span is None else ended_at + span
    except (ValueError, OverflowError) as error:
        log.error("run.retention_unread", run=run.key, revision=revision, why=type(error).__name__)
        return None


def is_exported(session: Session, run: RunRow, revision: str) -> bool:
    """Whether its campaign wants a file of it. Where the definition cannot be read there is none."""
    try:
        told = json.loads(definition_of(session, run.campaign, revision))
    except ValueError as error:
        log.error("run.retention_unread", run=run.key, revision=revision, why=type(error).__name__)
        return False
    return isinstance(told, dict) and told.get("export") is not None


def definition_of(session: Session, campaign: str, revision: str) -> str:
    """A campaign's definition at that revision, as JSON; an empty one where it is not known."""
    wanted = select(RevisionRow.definition).where(
        RevisionRow.campaign == campaign, RevisionRow.revision == revision
    )
    return session.execute(wanted).scalar_one_or_none() or "{}"


def retention_in(definition: str) -> timedelta | None:
    """What a campaign's definition says of it, as the ledger keeps it.

    Raises:
        ValueError: it cannot be read.
    """
    told = json.loads(definition)
    span = told.get("retention") if isinstance(told, dict) else None
    try:
        return None if span is None else _SPAN.validate_python(span)
    except ValidationError as error:
        raise ValueError("its retention is no duration") from error
