"""Contours of a healthy body, in the body frame, as a pure function of the patient; knows no pixel."""

from __future__ import annotations

import numpy as np

from medcutmix_cli.datasets.phantoms.canvas import Points, ribbon, smooth_curve
from medcutmix_cli.datasets.phantoms.records import Patient

SIGN = {"right": -1.0, "left": 1.0, "none": 1.0}  # the patient's right is image left
_CHEST_WALL = (
    np.array(  # (x, y / lung height) of the inner chest wall from the apex to the costophrenic angle
        [
            (0.36, 0.0),
            (0.55, 0.035),
            (0.70, 0.12),
            (0.81, 0.26),
            (0.90, 0.45),
            (0.96, 0.66),
            (0.99, 0.86),
            (1.0, 1.02),
        ]
    )
)


def wall_x(patient: Patient, y: float) -> float:
    """Return the |x| of the inner chest wall at height y."""
    wall = chest_wall(patient)
    return float(np.interp(y, wall[:, 1], wall[:, 0]))


def chest_wall(patient: Patient) -> Points:
    """Return the inner wall of one side (x > 0) from the apex down, (n, 2)."""
    wall = _CHEST_WALL * np.array([1.0, patient.lung_height])
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
    return smooth_curve(curve) * np.array([SIGN[side], 1.0])


def lung(patient: Patient, side: str) -> Points:
    """Return the closed outline of one aerated lung."""
    wall = chest_wall(patient)
    dome = diaphragm(patient, side) * np.array([SIGN[side], 1.0])
    wall = wall[wall[:, 1] < dome[0, 1] - 0.1]
    lateral = smooth_curve(np.vstack([wall, dome[:1]]))[:-1]
    h = patient.lung_height
    medial = np.array(
        [(0.11, 0.85 * h), (0.10, 0.55 * h), (0.12, 0.3 * h), (0.17, 0.14 * h), (0.24, 0.035 * h)]
    )
    outline = np.vstack([lateral, dome, smooth_curve(np.vstack([medial, wall[:1]]))[:-1]])
    return outline * np.array([SIGN[side], 1.0])


def abdomen(patient: Patient) -> Points:
    """Return the outline below both hemidiaphragms."""
    right, left = diaphragm(patient, "right"), diaphragm(patient, "left")[::-1]
    low = 4.0
    return np.vstack([[(-1.0, low)], right, left, [(1.0, low)]])


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
    return smooth_curve(points, closed=True)


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
    return smooth_curve(points, closed=True)


def body(patient: Patient) -> Points:
    """Return the closed skin outline: neck, shoulders, arms held away, flanks."""
    g, d = patient.girth, patient.shoulder_drop
    neck = 0.30 + 0.35 * g
    half = np.array(
        [
            (neck * 1.1, -1.6),
            (neck, -0.75),
            (neck + 0.02, -0.45),
            (neck + 0.16, -0.27 + 0.3 * d),
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
    return np.vstack([right, (right * np.array([-1.0, 1.0]))[::-1]])


def posterior_ribs(patient: Patient) -> list[tuple[Points, float]]:
    """Return (centre line, width) of the posterior arcs of ribs 1 to 11, both sides."""
    ribs = []
    for number in range(11):
        start = -0.06 + (patient.lung_height + 0.30) * (number / 10.5) ** 1.0
        for sign in (-1.0, 1.0):
            ribs.append(
                (_posterior_arc(patient, start, number) * np.array([sign, 1.0]), 0.075 * patient.bone_width)
            )
    return ribs


def _posterior_arc(patient: Patient, start: float, number: int) -> Points:
    slope = patient.rib_slope * (0.35 + 0.10 * number)
    end_y = start + slope * 0.55
    reach = max(0.34, wall_x(patient, min(end_y, patient.lung_height)) + 0.03)
    t = np.linspace(0, 1, 22)
    x = 0.10 + (reach - 0.10) * np.sin(t * np.pi / 2) ** 0.9
    rise = -0.05 * np.sin(np.clip(t * 2.2, 0, 1) * np.pi)
    return np.column_stack([x, start + rise + slope * 0.62 * t**2.4])


def anterior_ribs(patient: Patient) -> list[tuple[Points, float]]:
    """Return (centre line, width) of the anterior arcs of ribs 1 to 7, from the wall towards the sternum."""
    ribs = []
    for number in range(7):
        y = 0.10 + (patient.lung_height * 0.86) * (number / 6.5)
        for sign in (-1.0, 1.0):
            ribs.append(
                (_anterior_arc(patient, y, number) * np.array([sign, 1.0]), 0.085 * patient.bone_width)
            )
    return ribs


def _anterior_arc(patient: Patient, y: float, number: int) -> Points:
    reach = wall_x(patient, y) + 0.02
    inner = 0.20 + 0.055 * number
    t = np.linspace(0, 1, 18)
    x = reach - (reach - inner) * t**1.25
    drop = patient.rib_slope * (0.16 + 0.05 * number)
    return np.column_stack([x, y + drop * np.sin(t * np.pi * 0.62)])


def clavicle(patient: Patient, side: str) -> Points:
    """Return the outline of one clavicle."""
    d = patient.shoulder_drop
    points = np.array([(0.13, 0.24), (0.30, 0.17), (0.55, 0.13), (0.80, 0.07 + 0.5 * d), (1.08, -0.02 + d)])
    centre = smooth_curve(points)
    t = np.linspace(0, 1, len(centre))
    width = patient.bone_width * (0.085 + 0.05 * np.abs(t - 0.45) ** 1.2)
    return ribbon(centre, width) * np.array([SIGN[side], 1.0])


def scapula(patient: Patient, side: str) -> Points:
    """Return the outline of one scapula: the blade lies partly over the lateral lung."""
    d = patient.shoulder_drop
    points = np.array(
        [
            (0.98, 0.02 + d),
            (1.22, 0.05 + d),
            (1.24, 0.25 + d),
            (1.14, 0.48 + d),
            (1.03, 0.92 + d),
            (0.93, 1.0 + d),
            (0.86, 0.55),
            (0.82, 0.15),
        ]
    )
    return smooth_curve(points, closed=True) * np.array([SIGN[side], 1.0])


def humerus(patient: Patient, side: str) -> Points:
    """Return the outline of one humeral head and shaft."""
    d = patient.shoulder_drop
    points = np.array(
        [
            (1.22, 0.02),
            (1.36, -0.03),
            (1.48, 0.08),
            (1.54, 0.30),
            (1.66, 0.80),
            (1.80, 1.4),
            (1.66, 1.4),
            (1.50, 0.85),
            (1.36, 0.36),
            (1.23, 0.20),
        ]
    )
    points = points + np.array([0.25 * patient.girth, d])
    return smooth_curve(points, closed=True) * np.array([SIGN[side], 1.0])


def breast(patient: Patient, side: str) -> Points:
    """Return the outline of one breast shadow."""
    size = 0.30 + 0.30 * patient.breast
    centre = np.array([0.62 + 0.25 * patient.girth, 1.12 + 0.22 * patient.breast])
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    outline = centre + size * np.column_stack([1.15 * np.cos(t), 1.05 * np.sin(t) + 0.12 * np.cos(2 * t)])
    return outline * np.array([SIGN[side], 1.0])
