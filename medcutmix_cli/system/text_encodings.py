"""What bytes that are no UTF-8 are instead, as far as their beginning tells, and what to try."""

from __future__ import annotations

import codecs

GZIP = b"\x1f\x8b"
"""How a gzipped file begins (RFC 1952, 2.3.1)."""


_LOOKED_AT = 1024
_MOSTLY = 0.75


def wide_encoding(beginning: bytes) -> str:
    """Name the encoding of several bytes a character that a text without a byte-order mark has; "" for none.

    No text holds the character NUL, and in texts of Latin letters nearly all upper bytes are 0. Such bytes may well be
    valid UTF-8, letters with NULs between them, of which no word is read.
    """
    for name, width, used in (
        ("utf-32-le", 4, 0),
        ("utf-32-be", 4, 3),
        ("utf-16-le", 2, 0),
        ("utf-16-be", 2, 1),
    ):
        seen = beginning[: _LOOKED_AT - _LOOKED_AT % width]
        lanes = [seen[place::width] for place in range(width)]
        upper = b"".join(lane for place, lane in enumerate(lanes) if place != used)
        if len(seen) >= width and upper.count(0) > _MOSTLY * len(upper) and 0 not in lanes[used]:
            return name
    return ""


def not_utf8_hint(beginning: bytes) -> str:
    """Return what to try with a text file that is not UTF-8, by its first bytes."""
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "it is UTF-16: save it as UTF-8; iconv -f utf-16 -t utf-8 does"
    if wide := wide_encoding(beginning):
        return f"it is {wide.upper()} without a mark: save it as UTF-8; iconv -f {wide} -t utf-8 does"
    if beginning.startswith(GZIP):
        return "it is gzipped: unpack it, or, of a table, let its name end in .gz"
    return "save it as UTF-8; iconv -f cp1252 -t utf-8 does, where it is of Windows in Western Europe"
