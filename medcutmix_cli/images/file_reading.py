"""What a picture's file, and the storage that it lies on, say when they cannot be read."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from medcutmix_cli.errors import DatasetError, ImageError, cause
from medcutmix_cli.system.regular_files import IrregularFileError

_TRANSIENT = frozenset(
    getattr(errno, name)
    for name in (
        *("EIO", "ESTALE", "ETIMEDOUT", "ENOTCONN"),
        *("EHOSTDOWN", "EHOSTUNREACH", "ECONNRESET", "EREMOTEIO"),
    )
    if hasattr(errno, name)  # EREMOTEIO is Linux only
)
"""What a share says that is out of reach for a while: nothing that a picture is to blame for."""

_PAUSES = (0.25, 1.0, 3.0)  # seconds

_Result = TypeVar("_Result")


def read_patiently(path: Path, read: Callable[[], _Result]) -> _Result:
    """Read a file, again where its storage fails: pictures must not be counted as broken because of it.

    Args:
        path: The file.
        read: Reads it; every `OSError` is taken for one of the storage (see `name_unreadable`).

    Raises:
        DatasetError: The storage still fails when asked again for some seconds.
    """
    for pause in _PAUSES:
        try:
            return read()
        except OSError:
            time.sleep(pause)
    try:
        return read()
    except OSError as error:
        hint = (
            "run the same command again when it answers; if this one file is damaged on its disk, remove it: "
            "it is then counted as missing"
        )
        what = f"the storage of the data set fails: {os.strerror(error.errno or 0).lower()}"
        raise DatasetError(what, where=str(path), hint=hint) from error


@contextmanager
def name_unreadable(path: Path) -> Iterator[None]:
    """Tell why a file cannot be read.

    Raises:
        ImageError: "image-missing", "image-not-a-file" or "image-unreadable".
        OSError: Its storage fails.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise ImageError("there is no such picture", where=str(path), reason="image-missing") from error
    except IrregularFileError as error:
        raise ImageError("this is no file", where=str(path), reason="image-not-a-file") from error
    except OSError as error:
        if error.errno in _TRANSIENT:
            raise
        what = f"the picture cannot be opened ({cause(error)})"
        raise ImageError(what, where=str(path)) from error
