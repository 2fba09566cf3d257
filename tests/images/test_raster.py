from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import decode_picture, encode_png, read_canvas, to_canvas
from medcutmix_cli.images.shrink import shrink
from medcutmix_cli.records import PictureRules
from tests.pictures import make_shapes, psnr, write_jpeg


def grey(height: int = 800, width: int = 640) -> np.ndarray:
    return (make_shapes(height, width) >> 4).astype(np.uint8)


def reason_of(path) -> str:
    with pytest.raises(ImageError) as caught:
        read_canvas(path, 112, PictureRules("voi"))
    assert caught.value.where == str(path)
    return caught.value.reason


@pytest.mark.parametrize(
    ("height", "width"),
    [
        pytest.param(1600, 1280, id="halves-exactly"),
        pytest.param(1517, 1533, id="odd-sides-are-not-stretched-by-the-reduced-decode"),
        pytest.param(700, 450, id="too-small-to-reduce"),
    ],
)
def test_scaled_jpeg_decode_agrees_with_the_exact_path(tmp_path, height, width):
    path = write_jpeg(tmp_path / "a.jpg", grey(height, width))
    assert (
        psnr(
            read_canvas(path, 224, PictureRules("voi")).pixels,
            read_canvas(path, 224, PictureRules("voi"), exact=True).pixels,
        )
        > 45
    )


def test_canvas_is_square_padded_with_zero_and_read_only(tmp_path):
    canvas = read_canvas(write_jpeg(tmp_path / "a.jpg", grey(800, 400)), 112, PictureRules("voi"))
    top, left, bottom, right = canvas.box
    assert canvas.pixels.shape == (112, 112)
    assert canvas.pixels.dtype == np.uint8
    assert (top, left, bottom, right) == (0, 28, 112, 84)
    outside = np.ones((112, 112), bool)
    outside[top:bottom, left:right] = False
    assert not canvas.pixels[outside].any()
    assert not canvas.pixels.flags.writeable


def test_a_bright_spot_lands_where_the_placement_says(tmp_path):
    picture = np.full((900, 700), 20, np.uint8)
    cv2.circle(picture, (500, 200), 12, 255, -1)
    cv2.imwrite(str(tmp_path / "a.png"), picture)
    canvas = read_canvas(tmp_path / "a.png", 448, PictureRules("voi"))
    top, left, bottom, right = canvas.box
    mass = canvas.pixels[top:bottom, left:right].astype(float) - 20
    rows, columns = np.indices(mass.shape)
    x, y = to_canvas(canvas.placement, 500.0, 200.0)
    assert abs((mass * columns).sum() / mass.sum() + left - x) < 0.05
    assert abs((mass * rows).sum() / mass.sum() + top - y) < 0.05


def test_colour_becomes_luma_and_a_palette_is_looked_up(tmp_path):
    picture = grey(300, 300)
    cv2.imwrite(str(tmp_path / "rgb.png"), cv2.merge([picture, picture, picture]))
    cv2.imwrite(str(tmp_path / "grey.png"), picture)
    one, other = (
        read_canvas(tmp_path / name, 112, PictureRules("voi")).pixels for name in ("rgb.png", "grey.png")
    )
    assert psnr(one, other) > 50
    red, green, blue = picture, np.full_like(picture, 40), np.full_like(picture, 200)
    luma = np.rint(0.299 * red + 0.587 * green + 0.114 * blue).astype(np.uint8)  # ITU-R BT.601
    cv2.imwrite(str(tmp_path / "colour.png"), cv2.merge([blue, green, red]))
    cv2.imwrite(str(tmp_path / "luma.png"), luma)
    levels = np.arange(256).repeat(3).astype(np.uint8)[::-1]
    indexed = Image.fromarray(picture)
    indexed.putpalette(levels.tobytes())
    indexed.save(tmp_path / "palette.png")
    cv2.imwrite(str(tmp_path / "inverse.png"), 255 - picture)
    for name, expected in (("colour", "luma"), ("palette", "inverse")):
        one, other = (
            read_canvas(tmp_path / f"{n}.png", 112, PictureRules("voi")).pixels for n in (name, expected)
        )
        assert psnr(one, other) > 45, name


def test_twelve_bits_in_a_sixteen_bit_png_keep_their_greys(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), make_shapes(300, 300))
    pixels = read_canvas(tmp_path / "a.png", 112, PictureRules("voi")).pixels
    assert len(np.unique(pixels)) > 100


