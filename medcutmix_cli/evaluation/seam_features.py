"""What a seam shows in, taken from a picture at its full size, so that a small network can see it.

A mixed picture betrays itself by grey levels that do not fit, by noise that is weaker where two pictures are averaged,
by sharpness that differs, and by contours that do not go on. Fixed filters; nothing here is trained.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import avg_pool2d, conv2d, pad

CHANNELS, CELL = 4, 4
"""Features of each cell, and pixels along its side."""

_AROUND = 8  # cells: how far "local" reaches in the normalised picture


def seam_features(pixels: npt.NDArray[np.uint8]) -> torch.Tensor:
    """Return (n, 4, side / 4, side / 4) float32 of (n, side, side) uint8.

    In this order: the picture, normalised by mean and contrast around; the level of its finest grain (noise); that of
    the next coarser one (sharpness); the picture itself. Each about in [-2, 2].
    """
    shown = torch.from_numpy(np.array(pixels))[:, None].float() / 255
    soft = _blur(shown)
    cells = avg_pool2d(shown, CELL)
    features = (
        _normalise(cells),
        (_level(shown - soft) + 9) / 2,
        (_level(_blur(soft) - _blur(_blur(_blur(soft)))) + 9) / 2,
        cells * 2 - 1,
    )
    return torch.cat(features, dim=1)


def _blur(shown: torch.Tensor) -> torch.Tensor:
    """Blur by the 3 x 3 binomial filter."""
    row = torch.tensor([0.25, 0.5, 0.25])
    return conv2d(pad(shown, (1, 1, 1, 1), mode="reflect"), torch.outer(row, row)[None, None])


def _level(band: torch.Tensor) -> torch.Tensor:
    """Return the log of a band's energy in each cell."""
    return torch.log(avg_pool2d(band * band, CELL) + 1e-6)


def _normalise(cells: torch.Tensor) -> torch.Tensor:
    local = _mean_around(cells)
    contrast = torch.sqrt(_mean_around((cells - local) ** 2) + 1e-4)
    return (cells - local) / contrast


def _mean_around(cells: torch.Tensor) -> torch.Tensor:
    # Half of a small canvas is as far as reflection goes.
    reach = min(_AROUND, (cells.shape[-1] - 1) // 2)
    return avg_pool2d(pad(cells, (reach,) * 4, mode="reflect"), 2 * reach + 1, stride=1)
