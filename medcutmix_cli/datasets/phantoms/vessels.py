"""Grows the branching lung vessels from the hila outward, in the body frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medcutmix_cli.datasets.phantoms.anatomy import SIGN
from medcutmix_cli.datasets.phantoms.records import Patient

_STEPS = 5
_THINNEST = 0.0025


@dataclass(frozen=True, slots=True)
class Vessels:
    """Unbranched pieces of the vessel trees.

    Attributes:
        curves: (n, 6, 2) float64, centre lines in the body frame.
        widths: (n,) float64, body units.
    """

    curves: NDArray[np.float64]
    widths: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Tips:
    """The growing ends of one generation; headings: 0 is lateral, pi/2 down."""

    start: NDArray[np.float64]
    heading: NDArray[np.float64]
    width: NDArray[np.float64]
    sign: NDArray[np.float64]


def hilum(patient: Patient, side: str) -> tuple[float, float]:
    """Return the point from which one side's vessels spread; the left hilum lies higher."""
    y = patient.lung_height * (0.50 if side == "left" else 0.535)
    return SIGN[side] * 0.27 * (0.6 + 0.4 * patient.mediastinum), y


def grow_vessels(patient: Patient) -> Vessels:
    """Grow both vessel trees, one generation at a time."""
    rng = np.random.default_rng([patient.anatomy_seed, 11])
    tips = _stems(rng, patient)
    curves, widths = [], []
    while len(tips.width):
        grown, last = _extend(rng, tips)
        curves.append(grown)
        widths.append(tips.width)
        tips = _fork(rng, tips, grown[:, -1], last)
    return Vessels(np.concatenate(curves), np.concatenate(widths))


def _stems(rng: np.random.Generator, patient: Patient) -> _Tips:
    """Draw the main branches of both sides: up, down, few sideways, and one wide artery that descends."""
    up, down = round(4 * patient.vessel_density), round(5 * patient.vessel_density)
    one_side = np.concatenate([np.linspace(-1.35, -0.45, up), [0.0], np.linspace(0.35, 1.25, down), [1.36]])
    count = len(one_side)
    heading = np.tile(one_side, 2) + rng.normal(0, 0.13, 2 * count)
    sign = np.repeat([-1.0, 1.0], count)
    roots = np.array([hilum(patient, side) for side in ("right", "left")])
    start = np.repeat(roots, count, axis=0) + rng.normal(0, 0.025, (2 * count, 2))
    start[:, 0] -= 0.06 * sign * np.cos(heading)
    start[:, 1] += 0.17 * np.sin(heading)
    width = 0.0225 * np.where(
        np.sin(heading) > 0.25, 1.2, 0.9
    )  # upright, the lower vessels are the wider ones
    width = np.where(np.tile(one_side == 1.36, 2), 0.040, width)
    return _Tips(start, heading, width * rng.uniform(0.7, 1.25, 2 * count), sign)


def _extend(rng: np.random.Generator, tips: _Tips) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    count = len(tips.width)
    length = rng.uniform(0.7, 1.3, count) * (0.05 + 4.0 * np.minimum(tips.width, 0.035)) / _STEPS
    bend = rng.normal(0, 0.06, (count, 1)) + rng.normal(0, 0.07, (count, _STEPS))
    heading = tips.heading[:, None] + np.cumsum(bend, axis=1)
    moves = np.stack([tips.sign[:, None] * np.cos(heading), np.sin(heading)], axis=2) * length[:, None, None]
    start = tips.start[:, None]
    return np.concatenate([start, start + np.cumsum(moves, axis=1)], axis=1), heading[:, -1]


def _fork(
    rng: np.random.Generator, tips: _Tips, end: NDArray[np.float64], heading: NDArray[np.float64]
) -> _Tips:
    """Split every tip into a straighter, wider child and a thinner side branch; the thinnest ends stop."""
    count = len(heading)
    turn = rng.choice([-1.0, 1.0], count)
    spread = rng.uniform(0.45, 0.95, count)
    width = np.concatenate(
        [tips.width * rng.uniform(0.72, 0.88, count), tips.width * rng.uniform(0.36, 0.66, count)]
    )
    headings = np.concatenate([heading - 0.22 * turn * spread, heading + turn * spread])
    keep = width > _THINNEST
    return _Tips(np.tile(end, (2, 1))[keep], headings[keep], width[keep], np.tile(tips.sign, 2)[keep])