def test_a_small_picture_is_enlarged(tmp_path):
    picture = np.full((50, 40), 20, np.uint8)
    picture[10:20, 24:32] = 220
    cv2.imwrite(str(tmp_path / "a.png"), picture)
    canvas = read_canvas(tmp_path / "a.png", 448, PictureRules("voi"))
    at = canvas.placement
    assert (at.height, at.width, at.top, at.left) == (448, 358, 0, 45)
    assert {int(canvas.pixels[y, x]) for y, x in ((45, 100), (134, 296), (250, 296), (134, 200))} == {20, 220}
    rows, columns = np.nonzero(canvas.pixels > 120)  # linear: the edge lies where half of the step is
    assert np.allclose(
        [rows.min(), rows.max() + 1, columns.min(), columns.max() + 1], [90, 179, 260, 331], atol=1
    )
    assert canvas.pixels[at.top : at.top + at.height, at.left : at.left + at.width].min() == 20
    # Between two pixels, 9 apart on the canvas, grey goes up in even steps and not over the brighter one.
    ramp = np.unique(canvas.pixels[134, 240:290])
    assert len(ramp) > 8
    assert np.diff(ramp).max() < 30


def test_exif_orientation_does_not_turn_the_coordinates(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(grey(300, 200)).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    Image.fromarray(grey(300, 200)).save(tmp_path / "plain.jpg", quality=95)
    turned, plain = (
        read_canvas(tmp_path / f"{name}.jpg", 112, PictureRules("voi")) for name in ("turned", "plain")
    )
    assert (turned.placement.source_height, turned.placement.source_width) == (300, 200)
    assert turned.placement == plain.placement
    assert np.array_equal(turned.pixels, plain.pixels)


def test_every_kind_of_bad_file_has_its_name(tmp_path):
    whole = write_jpeg(tmp_path / "whole.jpg", grey()).read_bytes()
    cv2.imwrite(str(tmp_path / "whole.png"), grey())
    png = (tmp_path / "whole.png").read_bytes()
    cases = {
        "image-empty": b"",
        "image-format-unknown": b"GIF89a" + b"\0" * 200,
        "image-truncated": whole[: len(whole) // 2],
    }
    for reason, content in cases.items():
        (tmp_path / reason).write_bytes(content)
        assert reason_of(tmp_path / reason) == reason
    (tmp_path / "cut.png").write_bytes(png[: len(png) // 2])
    assert reason_of(tmp_path / "cut.png") == "image-truncated"
    (tmp_path / "no-scan.jpg").write_bytes(b"\xff\xd8\xff\xe0\x00\x04ab\xff\xd9")
    assert reason_of(tmp_path / "no-scan.jpg") == "image-truncated"
    (tmp_path / "short.jpg").write_bytes(b"\xff\xd8\xff")
    assert reason_of(tmp_path / "short.jpg") == "image-truncated"
    assert reason_of(write_jpeg(tmp_path / "black.jpg", np.zeros((80, 60), np.uint8))) == "image-constant"
    assert reason_of(tmp_path / "nowhere.jpg") == "image-missing"
    assert reason_of(tmp_path) == "image-not-a-file"


def test_a_picture_without_rows_is_empty(tmp_path):
    whole = write_jpeg(tmp_path / "whole.jpg", grey(80, 80)).read_bytes()
    frame = whole.index(b"\xff\xc0")
    (tmp_path / "a.jpg").write_bytes(whole[: frame + 5] + b"\0\0" + whole[frame + 7 :])
    assert reason_of(tmp_path / "a.jpg") == "image-empty"


@settings(max_examples=30)
@given(
    st.binary(min_size=0, max_size=400),
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"\0" * 128 + b"DICM"]),
)
def test_any_bytes_give_a_picture_or_an_image_error(tmp_path_factory, content, magic):
    path = tmp_path_factory.mktemp("any") / "a.bin"
    path.write_bytes(magic + content)
    with pytest.raises(ImageError) as caught:
        read_canvas(path, 112, PictureRules("voi"))
    assert caught.value.where == str(path)
    assert caught.value.reason.startswith(("image-", "dicom-"))


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_png_keeps_every_pixel_and_repeats_its_bytes(height, width, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    content = encode_png(pixels)
    assert (decode_picture(content) == pixels).all()
    assert encode_png(pixels.copy()) == content


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n"], ids=["empty", "cut-short"])
def test_decoding_a_broken_png_is_an_image_error(content):
    with pytest.raises(ImageError, match="grey 8-bit picture"):
        decode_picture(content)


def test_only_grey_bytes_are_written_as_png():
    with pytest.raises(ImageError, match="8-bit"):
        encode_png(np.zeros((4, 4), np.uint16))


@given(st.integers(8, 70), st.integers(8, 70), st.sampled_from([np.uint8, np.uint16, np.int16]))
def test_shrinking_keeps_the_mean_and_the_range(height, width, dtype):
    plane = np.random.default_rng(height * 100 + width).integers(0, 120, (height, width)).astype(dtype)
    small = shrink(plane, 8, 8)
    assert small.dtype == dtype
    assert small.shape == (8, 8)
    assert abs(float(small.mean()) - float(plane.mean())) < 1.5
    assert plane.min() <= small.min() <= small.max() <= plane.max()
