import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from medcutmix_cli.encoders.base import Picture
from medcutmix_cli.encoders.geometry import (
    WHOLE_CANVAS,
    Window,
    canvas_grid,
    picture_window,
    see_canvas,
    see_centre,
    see_squashed,
    to_canvas,
)
from medcutmix_cli.images.placement import letterbox, to_original
from medcutmix_cli.images.shrink import shrink

LOOKS = ("canvas", "squashed", "centre", "centre-rounded-down", "centre-of-more")
SIZES = st.tuples(st.integers(1, 600), st.integers(1, 600))
USUAL_SIZES = st.tuples(st.integers(90, 600), st.integers(90, 600)).filter(lambda s: max(s) <= 1.6 * min(s))
CANVASES = st.sampled_from([112, 224, 336, 448, 560])
NATIVES = st.sampled_from([7, 14, 15, 16, 24])


def on_canvas(plane, side):
    at = letterbox(*plane.shape, side)
    pixels = np.zeros((side, side), np.uint8)
    inside = pixels[at.top : at.top + at.height, at.left : at.left + at.width]
    inside[...] = shrink(plane, at.height, at.width)
    return Picture("i", pixels, at)


def noise(size, seed=0):
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)


def seen_by(look, picture, side):
    """Show a picture in one of the ways encoders do, at `side` pixels."""
    if look == "canvas":
        return see_canvas(picture, side)
    if look == "squashed":
        return see_squashed(picture, side)
    edge = side * 8 // 7 if look == "centre-of-more" else side
    return see_centre(picture, edge, side, round_down=look == "centre-rounded-down")


def cell_means(pixels, native):
    """Return what a perfect network would find: the brightness of each of its cells."""
    step = pixels.shape[0] // native
    return pixels.reshape(native, step, native, step).mean(axis=(1, 3))


def native_cell(look, size, native):
    """Return the height and width of a native cell in original pixels, from what the look is said to do."""
    if look == "canvas":
        return max(size) / native, max(size) / native
    if look == "squashed":
        return size[0] / native, size[1] / native
    shown = min(size) * (7 / 8 if look == "centre-of-more" else 1)
    return shown / native, shown / native


def shown_part(look, size):
    """Return (top, bottom, left, right) of what the look shows, in original pixels."""
    if not look.startswith("centre"):
        return 0, size[0], 0, size[1]
    half = min(size) * (7 / 8 if look == "centre-of-more" else 1) / 2
    return size[0] / 2 - half, size[0] / 2 + half, size[1] / 2 - half, size[1] / 2 + half


def bright_square(size, at, edges):
    """Return a black plane with a bright square, and the square's middle in pixels from the top left corner."""
    plane = np.zeros(size, np.uint8)
    spans = []
    for whole, share, edge in zip(size, at, edges, strict=True):
        length = min(whole, max(1, round(edge)))
        start = round(share * (whole - length))
        spans.append((start, start + length))
    (top, bottom), (left, right) = spans
    plane[top:bottom, left:right] = 255
    return plane, ((top + bottom) / 2, (left + right) / 2)


def peak_in_original(scores, placement):
    """Return the middle of the highest cell, in original pixels from the top left corner."""
    row, column = np.unravel_index(np.nanargmax(scores), scores.shape)
    step = placement.canvas / np.array(scores.shape)
    x, y = to_original(placement, (column + 0.5) * step[1] - 0.5, (row + 0.5) * step[0] - 0.5)
    return y + 0.5, x + 0.5


def cell_of(middle, placement, cells):
    """Return the canvas cell that holds an original point."""
    y = placement.top + middle[0] * placement.scale_y
    x = placement.left + middle[1] * placement.scale_x
    return tuple(min(cells - 1, int(value * cells / placement.canvas)) for value in (y, x))


