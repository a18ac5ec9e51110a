"""Where contacts come from: a file below the folder above the campaigns, or an address; perhaps with date codes."""

import re

from callbeat.addresses import is_loopback, split
from callbeat.campaigns.wording import WordingError, quoted

DATE_CODES = "YmdHMSyjGVuwaAbBpIUW%"

# Anything with a scheme. A single letter before the colon is a Windows drive.
ADDRESS = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+:")
SCHEMES = ("https", "s3", "gs")
NO_ADDRESS = r"^(?!(?:https?|s3|gs)://)[A-Za-z][A-Za-z0-9+.-]+:"  # for the schema
_ABSOLUTE = re.compile(r"/|~|[A-Za-z]:")
_CODE = re.compile(r"%(.?)", re.DOTALL)
_ENCODED = re.compile(r"%(%|[0-9A-Fa-f]{2})")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_EXAMPLE = "write a path such as contacts/renewals.csv"


def parse_source(text: str) -> str:
    """A relative path or an address, as a text whose date codes are filled in for each due time, not here.

    An address may have percent-encoded signs (`%20`): they come back as `%%20`, which a date leaves alone.

    Raises:
        WordingError: a path that is absolute or climbs out of the folder, an address of another kind or with a
            password, or an unknown date code.
    """
    if ADDRESS.match(text):
        return _address(text)
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


def _address(text: str) -> str:
    parts = split(text)
    scheme = text.partition(":")[0].lower()
    if scheme == "http" and not is_loopback(text):
        raise WordingError("the address of the contacts is http, not https", "anybody on the way could read them")
    if scheme not in (*SCHEMES, "http"):
        raise WordingError(
            f"the address {quoted(text)} is not supported", f"write https://, s3:// or gs://, or {_EXAMPLE}"
        )
    if parts is None:
        raise WordingError("is not a web address", "write https://host/path, and %20 for a space")
    if parts.username is not None or parts.password is not None:
        raise WordingError("has a user or a password in it", "a campaign file holds no passwords: remove it")
    if not parts.path.strip("/") or parts.path.endswith("/"):
        raise WordingError(f"{quoted(text)} names no file", "write the whole address of one file")
    if scheme in ("s3", "gs") and not _BUCKET.fullmatch(parts.netloc):
        raise WordingError(f"{quoted(text)} names no bucket", f"write {scheme}://bucket/path/of/the/file.csv")
    kept = _ENCODED.sub(_kept, text)
    _refuse_unknown_codes(kept)
    return kept


def _kept(found: re.Match[str]) -> str:
    """A percent-encoded sign is no date code; two hex digits of which the first is a code too may be either."""
    if found[1] == "%":
        return "%%"
    if found[1][0] in DATE_CODES:
        fix = f"write %{found[0]} for a percent-encoded sign, or put another sign behind the date code"
        raise WordingError(f"'{found[0]}' may be a date code or a percent-encoded sign", fix)
    return f"%{found[0]}"


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
