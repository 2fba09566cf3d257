import struct

import cv2
import numpy as np
import pytest

from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import read_canvas
from medcutmix_cli.images.jpeg import JpegSize, check_jpeg
from tests.pictures import make_shapes

GREY = (make_shapes(160, 120) >> 4).astype(np.uint8)
WHOLE = bytes(cv2.imencode(".jpg", GREY)[1])
FRAME = WHOLE.index(b"\xff\xc0")
SCAN = WHOLE.index(b"\xff\xda")


def with_frame(marker=0xC0, bits=8, height=160, width=120, components=1):
    head = struct.pack(">BBHBHHB", 0xFF, marker, 11, bits, height, width, components)
    return WHOLE[:FRAME] + head + WHOLE[FRAME + len(head) :]


MPF = b"\xff\xe2" + struct.pack(">H", 8) + b"MPF\0" + b"\0\0"
BAD = {
    "cut": ("image-truncated", WHOLE[: len(WHOLE) // 2]),
    "cut-in-its-frame": ("image-truncated", WHOLE[: FRAME + 6]),
    "no-frame": ("image-truncated", WHOLE[:FRAME] + WHOLE[SCAN:]),
    "no-rows": ("image-empty", with_frame(height=0)),
    "huge": ("image-too-large", with_frame(height=65000, width=65000)),
    "twelve-bits": ("image-unsupported", with_frame(bits=12)),
    "lossless": ("image-unsupported", with_frame(marker=0xC3)),
    "arithmetic": ("image-unsupported", with_frame(marker=0xC9)),
    "four-colours": ("image-unsupported", with_frame(components=4)),
    "two-frames": ("image-multi-frame", WHOLE[:SCAN] + WHOLE[FRAME : FRAME + 13] + WHOLE[SCAN:]),
    "several-pictures": ("image-multi-frame", WHOLE[:2] + MPF + WHOLE[2:]),
    "end-put-behind-a-cut": ("image-corrupt", WHOLE[: (SCAN + len(WHOLE)) // 2] + b"\xff\xd9"),
    "more-rows-than-there-are": ("image-corrupt", with_frame(height=1600)),
    **{
        f"{name}-after-the-pixels": ("image-corrupt", WHOLE[:-2] + extra + WHOLE[-2:])
        for name, extra in {
            "quantisation": b"\xff\xdb" + struct.pack(">H", 67) + b"\0" + bytes(range(1, 65)),
            "a-frame": WHOLE[FRAME : FRAME + 13],
            "a-second-scan": WHOLE[SCAN:-2],
            "an-unknown-marker": b"\xff\x4c",
        }.items()
    },
    "rubbish-before-the-end": ("image-corrupt", WHOLE[:-2] + b"\x12\x34\x56" * 9 + WHOLE[-2:]),
}


@pytest.mark.parametrize(("reason", "content"), BAD.values(), ids=BAD)
def test_what_is_no_whole_picture_is_refused_by_name(tmp_path, capfd, reason, content):
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(ImageError) as caught:
        read_canvas(tmp_path / "a.jpg", 64, "voi")
    assert caught.value.reason == reason
    assert capfd.readouterr().err == ""


def test_a_damaged_picture_is_not_held_against_the_next(tmp_path):
    for name, content in (("bad", BAD["end-put-behind-a-cut"][1]), ("good", WHOLE)):
        (tmp_path / name).write_bytes(content)
    for _ in range(2):
        with pytest.raises(ImageError):
            read_canvas(tmp_path / "bad", 64, "voi")
        assert read_canvas(tmp_path / "good", 64, "voi").pixels.any()


@pytest.mark.parametrize(
    "how",
    [[], [cv2.IMWRITE_JPEG_PROGRESSIVE, 1], [cv2.IMWRITE_JPEG_RST_INTERVAL, 3]],
    ids=["sequential", "progressive", "restarts"],
)
@pytest.mark.parametrize("plane", [GREY, cv2.merge([GREY, 255 - GREY, GREY])], ids=["grey", "colour"])
def test_whole_pictures_of_every_kind_pass(plane, how):
    content = bytes(cv2.imencode(".jpg", plane, how)[1])
    assert check_jpeg(memoryview(content)) == JpegSize(160, 120)


def test_the_size_is_that_of_the_frame_and_what_follows_the_end_does_not_matter():
    assert check_jpeg(memoryview(WHOLE)) == JpegSize(160, 120)
    assert check_jpeg(memoryview(WHOLE + bytes(70_000))) == JpegSize(160, 120)