@pytest.mark.parametrize("look", LOOKS)
@settings(max_examples=60)
@given(size=USUAL_SIZES, canvas=CANVASES, native=NATIVES, at=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_a_bright_square_comes_back_where_it_was_in_the_original(look, size, canvas, native, at):
    cell = native_cell(look, size, native)
    plane, middle = bright_square(size, at, cell)
    picture = on_canvas(plane, canvas)
    seen = seen_by(look, picture, native * 8)
    cells = canvas_grid(native, "letterbox" if look == "canvas" else "published")
    scores = to_canvas(cell_means(seen.pixels, native), seen.window, picture.placement, (cells, cells)).scores
    check_place(look, size, picture.placement, scores, middle, cell)


@pytest.mark.parametrize("look", LOOKS)
@settings(max_examples=40)
@given(size=SIZES, canvas=CANVASES, native=NATIVES, at=st.tuples(st.floats(0, 1), st.floats(0, 1)))
@example(size=(1, 1), canvas=112, native=7, at=(0.5, 0.5))
@example(size=(3, 2), canvas=448, native=14, at=(1.0, 0.0))
@example(size=(600, 40), canvas=448, native=14, at=(0.5, 0.5))
def test_in_tiny_and_thin_pictures_a_square_of_one_cell_of_the_canvas_comes_back(
    look, size, canvas, native, at
):
    cells = canvas_grid(native, "letterbox" if look == "canvas" else "published")
    coarse = tuple(max(edge, max(size) / cells) for edge in native_cell(look, size, native))
    plane, middle = bright_square(size, at, coarse)
    picture = on_canvas(plane, canvas)
    seen = seen_by(look, picture, native * 8)
    scores = to_canvas(cell_means(seen.pixels, native), seen.window, picture.placement, (cells, cells)).scores
    check_place(look, size, picture.placement, scores, middle, coarse)


def check_place(look, size, placement, scores, middle, cell):
    """Claim that the peak is within one cell of the middle, or that the middle is not shown and has no score."""
    top, bottom, left, right = shown_part(look, size)
    rounding = (
        1 + max(size) / placement.canvas
    )  # the square is whole original pixels, the picture canvas pixels
    step = max(size) / len(scores)
    away = max(top - middle[0], middle[0] - bottom, left - middle[1], middle[1] - right)
    if away > step + rounding:
        assert np.isnan(scores[cell_of(middle, placement, len(scores))])
    elif away < -min(cell) / 2 and np.isfinite(scores).any():
        y, x = peak_in_original(scores, placement)
        assert abs(y - middle[0]) <= cell[0] + rounding
        assert abs(x - middle[1]) <= cell[1] + rounding


@pytest.mark.parametrize("look", LOOKS)
@settings(max_examples=40)
@given(size=SIZES, canvas=CANVASES, native=NATIVES, cells=st.integers(1, 33))
@example(size=(600, 1), canvas=112, native=7, cells=14)
@example(size=(1, 600), canvas=448, native=7, cells=14)
@example(size=(1, 1), canvas=560, native=16, cells=32)
def test_cells_outside_the_window_or_the_picture_are_nan_and_a_constant_map_stays_constant(
    look, size, canvas, native, cells
):
    picture = on_canvas(noise(size), canvas)
    seen = seen_by(look, picture, native * 8)
    assert seen.pixels.shape == (native * 8, native * 8)
    assert seen.pixels.dtype == np.uint8
    scores = to_canvas(np.full((native, native), 2.5), seen.window, picture.placement, (cells, cells)).scores
    at, window = picture.placement, seen.window
    rows = axis_claims(at.top, at.height, canvas, cells, window.top, window.height)
    columns = axis_claims(at.left, at.width, canvas, cells, window.left, window.width)
    for row, (row_share, row_depth) in enumerate(rows):
        for column, (column_share, column_depth) in enumerate(columns):
            share, depth = row_share * column_share, min(row_depth, column_depth)
            if min(abs(share - 0.5), abs(depth)) < 1e-9:
                continue  # on the very edge
            expected = 2.5 if share > 0.5 and depth > 0 else np.nan
            assert np.array_equal(scores[row, column], expected, equal_nan=True)


def axis_claims(start, length, canvas, cells, window_start, window_length):
    """Return for each cell the share of it that holds picture, and how far its centre is inside the window."""
    claims = []
    for cell in range(cells):
        low, high = cell * canvas / cells, (cell + 1) * canvas / cells
        share = max(0.0, min(high, start + length) - max(low, start)) * cells / canvas
        centre = (low + high) / 2 / canvas
        claims.append((share, min(centre - window_start, window_start + window_length - centre)))
    return claims


@pytest.mark.parametrize("look", LOOKS)
@settings(max_examples=40)
@given(size=SIZES, canvas=CANVASES)
@example(size=(600, 1), canvas=560)
def test_a_window_stays_within_the_picture_and_so_within_the_canvas(look, size, canvas):
    picture = on_canvas(noise(size), canvas)
    window = seen_by(look, picture, 56).window
    frame = WHOLE_CANVAS if look == "canvas" else picture_window(picture.placement)
    assert min(window.height, window.width) > 0
    for start, length, outer, most in (
        (window.top, window.height, frame.top, frame.height),
        (window.left, window.width, frame.left, frame.width),
    ):
        assert -2e-12 < outer - 1e-12 < start
        assert start + length < outer + most + 1e-12 < 1 + 3e-12


@settings(max_examples=60)
@given(shape=st.tuples(st.integers(1, 40), st.integers(1, 40)), holes=st.booleans(), seed=st.integers(0, 99))
@example(shape=(37, 37), holes=True, seed=0)
@example(shape=(13, 29), holes=True, seed=1)
def test_a_map_over_the_whole_canvas_on_the_same_grid_is_itself(shape, holes, seed):
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 5, shape)
    if holes:
        scores[rng.random(shape) < 0.2] = np.nan
    back = to_canvas(scores, WHOLE_CANVAS, letterbox(448, 448, 448), shape).scores
    assert np.array_equal(back, scores.astype(np.float16), equal_nan=True)


