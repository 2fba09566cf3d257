"""Paints a healthy thorax as attenuation: how much the body weakens the beam at every pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from medcutmix_cli.datasets.phantoms import anatomy
from medcutmix_cli.datasets.phantoms.canvas import Frame, Layer, Points, smooth_curve, step
from medcutmix_cli.datasets.phantoms.records import Patient
from medcutmix_cli.datasets.phantoms.vessels import grow_vessels, hilum

AIR = 0.80  # attenuation that a full depth of lung takes away


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


def paint_thorax(frame: Frame, patient: Patient) -> Thorax:
    """Paint the healthy layers of one patient."""
    lungs = {side: frame.fill([anatomy.lung(patient, side)]) for side in ("right", "left")}
    both = np.maximum(lungs["right"], lungs["left"])
    heart = frame.fill([anatomy.heart(patient)])
    air = _lung_air(frame, both)
    soft = _soft_tissue(frame, patient)
    soft += _mediastinum(frame, patient, heart, both)
    soft += _bones(frame, patient, both)
    soft -= air
    soft -= _airways(frame, patient)
    soft -= _gastric_bubble(frame, patient)
    vessels = _vessels(frame, patient) * (0.06 + 0.94 * both)
    return Thorax(soft, vessels, lungs, air, heart)


def _lung_air(frame: Frame, both: Layer) -> Layer:
    depth = frame.soften(both, 0.10)
    return AIR * both * (0.45 + 0.55 * np.clip(depth * 1.15 - 0.1, 0, 1))


def _soft_tissue(frame: Frame, patient: Patient) -> Layer:
    skin = frame.fill([anatomy.body(patient)])
    depth = 0.45 * frame.soften(skin, 0.10) + 0.55 * frame.soften(skin, 0.30)
    soft = skin * (0.30 + 1.05 * np.clip(depth * 1.1 - 0.1, 0, 1)) * (1 + 0.5 * patient.girth)
    below = frame.fill([anatomy.abdomen(patient)]) * skin
    soft += below * (0.34 + 0.22 * frame.soften(below, 0.25))
    soft += 0.10 * step(frame.y, 1.2, 2.0) * skin
    breasts = sum(
        (frame.fill([anatomy.breast(patient, side)]) for side in ("right", "left")), np.zeros_like(skin)
    )
    soft += patient.breast * 0.22 * frame.blur(breasts, 0.02) * (0.35 + 0.65 * step(frame.y, 1.15, 0.7))
    soft += 0.02 * frame.texture(patient.anatomy_seed + 1, 0.25) * skin
    return soft.astype(np.float32, copy=False)


def _mediastinum(frame: Frame, patient: Patient, heart: Layer, both: Layer) -> Layer:
    vessels = frame.fill([anatomy.mediastinum(patient)])
    union = frame.blur(np.maximum(heart, vessels), 0.006)
    depth = frame.soften(union, 0.18)
    column = frame.fill([_descending_aorta(patient)])
    layer = union * (0.38 + 0.34 * depth) + 0.10 * frame.blur(heart, 0.02) + 0.07 * frame.blur(column, 0.012)
    layer *= step(frame.y, -0.02, 0.7) * (1 - 0.75 * frame.blur(frame.fill([anatomy.abdomen(patient)]), 0.05))
    hila = np.zeros_like(union)
    for side in ("right", "left"):
        x, y = hilum(patient, side)
        hila += np.exp(-(((frame.x - x) / 0.11) ** 2 + ((frame.y - y) / 0.20) ** 2))
    return layer + 0.20 * hila * (0.4 + 0.6 * both)


def _descending_aorta(patient: Patient) -> Points:
    m, h = patient.mediastinum, patient.lung_height
    edge = np.array(
        [(0.19 * m + 0.08 * patient.knob, 0.31 * h), (0.20 * m, 0.55 * h), (0.17, 0.85 * h), (0.13, 1.1 * h)]
    )
    return np.vstack([smooth_curve(edge), [(0.0, 1.1 * h), (0.0, 0.31 * h)]])


def _bones(frame: Frame, patient: Patient, both: Layer) -> Layer:
    bones = patient.rib_contrast * _ribs(frame, patient)
    for side in ("right", "left"):
        clavicle = frame.fill([anatomy.clavicle(patient, side)])
        bones += 0.24 * _bone(frame, clavicle, 0.03)
        scapula = frame.fill([anatomy.scapula(patient, side)])
        bones += 0.15 * _bone(frame, scapula, 0.035)
        humerus = frame.fill([anatomy.humerus(patient, side)])
        bones += 0.30 * _bone(frame, humerus, 0.05)
    return bones + _spine(frame, patient)


def _bone(frame: Frame, shape: Layer, cortex: float) -> Layer:
    """Give a filled shape a denser rim."""
    inner = frame.blur(shape, cortex)
    return frame.blur(shape * (0.7 + 1.1 * np.clip(1 - inner, 0, 0.5)), 0.008)


def _ribs(frame: Frame, patient: Patient) -> Layer:
    posterior = _rib_layer(frame, anatomy.posterior_ribs(patient))
    anterior = _rib_layer(frame, anatomy.anterior_ribs(patient))
    cartilage = step(np.abs(frame.x), 0.40, 0.5)
    return 0.22 * posterior + 0.17 * anterior * cartilage


def _rib_layer(frame: Frame, ribs: list[tuple[Points, float]]) -> Layer:
    outlines = [anatomy.ribbon(curve, width) for curve, width in ribs]
    filled = frame.fill(outlines)
    edges = frame.stroke([outline[: len(outline) // 2] for outline in outlines], [0.014] * len(outlines))
    lower = frame.stroke([outline[len(outline) // 2 :] for outline in outlines], [0.018] * len(outlines))
    return frame.blur(0.75 * filled + 0.30 * edges + 0.45 * lower, 0.006)


def _spine(frame: Frame, patient: Patient) -> Layer:
    centre = patient.scoliosis * np.sin(frame.y * 1.6)
    across = np.abs(frame.x - centre)
    body = step(-across, -0.125, 0.03)
    pitch = 0.145 + 0.02 * frame.y
    phase = np.mod(frame.y / pitch, 1.0)
    disc = np.exp(-(((phase - 0.5) / 0.10) ** 2))
    pedicle = np.exp(-(((across - 0.075) / 0.022) ** 2 + ((phase - 0.95) / 0.14) ** 2))
    process = step(-across, -0.19, 0.05) * np.exp(-(((phase - 0.0) / 0.12) ** 2))
    return (body * (0.15 - 0.06 * disc) + 0.09 * pedicle + 0.05 * process).astype(np.float32, copy=False)


def _airways(frame: Frame, patient: Patient) -> Layer:
    carina = carina_y(patient)
    trachea = smooth_curve(np.array([(0.0, -0.7), (0.0, 0.1), (-0.015, carina)]))
    right = smooth_curve(np.array([(-0.015, carina - 0.01), (-0.12, carina + 0.17), (-0.24, carina + 0.30)]))
    left = smooth_curve(np.array([(-0.015, carina - 0.01), (0.13, carina + 0.14), (0.30, carina + 0.24)]))
    tube = frame.blur(frame.stroke([trachea], [0.115]), 0.014)
    bronchi = frame.blur(frame.stroke([right, left], [0.085, 0.075]), 0.016)
    return 0.22 * tube + 0.13 * bronchi * (1 - tube)


def carina_y(patient: Patient) -> float:
    """Return the height at which the trachea divides."""
    return 0.36 * patient.lung_height


def _gastric_bubble(frame: Frame, patient: Patient) -> Layer:
    if patient.gastric_bubble <= 0:
        return np.zeros_like(frame.x)
    size = 0.10 + 0.14 * patient.gastric_bubble
    y = anatomy.dome_y(patient, "left") + 0.08 + 0.8 * size
    t = np.linspace(0, 2 * np.pi, 30, endpoint=False)
    wobble = 1 + 0.12 * np.sin(2 * t + patient.anatomy_seed % 7)
    outline = np.column_stack([0.50 + 1.3 * size * wobble * np.cos(t), y + 0.75 * size * wobble * np.sin(t)])
    return 0.35 * frame.blur(frame.fill([outline]), 0.02)


def _vessels(frame: Frame, patient: Patient) -> Layer:
    grown = grow_vessels(patient)
    layer = frame.stroke_tree(grown.curves, grown.widths)
    return 0.34 * cv2.GaussianBlur(layer, (0, 0), max(0.35, 0.005 * frame.scale)).astype(
        np.float32, copy=False
    )
