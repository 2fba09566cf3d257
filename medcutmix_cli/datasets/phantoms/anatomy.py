"""Contours of a healthy body, in the body frame, as a pure function of the patient; knows no pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medcutmix_cli.datasets.phantoms.canvas import Points, ribbon, smooth_curve
from medcutmix_cli.datasets.phantoms.records import Patient

SIGN = {"right": -1.0, "left": 1.0, "none": 1.0}  # the patient's right is image left
_CHEST_WALL = (
    np.array(  # (x, y / lung height) of the inner chest wall from the apex to the costophrenic angle
        [
            (0.34, 0.0),
            (0.49, 0.025),
            (0.63, 0.10),
            (0.75, 0.22),
            (0.86, 0.41),
            (0.94, 0.63),
            (0.985, 0.85),
            (1.0, 1.02),
        ]
    )
)


@dataclass(frozen=True, slots=True)
class Ribs:
    """Ribs 1 to 11, first the patient's left ones, then the right ones.

    Attributes:
        back, front: (22, 20, 2) centre lines of the posterior and of the anterior arcs.
        width: (22,) body units.
    """

    back: Points
    front: Points
    width: Points


def on_side(points: Points, side: str) -> Points:
    """Mirror points given for x > 0 (the patient's left) to a side; twice is the identity."""
    mirrored: Points = points * np.array([SIGN[side], 1.0])
    return mirrored


def turn_points(points: Points, patient: Patient) -> Points:
    """Shift midline organs as a turned patient shows them."""
    shifted: Points = points + np.array([patient.turn, 0.0])
    return shifted


def wall_x(patient: Patient, y: float) -> float:
    """Return the |x| of the inner chest wall at height y."""
    wall = chest_wall(patient)
    return float(np.interp(y, wall[:, 1], wall[:, 0]))


def chest_wall(patient: Patient) -> Points:
    """Return the inner wall of one side (x > 0) from the apex down, (n, 2)."""
    wall: Points = _CHEST_WALL * np.array([1.0, patient.lung_height])
    wall[:3, 0] *= patient.apex_width
    return wall


def dome_y(patient: Patient, side: str) -> float:
    """Return the height of the top of one hemidiaphragm."""
    return patient.lung_height + (patient.left_dome if side == "left" else 0.0)


def diaphragm(patient: Patient, side: str) -> Points:
    """Return one hemidiaphragm from the costophrenic angle to the midline, with the side's sign in x."""
    top, drop = dome_y(patient, side), patient.dome_height
    profile = np.array(
        [(0.985, 1.0), (0.93, 0.62), (0.82, 0.28), (0.66, 0.06), (0.48, 0.0), (0.30, 0.10), (0.12, 0.34)]
    )
    curve = np.column_stack([profile[:, 0], top + drop * profile[:, 1]])
    return on_side(smooth_curve(curve), side)


def lung(patient: Patient, side: str) -> Points:
    """Return the closed outline of one aerated lung."""
    wall = chest_wall(patient)
    dome = on_side(diaphragm(patient, side), side)
    wall = wall[wall[:, 1] < dome[0, 1] - 0.1]
    lateral = smooth_curve(np.vstack([wall, dome[:1]]))[:-1]
    h = patient.lung_height
    medial = np.array(
        [(0.11, 0.85 * h), (0.10, 0.55 * h), (0.12, 0.3 * h), (0.17, 0.14 * h), (0.24, 0.035 * h)]
    )
    outline = np.vstack([lateral, dome, smooth_curve(np.vstack([medial, wall[:1]]))[:-1]])
    return on_side(outline, side)


def abdomen(patient: Patient, wide: float = 0.985) -> Points:
    """Return the outline below both hemidiaphragms, out to |x| = `wide`."""
    right, left = diaphragm(patient, "right"), diaphragm(patient, "left")[::-1]
    corner_right, corner_left = right[0, 1], left[-1, 1]
    return np.vstack([[(-wide, 4.0), (-wide, corner_right)], right, left, [(wide, corner_left), (wide, 4.0)]])


def heart(patient: Patient) -> Points:
    """Return the closed cardiac outline; its width is `heart_ratio` x 2 body units."""
    base = patient.lung_height
    width = 2.0 * patient.heart_ratio
    right, left = -0.34 * width, 0.66 * width
    tilt = patient.heart_tilt
    top = base * 0.47
    bottom = base + 0.10
    points = np.array(
        [
            (-0.16, top),
            (0.55 * right - 0.06, top + 0.22 * (bottom - top)),
            (right, top + (0.60 - 0.05 * tilt) * (bottom - top)),
            (right * 0.86, top + 0.88 * (bottom - top)),
            (right * 0.3, bottom + 0.06),
            (left * 0.45, bottom + 0.10),
            (left * 0.88, bottom + 0.02 - 0.04 * tilt),
            (left, top + (0.80 - 0.06 * tilt) * (bottom - top)),
            (left * 0.90, top + (0.56 - 0.05 * tilt) * (bottom - top)),
            (left * 0.66, top + 0.30 * (bottom - top)),
            (left * 0.42, top + 0.10 * (bottom - top)),
            (0.12, top - 0.04),
        ]
    )
    return turn_points(smooth_curve(points, closed=True), patient)


def mediastinum(patient: Patient) -> Points:
    """Return the closed outline of the great vessels and the rest of the upper mediastinum."""
    m, k, h = patient.mediastinum, patient.knob, patient.lung_height
    points = np.array(
        [
            (-0.13 * m, -0.30),
            (-0.15 * m, 0.06 * h),
            (-0.19 * m, 0.22 * h),
            (-0.20 * m, 0.36 * h),
            (-0.20 * m, 0.52 * h),
            (-0.12, 0.75 * h),
            (0.12, 0.75 * h),
            (0.24 * m, 0.52 * h),
            (0.22 * m, 0.42 * h),
            (0.20 * m + 0.06 * k, 0.355 * h),
            (0.19 * m + 0.10 * k, 0.315 * h),
            (0.18 * m + 0.07 * k, 0.265 * h),
            (0.17 * m, 0.22 * h),
            (0.15 * m, 0.06 * h),
            (0.14 * m, -0.30),
        ]
    )
    return turn_points(smooth_curve(points, closed=True), patient)


def body(patient: Patient) -> Points:
    """Return the closed skin outline: neck, shoulders, arms held away, flanks."""
    g, d = patient.girth, patient.shoulder_drop
    neck = 0.30 + 0.35 * g
    half = np.array(
        [
            (neck * 1.1, -1.6),
            (neck, -0.75),
            (neck + 0.02, -0.45),
            (neck + 0.16, -0.30 + 0.3 * d),
            (0.80, -0.20 + 0.7 * d - 0.3 * g),
            (1.15 + 0.3 * g, -0.13 + d - 0.3 * g),
            (1.40 + 0.6 * g, 0.10 + d),
            (1.60 + 0.8 * g, 0.55 + d),
            (1.85 + 1.0 * g, 1.30 + d),
            (1.62, 1.32 + d),
            (1.32 + 0.35 * g, 0.92 + d),
            (1.10 + 0.95 * g, 0.84),
            (1.09 + 0.90 * g, 1.30),
            (1.09 + 0.95 * g, 1.80),
            (1.07 + 1.25 * g, 2.60),
            (1.07 + 1.35 * g, 4.0),
        ]
    )
    right = smooth_curve(half)
    return np.vstack([right, on_side(right, "right")[::-1]])


def ribs(patient: Patient) -> Ribs:
    """Bend the ribs: from the spine outward and down to the wall, then forward, down and in to the cartilage."""
    number = np.arange(11)[:, None]
    t = np.linspace(0, 1, 20)[None, :]
    h, slope = patient.lung_height, patient.rib_slope
    start = -0.10 + (h + 0.26) * number / 10.4
    fall = slope * (0.16 + 0.042 * number)  # from the spine down to the most lateral point
    lateral = start + fall
    wall = chest_wall(patient)
    reach = np.maximum(0.40, np.interp(lateral, wall[:, 1], wall[:, 0])) + 0.02
    hump = (0.035 + 0.006 * number) * np.sin(np.pi * np.minimum(1.6 * t, 1.0))
    back_x = 0.10 + (reach - 0.10) * np.sin(t * np.pi / 2) ** 0.85
    inner, drop = 0.24 + 0.06 * number, slope * (0.20 + 0.045 * number)
    front_x = reach - (reach - inner) * t**1.7
    back = np.stack([back_x, start - hump + fall * t**2.6], axis=2)
    front = np.stack([front_x, lateral + drop * (1.25 * t - 0.35 * t**2)], axis=2)
    mirror = np.array([-1.0, 1.0])
    width = patient.bone_width * (0.062 + 0.002 * np.minimum(np.arange(11), 6))
    return Ribs(
        np.concatenate([back, back * mirror]), np.concatenate([front, front * mirror]), np.tile(width, 2)
    )


def clavicle(patient: Patient, side: str) -> Points:
    """Return the outline of one clavicle, bulbous at the sternum and flat towards the shoulder."""
    d = patient.shoulder_drop
    points = np.array(
        [
            (0.12, 0.25),
            (0.27, 0.17),
            (0.50, 0.135),
            (0.74, 0.10 + 0.5 * d),
            (0.97, 0.0 + d),
            (1.16, -0.045 + d),
        ]
    )
    centre = smooth_curve(points)
    t = np.linspace(0, 1, len(centre))
    width = patient.bone_width * (0.066 + 0.055 * np.exp(-((t / 0.13) ** 2)) + 0.025 * t**2)
    width = width * np.minimum(1, np.sqrt(np.minimum(t, 1 - t) / 0.035 + 0.15))
    return on_side(ribbon(centre, width), side)


def scapula(patient: Patient, side: str) -> Points:
    """Return the outline of one shoulder blade; its medial edge lies over the lateral lung."""
    d = patient.shoulder_drop
    lean = 0.10 * (patient.rib_slope - 1.0)
    points = np.array(
        [
            (0.86 + lean, 0.12 + d),
            (1.02, 0.06 + d),
            (1.20, 0.07 + d),
            (1.23, 0.20 + d),
            (1.15, 0.32 + d),
            (1.10, 0.60 + d),
            (1.03, 0.98 + d),
            (0.98 + lean, 1.02 + d),
            (0.90 + lean, 0.66 + d),
        ]
    )
    return on_side(smooth_curve(points, closed=True), side)


def shoulder_spine(patient: Patient, side: str) -> Points:
    """Return the outline of the scapular spine with the acromion at its end."""
    d = patient.shoulder_drop
    centre = smooth_curve(
        np.array([(0.92, 0.24 + d), (1.08, 0.12 + d), (1.24, -0.02 + d), (1.33, -0.03 + d)])
    )
    return on_side(ribbon(centre, np.linspace(0.035, 0.095, len(centre))), side)


def humerus(patient: Patient, side: str) -> Points:
    """Return the outline of one humeral head and shaft."""
    points = np.array(
        [
            (1.235, 0.12),
            (1.29, 0.03),
            (1.40, 0.02),
            (1.49, 0.10),
            (1.52, 0.26),
            (1.56, 0.50),
            (1.68, 0.95),
            (1.80, 1.5),
            (1.66, 1.5),
            (1.54, 0.98),
            (1.41, 0.52),
            (1.31, 0.30),
            (1.245, 0.22),
        ]
    )
    points = points + np.array([0.10 * patient.girth, patient.shoulder_drop])
    return on_side(smooth_curve(points, closed=True), side)


def breast(patient: Patient, side: str) -> Points:
    """Return the outline of one breast shadow."""
    size = 0.30 + 0.30 * patient.breast
    centre = np.array([0.62 + 0.25 * patient.girth, 1.12 + 0.22 * patient.breast])
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    outline = centre + size * np.column_stack([1.15 * np.cos(t), 1.05 * np.sin(t) + 0.12 * np.cos(2 * t)])
    return on_side(outline, side)
