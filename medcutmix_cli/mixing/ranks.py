"""Which patches of a mixed picture answer most: what attention-masked image modelling hides first (XLIP)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from medcutmix_cli.attention import read_energy
from medcutmix_cli.mixing.movement import movement_of
from medcutmix_cli.mixing.views import View
from medcutmix_cli.records import Cut

Rank = npt.NDArray[np.uint16]


def rank_of(energy: npt.NDArray[np.float64]) -> Rank:
    """Rank cells by their energy: 0 is the strongest; ties go to the first in reading order.

    Args:
        energy: (grid_h, grid_w) >= 0.

    Returns:
        (grid_h, grid_w) uint16, each number from 0 to grid_h * grid_w - 1 once: every mask ratio is then free.
    """
    order = np.argsort(-energy, axis=None, kind="stable")
    rank = np.empty(energy.size, dtype=np.uint16)
    rank[order] = np.arange(energy.size, dtype=np.uint16)
    return rank.reshape(energy.shape)


def composed_rank(cut: Cut, recipient: View, donor: View, energy: str = "softmax") -> Rank:
    """Rank the cells of the mix by `(1 - w) * energy_A + w * energy_B`: no encoder has seen the mixed picture.

    B's energy is moved with its pixels. A parent without a map has no energy; where neither has any, the rank is
    the reading order and says nothing.
    """
    own, given = read_energy(recipient.scores, energy), read_energy(donor.scores, energy)
    moved = movement_of(cut, donor.placement.canvas).move_energy(given)
    weights = cut.weights.astype(np.float64)
    return rank_of((1 - weights) * own + weights * moved)
