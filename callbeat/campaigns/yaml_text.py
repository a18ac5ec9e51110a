"""Bytes become text that a YAML parser may be trusted with: bounded, UTF-8, no control characters."""

import re

MOST_BYTES = 1_000_000
# The parser takes quadratic time on some lines, so it gets no endless ones.
LONGEST_LINE = 10_000
MOST_LINES = 10_000  # a million take it half a minute, while all other campaigns wait

# U+0085, U+2028 and U+2029 count as line breaks for the parser but not for editors: they would shift every line.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BREAK = re.compile("\r\n|\r|\n")
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff")


class NotYaml(Exception):
    """The file cannot be read beyond `line` (0: at all), so nothing else can be said about it."""

    def __init__(self, line: int, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem
        self.fix = fix


def empty_file() -> NotYaml:
    """Nothing but white space, comments and document marks."""
    return NotYaml(0, "the file is empty", "describe a campaign in it, or remove it")


def decode(data: bytes) -> str:
    """The text of a campaign file, with or without a byte order mark.

    Raises:
        NotYaml: too large, not UTF-8, empty, or with control characters, too many lines or endless ones.
    """
    if len(data) > MOST_BYTES:
        raise NotYaml(0, "larger than 1 MB", "a campaign file is a page of text; contacts go into a CSV file")
    text = _utf8(data).removeprefix("\ufeff")
    if not text.strip():
        raise empty_file()
    _refuse_control_characters(text)
    _refuse_endless_lines(text)
    return text


def _utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        hint = " (it looks like UTF-16)" if data.startswith(_WIDE_BOMS) else ""
        problem = f"not UTF-8{hint}: byte 0x{data[error.start]:02x} at offset {error.start}"
        raise NotYaml(line, problem, "save the file as UTF-8") from None


def _refuse_control_characters(text: str) -> None:
    found = _FORBIDDEN.search(text)
    if found:
        line = len(_BREAK.findall(text, 0, found.start())) + 1
        raise NotYaml(line, f"contains the control character U+{ord(found[0]):04X}", "remove it")


def _refuse_endless_lines(text: str) -> None:
    lines = _BREAK.split(text)
    for number, line in enumerate(lines, start=1):
        if len(line) > LONGEST_LINE:
            raise NotYaml(number, f"the line is longer than {LONGEST_LINE:,} characters", "break it up")
    if len(lines) > MOST_LINES:
        raise NotYaml(0, f"more than {MOST_LINES:,} lines", "a campaign file is a page of text")
