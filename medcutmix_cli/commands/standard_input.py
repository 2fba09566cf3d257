"""Text that a command is given as a file, or as `-` on standard input; it is never shown in an error."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path

from medcutmix_cli.errors import DatasetError, unreadable
from medcutmix_cli.system.text_encodings import not_utf8_hint, wide_encoding

_LONGEST_NAME = 255
_MOST = 1 << 24  # bytes
_TEXTS = (".txt", ".text", ".report")


def read_text(file: str) -> str:
    """Read a text file, or standard input where the name is `-`.

    Raises:
        DatasetError: It cannot be read, or is not UTF-8.
    """
    if file == "-" and sys.stdin is None:
        raise DatasetError("standard input is closed", hint="pipe the text in")
    try:
        content = sys.stdin.buffer.read() if file == "-" else _read(Path(file))
    except OSError as error:
        raise DatasetError(
            unreadable("the text file", error),
            where=file,
            hint="give one text file, or - and the text on standard input",
        ) from error
    with suppress(UnicodeDecodeError):
        text = content.decode("utf-8-sig")
        if not wide_encoding(content):
            return text
    # Outside of the block: its cause would carry the text along.
    raise DatasetError("the text is not UTF-8", where=file, hint=not_utf8_hint(content))


def _read(path: Path) -> bytes:
    """Read a file, or what a shell pipes in under a name (`<(...)`), up to more than a report can have."""
    with path.open("rb") as file:
        content = file.read(_MOST + 1)
    if len(content) > _MOST:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return content


def read_text_or_words(said: str) -> str:
    """Read a text file or standard input, or take what was said as the text: no word, or several, and no file.

    Raises:
        DatasetError: It cannot be read, or is not UTF-8.
    """
    words = len(said.split())
    named = len(said) < _LONGEST_NAME and (Path(said).exists() or Path(said).suffix in _TEXTS)
    is_place = words == 1 or (words > 1 and named)
    return read_text(said) if is_place else said
