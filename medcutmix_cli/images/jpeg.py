"""What a JPEG says of itself before its pixels: walked marker by marker, as nothing after it may be believed."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from medcutmix_cli.errors import ImageError
from medcutmix_cli.images.bounds import check_size

MAGIC = b"\xff\xd8\xff"

# ITU-R T.81 table B.1: C0..CF start a frame, without DHT (C4), JPG (C8) and DAC (CC).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_KNOWN_FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # Huffman: baseline, extended, progressive
_PROGRESSIVE = 0xC2
_BARE = frozenset(
    {0x01, *range(0xD0, 0xD8)}
)  # table B.1: no length follows, and none has a place among headers
_SCAN, _APP2, _END = 0xDA, 0xE2, b"\xff\xd9"
_MARKER = re.compile(rb"\xff+([^\x00\xff])")  # T.81 B.1.1.2: fill bytes may come before it
_MORE = (
    hashlib.sha512(b"more data").digest().replace(b"\xff", b"\xa5")
)  # like any pixels: of all lengths of code


@dataclass(frozen=True, slots=True)
class JpegSize:
    """Rows and columns that the frame header declares."""

    height: int
    width: int


@dataclass(frozen=True, slots=True)
class _Segment:
    marker: int
    at: int  # of its length field
    end: int


def check_jpeg(content: memoryview) -> JpegSize:
    """Return the size of a JPEG that is one whole grey or colour picture of 8 bits.

    Args:
        content: The whole file.

    Raises:
        ImageError: "image-truncated", "image-empty", "image-too-large", "image-multi-frame", "image-unsupported",
            "image-corrupt".
    """
    size, scan, in_one = None, len(content), 0
    for segment in _segments(content):
        if segment.marker == _SCAN:
            scan = segment.at
            if (
                scan + 2 < len(content) and content[scan + 2] == in_one
            ):  # components of the scan, of the frame
                _check_end(content[segment.end :])
        elif segment.marker in _FRAMES:
            if size is not None:
                raise ImageError("the JPEG has two frame headers", reason="image-multi-frame")
            size = _frame(content, segment)
            in_one = 0 if segment.marker == _PROGRESSIVE else content[segment.at + 7]
        elif segment.marker in _BARE:
            raise ImageError("the JPEG has a marker among its headers that is none", reason="image-corrupt")
        elif segment.marker == _APP2 and bytes(content[segment.at + 2 : segment.at + 6]) == b"MPF\0":
            raise ImageError("the file holds several JPEG pictures", reason="image-multi-frame")
    if size is None or not _ends(content, scan):
        raise ImageError("the JPEG ends too early", reason="image-truncated")
    check_size(size.height, size.width)
    return size


def pad_scans(content: memoryview) -> bytes:
    """Return a JPEG with more data behind every stretch of its pixels: before restarts, further scans and the end.

    Decoders skip what they do not need; where they lack some they take it for pixels.
    """
    ends = [0, *_stretch_ends(content), len(content)]
    return _MORE.join(bytes(content[start:end]) for start, end in pairwise(ends))


def _stretch_ends(content: memoryview) -> Iterator[int]:
    at = _scan_data(content, 2)
    while at and (found := _MARKER.search(content, at)):
        yield found.start()
        restarts = found[1][0] & 0xF8 == 0xD0
        at = found.end() if restarts else _scan_data(content, found.start())


def _scan_data(content: memoryview, at: int) -> int:
    """Return where the pixels of the next scan begin, 0 where there is none."""
    return next((segment.end for segment in _segments(content, at) if segment.marker == _SCAN), 0)


def _segments(content: memoryview, at: int = 2) -> Iterator[_Segment]:
    """Yield the marker segments up to the next scan; what follows it is the decoder's."""
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        yield _Segment(marker, at + 2, end)
        if marker == _SCAN:
            return
        at = end


def _check_end(pixels: memoryview) -> None:
    """See that the only scan of a picture ends with it: no marker but restarts stands among its pixels (T.81 F.1.2).

    libjpeg stops at the last block, whatever comes then; other decoders refuse it.
    """
    data = np.frombuffer(pixels, np.uint8)
    after = data[np.flatnonzero(data[:-1] == 0xFF) + 1]
    markers = after[(after != 0) & (after != 0xFF) & (after & 0xF8 != 0xD0)]
    if len(markers) and markers[0] != _END[1]:
        raise ImageError("the JPEG has a marker among its pixels", reason="image-corrupt")


def _ends(content: memoryview, scan: int) -> bool:
    """Tell whether an end marker follows; it stands at the end, and the rest is not copied to look for it."""
    tail = max(scan, len(content) - 4096)
    return _END in bytes(content[tail:]) or _END in bytes(content[scan:])


def _frame(content: memoryview, segment: _Segment) -> JpegSize:
    # T.81 B.2.2: length, precision, lines, samples per line, components.
    if segment.at + 8 > len(content):
        raise ImageError("the JPEG ends too early", reason="image-truncated")
    bits, height, width, components = struct.unpack(">BHHB", content[segment.at + 2 : segment.at + 8])
    if segment.marker not in _KNOWN_FRAMES or bits != 8 or components not in (1, 3):
        what = "the JPEG is not grey or RGB with 8 bits, baseline or progressive"
        raise ImageError(what, reason="image-unsupported")
    return JpegSize(height, width)
