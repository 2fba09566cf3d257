"""A PNG looked through chunk by chunk before any pixel of it is decoded: what it is, and that it is whole.

OpenCV 4.11 has ended processes on animated PNGs: none gets to it, nor any chunk that no grey picture needs. Of pixels
that are damaged or too few libpng says so (and OpenCV then gives none).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from medcutmix_cli.errors import ImageError
from medcutmix_cli.images.bounds import check_size

MAGIC = b"\x89PNG\r\n\x1a\n"

_ANIMATION = frozenset({b"acTL", b"fcTL", b"fdAT"})
_NEEDED = frozenset({b"IHDR", b"IDAT"})
_COLOUR = frozenset({b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"iCCP"})
"""What decides how colours become grey; all else is text, time and places, and is not handed on."""

_LENGTHS: Mapping[bytes, Collection[int]] = {
    b"gAMA": (4,),
    b"cHRM": (32,),
    b"sRGB": (1,),
    b"pHYs": (9,),
    b"tIME": (7,),
    b"PLTE": range(3, 769, 3),
}
"""Bytes that a chunk has, where its kind says it (PNG specification 11.2.3, 11.3.2 to 11.3.4)."""

_LENGTHS_BY_COLOUR: Mapping[bytes, Mapping[int, Collection[int]]] = {
    b"tRNS": {0: (2,), 2: (6,), 3: range(1, 257)},
    b"sBIT": {0: (1,), 2: (3,), 3: (3,), 4: (2,), 6: (4,)},
    b"bKGD": {0: (2,), 2: (6,), 3: (1,), 4: (2,), 6: (6,)},
}
"""The same where the colour type says it; of a type that is missing no length is asked for."""

# PNG specification 11.2.2: bits a sample that are allowed, by colour type.
_BITS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


@dataclass(frozen=True, slots=True)
class CleanPng:
    """A PNG that is whole.

    Attributes:
        height: Rows.
        width: Columns.
        deep: Whether it has 16 bits a sample.
        content: The file without what its grey does not need.
    """

    height: int
    width: int
    deep: bool
    content: bytes | memoryview


def clean_png(content: memoryview) -> CleanPng:
    """Return the picture of a PNG file, of which all but the pixels is checked.

    Args:
        content: The whole file.

    Raises:
        ImageError: "image-truncated", "image-corrupt", "image-animated", "image-empty", "image-too-large",
            "image-unsupported".
    """
    chunks = _chunks(content)
    height, width, bits, colour = _header(*chunks[0])
    for kind, body in chunks:
        allowed = _LENGTHS_BY_COLOUR.get(kind, {}).get(colour, _LENGTHS.get(kind))
        if allowed is not None and len(body) not in allowed:
            what = f"the PNG is damaged: its {kind.decode('ascii')} chunk has a length that there is not"
            raise ImageError(what, reason="image-corrupt")
    if not any(kind == b"IDAT" for kind, _ in chunks):
        raise ImageError("the PNG holds no pixels", reason="image-truncated")
    needed = _NEEDED | _COLOUR if colour else _NEEDED
    if all(kind in needed for kind, _ in chunks):
        return CleanPng(height, width, bits == 16, content)
    kept = [_chunk(kind, body) for kind, body in chunks if kind in needed]
    return CleanPng(height, width, bits == 16, b"".join((MAGIC, *kept, _chunk(b"IEND", b""))))


def is_animated(content: bytes) -> bool:
    """Tell whether a PNG has frames; one that is damaged has none."""
    try:
        _chunks(memoryview(content))
    except ImageError as error:
        return error.reason == "image-animated"
    return False


def _chunks(content: memoryview) -> list[tuple[bytes, memoryview]]:
    """Return kind and body of all chunks up to IEND, each whole; of all but the pixels the check sums are looked at."""
    found: list[tuple[bytes, memoryview]] = []
    at = len(MAGIC)
    while at + 12 <= len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        end = at + 12 + length
        if kind in _ANIMATION:
            raise ImageError("the PNG is animated", reason="image-animated")
        if end > len(content):
            break
        # libpng itself checks those of pixels, which are nearly all of a file.
        if kind != b"IDAT" and zlib.crc32(content[at + 4 : end - 4]) != _number(content[end - 4 : end]):
            raise ImageError("the PNG is damaged: a check sum does not fit", reason="image-corrupt")
        if kind == b"IEND" and found:
            return found
        if kind == b"iCCP" and not _is_profile(bytes(content[at + 8 : end - 4])):
            raise ImageError("the PNG is damaged: its colour profile is none", reason="image-corrupt")
        found.append((kind, content[at + 8 : end - 4]))
        at = end
    raise ImageError("the PNG ends too early", reason="image-truncated")


def _is_profile(body: bytes) -> bool:
    # PNG specification 11.3.2.3: a name, a zero, and packing method 0. Others refuse what has none; libpng reads on.
    name, zero, packed = body.partition(b"\0")
    return bool(name and zero) and packed[:1] == b"\0"


def _number(four: memoryview) -> int:
    return int.from_bytes(four, "big")


def _header(kind: bytes, body: memoryview) -> tuple[int, int, int, int]:
    """Return rows, columns, bits a sample and colour type."""
    if kind != b"IHDR" or len(body) != 13:
        raise ImageError("the PNG does not begin with its header", reason="image-corrupt")
    width, height, bits, colour, packing, filters, interlace = struct.unpack(">IIBBBBB", body)
    check_size(height, width)
    if bits not in _BITS.get(colour, ()) or packing or filters or interlace > 1:
        raise ImageError("the PNG is of no kind that the format knows", reason="image-unsupported")
    return height, width, bits, colour


def _chunk(kind: bytes, body: bytes | memoryview) -> bytes:
    sum_ = zlib.crc32(body, zlib.crc32(kind))
    return b"".join((struct.pack(">I4s", len(body), kind), body, struct.pack(">I", sum_)))
