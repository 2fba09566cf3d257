"""Draws which findings a phantom has, on which side, where and how large; paints nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from medcutmix_cli.datasets.phantoms import anatomy
from medcutmix_cli.datasets.phantoms.records import (
    DEVICE_KINDS,
    FINDINGS,
    LOCAL_FINDINGS,
    Lesion,
    Patient,
    Place,
    Severity,
)

BodySide = Literal["left", "right"]
Slot = tuple[str, str]  # (side, level of the lung): no two local lesions share one

MM_PER_UNIT = 142.0  # half the inner width of an adult thorax
_HEALTHY = 0.28
_FREQUENCY = (0.24, 0.18, 0.15, 0.13, 0.11, 0.20, 0.10, 0.14, 0.18)  # in the order of FINDINGS
_ZONES = {"upper": (0.20, 0.34), "mid": (0.42, 0.56), "lower": (0.68, 0.82)}  # y / lung height
_SEVERITIES: tuple[Severity, ...] = ("mild", "moderate", "severe")
_ATTEMPTS = 24


def draw_lesions(
    rng: np.random.Generator,
    patient: Patient,
    findings: Sequence[str] | None,
    devices: Sequence[str] | None = None,
) -> tuple[tuple[Lesion, ...], Patient]:
    """Draw the lesions of one patient, and the patient as disease has changed the body.

    Findings, or kinds of devices, that are None are drawn too.
    """
    unknown = sorted(set(findings or ()) - set(FINDINGS))
    if unknown:
        raise ValueError(f"unknown findings {unknown}; known are {list(FINDINGS)}")
    chosen = _choose(rng) if findings is None else tuple(findings)
    lesions: list[Lesion] = []
    if "cardiomegaly" in chosen:  # first, because the others must know where the heart ends
        lesion, patient = _cardiomegaly(rng, patient)
        lesions.append(lesion)
    taken: set[Slot] = set()
    for finding in sorted((f for f in chosen if f in _LOCAL_DRAWS), key=_hardest_first):
        drawn = _fit(rng, patient, finding, taken)
        if drawn is not None or findings is not None:
            lesions.append(drawn or _LOCAL_DRAWS[finding](rng, patient))
            taken |= _slots(lesions[-1])
    if "edema" in chosen:
        lesions.append(_edema(rng))
    if "support_devices" in chosen:
        lesions.extend(_devices(rng, patient, devices))
    return tuple(lesions), _shift_domes(patient, lesions)


def _choose(rng: np.random.Generator) -> tuple[str, ...]:
    if rng.random() < _HEALTHY:
        return ()
    count = int(rng.choice([1, 2, 3], p=[0.45, 0.35, 0.20]))
    weights = np.array(_FREQUENCY) / sum(_FREQUENCY)
    return tuple(str(name) for name in rng.choice(FINDINGS, size=count, replace=False, p=weights))


def _hardest_first(finding: str) -> int:
    return ("pneumothorax", "pleural_effusion", "mass", "consolidation", "atelectasis", "nodule").index(
        finding
    )


def _fit(rng: np.random.Generator, patient: Patient, finding: str, taken: set[Slot]) -> Lesion | None:
    for _ in range(_ATTEMPTS):
        lesion = _LOCAL_DRAWS[finding](rng, patient)
        if not _slots(lesion) & taken:
            return lesion
    return None


def _slots(lesion: Lesion) -> set[Slot]:
    levels: tuple[str, ...] = (lesion.zone,)
    if lesion.finding == "pleural_effusion":
        levels = {"mild": ("basal",), "moderate": ("basal", "lower"), "severe": ("basal", "lower", "mid")}[
            lesion.severity
        ]
    elif lesion.finding == "pneumothorax":
        levels = ("upper", "mid", "lower", "basal")
    elif lesion.finding == "atelectasis" and lesion.zone != "upper":
        levels = ("lower", "basal")
    return {(place.side, level) for place in lesion.places for level in levels}


def _draw_side(rng: np.random.Generator) -> BodySide:
    return "left" if rng.random() < 0.5 else "right"


def _draw_severity(rng: np.random.Generator, weights: tuple[float, float, float]) -> Severity:
    return _SEVERITIES[int(rng.choice(3, p=weights))]


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(1 << 31))


def _effusion(rng: np.random.Generator, patient: Patient) -> Lesion:
    severity = _draw_severity(rng, (0.38, 0.40, 0.22))
    both = rng.random() < 0.28
    sides: tuple[BodySide, ...] = ("right", "left") if both else (_draw_side(rng),)
    low, high = {"mild": (0.00, 0.09), "moderate": (0.18, 0.38), "severe": (0.52, 0.82)}[severity]
    places = tuple(
        Place(
            side=side,
            x=0.0,
            y=anatomy.dome_y(patient, side)
            + 0.02
            - float(rng.uniform(low, high)) * patient.lung_height / 1.6,
            radius_x=float(rng.uniform(0.09, 0.17)),
            radius_y=float(rng.uniform(0.14, 0.26)),
            angle=0.0,
            contrast=float(rng.uniform(0.85, 1.05)),
            seed=_seed(rng),
        )
        for side in sides
    )
    return Lesion("pleural_effusion", "bilateral" if both else sides[0], "basal", severity, "", 0, places)


def _pneumothorax(rng: np.random.Generator, patient: Patient) -> Lesion:
    severity = _draw_severity(rng, (0.40, 0.38, 0.22))
    side = _draw_side(rng)
    low, high = {"mild": (0.18, 0.26), "moderate": (0.28, 0.40), "severe": (0.45, 0.66)}[severity]
    amount = float(rng.uniform(low, high))
    reach = {"mild": 0.60, "moderate": 0.95, "severe": 1.35}[severity] * patient.lung_height
    place = Place(
        side,
        0.0,
        reach,
        amount * float(rng.uniform(0.8, 1.0)),
        amount,
        0.0,
        float(rng.uniform(0.9, 1.2)),
        _seed(rng),
    )
    return Lesion("pneumothorax", side, "apical" if severity == "mild" else "none", severity, "", 0, (place,))


def _spot(
    rng: np.random.Generator, patient: Patient, side: BodySide, zone: str, radius: float
) -> tuple[float, float]:
    """Draw the (x, y) of a round lesion inside one zone of one lung, away from the heart."""
    low, high = _ZONES[zone]
    y = float(rng.uniform(low, high)) * patient.lung_height
    share = (
        {"upper": 0.16, "mid": 0.26, "lower": 0.34}[zone]
        if side == "right"
        else {"upper": 0.18, "mid": 0.34, "lower": 0.60}[zone]
    )
    inner = max(0.24, 2 * patient.heart_ratio * share) + 0.6 * radius
    outer = anatomy.wall_x(patient, y) - 0.95 * radius
    x = float(rng.uniform(inner, outer)) if outer > inner else outer
    return anatomy.SIGN[side] * x, y


def _draw_zone(rng: np.random.Generator, patient: Patient, side: str) -> str:
    narrow = (
        side == "left" and patient.heart_ratio > 0.5
    )  # a large heart leaves no room in the left lower zone
    return str(rng.choice(["upper", "mid", "lower"], p=[0.55, 0.45, 0.0] if narrow else [0.33, 0.30, 0.37]))


def _consolidation(rng: np.random.Generator, patient: Patient) -> Lesion:
    severity = _draw_severity(rng, (0.25, 0.45, 0.30))
    side = _draw_side(rng)
    zone = _draw_zone(rng, patient, side)
    low, high = {"mild": (0.20, 0.25), "moderate": (0.25, 0.32), "severe": (0.32, 0.42)}[severity]
    radius = float(rng.uniform(low, high))
    x, y = _spot(rng, patient, side, zone, 0.75 * radius)
    place = Place(
        side,
        x,
        y,
        radius * 1.05,
        radius * float(rng.uniform(0.85, 1.15)),
        float(rng.uniform(-0.6, 0.6)),
        float(rng.uniform(0.70, 0.95)),
        _seed(rng),
    )
    return Lesion("consolidation", side, zone, severity, "", 0, (place,))


def _nodule(rng: np.random.Generator, patient: Patient) -> Lesion:
    radius = float(rng.uniform(0.046, 0.102))
    return _round_lesion(rng, patient, "nodule", radius, (0.52, 0.75))


def _mass(rng: np.random.Generator, patient: Patient) -> Lesion:
    radius = float(rng.uniform(0.14, 0.28))
    return _round_lesion(rng, patient, "mass", radius, (0.62, 0.88))


def _round_lesion(
    rng: np.random.Generator, patient: Patient, finding: str, radius: float, contrast: tuple[float, float]
) -> Lesion:
    side = _draw_side(rng)
    zone = _draw_zone(rng, patient, side)
    x, y = _spot(rng, patient, side, zone, radius)
    squash = float(rng.uniform(0.85, 1.15))
    place = Place(
        side,
        x,
        y,
        radius * squash,
        radius / squash,
        float(rng.uniform(0, 3.1)),
        float(rng.uniform(*contrast)),
        _seed(rng),
    )
    size = round(2 * radius * MM_PER_UNIT)
    return Lesion(finding, side, zone, "moderate", "", size, (place,))


def _atelectasis(rng: np.random.Generator, patient: Patient) -> Lesion:
    if rng.random() < 0.22:
        return _lobar_collapse(rng, patient)
    severity = _draw_severity(rng, (0.6, 0.4, 0.0))
    both = rng.random() < 0.25
    sides: tuple[BodySide, ...] = ("right", "left") if both else (_draw_side(rng),)
    places = tuple(_plate(rng, patient, side) for side in sides)
    return Lesion("atelectasis", "bilateral" if both else sides[0], "basal", severity, "plate", 0, places)


def _plate(rng: np.random.Generator, patient: Patient, side: BodySide) -> Place:
    y = anatomy.dome_y(patient, side) - float(rng.uniform(0.10, 0.26))
    inner = (0.30 if side == "right" else max(0.34, 1.0 * patient.heart_ratio)) + 0.05
    x = anatomy.SIGN[side] * (inner + anatomy.wall_x(patient, y)) / 2
    half = (anatomy.wall_x(patient, y) - inner) / 2 * float(rng.uniform(0.75, 0.98))
    return Place(
        side,
        x,
        y,
        half,
        float(rng.uniform(0.016, 0.026)),
        float(rng.uniform(-0.16, 0.22)),
        float(rng.uniform(0.36, 0.52)),
        _seed(rng),
    )


def _lobar_collapse(rng: np.random.Generator, patient: Patient) -> Lesion:
    side = _draw_side(rng)
    upper = side == "right" and rng.random() < 0.5
    y = 0.25 * patient.lung_height if upper else anatomy.dome_y(patient, side)
    place = Place(
        side,
        0.0,
        y,
        float(rng.uniform(0.50, 0.66)),
        float(rng.uniform(1.1, 1.4)),
        0.0,
        float(rng.uniform(0.9, 1.25)),
        _seed(rng),
    )
    zone = "upper" if upper else ("retrocardiac" if side == "left" else "lower")
    return Lesion("atelectasis", side, zone, "severe", "lobar", 0, (place,))


def _edema(rng: np.random.Generator) -> Lesion:
    severity = _draw_severity(rng, (0.35, 0.40, 0.25))
    strength = {"mild": 0.40, "moderate": 0.56, "severe": 0.74}[severity] * float(rng.uniform(0.92, 1.08))
    places = tuple(
        Place(
            side,
            0.0,
            0.0,
            float(rng.uniform(0.34, 0.44)),
            float(rng.uniform(0.46, 0.60)),
            0.0,
            strength,
            _seed(rng),
        )
        for side in ("right", "left")
    )
    return Lesion("edema", "bilateral", "perihilar", severity, "", 0, places)


def _cardiomegaly(rng: np.random.Generator, patient: Patient) -> tuple[Lesion, Patient]:
    severity = _draw_severity(rng, (0.40, 0.38, 0.22))
    low, high = {"mild": (0.54, 0.57), "moderate": (0.57, 0.61), "severe": (0.61, 0.67)}[severity]
    patient = replace(patient, heart_ratio=float(rng.uniform(low, high)))
    place = Place("none", 0.1, 1.2, patient.heart_ratio, 0.6, 0.0, 1.0, _seed(rng))
    return Lesion("cardiomegaly", "none", "none", severity, "", 0, (place,)), patient


def _devices(rng: np.random.Generator, patient: Patient, chosen: Sequence[str] | None) -> list[Lesion]:
    kinds = _device_kinds(rng) if chosen is None else chosen
    return [_device(rng, patient, str(kind)) for kind in sorted(kinds)]


def _device_kinds(rng: np.random.Generator) -> Sequence[str]:
    count = int(rng.choice([1, 2, 3], p=[0.55, 0.3, 0.15]))
    kinds = rng.choice(DEVICE_KINDS, size=count, replace=False, p=[0.22, 0.30, 0.22, 0.14, 0.12])
    return [str(kind) for kind in kinds]


def _device(rng: np.random.Generator, patient: Patient, kind: str) -> Lesion:
    side: Literal["left", "right", "none"] = "none"
    if kind == "central_line":
        side = "right" if rng.random() < 0.7 else "left"
    if kind == "pacemaker":
        side = "left" if rng.random() < 0.85 else "right"
    place = Place(
        side,
        float(rng.normal(0, 0.02)),
        float(rng.uniform(0, 1)),
        float(rng.uniform(0.9, 1.1)),
        float(rng.uniform(0.9, 1.1)),
        0.0,
        float(rng.uniform(0.85, 1.15)),
        _seed(rng),
    )
    return Lesion("support_devices", side, "none", "moderate", kind, 0, (place,))


def _shift_domes(patient: Patient, lesions: list[Lesion]) -> Patient:
    """Raise the dome on the side of a lower lobe collapse: the lung has lost volume."""
    for lesion in lesions:
        if lesion.kind == "lobar" and lesion.zone != "upper":
            shift = -0.09 if lesion.side == "left" else 0.09
            patient = replace(patient, left_dome=patient.left_dome + shift)
    return patient


_LOCAL_DRAWS: dict[str, Callable[[np.random.Generator, Patient], Lesion]] = {
    "pleural_effusion": _effusion,
    "consolidation": _consolidation,
    "pneumothorax": _pneumothorax,
    "nodule": _nodule,
    "mass": _mass,
    "atelectasis": _atelectasis,
}
if set(_LOCAL_DRAWS) != set(LOCAL_FINDINGS):  # cannot happen unless one of the two tables is edited alone
    raise RuntimeError("every local finding needs a way to be drawn")
