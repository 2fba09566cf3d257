"""A mixed sample and its shard row, both ways: what is written, and how it is replayed from the recipe."""

from __future__ import annotations

from dataclasses import fields
from math import isqrt

import numpy as np
import numpy.typing as npt

from medcutmix_cli.images import decode_picture
from medcutmix_cli.mixing.cut import paste
from medcutmix_cli.mixing.views import Pasteable
from medcutmix_cli.pairing.editing import splice
from medcutmix_cli.records import Cut, Edit, MixedSample, Placement, Warp
from medcutmix_cli.run.columns import COLUMNS, check_names
from medcutmix_cli.run.shards import Row

_WARP_COLUMNS = ("align_affine", "align_field")
CUT_COLUMNS = check_names(
    "grid_h", "grid_w", *_WARP_COLUMNS, *(entry.name for entry in fields(Cut) if entry.name != "warp")
)
"""The columns that `row_cut` reads."""


def to_row(sample: MixedSample) -> Row:
    """Lay a sample out as one row of the schema."""
    return {column.name: column.take(sample) for column in COLUMNS}


def row_cut(row: Row) -> Cut:
    """Read the cut back from a row, exactly as it was drawn."""
    shape = (row["grid_h"], row["grid_w"])
    return Cut(
        mask_a=row_grid(row, "mask_a").astype(np.bool_),
        mask_b=row_grid(row, "mask_b").astype(np.bool_),
        mask=row_grid(row, "mask").astype(np.bool_),
        weights=np.array(row["weights"], dtype=np.float16).reshape(shape),
        interpolation=row["interpolation"],
        gain=row["gain"],
        offset=row["offset"],
        shift_y=row["shift_y"],
        shift_x=row["shift_x"],
        warp=row_warp(row),
        align_quality=row["align_quality"],
        tone=None if row["tone"] is None else np.array(row["tone"], dtype=np.float16).reshape(shape),
    )


def row_warp(row: Row) -> Warp | None:
    """Read how the donor was brought onto the recipient's thorax, None where it was not."""
    if row["align_field"] is None:
        return None
    field = np.array(row["align_field"], dtype=np.float16)
    side = isqrt(field.size // 2)
    affine = np.array(row["align_affine"], dtype=np.float32).reshape(2, 3)
    return Warp(affine, field.reshape(side, side, 2))


def row_grid(row: Row, column: str) -> npt.NDArray[np.float32]:
    """Return one grid column of a row, (grid_h, grid_w) float32."""
    return np.array(row[column], dtype=np.float32).reshape(row["grid_h"], row["grid_w"])


def row_placement(row: Row, letter: str) -> Placement:
    """Return the placement of one parent ("a" or "b")."""
    return Placement(**row[f"placement_{letter}"])


def row_pixels(row: Row) -> npt.NDArray[np.uint8]:
    """Decode the stored picture, (canvas, canvas) uint8."""
    return decode_picture(row["image"]["bytes"])


def replay_pixels(
    row: Row, recipient: npt.NDArray[np.uint8], donor: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    """Mix the parents' canvases again by the recipe of a row; equals the stored picture exactly."""
    own = Pasteable(recipient, row_placement(row, "a"))
    return paste(row_cut(row), own, Pasteable(donor, row_placement(row, "b")))


def replay_report(row: Row) -> str:
    """Mix the reports again by the edits of a row; equals the stored report exactly."""
    return splice(row["report_a"], [Edit(**edit) for edit in row["edits"]])
