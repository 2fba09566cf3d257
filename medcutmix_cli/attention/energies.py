"""Read the raw scores of a map as an energy: how its evidence is spread over the cells.

Which reading is right depends on what the scores are, and that the encoder's authors decided; each is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from medcutmix_cli.attention.cells import Scores

Energy = npt.NDArray[np.float64]
"""(grid_h, grid_w) >= 0."""


def _softmax(scores: Energy) -> Energy:
    """One head of cross-attention. The scores are logits: their temperature is already in them."""
    return np.asarray(np.exp(scores - scores.max()))


def _relu(scores: Energy) -> Energy:
    """The positive part, as class activation maps are read (Grad-CAM, arXiv 1610.02391, eq. 2)."""
    return np.maximum(scores, 0.0)


def _decoder(scores: Energy) -> Energy:
    """The probability of each cell: the score is the logit of a decoder, as segmentation heads are trained."""
    from scipy import special

    return np.asarray(special.expit(scores))


_READINGS: Mapping[str, Callable[[Energy], Energy]] = {
    "softmax": _softmax,
    "relu": _relu,
    "decoder": _decoder,
}


def check_energy(name: str) -> None:
    """Refuse a reading that there is not.

    Raises:
        ValueError: With the known ones.
    """
    if name not in _READINGS:
        raise ValueError(f"energy must be one of {', '.join(_READINGS)}, not {name!r}")


def evidence(scores: Scores, energy: str = "softmax") -> Energy:
    """Return what each cell counts, before it is brought to a sum of 1; NaN cells count 0.

    Args:
        scores: (grid_h, grid_w) raw map.
        energy: "softmax", "relu" or "decoder".
    """
    finite = np.isfinite(scores)
    counted = np.zeros(scores.shape, dtype=np.float64)
    if finite.any():
        counted[finite] = _READINGS[energy](scores[finite].astype(np.float64))
    return counted


def read_energy(scores: Scores, energy: str = "softmax") -> Energy:
    """Return the share of the evidence that each cell holds, (grid_h, grid_w), sums to 1.

    All cells are 0 where there is no positive evidence (relu of a map that is nowhere above 0, or a map without
    a finite cell): shares of nothing are not made up here.
    """
    counted = evidence(scores, energy)
    return np.asarray(counted / max(counted.sum(), np.finfo(np.float64).tiny))


def attention_mass(scores: Scores) -> Energy:
    """Read a map as one head of cross-attention: softmax over its cells."""
    return read_energy(scores, "softmax")
