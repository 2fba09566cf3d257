"""Paints support devices: tubes, lines, a pacemaker and sternal wires."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from medcutmix_cli.datasets.phantoms import anatomy
from medcutmix_cli.datasets.phantoms.canvas import ExposureFrame, Layer, Points, ribbon, smooth_curve
from medcutmix_cli.datasets.phantoms.records import Lesion, Patient, Place
from medcutmix_cli.datasets.phantoms.thorax import carina_y

_HALO = 0.07  # full width of the mask along a thin device, body units


def paint_device(frame: ExposureFrame, patient: Patient, soft: Layer, lesion: Lesion) -> NDArray[np.bool_]:
    """Add one device to the attenuation `soft`, in place; returns its (H, W) bool mask."""
    return _DEVICES[lesion.kind](frame, patient, soft, lesion.places[0])


def _along(frame: ExposureFrame, curves: list[Points]) -> NDArray[np.bool_]:
    return frame.fill([ribbon(curve, _HALO) for curve in curves]) > 0.5


def _endotracheal_tube(
    frame: ExposureFrame, patient: Patient, soft: Layer, place: Place
) -> NDArray[np.bool_]:
    tip = carina_y(patient) - 0.10 - 0.22 * place.y
    tube = smooth_curve(np.array([(place.x, -0.9), (0.01 + place.x, -0.2), (0.008, tip)]))
    walls = [tube + np.array([0.026, 0]), tube - np.array([0.026, 0])]
    soft += 0.24 * place.contrast * frame.stroke(walls, [0.012, 0.012])
    soft += 0.60 * place.contrast * frame.stroke([tube + np.array([0.012, 0])], [0.012])
    return _along(frame, [tube])


def _central_line(frame: ExposureFrame, patient: Patient, soft: Layer, place: Place) -> NDArray[np.bool_]:
    h, sign = patient.lung_height, anatomy.SIGN[place.side]
    tip = (-0.15, (0.44 + 0.12 * place.y) * h)
    jugular = place.seed % 3 != 0
    entry = (
        [(sign * 0.24, -0.75), (sign * 0.23, -0.2)]
        if jugular
        else [(sign * 1.5, 0.45), (sign * 1.02, 0.18), (sign * 0.62, 0.14)]
    )
    cross = [(sign * 0.20, 0.12)] if place.side == "right" else [(0.20, 0.16), (-0.06, 0.24 * h)]
    curve = smooth_curve(np.array([*entry, *cross, (-0.15, 0.32 * h), tip]))
    soft += 0.46 * place.contrast * frame.blur(frame.stroke([curve], [0.015]), 0.003)
    return _along(frame, [curve])


def _pacemaker(frame: ExposureFrame, patient: Patient, soft: Layer, place: Place) -> NDArray[np.bool_]:
    h, sign = patient.lung_height, anatomy.SIGN[place.side]
    t = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    shape = np.column_stack(
        [np.sign(np.cos(t)) * np.abs(np.cos(t)) ** 0.55, np.sign(np.sin(t)) * np.abs(np.sin(t)) ** 0.7]
    )
    centre = np.array([sign * (0.74 + place.x), 0.30 + 0.10 * place.y])
    can = centre + shape * np.array([0.155 * place.radius_x, 0.14 * place.radius_y])
    header = centre + np.array([-sign * 0.06, -0.12])
    leads = [
        _lead(header, sign, h, end)
        for end in ([(-0.26, 0.66 * h), (-0.20, 0.58 * h)], [(-0.16, 0.80 * h), (0.26, h - 0.02)])
    ]
    body = frame.fill([can])
    soft += 0.85 * place.contrast * body + 0.25 * frame.fill([centre + 0.6 * (can - centre)])
    soft += 0.48 * place.contrast * frame.blur(frame.stroke(leads, [0.015, 0.015]), 0.003)
    return (body > 0.5) | _along(frame, leads)


def _lead(header: Points, sign: float, h: float, end: list[tuple[float, float]]) -> Points:
    middle = [
        (sign * 0.45, 0.17),
        (sign * 0.20, 0.18),
        (-0.10 if sign > 0 else -0.18, 0.20 * h),
        (-0.16, 0.40 * h),
    ]
    return smooth_curve(np.array([tuple(header), *middle, *end]))


def _nasogastric_tube(frame: ExposureFrame, patient: Patient, soft: Layer, place: Place) -> NDArray[np.bool_]:
    h, dome = patient.lung_height, anatomy.dome_y(patient, "left")
    points = [
        (place.x, -0.9),
        (0.03, 0.1),
        (0.03, 0.5 * h),
        (0.08, 0.85 * h),
        (0.14, dome + 0.08),
        (0.34, dome + 0.30),
    ]
    curve = smooth_curve(np.array([*points, (0.48, dome + 0.36 + 0.1 * place.y)]))
    soft += 0.52 * place.contrast * frame.blur(frame.stroke([curve], [0.019]), 0.003)
    return _along(frame, [curve])


def _sternal_wires(frame: ExposureFrame, patient: Patient, soft: Layer, place: Place) -> NDArray[np.bool_]:
    rng = np.random.default_rng(place.seed)
    t = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    loops = []
    for y in np.linspace(0.24, 0.80, 6) * patient.lung_height:
        tilt, size = rng.normal(0, 0.2), rng.uniform(0.9, 1.1)
        x_loop, y_loop = 0.048 * size * np.cos(t), 0.030 * size * np.sin(t) * (1 + 0.3 * np.cos(t))
        loops.append(np.column_stack([place.x + x_loop, y + y_loop + tilt * x_loop]))
    soft += 0.75 * place.contrast * frame.stroke(loops, [0.010] * 6, closed=True)
    return frame.fill([np.mean(loop, axis=0) + 1.25 * (loop - np.mean(loop, axis=0)) for loop in loops]) > 0.5


_DEVICES: dict[str, Callable[[ExposureFrame, Patient, Layer, Place], NDArray[np.bool_]]] = {
    "endotracheal_tube": _endotracheal_tube,
    "central_line": _central_line,
    "pacemaker": _pacemaker,
    "nasogastric_tube": _nasogastric_tube,
    "sternal_wires": _sternal_wires,
}
