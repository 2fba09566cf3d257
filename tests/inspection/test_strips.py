import numpy as np
import pytest

from medcutmix_cli.inspection.pair_view import pair_view
from medcutmix_cli.inspection.parent_images import ParentImages
from medcutmix_cli.inspection.strips import COLOURS, join_pictures, pair_strip
from tests.run_folders import make_row, write_run

GREY = np.full((112, 112), 90, np.uint8)
SQUARE = np.zeros((4, 4), bool)
SQUARE[1:3, 1:3] = True


def has_colour(strip, name):
    return bool((strip == np.array(COLOURS[name], np.uint8)).all(axis=2).any())


@pytest.mark.parametrize("count", [1, 2, 3])
def test_pictures_lie_side_by_side(count):
    strip = join_pictures([(GREY, {})] * count, 80)
    assert strip.shape == (80, count * 80 + (count - 1) * 2, 3)
    assert (strip[:, :80] == 90).all()


@pytest.mark.parametrize("name", COLOURS)
def test_a_mask_is_outlined_in_its_colour_and_its_middle_stays(name):
    strip = join_pictures([(GREY, {name: SQUARE})], 160)
    assert has_colour(strip, name)
    assert (strip[0, 0] == 90).all()
    assert (strip[80, 80] == 90).all() == (name != "broken")


def test_a_picture_that_is_not_there_is_a_grey_square():
    strip = join_pictures([(None, {"own": SQUARE})], 80)
    assert (strip[0, 0] == 48).all()
    assert has_colour(strip, "own")


def test_a_pair_is_recipient_donor_and_mix(tmp_path):
    view = pair_view(write_run(tmp_path / "run"), picture=True)
    strip = pair_strip(view, ParentImages(None), 100)
    assert strip.shape[1] == 304
    mixed = strip[:, 204:]
    assert has_colour(mixed, "paste")
    assert not has_colour(strip[:, :204], "paste")
    assert has_colour(strip[:, :100], "own")
    assert (mixed[2, 2] == 90).all()
    assert not has_colour(pair_strip(view, ParentImages(None), 100, outlines=False), "paste")


class Bright:
    """Every parent's picture is white."""

    def read(self, _path):
        return np.full((112, 112), 255, np.uint8)


@pytest.mark.parametrize("side", [100, 168, 320])
def test_the_donor_of_a_study_as_it_is_is_a_word_and_no_picture(tmp_path, side):
    kept = make_row(0, image_mode="keep", finding="", finding_a="")
    run = write_run(tmp_path / "run", ([make_row(1), kept],))
    step = side + max(1, side // 40)
    mixed, plain = (pair_strip(pair_view(run, index=n, picture=True), Bright(), side) for n in (0, 1))
    donor = plain[:, step : step + side]
    assert (mixed[:, step : step + side] == 255).any()
    assert not (donor == 255).any()
    written = np.nonzero((donor > 100).any(axis=(0, 2)))[0]
    assert 0 < written.min() < side // 2 < written.max() < side - 1
    assert (plain[:, :side] == 255).any()


def test_what_is_guarded_lies_over_what_of_it_broke_the_rule():
    strip = join_pictures([(GREY, {"broken": SQUARE, "neighbour": SQUARE})], 160)
    assert has_colour(strip, "neighbour")
    assert list(COLOURS).index("neighbour") > list(COLOURS).index("broken")
