"""Paints a healthy thorax as attenuation: how much the body weakens the beam at every pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from medcutmix_cli.datasets.phantoms import anatomy
from medcutmix_cli.datasets.phantoms.canvas import ExposureFrame, Layer, Points, ribbon, smooth_curve, step
from medcutmix_cli.datasets.phantoms.records import Patient
from medcutmix_cli.datasets.phantoms.vessels import grow_vessels, hilum

SIDES = ("right", "left")
AIR = 0.88  # attenuation that a full depth of lung takes away


@dataclass(frozen=True, slots=True)
class Thorax:
    """Layers of a healthy thorax, each (H, W) float32, before lesions change them.

    Attributes:
        soft: attenuation of everything but lung vessels.
        vessels: attenuation of lung vessels, >= 0.
        lungs: side -> coverage in [0, 1] of the aerated lung.
        air: how much attenuation the lung takes away, >= 0; already taken from `soft`.
        heart: coverage of the heart in [0, 1].
    """

    soft: Layer
    vessels: Layer
    lungs: dict[str, Layer]
    air: Layer
    heart: Layer


def paint_thorax(frame: ExposureFrame, patient: Patient) -> Thorax:
    """Paint the healthy layers of one patient."""
    coarse = frame.coarse or frame
    lungs = {side: frame.fill([anatomy.lung(patient, side)]) for side in SIDES}
    both = np.maximum(lungs["right"], lungs["left"])
    heart = frame.fill([anatomy.heart(patient)])
    organs = frame.blur(np.maximum(heart, frame.fill([anatomy.mediastinum(patient)])), 0.006)
    grain = 1 + 0.035 * frame.texture(patient.anatomy_seed + 2, 0.035)
    air = both * grain * frame.enlarge(_lung_depth(coarse, patient))
    air *= 1 - 0.58 * organs  # organs in front of the lung displace it
    soft = _soft_tissue(frame, coarse, patient)
    soft += np.maximum(_mediastinum(frame, coarse, patient, organs), _abdomen(frame, coarse, patient))
    soft += frame.enlarge(_hila(coarse, patient)) * (0.4 + 0.6 * both)
    soft += _bones(frame, coarse, patient)
    soft -= air
    soft -= _airways(frame, patient)
    soft -= _gastric_bubble(frame, patient)
    vessels = _vessels(frame, patient) * ((0.04 + 0.96 * both) * (1 - 0.65 * organs))
    return Thorax(soft, vessels, lungs, air, heart)


def _lung_depth(coarse: ExposureFrame, patient: Patient) -> Layer:
    """How much the lung takes away at each place: little along the wall, the apex and the midline."""
    lungs = coarse.fill([anatomy.lung(patient, side) for side in SIDES])
    depth = np.clip(coarse.soften(lungs, 0.12) * 1.3 - 0.25, 0, 1)
    midline = 0.25 + 0.75 * step(np.abs(coarse.x - np.float32(patient.turn)), 0.19, 0.30)
    uneven = 1 + 0.05 * coarse.texture(patient.anatomy_seed + 3, 0.3)
    taken: Layer = np.float32(AIR) * (0.50 + 0.50 * depth) * midline * uneven
    return taken


def _soft_tissue(frame: ExposureFrame, coarse: ExposureFrame, patient: Patient) -> Layer:
    skin = frame.fill([anatomy.body(patient)])
    outline = coarse.fill([anatomy.body(patient)])
    depth = 0.5 * coarse.soften(outline, 0.09) + 0.5 * coarse.soften(outline, 0.32)
    depth = (0.06 + 1.24 * np.clip(1.35 * depth - 0.42, 0, 1)) * (1 + 0.4 * patient.girth)
    depth += 0.10 * step(coarse.y, 1.2, 2.0) + 0.018 * coarse.texture(patient.anatomy_seed + 1, 0.25)
    soft = skin * (frame.enlarge(depth) + 0.006 * frame.texture(patient.anatomy_seed + 4, 0.05))
    if patient.breast > 0:
        breasts = frame.blur(frame.fill([anatomy.breast(patient, side) for side in SIDES]), 0.015)
        hanging = 0.20 * patient.breast * (0.25 + 0.75 * step(coarse.y, 1.15, 0.7))
        soft += skin * breasts * frame.enlarge(hanging)
    return soft


def _abdomen(frame: ExposureFrame, coarse: ExposureFrame, patient: Patient) -> Layer:
    """Add what lies below the diaphragm: a sharp upper edge against the lung, a gradual one in the flanks."""
    gradual = coarse.soften(coarse.fill([anatomy.abdomen(patient, 2.4)]), 0.22)
    strength = step(-np.abs(coarse.x), -1.08, 0.30) * (0.28 + 0.34 * gradual)
    below = frame.fill([anatomy.abdomen(patient)])
    return np.maximum(below, frame.enlarge(gradual**2 * step(np.abs(coarse.x), 0.955, 0.04))) * frame.enlarge(
        strength
    )


def _mediastinum(frame: ExposureFrame, coarse: ExposureFrame, patient: Patient, organs: Layer) -> Layer:
    shape = coarse.fill([anatomy.heart(patient), anatomy.mediastinum(patient)])
    from_neck = step(coarse.y, -0.02, 0.7)
    layer = organs * frame.enlarge((0.19 + 0.27 * coarse.soften(shape, 0.18)) * from_neck)
    layer += 0.07 * frame.blur(frame.fill([_descending_aorta(patient)]), 0.012)
    return layer


def _hila(coarse: ExposureFrame, patient: Patient) -> Layer:
    layer = np.zeros_like(coarse.x)
    for side in SIDES:
        x, y = hilum(patient, side)
        layer += np.exp(-(((coarse.x - x) / 0.11) ** 2 + ((coarse.y - y) / 0.20) ** 2))
    return np.float32(0.18) * layer


def _descending_aorta(patient: Patient) -> Points:
    m, h = patient.mediastinum, patient.lung_height
    edge = np.array(
        [(0.19 * m + 0.08 * patient.knob, 0.31 * h), (0.20 * m, 0.55 * h), (0.17, 0.85 * h), (0.13, 1.1 * h)]
    )
    outline = np.vstack([smooth_curve(edge), [(0.0, 1.1 * h), (0.0, 0.31 * h)]])
    return anatomy.turn_points(outline, patient)


def _bones(frame: ExposureFrame, coarse: ExposureFrame, patient: Patient) -> Layer:
    flat = frame.fill([anatomy.clavicle(patient, side) for side in SIDES])
    flat += 0.7 * frame.fill([anatomy.shoulder_spine(patient, side) for side in SIDES])
    bones = 0.22 * _bone(frame, flat, 0.02)
    bones += 0.13 * _bone(frame, frame.fill([anatomy.scapula(patient, side) for side in SIDES]), 0.03)
    bones += 0.30 * _bone(frame, frame.fill([anatomy.humerus(patient, side) for side in SIDES]), 0.05)
    bones += patient.rib_contrast * _ribs(frame, coarse, patient)
    _add_spine(frame, patient, bones)
    return bones


def _bone(frame: ExposureFrame, shape: Layer, cortex: float) -> Layer:
    """Give a filled shape a denser rim."""
    rim = np.clip(1 - frame.blur(shape, cortex), 0, 0.5)
    return frame.blur(shape * (0.65 + 1.3 * rim), 0.007)


def _ribs(frame: ExposureFrame, coarse: ExposureFrame, patient: Patient) -> Layer:
    ribs = anatomy.ribs(patient)
    upper = np.tile(np.arange(11) < 8, 2)  # the lower ones have no bone in front
    back = _rib_layer(frame, ribbon(ribs.back, ribs.width[:, None]))
    front = _rib_layer(frame, ribbon(ribs.front[upper], 1.15 * ribs.width[upper, None]))
    bone = step(np.abs(coarse.x) - 0.16 * coarse.y, 0.40, 0.40)  # nearer the sternum is cartilage
    return frame.blur(0.21 * back + front * frame.enlarge(0.13 * bone), 0.006)


def _rib_layer(frame: ExposureFrame, outlines: Points) -> Layer:
    half = outlines.shape[1] // 2
    layer = 0.72 * frame.fill(list(outlines))
    layer += 0.32 * frame.stroke(list(outlines[:, :half]), [0.011] * len(outlines))
    layer += 0.42 * frame.stroke(list(outlines[:, half:]), [0.016] * len(outlines))
    return layer


def _add_spine(frame: ExposureFrame, patient: Patient, bones: Layer) -> None:
    """Add vertebral bodies, discs, pedicles and spinous processes within the columns that hold the spine."""
    near = np.flatnonzero((np.abs(frame.x) < 0.34).any(axis=0))
    if not len(near):
        return
    columns = slice(int(near[0]), int(near[-1]) + 1)
    x, y = frame.x[:, columns], frame.y[:, columns]
    across = np.abs(x - np.float32(0.4 * patient.turn) - np.float32(patient.scoliosis) * np.sin(1.6 * y))
    phase = np.mod(y / (0.145 + 0.02 * y), 1.0)
    disc = np.exp(-(((phase - 0.5) / 0.10) ** 2))
    end = np.exp(-(((phase - 0.95) / 0.14) ** 2))
    pedicle = np.exp(-(((across - 0.075) / 0.022) ** 2)) * end
    process = step(-across, -0.19, 0.05) * np.exp(-((phase / 0.12) ** 2))
    bones[:, columns] += step(-across, -0.125, 0.03) * (0.15 - 0.06 * disc) + 0.09 * pedicle + 0.05 * process


def _airways(frame: ExposureFrame, patient: Patient) -> Layer:
    carina, t = carina_y(patient), patient.turn
    trachea = smooth_curve(np.array([(0.0, -0.7), (0.6 * t, 0.1), (t - 0.015, carina)]))
    right = smooth_curve(
        np.array([(t - 0.015, carina - 0.01), (t - 0.12, carina + 0.17), (t - 0.24, carina + 0.30)])
    )
    left = smooth_curve(
        np.array([(t - 0.015, carina - 0.01), (t + 0.13, carina + 0.14), (t + 0.30, carina + 0.24)])
    )
    tube = frame.blur(frame.stroke([trachea], [0.115]), 0.014)
    bronchi = frame.blur(frame.stroke([right, left], [0.085, 0.075]), 0.016)
    return 0.22 * tube + 0.13 * bronchi * (1 - tube)


def carina_y(patient: Patient) -> float:
    """Return the height at which the trachea divides."""
    return 0.36 * patient.lung_height


def _gastric_bubble(frame: ExposureFrame, patient: Patient) -> Layer:
    if patient.gastric_bubble <= 0:
        return np.zeros_like(frame.x)
    size = 0.10 + 0.14 * patient.gastric_bubble
    y = anatomy.dome_y(patient, "left") + 0.08 + 0.8 * size
    t = np.linspace(0, 2 * np.pi, 30, endpoint=False)
    wobble = 1 + 0.12 * np.sin(2 * t + patient.anatomy_seed % 7)
    outline = np.column_stack([0.50 + 1.3 * size * wobble * np.cos(t), y + 0.75 * size * wobble * np.sin(t)])
    return 0.35 * frame.blur(frame.fill([outline]), 0.02)


def _vessels(frame: ExposureFrame, patient: Patient) -> Layer:
    grown = grow_vessels(patient)
    layer = frame.stroke_tree(grown.curves, grown.widths)
    return 0.42 * cv2.GaussianBlur(layer, (0, 0), max(0.35, 0.0038 * frame.scale)).astype(
        np.float32, copy=False
    )
