"""Where contacts come from: a file below the folder above the campaigns, its name perhaps with date codes."""

import re

from callbeat.campaigns.wording import WordingError, quoted

DATE_CODES = "YmdHMSyjGVuwaAbBpIUW%"

# Anything with a scheme. A single letter before the colon is a Windows drive.
ADDRESS = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+:")
_ABSOLUTE = re.compile(r"/|~|[A-Za-z]:")
_CODE = re.compile(r"%(.?)", re.DOTALL)
_EXAMPLE = "write a path such as contacts/renewals.csv"


def parse_source(text: str) -> str:
    """A relative path, as it is written: date codes are filled in for each due time, not here.

    Raises:
        WordingError: an address, a path that is absolute or climbs out of the folder, or an unknown date code.
    """
    if ADDRESS.match(text):
        raise WordingError(f"the address {quoted(text)} is not supported yet", f"{_EXAMPLE}; addresses come later")
    if "\\" in text:
        raise WordingError(f"{quoted(text)} has a backslash", "separate folders with /")
    if _ABSOLUTE.match(text):
        raise WordingError(f"{quoted(text)} is not relative to the folder above the campaigns", _EXAMPLE)
    if ".." in text.split("/"):
        raise WordingError(f"{quoted(text)} may not climb out of the folder above the campaigns", _EXAMPLE)
    if text.endswith(("/", "/.")) or text == ".":
        raise WordingError(f"{quoted(text)} is a folder", _EXAMPLE)
    _refuse_unknown_codes(text)
    return text


def parse_list(text: str) -> str:
    """A relative path without date codes: a list of numbers is the same for every run.

    Raises:
        WordingError: an address, a path that is absolute or climbs out of the folder, or a date code.
    """
    fix = "write a path such as suppression/do-not-call.csv"
    if ADDRESS.match(text):
        raise WordingError(f"{quoted(text)} is an address, and a list is a file of this machine", fix)
    if "%" in text:
        raise WordingError(f"{quoted(text)} has a date code, and a list has one name for every day", fix)
    return parse_source(text)


def _refuse_unknown_codes(text: str) -> None:
    for code in _CODE.findall(text):
        if not code or code not in DATE_CODES:
            fix = "use codes such as %Y-%m-%d, and %% for a percent sign"
            raise WordingError(f"{quoted(text)} has the unknown date code '%{code}'", fix)
