"""Manifold mix by a stored recipe: both parents' hidden states, at any layer. Knows no encoder and no picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from medcutmix_cli.errors import UsageError
from medcutmix_cli.loader.rows import require
from medcutmix_cli.mixing.cut import pixel_weights
from medcutmix_cli.registration.warps import warp_places
from medcutmix_cli.rendering.rows import CUT_COLUMNS, row_cut, row_placement, row_warp
from medcutmix_cli.run.columns import check_names
from medcutmix_cli.run.shards import Row

RECIPE = check_names("pair_id", "lam", *CUT_COLUMNS, "placement_a", "placement_b")
"""The columns that manifold mix needs."""

CLASS_MIXES = ("area", "lam", "a")

Grid = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class LayerMix:
    """The recipes of a batch on the grid of one layer; made once (in a worker, say), used at will.

    Attributes:
        weights: (B, grid_h, grid_w) float32, the donor's share of each cell.
        lam: (B,) float32, the run's named weight: the recipient's share of class tokens, with `class_mix="lam"`.
        shifts: (B, 2) cells that the donor moves down and to the right; None where one is no whole number of cells.
        names: The pairs' ids, for errors.
        places: (B, grid_h, grid_w, 2) float32, where in the donor (x, y in shares of its canvas) each cell of the
            recipient finds what comes there, before the shift; None for rows whose donor was not aligned.
    """

    weights: torch.Tensor
    lam: torch.Tensor
    shifts: tuple[tuple[int, int] | None, ...]
    names: tuple[str, ...]
    places: tuple[torch.Tensor | None, ...] = ()

    @property
    def moves(self) -> bool:
        """Whether any donor is warped or moved."""
        return any(shift != (0, 0) for shift in self.shifts) or any(each is not None for each in self.places)

    def to(self, device: torch.device | str) -> LayerMix:
        """Return it with its tensors on another device."""
        places = tuple(None if each is None else each.to(device) for each in self.places)
        return replace(self, weights=self.weights.to(device), lam=self.lam.to(device), places=places)


def layer_mix(rows: Row | Sequence[Row], grid: Grid) -> LayerMix:
    """Bring the recipes of some rows to the grid of a layer.

    Args:
        rows: One row or several, read with the columns `RECIPE`.
        grid: (grid_h, grid_w) of the layer.

    Raises:
        UsageError: There is no row, or a column of one was not read.
    """
    several = [rows] if isinstance(rows, dict) else list(rows)
    if not several:
        raise UsageError("there is no row to mix by", hint="pass over a batch without rows")
    for row in several:
        require(row, RECIPE, "manifold mix")
    return LayerMix(
        weights=torch.from_numpy(np.stack([layer_weights(row, grid) for row in several])),
        lam=torch.tensor([row["lam"] for row in several], dtype=torch.float32),
        shifts=tuple(_shift(row, grid) for row in several),
        names=tuple(row["pair_id"] for row in several),
        places=tuple(_places(row, grid) for row in several),
    )


def _places(row: Row, grid: Grid) -> torch.Tensor | None:
    warp = row_warp(row)
    return None if warp is None else torch.from_numpy(warp_places(warp, *grid).copy())


def layer_weights(row: Row, grid: Grid) -> npt.NDArray[np.float32]:
    """Return the donor's share of each cell of a layer, (grid_h, grid_w) float32 in [0, 1].

    On the recipe's own grid these are the stored weights, times the part of the cell where both parents have
    picture. On any other, the weights go to pixels by the row's own interpolation, as they did for the picture,
    and each cell takes the mean of its pixels, those that it shares with a neighbour by their part.
    """
    cut, own, given = row_cut(row), row_placement(row, "a"), row_placement(row, "b")
    if cut.weights.shape == grid:
        everywhere = replace(cut, weights=np.ones_like(cut.weights), interpolation="nearest")
        shared = area_average(pixel_weights(everywhere, own, given), grid)
        return (cut.weights.astype(np.float64) * shared).astype(np.float32)
    return area_average(pixel_weights(cut, own, given), grid).astype(np.float32)


def area_average(values: npt.NDArray[Any], grid: Grid) -> npt.NDArray[np.float64]:
    """Average (height, width) values over the cells of another grid, by area; a cell of equal values keeps them."""
    down, across = _overlaps(values.shape[0], grid[0]), _overlaps(values.shape[1], grid[1])
    sums = down @ values.astype(np.float64) @ across.T
    area = np.outer(down.sum(axis=1), across.sum(axis=1))
    return np.asarray(sums / area, dtype=np.float64)


def _overlaps(fine: int, cells: int) -> npt.NDArray[np.float64]:
    """Return how much of each of `fine` steps lies in each of `cells`, (cells, fine), in steps / cells."""
    starts, lows = np.arange(fine) * cells, np.arange(cells)[:, None] * fine
    part = np.minimum(starts + cells, lows + fine) - np.maximum(starts, lows)
    return np.asarray(np.clip(part, 0, None), dtype=np.float64)


def _shift(row: Row, grid: Grid) -> tuple[int, int] | None:
    canvas = row["placement_a"]["canvas"]
    steps = (row["shift_y"] * grid[0], row["shift_x"] * grid[1])
    whole = all(step % canvas == 0 for step in steps)
    return (steps[0] // canvas, steps[1] // canvas) if whole else None


def manifold_mix(
    h_a: torch.Tensor,
    h_b: torch.Tensor,
    mix: Row | Sequence[Row] | LayerMix,
    grid: Grid | None = None,
    *,
    class_tokens: int = 0,
    class_mix: str = "area",
    pasted: bool = False,
) -> torch.Tensor:
    """Mix the hidden states of both parents: `h = (1 - W) * h_a + W * h_b`, cell by cell. Differentiable.

    Both parents go through the encoder being trained, each on its own canvas (`parent_pictures`), up to some layer.
    At the patch embedding of a ViT whose patches are the cells of the recipe, with a hard mask, a gain of 1 and an
    offset of 0, the result is the embedding of the mixed picture, bit for bit (tested on a CPU). With another gain
    or offset it is not: the donor was matched in intensity and rounded to 8 bits before it was pasted, and the
    state of the donor as its file has it knows nothing of that; encode the donor as it was pasted, and they are
    equal again. With soft weights the mixed picture was rounded as well, and a bilinear edge runs within patches:
    near, not equal. Deeper layers have looked beyond their own cell, so that they never are: that is their point.

    Args:
        h_a: The recipients' states: (B, N, D) tokens in reading order, or a (B, C, H, W) map, any float dtype.
        h_b: The donors' states, same shape.
        mix: The rows of the batch in order (one row serves the whole batch), or a `LayerMix`.
        grid: (grid_h, grid_w) of the tokens. By default the recipe's own where it fits, else a square. A map says
            its own.
        class_tokens: Leading tokens that belong to no cell (class token, registers).
        class_mix: What becomes of them: "area" mixes them by the mean weight of the cells, "lam" by the run's named
            weight, "a" keeps the recipients'. `lam` of a default run, `lam_img_mass`, is near 0 by design: such a
            class token would be the donor's above a picture of which nine tenths are the recipient's.
        pasted: `h_b` is of the donors as they were pasted, already aligned and moved. Otherwise a donor that was
            brought onto the recipient's thorax is warped here in the same way, and one that was pasted elsewhere
            moved by whole cells of the layer; tokens that carry a position embedding then bring that of their old
            place, so mix before it is added.

    Returns:
        The mixed states, shape and dtype of `h_a`. A cell of weight 0 or 1 is one parent's, bit for bit.

    Raises:
        UsageError: Shapes, grid and rows do not fit together, or a shift is no whole number of this layer's cells.
    """
    _check(h_a, h_b, class_mix)
    found = _grid_of(h_a, mix, grid, class_tokens)
    layer = (mix if isinstance(mix, LayerMix) else layer_mix(mix, found)).to(h_a.device)
    if len(layer.names) not in (1, len(h_a)):
        raise UsageError(f"{len(layer.names)} rows for a batch of {len(h_a)}", hint="one row, or one of each")
    if h_a.ndim == 4:
        given = h_b if pasted else _moved(h_b, layer)
        return torch.lerp(h_a, given, layer.weights.to(h_a.dtype)[:, None])
    mixed = _mixed_tokens(h_a[:, class_tokens:], h_b[:, class_tokens:], layer, pasted=pasted)
    if class_tokens == 0:
        return mixed
    return torch.cat([_class_tokens(h_a, h_b, layer, class_tokens, class_mix), mixed], dim=1)


def _mixed_tokens(own: torch.Tensor, given: torch.Tensor, layer: LayerMix, *, pasted: bool) -> torch.Tensor:
    """Mix (B, grid_h * grid_w, D) tokens, all of them of a cell."""
    if not pasted and layer.moves:
        maps = given.transpose(1, 2).reshape(len(given), -1, *layer.weights.shape[1:])
        given = _moved(maps, layer).flatten(2).transpose(1, 2)
    return torch.lerp(own, given, layer.weights.to(own.dtype).flatten(1)[..., None])


def _check(h_a: torch.Tensor, h_b: torch.Tensor, class_mix: str) -> None:
    if h_a.shape != h_b.shape or h_a.dtype != h_b.dtype or h_a.ndim not in (3, 4):
        shapes = f"{tuple(h_a.shape)} {h_a.dtype} and {tuple(h_b.shape)} {h_b.dtype}"
        raise UsageError(
            f"these states cannot be mixed: {shapes}", hint="(B, N, D) or (B, C, H, W), both alike"
        )
    if class_mix not in CLASS_MIXES:
        raise UsageError(f"there is no class_mix {class_mix!r}", hint=" or ".join(CLASS_MIXES))


def _grid_of(
    h_a: torch.Tensor, mix: Row | Sequence[Row] | LayerMix, grid: Grid | None, class_tokens: int
) -> Grid:
    """Say which cells the states are of."""
    if h_a.ndim == 4:
        own = (h_a.shape[2], h_a.shape[3])
        if class_tokens or (grid or own) != own:
            raise UsageError(f"a map of {own[0]} x {own[1]} has that grid and no class tokens")
        return _fitting(own, mix)
    count = h_a.shape[1] - class_tokens
    found = grid or _guessed(count, mix)
    if found[0] * found[1] != count or class_tokens < 0:
        raise UsageError(
            f"{count} tokens are no grid of {found[0]} x {found[1]}",
            hint="say grid=(grid_h, grid_w), and class_tokens=1 where a class token comes first",
        )
    return _fitting(found, mix)


def _fitting(grid: Grid, mix: Row | Sequence[Row] | LayerMix) -> Grid:
    if isinstance(mix, LayerMix) and tuple(mix.weights.shape[1:]) != grid:
        raise UsageError(f"this LayerMix is of the grid {tuple(mix.weights.shape[1:])}, the states of {grid}")
    return grid


def _guessed(count: int, mix: Row | Sequence[Row] | LayerMix) -> Grid:
    if isinstance(mix, LayerMix):
        return mix.weights.shape[1], mix.weights.shape[2]
    row = mix if isinstance(mix, dict) else mix[0]
    own = (row["grid_h"], row["grid_w"])
    return own if own[0] * own[1] == count else (isqrt(count), isqrt(count))


def _moved(maps: torch.Tensor, layer: LayerMix) -> torch.Tensor:
    """Bring the donors' (B, C, H, W) maps to where they were pasted; what comes in from outside is 0."""
    if not layer.moves:
        return maps
    times = 1 if len(layer.names) == len(maps) else len(maps)
    places = (layer.places or (None,) * len(layer.names)) * times
    warped = [_warped(each, where) for each, where in zip(maps, places, strict=True)]
    moves = zip(warped, layer.shifts * times, layer.names * times, strict=True)
    return torch.stack([_moved_by(*each) for each in moves])


