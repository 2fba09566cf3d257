from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.attention import TopK
from medcutmix_cli.datasets.phantoms import draw_phantom, paint
from medcutmix_cli.mixing.blends.feather import Feather
from medcutmix_cli.mixing.cut import Cut, Strategies, draw_cut, pixel_weights
from medcutmix_cli.mixing.guards import DEVICES, Guards, free_cells
from medcutmix_cli.mixing.markers import find_markers
from medcutmix_cli.mixing.movement import IN_ITS_PLACE
from medcutmix_cli.mixing.regions.in_place_union import InPlaceUnion
from medcutmix_cli.records import MapTarget
from tests.builders import make_placement, make_view

CANVAS = 448


def smooth_picture(seed=0):
    noise = np.random.default_rng(seed).random((7, 7)).astype(np.float32)
    return (40 + 130 * cv2.resize(noise, (CANVAS, CANVAS), interpolation=cv2.INTER_CUBIC).clip(0, 1)).astype(
        np.uint8
    )


def stamped(picture, letter, x, y, height=20):
    stamp = np.zeros_like(picture)
    cv2.putText(stamp, letter, (x, y), cv2.FONT_HERSHEY_SIMPLEX, height / 22, (255,), 2, cv2.LINE_AA)
    return np.maximum(picture, stamp), stamp > 128


