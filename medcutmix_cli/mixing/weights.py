"""How much of the recipient is left: every definition is stored, one is named the default.

All weights are the recipient's share, in [0, 1]. They are not interchangeable: one 20 % mask can read
0.80, 0.70 and 0.60. In a same-finding swap they say how much of A's identity remains; the disease does not
soften, since both parents have it.

A weight is never NaN. Where a parent has no map (no sentence was asked of it) no cell counts more than another:
`mass` and `transmix` are then `area`, `mass_kept_a` is `area` for a recipient and `mass_got_b` is `1 - area` for a
donor without one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from medcutmix_cli.attention import Scores, read_energy
from medcutmix_cli.mixing.movement import IN_ITS_PLACE, Movement
from medcutmix_cli.records import ImageWeights

Grid = npt.NDArray[np.float64]


def image_weights(
    area: float,
    grid: npt.NDArray[np.float16],
    map_a: Scores,
    map_b: Scores,
    energy: str = "softmax",
    movement: Movement = IN_ITS_PLACE,
) -> ImageWeights:
    """Compute all image weights of a mix.

    Args:
        area: Mean of the pixel weights over the recipient's picture, in [0, 1].
        grid: (grid_h, grid_w) float16 donor weights, in the recipient's frame.
        map_a: (grid_h, grid_w) raw scores of the recipient's sentence over the recipient.
        map_b: (grid_h, grid_w) raw scores of the donor's sentence over the donor, before it is moved.
        energy: How the scores are read: "softmax", "relu" or "decoder". A map without positive evidence in
            that reading counts as flat; one without a finite cell is no map.
        movement: How the donor is brought to the recipient; what leaves the canvas is lost.
    """
    donor, left = grid.astype(np.float64), _unit(1.0 - area)
    has_a, has_b = bool(np.isfinite(map_a).any()), bool(np.isfinite(map_b).any())
    came = movement.move_energy(_mass(map_b, energy))
    # A stretched map is sampled, so that a sharp one may come to a little more than it was.
    kept = _unit(float((_mass(map_a, energy) * (1 - donor)).sum())) if has_a else left
    got = _unit(float((came * donor).sum())) if has_b else 1.0 - left
    both = has_a and has_b
    return ImageWeights(
        area=left,
        mass=_unit(_share(kept, got)) if both else left,
        transmix=_unit(_transmix(donor, map_a, map_b, energy, movement)) if both else left,
        mass_kept_a=kept,
        mass_got_b=got,
    )


def _mass(scores: Scores, energy: str) -> Grid:
    mass = read_energy(scores, energy)
    return mass if mass.any() else read_energy(np.where(np.isfinite(scores), np.float32(0), scores))


def _share(kept: float, got: float) -> float:
    """Return kept / (kept + got); 0 where nothing is kept and nothing got: the evidence is lost."""
    return kept / (kept + got) if kept + got > 0 else 0.0


def _unit(value: float) -> float:
    """Round float noise back into [0, 1]."""
    return min(1.0, max(0.0, value))


def _transmix(donor: Grid, map_a: Scores, map_b: Scores, energy: str, movement: Movement) -> float:
    both = np.concatenate([map_a.ravel(), map_b.ravel()])
    energies = read_energy(both, energy).reshape(2, *donor.shape)
    mixed = (1 - donor) * energies[0] + donor * movement.move_energy(energies[1])
    total = mixed.sum()
    return float(((1 - donor) * mixed).sum() / total) if total > 0 else 1.0 - float(donor.mean())


def image_area(weights: ImageWeights) -> float:
    """Name `img-area` as the sample's lambda (entry point)."""
    return weights.area


def image_mass(weights: ImageWeights) -> float:
    """Name `img-mass` as the sample's lambda (entry point); the area where a parent has no map."""
    return weights.mass


def image_transmix(weights: ImageWeights) -> float:
    """Name `img-transmix` as the sample's lambda (entry point); the area where a parent has no map."""
    return weights.transmix


def label_targets(
    recipient: tuple[float, ...], given: tuple[float, ...], mixed: tuple[float, ...], lam: float
) -> tuple[float, ...]:
    """Return a soft multi-label target, one value in [0, 1] or NaN a CheXpert observation.

    Only what the mixed report says can have a target: NaN stays NaN. Otherwise CutMix arithmetic over those
    that say something: `lam * y_a + (1 - lam) * y_given`, or the y of the only one that does. The donor's
    other findings do not count: their evidence was not pasted. An observation that both assert keeps
    weight 1: the disease does not soften. What was said against the mixed report has left it, or was said of another
    lesion, and does not count: what was denied or doubted and then came has target 1, what was asserted and is denied
    now has 0, and what was asserted and is only doubted now counts as doubted. Uncertain (-1) counts as 0.5.

    Args:
        recipient: What the recipient's own report says.
        given: What the donor's inserted sentences say.
        mixed: What the mixed report says.
        lam: The recipient's share.
    """
    rows = zip(recipient, given, mixed, strict=True)
    return tuple(_target(a, b, m, lam) for a, b, m in rows)


def _target(a: float, b: float, mixed: float, lam: float) -> float:
    if np.isnan(mixed):
        return float("nan")
    if mixed >= 0:  # a report says one thing: who said another says so no more, or said it of another lesion
        a, b = (y if y == mixed else float("nan") for y in (a, b))
    elif a == 1:
        a = mixed
    stated = [(w, 0.5 if y < 0 else y) for w, y in ((lam, a), (1 - lam, b)) if not np.isnan(y)]
    total = sum(w for w, _ in stated)
    # A parent of weight 0 that alone names the observation still decides it.
    return sum(w * y for w, y in stated) / total if total > 0 else (0.5 if mixed < 0 else mixed)
