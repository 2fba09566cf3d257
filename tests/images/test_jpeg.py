import struct

import cv2
import numpy as np
import pytest

from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import read_canvas
from medcutmix_cli.images.jpeg import JpegSize, check_jpeg, pad_scans
from medcutmix_cli.records import PictureRules
from tests.fuzzing.mutations import flip
from tests.pictures import make_shapes, with_rubbish

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
    "a-marker-without-a-length": ("image-corrupt", WHOLE[:FRAME] + b"\xff\x01" + WHOLE[FRAME:]),
    "a-restart-among-headers": ("image-corrupt", WHOLE[:FRAME] + b"\xff\xd3" + WHOLE[FRAME:]),
    "a-table-whose-marker-is-another": ("image-corrupt", WHOLE.replace(b"\xff\xc4", b"\xff\x01", 1)),
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
        read_canvas(tmp_path / "a.jpg", 64, PictureRules("voi"))
    assert caught.value.reason == reason
    assert capfd.readouterr().err == ""


KEEP = PictureRules("voi", "keep")
WAYS = {
    "sequential": [],
    "progressive": [cv2.IMWRITE_JPEG_PROGRESSIVE, 1],
    "restarts": [cv2.IMWRITE_JPEG_RST_INTERVAL, 3],
}
PLANES = {"grey": GREY, "colour": cv2.merge([GREY, 255 - GREY, GREY])}
KINDS = {
    f"{plane}-{way}": bytes(cv2.imencode(".jpg", PLANES[plane], WAYS[way])[1])
    for plane in PLANES
    for way in WAYS
}
EVERY_KIND = pytest.mark.parametrize("content", KINDS.values(), ids=KINDS)


def kept(path, content):
    path.write_bytes(content)
    return read_canvas(path, 160, KEEP, exact=True)


@EVERY_KIND
def test_what_libjpeg_calls_corrupt_and_decodes_whole_is_kept_where_that_is_asked_for(tmp_path, content):
    whole, corrupt = kept(tmp_path / "whole", content), kept(tmp_path / "corrupt", with_rubbish(content))
    assert np.array_equal(whole.pixels, corrupt.pixels)
    assert (whole.corrupt, corrupt.corrupt) == (False, True)
    with pytest.raises(ImageError) as caught:
        read_canvas(tmp_path / "corrupt", 160, PictureRules("voi"))
    assert caught.value.reason == "image-corrupt"


@EVERY_KIND
@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_what_has_data_for_a_part_of_its_pixels_only_is_never_kept(tmp_path, content, share):
    scan = content.rindex(b"\xff\xda")
    cut = content[: scan + 16 + int(share * (len(content) - scan - 18))].rstrip(b"\xff") + b"\xff\xd9"
    with pytest.raises(ImageError) as caught:
        kept(tmp_path / "cut", cut)
    assert caught.value.reason == "image-truncated"


def test_a_cut_behind_a_damage_that_libjpeg_tells_of_first_is_seen(tmp_path):
    content = KINDS["grey-restarts"]
    first, last = content.index(b"\xff\xd0"), content.rindex(b"\xff\xd2")
    damaged = content[:first] + b"\x12\x34" * 9 + content[first:]
    assert kept(tmp_path / "damaged", damaged).corrupt
    gap = last + len(damaged) - len(content) - 4
    with pytest.raises(ImageError) as caught:
        kept(tmp_path / "both", damaged[: gap - 20] + damaged[gap + 4 :])
    assert caught.value.reason == "image-truncated"


@pytest.mark.parametrize("name", sorted(BAD))
def test_keeping_lifts_no_other_check(tmp_path, name):
    reason, content = BAD[name]
    if name == "rubbish-before-the-end":
        assert kept(tmp_path / name, content).corrupt
        return
    with pytest.raises(ImageError) as caught:
        kept(tmp_path / name, content)
    assert caught.value.reason in (reason, "image-truncated")


@EVERY_KIND
def test_more_data_changes_no_pixel_of_a_whole_picture(content):
    padded = pad_scans(memoryview(content))
    assert len(padded) > len(content)
    planes = [cv2.imdecode(np.frombuffer(one, np.uint8), 0) for one in (content, padded)]
    assert np.array_equal(*planes)


@EVERY_KIND
def test_keeping_changes_nothing_of_what_is_read_anyway(tmp_path, content):
    """Damage by the dozen: what was read stays as it was, what is read besides is marked."""
    for seed in range(40):
        path = tmp_path / f"{seed}.jpg"
        path.write_bytes(flip(content, np.random.default_rng(seed)))
        strict, lenient = (attempt(path, rules) for rules in (PictureRules("voi"), KEEP))
        if not isinstance(strict, str):
            assert np.array_equal(strict.pixels, lenient.pixels)
            assert not lenient.corrupt
        elif not isinstance(lenient, str):
            assert (strict, lenient.corrupt) == ("image-corrupt", True)
        else:
            assert lenient in (strict, "image-truncated")


def attempt(path, rules):
    try:
        return read_canvas(path, 64, rules)
    except ImageError as error:
        return error.reason


def test_a_damaged_picture_is_not_held_against_the_next(tmp_path):
    for name, content in (("bad", BAD["end-put-behind-a-cut"][1]), ("good", WHOLE)):
        (tmp_path / name).write_bytes(content)
    for _ in range(2):
        with pytest.raises(ImageError):
            read_canvas(tmp_path / "bad", 64, PictureRules("voi"))
        assert read_canvas(tmp_path / "good", 64, PictureRules("voi")).pixels.any()


@EVERY_KIND
def test_whole_pictures_of_every_kind_pass(content):
    assert check_jpeg(memoryview(content)) == JpegSize(160, 120)


def test_the_size_is_that_of_the_frame_and_what_follows_the_end_does_not_matter():
    assert check_jpeg(memoryview(WHOLE)) == JpegSize(160, 120)
    assert check_jpeg(memoryview(WHOLE + bytes(70_000))) == JpegSize(160, 120)
