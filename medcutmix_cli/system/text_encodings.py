"""What bytes that are no UTF-8 are instead, as far as their beginning tells, and what to try."""

from __future__ import annotations

import codecs

GZIP = b"\x1f\x8b"
"""How a gzipped file begins (RFC 1952, 2.3.1)."""


def not_utf8_hint(beginning: bytes) -> str:
    """Return what to try with a text file that is not UTF-8, by its first bytes."""
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "it is UTF-16: save it as UTF-8; iconv -f utf-16 -t utf-8 does"
    if beginning.startswith(GZIP):
        return "it is gzipped: unpack it, or, of a table, let its name end in .gz"
    return "save it as UTF-8; iconv -f cp1252 -t utf-8 does, where it is of Windows in Western Europe"