def test_bars_are_nan_and_the_picture_between_them_is_untouched():
    scores = np.random.default_rng(0).normal(size=(8, 8))
    back = to_canvas(scores, WHOLE_CANVAS, letterbox(100, 50, 224), (8, 8)).scores
    assert np.isnan(back[:, [0, 1, 6, 7]]).all()
    assert np.array_equal(back[:, 2:6], scores[:, 2:6].astype(np.float16))


@settings(max_examples=60)
@given(
    native=st.tuples(st.integers(2, 20), st.integers(2, 20)),
    grid=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    start=st.tuples(st.floats(0, 0.7), st.floats(0, 0.7)),
    length=st.tuples(st.floats(0.1, 1), st.floats(0.1, 1)),
)
def test_a_map_of_its_own_coordinates_comes_back_as_the_coordinates_of_the_canvas(
    native, grid, start, length
):
    window = Window(*start, *(min(1 - low, wide) for low, wide in zip(start, length, strict=True)))
    assume(min(window.height, window.width) > 0.05)
    for axis, (low, wide) in enumerate(((window.top, window.height), (window.left, window.width))):
        own = low + (np.arange(native[axis]) + 0.5) / native[axis] * wide
        ramp = np.broadcast_to(own[:, None] if axis == 0 else own[None], native)
        back = to_canvas(ramp, window, letterbox(112, 112, 112), grid).scores
        centres = (np.arange(grid[axis]) + 0.5) / grid[axis]
        expected = np.clip(centres, own[0], own[-1])  # flat beyond the outermost centres
        found = np.moveaxis(back, axis, 0).reshape(grid[axis], -1)
        finite = np.isfinite(found)
        off = np.abs(found - expected[:, None])[finite]
        assert off.size == 0 or off.max() < 1e-3  # float16


