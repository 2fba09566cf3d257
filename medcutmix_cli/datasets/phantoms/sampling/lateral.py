"""Paints a plain lateral view of a phantom: a companion picture without lesions of its own, except pleural fluid."""

from __future__ import annotations

import numpy as np

from medcutmix_cli.datasets.phantoms.canvas import (
    ExposureFrame,
    Layer,
    Points,
    make_frame,
    ribbon,
    smooth_curve,
    step,
)
from medcutmix_cli.datasets.phantoms.exposure import expose
from medcutmix_cli.datasets.phantoms.records import Patient, Phantom

_AIR = 0.95


def paint_lateral(phantom: Phantom, height: int) -> Layer:
    """Paint the left lateral view, chest to image left; (H, W) float32 in [0, 1]."""
    frame = make_frame(phantom.exposure, phantom.aspect, height)
    patient = phantom.patient
    lung = frame.fill([_lung(patient)])
    depth = np.clip(1.3 * frame.soften(lung, 0.14) - 0.3, 0, 1)
    soft = _soft_tissue(frame, patient) - _AIR * lung * (0.45 + 0.55 * depth)
    soft += _heart(frame, patient) * (0.35 + 0.65 * lung)
    soft += _bones(frame, patient) + _hilum(frame, patient)
    for lesion in phantom.lesions:
        if lesion.finding == "pleural_effusion":
            level = max(place.y for place in lesion.places) + 0.06
            soft += 0.65 * lung * step(frame.y - 0.35 * np.clip(0.35 - frame.x, 0, 1), level, 0.08)
    return expose(frame, soft, phantom.exposure)


def _lung(patient: Patient) -> Points:
    h = patient.lung_height
    points = [(0.10, 0.02), (0.36, 0.12), (0.50, 0.40 * h), (0.58, 0.75 * h), (0.60, h + 0.30)]
    points += [(0.40, h + 0.08), (0.10, h - 0.06), (-0.25, h), (-0.58, h + 0.14)]
    points += [(-0.58, 0.75 * h), (-0.46, 0.40 * h), (-0.28, 0.18 * h), (-0.06, 0.05)]
    return smooth_curve(np.array(points), closed=True)


def _soft_tissue(frame: ExposureFrame, patient: Patient) -> Layer:
    g, h = patient.girth, patient.lung_height
    front = [(-0.35, -1.2), (-0.52 - 0.5 * g, -0.3), (-0.66 - 0.4 * g, 0.35 * h)]
    front += [(-0.76 - 0.5 * g - 0.22 * patient.breast, 0.72 * h), (-0.72 - 0.8 * g, h), (-0.78 - g, 3.6)]
    back = [
        (0.80 + 0.6 * g, 3.6),
        (0.84 + 0.5 * g, h),
        (0.80 + 0.4 * g, 0.3 * h),
        (0.66 + 0.3 * g, -0.3),
        (0.5, -1.2),
    ]
    outline = np.vstack([smooth_curve(np.array(front)), smooth_curve(np.array(back))])
    skin = frame.fill([outline])
    soft = skin * (0.20 + 1.15 * np.clip(1.4 * frame.soften(skin, 0.16) - 0.4, 0, 1))
    soft += 0.45 * skin * step(frame.y, h + 0.25, 0.5) + 0.5 * skin * step(-frame.y, 0.05, 0.5)
    soft += 0.02 * frame.texture(patient.anatomy_seed + 11, 0.2) * skin
    return soft


def _heart(frame: ExposureFrame, patient: Patient) -> Layer:
    """Lay the heart on the diaphragm behind the lower sternum, and the aortic arch above it."""
    h, size = patient.lung_height, patient.heart_ratio / 0.45
    left, right = -0.58, -0.58 + 0.72 * size
    points = [(-0.40, 0.46 * h), (-0.14, 0.44 * h), (right - 0.12, 0.60 * h), (right, 0.82 * h)]
    points += [(right - 0.10, h + 0.02), (-0.20, h + 0.10), (left - 0.04, h + 0.10), (left, 0.72 * h)]
    shape = frame.blur(frame.fill([smooth_curve(np.array(points), closed=True)]), 0.03)
    arch = smooth_curve(np.array([(-0.16, 0.55 * h), (-0.08, 0.30 * h), (0.16, 0.28 * h), (0.34, 0.55 * h)]))
    aorta = frame.blur(frame.stroke([arch], [0.20]), 0.04)
    layer: Layer = 0.24 * shape + 0.18 * frame.soften(shape, 0.12) + 0.10 * aorta
    return layer


def _bones(frame: ExposureFrame, patient: Patient) -> Layer:
    h = patient.lung_height
    spine = smooth_curve(
        np.array([(0.42, -0.6), (0.50, 0.1), (0.64, 0.5 * h), (0.66, 0.85 * h), (0.52, h + 0.6), (0.44, 3.4)])
    )
    column = frame.blur(frame.stroke([spine], [0.22]), 0.01)
    discs = np.exp(-(((np.mod(frame.y / 0.19, 1.0) - 0.5) / 0.13) ** 2))
    sternum = frame.stroke(
        [smooth_curve(np.array([(-0.40, 0.10), (-0.56, 0.45 * h), (-0.64, 0.85 * h)]))], [0.055]
    )
    ribs = []
    for number in range(9):
        start = 0.05 + number * h / 8.5
        for shift in (0.0, 0.05):  # right and left ribs never project onto each other
            curve = np.array(
                [
                    (0.66, start + shift),
                    (0.40, start + 0.10 + shift),
                    (0.0, start + 0.34),
                    (-0.40, start + 0.58),
                ]
            )
            ribs.append(ribbon(smooth_curve(curve), 0.055 * patient.bone_width))
    rib_layer = frame.blur(frame.fill(ribs), 0.008) * step(frame.x, -0.25, 0.4)
    layer: Layer = column * (0.36 - 0.12 * discs) + 0.25 * sternum + 0.13 * patient.rib_contrast * rib_layer
    return layer


def _hilum(frame: ExposureFrame, patient: Patient) -> Layer:
    h = patient.lung_height
    centre = np.exp(-(((frame.x - 0.02) / 0.13) ** 2 + ((frame.y - 0.50 * h) / 0.16) ** 2))
    trachea = smooth_curve(np.array([(0.02, -0.6), (0.06, 0.1), (0.10, 0.42 * h)]))
    rng = np.random.default_rng([patient.anatomy_seed, 12])
    ends = rng.uniform((-0.45, 0.15 * h), (0.58, 1.05 * h), (40, 2))
    start = np.array([0.02, 0.5 * h])
    middle = 0.5 * (ends + start) + rng.normal(0, 0.09, (40, 2))
    branches = [smooth_curve(np.vstack([start, bend, end])) for bend, end in zip(middle, ends, strict=True)]
    vessels = frame.blur(frame.stroke(branches, list(rng.uniform(0.004, 0.018, 40))), 0.004)
    layer: Layer = 0.20 * centre + 0.06 * vessels - 0.20 * frame.blur(frame.stroke([trachea], [0.12]), 0.015)
    return layer
