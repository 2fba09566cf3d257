"""Rows of real mixes and shards of them, for the tests of the loader."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np

from medcutmix_cli.images import encode_png
from medcutmix_cli.mixing.cut import Cut, paste
from medcutmix_cli.mixing.views import Pasteable, Pixels
from medcutmix_cli.records import Placement
from medcutmix_cli.run.shards import UNMIXED, Row
from tests.builders import make_placement
from tests.run_folders import make_row, write_run

CANVAS, GRID = 112, 7


def make_pixels(seed: int, placement: Placement | None = None) -> Pixels:
    """Return a noisy canvas, 0 outside the picture."""
    at = placement or make_placement(CANVAS)
    pixels = np.zeros((at.canvas, at.canvas), np.uint8)
    noise = np.random.default_rng(seed).integers(1, 256, (at.height, at.width), dtype=np.uint8)
    pixels[at.top : at.top + at.height, at.left : at.left + at.width] = noise
    return pixels


def make_mix(
    seed: int = 0,
    *,
    hard: bool = True,
    placement_a: Placement | None = None,
    placement_b: Placement | None = None,
    **changes: Any,
) -> tuple[Row, Pixels, Pixels]:
    """Return the row of a mix on a 7 x 7 grid over 112 pixels, with both parents' canvases."""
    rng = np.random.default_rng(seed)
    at_a, at_b = placement_a or make_placement(CANVAS), placement_b or make_placement(CANVAS)
    own, given = make_pixels(seed + 1, at_a), make_pixels(seed + 2, at_b)
    mask = rng.random((GRID, GRID)) < 0.4
    weights = (mask if hard else rng.random((GRID, GRID))).astype(np.float16)
    cut = Cut(mask, mask, mask, weights, "nearest" if hard else "bilinear", 1.0, 0.0)
    cut = replace(cut, **changes)
    pixels = paste(cut, Pasteable(own, at_a), Pasteable(given, at_b))
    stored = {name: getattr(cut, name) for name in ("interpolation", "gain", "offset", "shift_y", "shift_x")}
    warped = cut.warp is not None
    stored |= {
        "align_affine": cut.warp.affine.ravel() if warped else None,
        "align_field": cut.warp.field.ravel() if warped else None,
        "align_quality": cut.align_quality,
        "tone": None if cut.tone is None else cut.tone.ravel(),
    }
    masks = {name: getattr(cut, name).astype(np.uint8).ravel() for name in ("mask", "mask_a", "mask_b")}
    row = make_row(
        seed,
        image={"bytes": encode_png(pixels), "path": None},
        grid_h=GRID,
        grid_w=GRID,
        weights=cut.weights.ravel(),
        placement_a=asdict(at_a),
        placement_b=asdict(at_b),
        attmim_rank=rng.permutation(GRID * GRID).astype(np.uint16),
        map_a=rng.normal(size=GRID * GRID).astype(np.float16),
        map_b=rng.normal(size=GRID * GRID).astype(np.float16),
        **stored,
        **masks,
    )
    return row, own, given


def write_rows(root: Any, *sizes: int) -> Any:
    """Write a run of shards of the given sizes; `pair_id` is the number of the row in the run."""
    first = make_row()
    starts = np.cumsum([0, *sizes]).tolist()
    shards = [
        [first | {"pair_id": str(start + k)} for k in range(size)]
        for start, size in zip(starts, sizes, strict=False)
    ]
    return write_run(root, tuple(shards))


def as_it_is(number: int) -> Row:
    """Return the row of a study as it is, whose id is its number."""
    return make_row(study_id_a=str(number), pair_id=f"kept-{number}", **UNMIXED)


def write_originals(root: Any, count: int) -> Any:
    """Write a run of studies as they are, numbered from 0."""
    return write_run(root, ([as_it_is(k) for k in range(count)],))