def _warped(states: torch.Tensor, places: torch.Tensor | None) -> torch.Tensor:
    """Look the donor's (C, H, W) states up at its places, bilinear, as rendering warps features and maps."""
    if places is None:
        return states
    inside = ((places >= 0) & (places <= 1)).all(dim=-1)
    fine = torch.promote_types(states.dtype, torch.float32)  # half a float has no room for places
    where = (2 * places - 1)[None].to(fine)
    found = functional.grid_sample(states[None].to(fine), where, padding_mode="border", align_corners=False)[
        0
    ]
    return torch.where(inside, found, torch.zeros_like(found)).to(states.dtype)


def _moved_by(states: torch.Tensor, shift: tuple[int, int] | None, name: str) -> torch.Tensor:
    if shift is None:
        raise UsageError(
            "the donor was moved by no whole number of this layer's cells",
            where=name,
            hint="encode the donor as it was pasted (parent_pictures), and say pasted=True",
        )
    (to_y, from_y), (to_x, from_x) = (_spans(*each) for each in zip(shift, states.shape[1:], strict=True))
    moved = torch.zeros_like(states)
    moved[:, to_y, to_x] = states[:, from_y, from_x]
    return moved


def _spans(step: int, length: int) -> tuple[slice, slice]:
    """Return (where to, where from) along one axis."""
    step = max(-length, min(length, step))
    return slice(max(step, 0), length + min(step, 0)), slice(max(-step, 0), length - max(step, 0))


def _class_tokens(
    h_a: torch.Tensor, h_b: torch.Tensor, layer: LayerMix, count: int, class_mix: str
) -> torch.Tensor:
    own, given = h_a[:, :count], h_b[:, :count]
    if class_mix == "a":
        return own
    share = 1 - layer.lam if class_mix == "lam" else layer.weights.mean((1, 2))
    return torch.lerp(own, given, share.to(h_a.dtype)[:, None, None])
