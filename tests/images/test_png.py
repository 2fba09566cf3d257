"""What a PNG's chunks say, and what becomes of the pixels of one that says what is not so."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import decode_picture, read_canvas
from medcutmix_cli.images.png import MAGIC, clean_png
from medcutmix_cli.records import PictureRules

GREY = np.arange(64 * 64, dtype=np.uint8).reshape(64, 64)
ROWS = b"".join(b"\0" + row.tobytes() for row in GREY)
HEADER = struct.pack(">IIBBBBB", 64, 64, 8, 0, 0, 0, 0)


def chunk(kind, body, damage=0):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body) ^ damage)


def png(packed=None, header=HEADER, before=b"", end=None):
    pixels = zlib.compress(ROWS) if packed is None else packed
    return MAGIC + chunk(b"IHDR", header) + before + chunk(b"IDAT", pixels) + (end or chunk(b"IEND", b""))


def flipped(content, at):
    changed = bytearray(content)
    changed[at] ^= 0x55
    return bytes(changed)


ANIMATION = chunk(b"acTL", struct.pack(">II", 2, 0))
BAD = {
    "animated": ("image-animated", png(before=ANIMATION)),
    "a-frame-after-the-pixels": ("image-animated", png(end=chunk(b"fdAT", b"\0" * 9) + chunk(b"IEND", b""))),
    "huge": ("image-too-large", png(header=struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 0, 0, 0, 0))),
    "no-rows": ("image-empty", png(header=struct.pack(">IIBBBBB", 64, 0, 8, 0, 0, 0, 0))),
    "three-bits": ("image-unsupported", png(header=struct.pack(">IIBBBBB", 64, 64, 3, 0, 0, 0, 0))),
    "unknown-packing": ("image-unsupported", png(header=struct.pack(">IIBBBBB", 64, 64, 8, 0, 9, 0, 0))),
    "no-pixels": ("image-truncated", MAGIC + chunk(b"IHDR", HEADER) + chunk(b"IEND", b"")),
    "no-header": ("image-corrupt", MAGIC + chunk(b"IDAT", b"") + chunk(b"IEND", b"")),
    "only-an-end": ("image-corrupt", MAGIC + chunk(b"IEND", b"") * 2),
    "profile-of-unknown-packing": ("image-corrupt", png(before=chunk(b"iCCP", b"name\0\5rest"))),
    "profile-without-name": ("image-corrupt", png(before=chunk(b"iCCP", b"rest"))),
    **{
        f"{kind.decode()}-of-{length}-bytes": ("image-corrupt", png(before=chunk(kind, bytes(length))))
        for kind, length in [
            *((b"gAMA", n) for n in (0, 3, 5)),
            (b"cHRM", 31),
            (b"sRGB", 0),
            (b"pHYs", 8),
            (b"tIME", 6),
            *((b"PLTE", n) for n in (0, 4, 771)),
            *((b"tRNS", n) for n in (0, 1, 3)),
            (b"sBIT", 2),
            (b"bKGD", 1),
        ]
    },
    "header-damaged": ("image-corrupt", flipped(png(), 20)),
    "no-end": ("image-truncated", png(end=b"\0" * 4)),
    "too-few-rows": ("image-unreadable", png(zlib.compress(ROWS[: 65 * 30]))),
    "last-pixel-missing": ("image-unreadable", png(zlib.compress(ROWS[:-1]))),
    "stream-cut": ("image-unreadable", png(zlib.compress(ROWS)[:-20])),
    "stream-sum-wrong": ("image-unreadable", png(flipped(zlib.compress(ROWS), -1))),
    "chunk-sum-wrong": ("image-unreadable", flipped(png(), len(png()) - 14)),
    "unknown-filter": ("image-unreadable", png(zlib.compress(ROWS[: 65 * 9] + b"\x4d" + ROWS[65 * 9 + 1 :]))),
}


@pytest.mark.parametrize(("reason", "content"), BAD.values(), ids=BAD)
def test_what_is_no_whole_still_picture_is_refused_by_name(tmp_path, reason, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ImageError) as caught:
        read_canvas(tmp_path / "a.png", 64, PictureRules("voi"))
    assert caught.value.reason == reason
    assert caught.value.where == str(tmp_path / "a.png")


def test_a_plain_file_goes_to_the_decoder_as_it_is():
    content = memoryview(png())
    clean = clean_png(content)
    assert (clean.height, clean.width, clean.deep) == (64, 64, False)
    assert clean.content is content


def test_what_no_grey_needs_is_left_out_and_no_pixel_changes(tmp_path):
    odd = png(before=chunk(b"eXIf", b"x" * 50) + chunk(b"gAMA", struct.pack(">I", 220000)))
    clean = clean_png(memoryview(odd))
    assert bytes(clean.content) == png()
    for name, content in (("odd", odd), ("plain", png())):
        (tmp_path / name).write_bytes(content)
    one, other = (read_canvas(tmp_path / name, 64, PictureRules("voi")).pixels for name in ("odd", "plain"))
    assert np.array_equal(one, other)
    assert np.array_equal(one, GREY)


def test_colours_keep_what_decides_their_grey(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(GREY).convert("P").save(path, transparency=0, dpi=(1, 1))
    kept = bytes(clean_png(memoryview(path.read_bytes())).content)
    assert b"PLTE" in kept
    assert b"tRNS" in kept
    assert b"pHYs" not in kept
    assert np.array_equal(
        cv2.imdecode(np.frombuffer(kept, np.uint8), cv2.IMREAD_GRAYSCALE), cv2.imread(str(path), 0)
    )


def test_a_stored_picture_that_is_animated_is_not_decoded():
    assert np.array_equal(decode_picture(png()), GREY)
    with pytest.raises(ImageError) as caught:
        decode_picture(png(before=ANIMATION))
    assert caught.value.reason == "image-animated"
