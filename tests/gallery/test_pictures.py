import base64
import io
import re

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from medcutmix_cli.configuration.settings import IMAGE_FORMATS
from medcutmix_cli.errors import ImageError
from medcutmix_cli.gallery import write_gallery
from medcutmix_cli.gallery.pairs import NOT_ASKED
from medcutmix_cli.gallery.pictures import heat_uri, outline_path
from medcutmix_cli.images import encode_picture
from tests.gallery.outlines import page_of
from tests.run_folders import make_row, write_run


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run", ([make_row(n) for n in range(3)],), rejected=1)


def test_every_picture_has_a_text_for_those_who_do_not_see_it(run, tmp_path):
    _, outline = page_of(run, tmp_path)
    pictures = [attrs for tag, attrs in outline.tags if tag == "img"]
    assert pictures
    assert all("alt" in attrs for attrs in pictures)


def test_the_outline_of_one_cell_is_its_four_sides():
    assert sorted(re.findall(r"M\d \d[hv]1", outline_path([0, 1, 0, 0], (2, 2)))) == sorted(
        ["M1 0h1", "M1 1h1", "M1 0v1", "M2 0v1"]
    )


@given(st.integers(1, 9), st.integers(1, 9), st.data())
def test_an_outline_is_closed(height, width, data):
    mask = data.draw(st.lists(st.integers(0, 1), min_size=height * width, max_size=height * width))
    ends = {}
    for x, y, way in re.findall(r"M(\d+) (\d+)([hv])1", outline_path(mask, (height, width))):
        start = (int(x), int(y))
        for point in (start, (start[0] + (way == "h"), start[1] + (way == "v"))):
            ends[point] = ends.get(point, 0) + 1
    assert all(count % 2 == 0 for count in ends.values())
    assert bool(ends) == any(mask)


def test_the_heat_is_clear_outside_the_field_of_view_and_strong_at_the_peak():
    scores = [float("nan")] * 8 + [0.0] * 7 + [1.0]
    layer = Image.open(io.BytesIO(base64.b64decode(heat_uri(scores, (4, 4)).partition(",")[2]))).convert(
        "RGBA"
    )
    alpha = np.asarray(layer)[..., 3]
    assert alpha[:40].max() == 0
    assert alpha[-1, -1] > 100


@pytest.mark.parametrize("image_format", IMAGE_FORMATS)
def test_the_mix_is_embedded_as_what_it_is(tmp_path, image_format):
    pixels = np.full((112, 112), 90, np.uint8)
    row = make_row(0, image={"bytes": encode_picture(pixels, image_format), "path": None})
    page, _ = page_of(write_run(tmp_path / "run", ([row],)), tmp_path)
    kind, encoded = re.findall(r'src="data:image/(\w+);base64,([^"]+)" alt="Mixed', page)[0]
    assert kind == image_format
    assert Image.open(io.BytesIO(base64.b64decode(encoded))).format == image_format.upper()


def test_a_picture_of_no_known_format_is_refused(tmp_path):
    row = make_row(0, image={"bytes": b"GIF89a", "path": None})
    with pytest.raises(ImageError, match="neither PNG nor JPEG nor WebP"):
        write_gallery(write_run(tmp_path / "run", ([row],)), tmp_path / "page.html")


def test_a_parent_that_was_asked_nothing_has_no_heat_map(tmp_path):
    blank = np.full(16, np.nan, np.float16)
    row = make_row(0, sentence_b="", map_b=blank, mask_b=np.zeros(16, np.uint8))
    page, outline = page_of(write_run(tmp_path / "run", ([row],)), tmp_path)
    assert [attrs.get("class") for tag, attrs in outline.tags if tag == "img"].count("heat") == 1
    assert page.count(NOT_ASKED) == 1


def test_the_region_is_outlined_where_it_was_taken_from_the_donor(tmp_path):
    row = make_row(0, shift_y=28, shift_x=-56)  # a cell of 112 / 4 pixels down, two to the left
    page, _ = page_of(write_run(tmp_path / "run", ([row],)), tmp_path)
    lines = re.findall(r'class="paste" d="([^"]*)"', page)
    first = [tuple(map(float, line[1:].split("L")[0].split("v")[0].split("h")[0].split())) for line in lines]
    assert (first[1][0] - first[0][0], first[1][1] - first[0][1]) == (
        2,
        -1,
    )  # the donor's beside the recipient's


def test_no_png_tool_is_needed_to_read_the_mix(run, tmp_path):
    page, _ = page_of(run, tmp_path, pairs=1)
    encoded = re.findall(r'src="data:image/png;base64,([^"]+)" alt="Mixed', page)
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(encoded[0]), np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (112, 112)