def grown(found):
    """Add the two pixels of a letter's own soft edge."""
    return cv2.dilate(found.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0


@pytest.mark.parametrize("letter", ["L", "R", "PORTABLE"])
@pytest.mark.parametrize(("x", "y"), [(30, 60), (360, 60), (30, 420)], ids=["left", "right", "bottom"])
def test_a_letter_in_the_outer_band_is_found(letter, x, y):
    height = 20 if len(letter) == 1 else 8
    picture, truth = stamped(smooth_picture(), letter, x, y, height)
    found = find_markers(picture, make_placement(CANVAS)).letters
    assert grown(found)[truth].mean() > 0.95
    assert not found[:, 150:300].any()


def test_a_smooth_picture_has_no_letter():
    assert not find_markers(smooth_picture(), make_placement(CANVAS)).letters.any()


def test_the_middle_of_a_picture_has_no_letters():
    picture, _ = stamped(smooth_picture(), "L", 220, 224)
    assert not find_markers(picture, make_placement(CANVAS)).letters.any()


def test_no_letter_is_looked_for_in_a_thumbnail():
    assert not find_markers(make_view(1).pixels, make_placement()).letters.any()


def mixed_letters(seed, grid):
    """Return donor weights by pixel, and where letters of both pictures are and were found; None if refused."""
    rng = np.random.default_rng(seed)
    marks, views = [], []
    for n in range(2):
        x, y = (20, 400)[int(rng.integers(2))] + int(rng.integers(20)), int(rng.integers(60, 400))
        pixels, mark = stamped(smooth_picture(seed + n), "LR"[n], x, y)
        marks.append(mark)
        views.append(replace(make_view(seed + n, CANVAS, grid), pixels=pixels))
    cut = draw_cut(*views, Strategies(TopK(fraction=0.5, max_area=1), InPlaceUnion(), Feather()))
    if not isinstance(cut, Cut):
        return None
    found = np.logical_or(*(find_markers(view.pixels, view.placement).letters for view in views))
    return pixel_weights(cut, views[0].placement, views[1].placement), np.logical_or(*marks), found


@given(st.integers(0, 500), st.sampled_from([14, 28]))
@settings(max_examples=15)
def test_no_letter_is_pasted_or_covered_nor_its_soft_edge(seed, grid):
    mixed = mixed_letters(seed, grid)
    if mixed:
        share, letters, found = mixed
        assert not share[found].any()
        assert not share[letters].any()


@pytest.mark.parametrize(("seed", "grid"), [(461, 14), (75, 28), (323, 28)])
def test_no_pixel_of_a_letter_is_pasted_or_covered(seed, grid):
    share, letters, _ = mixed_letters(seed, grid)
    assert not share[letters].any()


def test_phantoms_keep_their_side_marker():
    found = wanted = 0
    for seed in range(12):
        phantom = draw_phantom(seed)
        if not phantom.exposure.marker:
            continue
        plain = replace(phantom, exposure=replace(phantom.exposure, marker=""))
        pictures = [(paint(p, CANVAS).image * 255).astype(np.uint8) for p in (phantom, plain)]
        height, width = pictures[0].shape
        side = max(height, width)
        canvas = np.zeros((side, side), np.uint8)
        canvas[:height, :width] = pictures[0]
        placement = replace(make_placement(side), height=height, width=width)
        truth = np.zeros_like(canvas, dtype=bool)
        truth[:height, :width] = np.abs(pictures[0].astype(int) - pictures[1]) > 60
        wanted += 1
        found += grown(find_markers(canvas, placement).letters)[truth].mean() > 0.9
    assert wanted >= 4
    assert found == wanted


def with_line(picture, kind, seed):
    """Draw what a patient does not have: a tube, an arrow, an electrode; returns the picture and where it is."""
    rng, ink = np.random.default_rng(seed), np.zeros_like(picture)
    x, y = (int(v) for v in rng.integers(150, 300, 2))
    if kind == "tube":
        cv2.line(ink, (x, 40), (y, 400), (255,), 2, cv2.LINE_AA)
    elif kind == "arrow":
        cv2.arrowedLine(ink, (x, y), (x + 30, y + 20), (255,), 4, cv2.LINE_AA, tipLength=0.4)
    else:
        cv2.circle(ink, (x, y), 4, (255,), -1, cv2.LINE_AA)
    return np.maximum(picture, ink), ink > 128


KINDS = ("tube", "arrow", "electrode")


@pytest.mark.parametrize("kind", KINDS)
def test_a_lead_an_arrow_or_an_electrode_is_found_wherever_it_is(kind):
    for seed in range(6):
        picture, truth = with_line(smooth_picture(seed), kind, seed)
        found = find_markers(picture, make_placement(CANVAS)).lines
        assert grown(found)[truth].mean() > 0.9
        assert (found & ~grown(truth)).sum() <= 0.1 * truth.sum()


@pytest.mark.parametrize("noise", [0, 4, 9])
def test_neither_a_smooth_picture_nor_a_noisy_one_has_lines(noise):
    for seed in range(4):
        grain = np.random.default_rng(seed).normal(0, noise, (CANVAS, CANVAS))
        picture = np.clip(smooth_picture(seed) + grain, 0, 255).astype(np.uint8)
        assert not find_markers(picture, make_placement(CANVAS)).lines.any()


@given(st.integers(0, 500), st.sampled_from(KINDS), st.sampled_from([14, 28]))
@settings(max_examples=25)
def test_no_line_of_the_donor_comes(seed, kind, grid):
    """About half of its weight is left at most, where it lies along the edge of a cell beside one that is pasted."""
    views = [replace(make_view(seed + n, CANVAS, grid), pixels=smooth_picture(seed + n)) for n in range(2)]
    picture, truth = with_line(views[1].pixels, kind, seed)
    cut = draw_cut(views[0], replace(views[1], pixels=picture), LINE_STRATEGIES)
    if isinstance(cut, Cut):
        share = pixel_weights(cut, views[0].placement, views[1].placement)
        assert share[truth].mean() <= 0.6


LINE_STRATEGIES = Strategies(TopK(fraction=0.5, max_area=1), InPlaceUnion(), Feather())


def test_a_line_of_the_donor_comes_where_devices_are_what_is_exchanged():
    views = [replace(make_view(3 + n, CANVAS, 14), pixels=smooth_picture(n)) for n in range(2)]
    cells = [
        free_cells(
            views[0], replace(views[1], pixels=picture, target=MapTarget(finding)), Guards(), IN_ITS_PLACE
        )
        for picture in (views[1].pixels, with_line(views[1].pixels, "tube", 1)[0])
        for finding in (DEVICES, "mass")
    ]
    assert np.array_equal(cells[0], cells[2])
    assert cells[3].sum() < cells[1].sum()


def test_the_lines_of_the_recipient_may_be_covered():
    views = [replace(make_view(3 + n, CANVAS, 14), pixels=smooth_picture(n)) for n in range(2)]
    wired = replace(views[0], pixels=with_line(views[0].pixels, "tube", 1)[0])
    assert np.array_equal(*(free_cells(view, views[1], Guards(), IN_ITS_PLACE) for view in (views[0], wired)))
