"""Files that somebody else put there: regular ones only, opened without waiting, and below their own folder."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


class NotAFile(OSError):
    """What has that name is no file: a folder, a pipe, a device, or a link that was put there just now."""


class LeadsOut(OSError):
    """It is, by way of links, a file somewhere else."""


def open_regular(path: Path, within: Path | None = None) -> BinaryIO:
    """Open a file, wherever links lead, but for `within` nowhere out of that folder.

    What was judged is what is opened: the end of all links, which must not have become another link since.

    Raises:
        NotAFile: it is none.
        LeadsOut: it is not below `within`.
        OSError: it cannot be read.
    """
    real = _end_of_links(path)
    if within is not None and not real.is_relative_to(_end_of_links(within)):
        raise LeadsOut(errno.EACCES, f"it leads out of {within.name}/")
    return _opened(real)


def _end_of_links(path: Path) -> Path:
    try:
        return path.resolve(strict=True)
    except (RuntimeError, ValueError) as error:  # links in a circle; a NUL
        raise NotAFile(errno.ELOOP, "its name leads nowhere") from error


def _opened(real: Path) -> BinaryIO:
    """Opening a pipe would wait for somebody to write into it."""
    try:
        descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise NotAFile(error.errno, "not a file") from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotAFile(errno.EINVAL, "not a file")
    return os.fdopen(descriptor, "rb")
