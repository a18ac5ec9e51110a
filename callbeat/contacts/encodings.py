"""What a text file is written in, and its bytes in UTF-8: only what cannot be UTF-8 is taken for something else."""

import codecs
from typing import BinaryIO

from callbeat.contacts.source import SourceError

PIECE = 1024 * 1024
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
WESTERN = {"cp1252": "Windows-1252", "latin-1": "Latin-1"}


class InUtf8:
    """A file read from its beginning, piece by piece, in UTF-8 without a mark."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file, self._plain = file, encoding == "utf-8"
        self._decoder = codecs.getincrementaldecoder(encoding)()
        file.seek(0)
        if self._plain and file.read(3) != codecs.BOM_UTF8:
            file.seek(0)

    def read(self, size: int, /) -> bytes:
        """About so many bytes; none at the end.

        Raises:
            SourceError: it is not what its mark says.
        """
        if self._plain:
            return self._file.read(size)
        while piece := self._file.read(size):
            if text := self._decoded(piece, final=False):
                return text
        return self._decoded(b"", final=True)

    def _decoded(self, piece: bytes, *, final: bool) -> bytes:
        try:
            return self._decoder.decode(piece, final).encode()
        except UnicodeError:
            words = "it begins as UTF-16 and is not; save it as CSV UTF-8"
            raise SourceError("source_unreadable", words) from None


def in_utf8(file: BinaryIO) -> tuple[InUtf8, tuple[str, ...]]:
    """The file in UTF-8; and what somebody should know, where its encoding had to be guessed."""
    file.seek(0)
    if file.read(2) in UTF_16:
        return InUtf8(file, "utf-16"), ()
    if _decodes(file, "utf-8"):
        return InUtf8(file, "utf-8"), ()
    encoding = "cp1252" if _decodes(file, "cp1252") else "latin-1"
    note = f"it is not UTF-8 and was read as {WESTERN[encoding]}: look whether names with accents are right"
    return InUtf8(file, encoding), (note,)


def _decodes(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while piece := file.read(PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
