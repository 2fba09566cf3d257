"""Seeded damage to the bytes of picture files, blind and with knowledge of how they are laid out."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence

import numpy as np

Mutation = Callable[[bytes, np.random.Generator], bytes]

PNG = b"\x89PNG\r\n\x1a\n"
EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


def flip(content: bytes, rng: np.random.Generator) -> bytes:
    """Change one to eight bytes."""
    changed = bytearray(content)
    for at in rng.integers(0, len(changed), int(rng.integers(1, 9))):
        changed[at] ^= int(rng.integers(1, 256))
    return bytes(changed)


def set_number(content: bytes, rng: np.random.Generator) -> bytes:
    """Put a number at the edge of what fits into two or four bytes near the front, where headers are."""
    size = int(rng.choice((2, 4)))
    at = int(rng.integers(0, min(len(content) - size, 1500)))
    number = int(rng.choice(EDGES)) & (256**size - 1)
    return content[:at] + number.to_bytes(size, str(rng.choice(("big", "little")))) + content[at + size :]


def cut(content: bytes, rng: np.random.Generator) -> bytes:
    """Leave out a part; what comes last stays half of the time."""
    first, last = sorted(rng.integers(0, len(content), 2))
    return content[:first] + (content[last:] if rng.random() < 0.5 else b"")


def repeat(content: bytes, rng: np.random.Generator) -> bytes:
    """Put a part of the file into another place."""
    first, last, place = sorted(rng.integers(0, len(content), 3))
    return content[:place] + content[first : min(last, first + 4096)] + content[place:]


def mend(content: bytes, rng: np.random.Generator) -> bytes:
    """Damage a PNG's chunks, and its pixels inside of them, and write check sums that fit."""
    if not content.startswith(PNG):
        return flip(content, rng)
    chunks = list(_chunks(content))
    if not chunks:
        return flip(content, rng)
    at = int(rng.integers(0, len(chunks)))
    kind, body = chunks[at]
    if kind == b"IDAT" and rng.random() < 0.7:
        rows = _inflated(b"".join(body for kind, body in chunks if kind == b"IDAT"))
        chunks = [(kind, body) for kind, body in chunks if kind != b"IDAT"]
        chunks.insert(-1, (b"IDAT", zlib.compress((flip, cut, repeat)[int(rng.integers(3))](rows, rng))))
    elif rng.random() < 0.3:
        names = (b"acTL", b"fcTL", b"fdAT", b"IDAT", b"PLTE", b"tRNS", b"iCCP", b"eXIf")
        chunks.insert(at, (names[int(rng.integers(len(names)))], rng.bytes(int(rng.integers(0, 60)))))
    else:
        chunks[at] = (kind, flip(body, rng) if body else rng.bytes(4))
    return PNG + b"".join(_chunk(kind, body) for kind, body in chunks)


MUTATIONS = (flip, flip, set_number, cut, repeat, mend, mend)


def mutate(
    content: bytes, rng: np.random.Generator, kinds: Sequence[Mutation] = MUTATIONS, longer_than: int = 64
) -> bytes:
    """Return the content with one or two kinds of damage; what is no longer than so many bytes stays as it is."""
    for _ in range(int(rng.integers(1, 3))):
        if len(content) > longer_than:
            content = kinds[int(rng.integers(len(kinds)))](content, rng)
    return content


def _inflated(packed: bytes) -> bytes:
    """Return what inflates of it, or itself where nothing does."""
    try:
        return zlib.decompressobj().decompress(packed) or packed
    except zlib.error:
        return packed


def _chunks(content: bytes):
    at = len(PNG)
    while at + 12 <= len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        yield kind, content[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
