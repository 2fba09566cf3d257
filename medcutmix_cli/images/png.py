"""A PNG checked chunk by chunk, and given to the decoder as a new file in which nothing is left to be damaged.

Its pixels are inflated here, once, to no more than the header says, and stored anew without compression: the decoder
sees one header, as many bytes as the picture has, and the check sums of just these. (OpenCV 4.11 has ended processes
on animated PNGs, and fills what is missing.)
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np

from medcutmix_cli.errors import ImageError
from medcutmix_cli.images.bounds import check_size

MAGIC = b"\x89PNG\r\n\x1a\n"

_ANIMATION = frozenset({b"acTL", b"fcTL", b"fdAT"})
_COLOUR = frozenset({b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"iCCP"})
"""What decides how colours become grey; all else is text, time and places, and is not handed on."""

# PNG specification 11.2.2: channels, and bits allowed, by colour type.
_KINDS = {0: (1, (1, 2, 4, 8, 16)), 2: (3, (8, 16)), 3: (1, (1, 2, 4, 8)), 4: (2, (8, 16)), 6: (4, (8, 16))}
# PNG specification 8.2: first row and column, and steps, of the seven passes of an interlaced picture.
_PASSES = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


@dataclass(frozen=True, slots=True)
class CleanPng:
    """A PNG that is whole.

    Attributes:
        height: Rows.
        width: Columns.
        deep: Whether it has 16 bits a sample.
        content: The same picture as a file that holds nothing else.
    """

    height: int
    width: int
    deep: bool
    content: bytes


@dataclass(frozen=True, slots=True)
class _Header:
    height: int
    width: int
    bits: int
    colour: int
    interlaced: bool

    @property
    def rows(self) -> list[tuple[int, int]]:
        """Rows, and bytes of each with its filter byte, of every pass that has any."""
        steps = _PASSES if self.interlaced else ((0, 0, 1, 1),)
        sizes = [
            (-(-(self.height - y) // down), -(-(self.width - x) // across)) for y, x, down, across in steps
        ]
        bits = self.bits * _KINDS[self.colour][0]
        return [(rows, 1 + (columns * bits + 7) // 8) for rows, columns in sizes if rows > 0 and columns > 0]


def clean_png(content: memoryview) -> CleanPng:
    """Return the picture of a PNG file, checked and rewritten.

    Args:
        content: The whole file.

    Raises:
        ImageError: "image-truncated", "image-corrupt", "image-animated", "image-empty", "image-too-large",
            "image-unsupported".
    """
    header: _Header | None = None
    kept: list[bytes] = [MAGIC]
    packed: list[memoryview] = []
    for kind, body in _chunks(content):
        if header is None:
            header = _header(kind, body)
            kept.append(_chunk(kind, body))
        elif kind == b"IDAT":
            packed.append(body)
        elif header.colour and not packed and kind in _COLOUR:
            kept.append(_chunk(kind, body))
    if header is None or not packed:
        raise ImageError("the PNG holds no pixels", reason="image-truncated")
    raw = _inflate(packed, header)
    kept += [_chunk(b"IDAT", zlib.compress(raw, 0)), _chunk(b"IEND", b"")]
    return CleanPng(header.height, header.width, header.bits == 16, b"".join(kept))


def is_animated(content: bytes) -> bool:
    """Tell whether a PNG has frames; one that is damaged has none."""
    try:
        _chunks(memoryview(content))
    except ImageError as error:
        return error.reason == "image-animated"
    return False


def _chunks(content: memoryview) -> list[tuple[bytes, memoryview]]:
    """Return kind and body of all chunks up to IEND, each whole and as its check sum says."""
    found: list[tuple[bytes, memoryview]] = []
    at = len(MAGIC)
    while at + 12 <= len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        end = at + 12 + length
        if kind in _ANIMATION:
            raise ImageError("the PNG is animated", reason="image-animated")
        if end > len(content):
            break
        if zlib.crc32(content[at + 4 : end - 4]) != int.from_bytes(content[end - 4 : end], "big"):
            raise ImageError("the PNG is damaged: a check sum does not fit", reason="image-corrupt")
        if kind == b"IEND":
            return found
        found.append((kind, content[at + 8 : end - 4]))
        at = end
    raise ImageError("the PNG ends too early", reason="image-truncated")


def _header(kind: bytes, body: memoryview) -> _Header:
    if kind != b"IHDR" or len(body) != 13:
        raise ImageError("the PNG does not begin with its header", reason="image-corrupt")
    width, height, bits, colour, packing, filters, interlace = struct.unpack(">IIBBBBB", body)
    check_size(height, width)
    if bits not in _KINDS.get(colour, (0, ()))[1] or packing or filters or interlace > 1:
        raise ImageError("the PNG is of no kind that the format knows", reason="image-unsupported")
    return _Header(height, width, bits, colour, bool(interlace))


def _inflate(packed: list[memoryview], header: _Header) -> bytes:
    """Return as many bytes as the rows have, or refuse; never inflate more."""
    rows, stream = header.rows, zlib.decompressobj()
    needed = sum(number * size for number, size in rows)
    try:
        raw = stream.decompress(packed[0] if len(packed) == 1 else b"".join(packed), needed + 1)
    except zlib.error as error:
        raise ImageError("the PNG is damaged: its pixels do not inflate", reason="image-corrupt") from error
    if len(raw) < needed:
        raise ImageError("the PNG ends before its last row", reason="image-truncated")
    if len(raw) > needed or not (stream.eof or _ends(stream)):
        raise ImageError("the PNG holds more than its pixels", reason="image-corrupt")
    _check_filters(raw, rows)
    return raw


def _ends(stream: zlib._Decompress) -> bool:
    """Tell whether only the end of the stream, with its check sum, was left."""
    try:
        return not stream.decompress(stream.unconsumed_tail, 1) and stream.eof
    except zlib.error:
        return False


def _check_filters(raw: bytes, rows: list[tuple[int, int]]) -> None:
    # PNG specification 9.2: filter types 0 to 4.
    start = 0
    for number, size in rows:
        lines = np.frombuffer(raw, np.uint8, number * size, start).reshape(number, size)
        if lines[:, 0].max() > 4:
            raise ImageError("the PNG is damaged: a row has no known filter", reason="image-corrupt")
        start += number * size


def _chunk(kind: bytes, body: bytes | memoryview) -> bytes:
    sum_ = zlib.crc32(body, zlib.crc32(kind))
    return b"".join((struct.pack(">I4s", len(body), kind), body, struct.pack(">I", sum_)))