def test_nan_spreads_to_what_is_next_to_it_and_no_further():
    scores = np.ones((4, 4))
    scores[1, 1] = np.nan
    back = to_canvas(scores, WHOLE_CANVAS, letterbox(112, 112, 112), (8, 8)).scores
    expected = np.ones((8, 8), bool)
    expected[1:5, 1:5] = False
    assert np.array_equal(np.isfinite(back), expected)


@settings(max_examples=60)
@given(size=SIZES, canvas=CANVASES, crop=st.integers(8, 90), more=st.integers(0, 40))
@example(size=(150, 131), canvas=224, crop=224, more=0)
@example(size=(131, 150), canvas=448, crop=224, more=32)
def test_the_centre_is_what_resize_and_crop_make_of_the_picture_proper(size, canvas, crop, more):
    assume(max(size) <= 100 * min(size))
    picture = on_canvas(noise(size), canvas)
    at = picture.placement
    proper = Image.fromarray(picture.pixels).crop((at.left, at.top, at.left + at.width, at.top + at.height))
    edge = crop + more
    # torchvision.transforms.Resize(edge): the shorter edge exactly, int(edge * long / short) for the longer.
    short, long = sorted(proper.size)
    longer = int(edge * long / short)
    wide, tall = (edge, longer) if at.width <= at.height else (longer, edge)
    # torchvision.transforms.CenterCrop(crop): int(round(rest / 2.0)) off the top and the left.
    top, left = (int(np.rint((edges - crop) / 2.0)) for edges in (tall, wide))
    expected = proper.resize((wide, tall), Image.Resampling.BICUBIC).crop(
        (left, top, left + crop, top + crop)
    )
    seen = see_centre(picture, edge, crop)
    assert np.array_equal(seen.pixels, np.asarray(expected))
    corner = (at.top + top * at.height / tall, at.left + left * at.width / wide)
    assert np.allclose((seen.window.top * canvas, seen.window.left * canvas), corner)
    spans = (crop * at.height / tall, crop * at.width / wide)
    assert np.allclose((seen.window.height * canvas, seen.window.width * canvas), spans)


@pytest.mark.parametrize(
    ("width", "round_down", "first"),
    [
        pytest.param(67, False, 2, id="half-a-pixel-goes-to-the-even-one"),
        pytest.param(67, True, 1, id="half-a-pixel-is-rounded-down"),
        pytest.param(66, True, 1, id="whole-pixels-are-the-same"),
        pytest.param(66, False, 1, id="whole-pixels-are-not-rounded"),
        pytest.param(65, False, 0, id="half-a-pixel-goes-to-zero"),
    ],
)
def test_half_a_pixel_of_a_centre_crop_goes_where_the_library_puts_it(width, round_down, first):
    at = letterbox(64, width, width)  # the picture proper needs no scaling
    columns = np.broadcast_to(np.arange(width, dtype=np.uint8), (width, width))
    seen = see_centre(Picture("i", columns, at), 64, 64, round_down=round_down)
    assert (seen.pixels == first + np.arange(64)).all()
    assert seen.window.left == pytest.approx(first / width)


def test_a_look_at_the_whole_canvas_of_its_own_size_changes_no_pixel():
    picture = on_canvas(noise((90, 70)), 112)
    seen = see_canvas(picture, 112)
    assert np.array_equal(seen.pixels, picture.pixels)
    assert seen.window == WHOLE_CANVAS


def test_a_squashed_look_shows_no_bar():
    seen = see_squashed(on_canvas(np.full((200, 60), 99, np.uint8), 224), 64)
    assert (seen.pixels == 99).all()


@pytest.mark.parametrize(
    ("native", "fit", "cells"),
    [(14, "letterbox", 14), (14, "published", 28), (16, "published", 32), (24, "published", 24)],
)
def test_a_crop_of_a_coarse_map_goes_to_a_grid_twice_as_fine(native, fit, cells):
    assert canvas_grid(native, fit) == cells
