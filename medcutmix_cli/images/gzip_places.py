"""Bytes from the middle of a gzipped file: it is read once, and the reader's state kept every few megabytes.

A picture in a gzipped tar is then unpacked from the nearest place that is kept, not from the file's beginning.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

_APART = 1 << 22
"""Bytes of content between two places; a place takes some 50 kB of memory."""

_READ = 1 << 16
_GZIP = 16 + zlib.MAX_WBITS
"""A gzip header and trailer (RFC 1952), as zlib counts them."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where content can be read on from.

    Attributes:
        content: Bytes of content before it (likewise packed: of the file).
        reader: State of zlib there.
    """

    content: int
    packed: int
    reader: Any


def read_gzipped(path: Path, offset: int, length: int) -> bytes:
    """Return `length` bytes of the content of a gzipped file, from byte `offset` of it on; fewer where it ends.

    Raises:
        OSError: It cannot be read.
        zlib.error: It is damaged.
    """
    places = _places(path, path.stat().st_mtime_ns)
    nearest = places[bisect_right([place.content for place in places], offset) - 1]
    found = bytearray()
    for start, piece in _content(path, nearest):
        found += piece[max(0, offset - start) :]
        if len(found) >= length:
            break
    return bytes(found[:length])


@lru_cache(maxsize=64)
def _places(path: Path, _written: int) -> tuple[_Place, ...]:
    places = [_Place(0, 0, zlib.decompressobj(_GZIP))]
    for _start, _piece in _content(path, places[0], places):
        pass
    return tuple(places)


def _content(path: Path, place: _Place, kept: list[_Place] | None = None) -> Iterator[tuple[int, bytes]]:
    """Yield content from a place on, each piece with its offset; where `kept` is given, places are added to it."""
    reader, at, content = place.reader.copy(), place.packed, place.content
    with path.open("rb") as file:
        file.seek(at)
        while packed := file.read(_READ):
            piece = reader.decompress(packed)
            at += len(packed)
            yield content, piece
            content += len(piece)
            if reader.eof:  # several gzip files in one: the next begins behind the trailer
                at -= len(reader.unused_data)
                file.seek(at)
                reader = zlib.decompressobj(_GZIP)
            if kept is not None and content - kept[-1].content >= _APART:
                kept.append(_Place(content, at, reader.copy()))
