"""Whether a path is a file that can be read to its end: a pipe, a device or a socket would be waited for, for ever."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


class IrregularFileError(OSError):
    """What is there is no file."""


def check_regular(path: Path) -> int:
    """Return the size of a file in bytes.

    Raises:
        IrregularFileError: It is a folder, a pipe, a device or a socket.
        OSError: It is not there, or cannot be looked at.
    """
    try:
        known = path.stat()
    except ValueError as error:  # a name that no file can have: it holds a NUL
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from error
    if not stat.S_ISREG(known.st_mode):
        raise IrregularFileError(errno.EINVAL, "no file")
    return known.st_size


def read_regular(path: Path, most: int) -> bytes:
    """Return the bytes of a file.

    Args:
        path: The file.
        most: Bytes it may have.

    Raises:
        OSError: As `check_regular`, or it is larger (EFBIG).
    """
    if check_regular(path) > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return path.read_bytes()
