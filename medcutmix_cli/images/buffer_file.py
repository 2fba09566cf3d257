"""A file in memory to be read like one on disk, without a copy of it."""

from __future__ import annotations

import io
from typing import Any


class _BufferFile(io.RawIOBase):
    name = ""  # pydicom asks every reader for the name of its file

    def __init__(self, content: memoryview) -> None:
        self._content, self._at = content, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Copy the next bytes into `buffer`; 0 at the end."""
        part = self._content[self._at : self._at + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; one behind the end is read as the end."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._content)}[whence]
        self._at = max(0, start + offset)
        return self._at


def as_file(content: memoryview) -> io.BufferedReader:
    """Return a file that reads `content`."""
    return io.BufferedReader(_BufferFile(content))
