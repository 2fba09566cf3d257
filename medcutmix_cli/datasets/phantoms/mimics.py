"""What looks like a finding and is none: folds and leads of the skin, nipples, scars, crowded vessels, old granulomas.

No report speaks of a mimic, and no label: they are why a faint shadow alone does not give a finding away.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from medcutmix_cli.datasets.phantoms import anatomy
from medcutmix_cli.datasets.phantoms.canvas import ExposureFrame, Layer, smooth_curve, step
from medcutmix_cli.datasets.phantoms.draw_lesions import BodySide
from medcutmix_cli.datasets.phantoms.records import Mimic, Patient
from medcutmix_cli.datasets.phantoms.thorax import Thorax
from medcutmix_cli.datasets.phantoms.vessels import hilum

SHARES = {
    "fold": 0.12,
    "nipple": 0.08,
    "scar": 0.28,
    "lead": 0.15,
    "crowding": 0.20,
    "granuloma": 0.06,
    "haze": 0.18,
}
"""Share of phantoms that show each kind; folds, leads and crowding are half as frequent again in AP views."""


def draw_mimics(rng: np.random.Generator, view: str) -> tuple[Mimic, ...]:
    """Draw what else a picture shows; the same number of draws whatever comes of them."""
    found: list[Mimic] = []
    for kind, share in SHARES.items():
        chance, side, place, strength, seed = rng.random(5)
        often = share * (1.5 if view == "AP" and kind in ("fold", "lead", "crowding") else 1.0)
        if chance < often:
            name: BodySide = "left" if side < 0.5 else "right"
            found.append(Mimic(kind, name, float(place), float(strength), int(seed * (1 << 31))))
    return tuple(found)


def paint_mimic(frame: ExposureFrame, patient: Patient, thorax: Thorax, mimic: Mimic) -> None:
    """Add one mimic to the layers of a thorax, in place."""
    _PAINTERS[mimic.kind](frame, patient, thorax, mimic)


def _between(low: float, high: float, share: float) -> float:
    return low + (high - low) * share


def _fold(frame: ExposureFrame, patient: Patient, thorax: Thorax, mimic: Mimic) -> None:
    """A fold of skin: an edge down the side of the thorax, denser on its inner side and fading there."""
    sign, h = anatomy.SIGN[mimic.side], patient.lung_height
    top, bottom = _between(0.50, 0.80, mimic.place), _between(0.95, 0.70, mimic.place)
    along = np.clip(frame.y / h, 0, 1)
    edge = top + (bottom - top) * along - sign * frame.x
    inside = (
        step(edge, 0.0, 0.02) * np.exp(-np.clip(edge, 0, 2) / 0.16) * (frame.y > 0.1) * (frame.y < 0.9 * h)
    )
    thorax.soft[...] += _between(0.08, 0.20, mimic.strength) * inside


def _nipple(frame: ExposureFrame, patient: Patient, thorax: Thorax, mimic: Mimic) -> None:
    x = anatomy.SIGN[mimic.side] * _between(0.50, 0.72, mimic.place)
    _spot(frame, thorax, (x, 0.70 * patient.lung_height), 0.055, _between(0.18, 0.38, mimic.strength))


def _granuloma(frame: ExposureFrame, patient: Patient, thorax: Thorax, mimic: Mimic) -> None:
    rng = np.random.default_rng(mimic.seed)
    y = _between(0.2, 0.7, mimic.place) * patient.lung_height
    x = anatomy.SIGN[mimic.side] * float(rng.uniform(0.35, 0.7))
    _spot(frame, thorax, (x, y), float(rng.uniform(0.022, 0.040)), _between(0.5, 0.9, mimic.strength))


def _spot(
    frame: ExposureFrame, thorax: Thorax, centre: tuple[float, float], radius: float, strength: float
) -> None:
    t = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    disc = frame.fill([np.array(centre) + radius * np.column_stack([np.cos(t), np.sin(t)])])
    thorax.soft[...] += strength * frame.blur(disc, 0.012)


def _scar(frame: ExposureFrame, patient: Patient, thorax: Thorax, mimic: Mimic) -> None:
    """A scar in the costophrenic angle: blunted, with the dome still sharp beside it."""
    lung = thorax.lungs[mimic.side]
    from_wall = 1.0 - frame.x * np.float32(anatomy.SIGN[mimic.side])
    height = _between(0.06, 0.16, mimic.place)
    level = anatomy.dome_y(patient, mimic.side) + 0.10 - height * np.exp(-np.clip(from_wall, 0, 2) / 0.07)
    cover = lung * step(frame.y - level, 0.0, 0.05) * step(-from_wall, -0.28, 0.08)
    thorax.soft[...] += cover * _between(0.35, 0.75, mimic.strength) * thorax.air


def _lead(frame: ExposureFrame, patient: Patient, thorax: Thorax, mimic: Mimic) -> None:
    """A monitoring lead on the skin: a wire with a button at its end."""
    rng, sign = np.random.default_rng(mimic.seed), anatomy.SIGN[mimic.side]
    end = np.array([sign * _between(0.35, 0.85, mimic.place), float(rng.uniform(0.15, 1.2))])
    far = np.array([sign * float(rng.uniform(-0.3, 1.2)), float(rng.uniform(1.7, 2.3))])
    middle = (end + far) / 2 + rng.normal(0, 0.18, 2)
    wire = frame.stroke([smooth_curve(np.array([end, middle, far]))], [0.014])
    thorax.soft[...] += _between(0.25, 0.55, mimic.strength) * frame.blur(wire, 0.003)
    _spot(frame, thorax, (float(end[0]), float(end[1])), 0.045, _between(0.2, 0.5, mimic.strength))


def _crowding(frame: ExposureFrame, patient: Patient, thorax: Thorax, mimic: Mimic) -> None:
    """Shallow breath: the bases of both lungs hold less air, and their vessels are crowded."""
    low = step(frame.y, _between(0.95, 0.75, mimic.place) * patient.lung_height, 0.45)
    both = np.maximum(thorax.lungs["left"], thorax.lungs["right"])
    thorax.soft[...] += _between(0.10, 0.28, mimic.strength) * thorax.air * low * both
    thorax.vessels[...] *= 1 + 0.5 * low * both


def _haze(frame: ExposureFrame, patient: Patient, thorax: Thorax, mimic: Mimic) -> None:
    """Soft tissue before one lung, or full hila: haze that no finding makes."""
    sides = ("left", "right") if mimic.place < 0.6 else (mimic.side,)
    for side in sides:
        x, y = hilum(patient, side)
        dx, dy = (frame.x - np.float32(1.3 * x)) / 0.42, (frame.y - np.float32(y + 0.2)) / 0.55
        cover: Layer = thorax.lungs[side] * np.exp(-0.5 * (dx * dx + dy * dy)).astype(np.float32)
        thorax.soft[...] += _between(0.08, 0.25, mimic.strength) * thorax.air * cover


_PAINTERS: dict[str, Callable[[ExposureFrame, Patient, Thorax, Mimic], None]] = {
    "fold": _fold,
    "nipple": _nipple,
    "scar": _scar,
    "lead": _lead,
    "crowding": _crowding,
    "granuloma": _granuloma,
    "haze": _haze,
}
