"""Where a campaign's calls are written: a file below the folder above the campaigns, or an address in a bucket."""

import re
from datetime import datetime
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

from callbeat.campaigns.model import Campaign
from callbeat.campaigns.source_path import parse_source
from callbeat.campaigns.wording import WordingError, choices, quoted

ENDINGS = (".csv", ".jsonl", ".parquet")
LONGEST = 250  # the ledger keeps it with its date codes filled in, and perhaps the run's name
_EXAMPLE = "write a path such as results/%Y-%m-%d.csv"
_BUCKET = re.compile(r"(s3|gs)://[a-z0-9][a-z0-9._-]{1,62}/")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


def parse_export(text: str) -> str:
    """A file as it is written: date codes are filled in for each due time, not here.

    Raises:
        WordingError: not a relative path nor an address of a bucket, an unknown date code, or another ending.
    """
    bucket = _BUCKET.match(text)
    if bucket is None and _ADDRESS.match(text):
        raise WordingError(f"{quoted(text)} is no address that can be written to", f"{_EXAMPLE}, s3:// or gs://")
    if len(text) > LONGEST:
        raise WordingError(f"the name has {len(text)} characters", f"write {LONGEST} at most")
    try:
        parse_source(text[bucket.end() :] if bucket else text)
    except WordingError as error:
        raise WordingError(error.problem, _EXAMPLE) from None
    if not text.endswith(ENDINGS):
        raise WordingError(f"{quoted(text)} has no known ending", f"end it with {choices(ENDINGS)}")
    return text


def form_of(file: str) -> str | None:
    """csv, jsonl or parquet, by the ending; None for another one."""
    return next((ending[1:] for ending in ENDINGS if file.endswith(ending)), None)


def export_file(campaign: Campaign, due_at: datetime) -> str | None:
    """The file of a due time, its date codes those of its date in the campaign's zone; None where there is none."""
    local = due_at.astimezone(ZoneInfo(campaign.schedule.timezone))
    return local.strftime(campaign.export.file) if campaign.export else None


def with_run(file: str, key: str) -> str:
    """The same place, under a name that only this run has."""
    ending = PurePosixPath(file).suffix
    return f"{file.removesuffix(ending)}.{key}{ending}"
