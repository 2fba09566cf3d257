"""Makes lesions of look 2 as hard to see as many real ones are: fainter, smaller, at the edge of what is normal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from medcutmix_cli.datasets.phantoms import anatomy
from medcutmix_cli.datasets.phantoms.draw_lesions import MM_PER_UNIT
from medcutmix_cli.datasets.phantoms.records import Lesion, Patient, Place, Severity

FADE = {
    "pleural_effusion": (0.40, 0.80),
    "consolidation": (0.65, 1.05),
    "pneumothorax": (0.80, 1.30),
    "nodule": (1.20, 1.50),
    "mass": (0.75, 1.05),
    "atelectasis": (0.85, 1.30),
    "edema": (0.40, 0.85),
    "support_devices": (0.90, 1.30),
}
"""By how much the contrast of each finding is multiplied, least and most."""

SUBTLE = {"pleural_effusion": 0.70, "pneumothorax": 0.15, "edema": 0.35, "atelectasis": 0.15, "nodule": 1.0}
"""Share of each finding that is subtle: a blunted angle, a thin rim, a few lines, one plate."""

NORMAL_HEART = {"PA": (0.470, 0.030, 0.500), "AP": (0.515, 0.035, 0.550)}
"""View -> mean, spread and largest ratio of a heart that is called normal; AP magnifies it."""

LARGE_HEART = {
    "PA": {"mild": (0.505, 0.530), "moderate": (0.530, 0.57), "severe": (0.57, 0.63)},
    "AP": {"mild": (0.555, 0.580), "moderate": (0.580, 0.61), "severe": (0.61, 0.66)},
}
"""View -> degree -> least and largest ratio."""

LARGE_DEGREES: dict[Severity, float] = {"mild": 0.75, "moderate": 0.20, "severe": 0.05}
"""Share of enlarged hearts of each degree."""

RAISED_DOME = 0.30
"""Share of bodies with one dome of the diaphragm higher than usual, for no reason that a report gives."""


def normal_heart(rng: np.random.Generator, patient: Patient, view: str) -> Patient:
    """Draw a heart of normal size again, up to the edge of what is normal in that view."""
    mean, spread, largest = NORMAL_HEART[view]
    return replace(patient, heart_ratio=float(np.clip(rng.normal(mean, spread), 0.37, largest)))


def raised_dome(rng: np.random.Generator, patient: Patient) -> Patient:
    """Raise or lower the left dome of some bodies, so that a high base alone is no fluid and no collapse."""
    chance, by = rng.random(), float(rng.uniform(-0.22, 0.20))
    return replace(patient, left_dome=patient.left_dome + (by if chance < RAISED_DOME else 0.0))


def large_heart(
    rng: np.random.Generator, patient: Patient, lesions: tuple[Lesion, ...], view: str
) -> tuple[tuple[Lesion, ...], Patient]:
    """Draw an enlarged heart again, where there is one: most just above what is normal in that view."""
    if not any(lesion.finding == "cardiomegaly" for lesion in lesions):
        return lesions, patient
    degree: Severity = list(LARGE_DEGREES)[int(rng.choice(3, p=list(LARGE_DEGREES.values())))]
    ratio = float(rng.uniform(*LARGE_HEART[view][degree]))
    return tuple(_as_large(lesion, degree, ratio) for lesion in lesions), replace(patient, heart_ratio=ratio)


def _as_large(lesion: Lesion, degree: Severity, ratio: float) -> Lesion:
    if lesion.finding != "cardiomegaly":
        return lesion
    return replace(lesion, severity=degree, places=tuple(replace(p, radius_x=ratio) for p in lesion.places))


def soften(rng: np.random.Generator, patient: Patient, lesion: Lesion) -> Lesion:
    """Return a lesion fainter, and some of them subtle; the heart is left alone."""
    if lesion.finding not in FADE:
        return lesion
    low, high = FADE[lesion.finding]
    fade = float(rng.uniform(low, high))
    faded = tuple(replace(place, contrast=place.contrast * fade) for place in lesion.places)
    lesion = replace(lesion, places=faded)
    subtle = rng.random() < SUBTLE.get(lesion.finding, 0.0)
    return _SUBTLE_FORMS[lesion.finding](rng, patient, lesion) if subtle else lesion


def _blunted_angle(rng: np.random.Generator, patient: Patient, lesion: Lesion) -> Lesion:
    def blunted(place: Place) -> Place:
        level = anatomy.dome_y(patient, place.side) + float(rng.uniform(0.02, 0.09))
        rise, reach = float(rng.uniform(0.08, 0.18)), float(rng.uniform(0.06, 0.13))
        return replace(place, y=level, radius_x=reach, radius_y=rise)

    return replace(lesion, severity="mild", places=tuple(blunted(place) for place in lesion.places))


def _thin_rim(rng: np.random.Generator, patient: Patient, lesion: Lesion) -> Lesion:
    def thin(place: Place) -> Place:
        amount = float(rng.uniform(0.09, 0.16))
        reach = float(rng.uniform(0.40, 0.60)) * patient.lung_height
        return replace(place, y=reach, radius_x=0.9 * amount, radius_y=amount)

    places = tuple(thin(place) for place in lesion.places)
    return replace(lesion, zone="apical", severity="mild", places=places)


def _few_lines(rng: np.random.Generator, _patient: Patient, lesion: Lesion) -> Lesion:
    places = tuple(replace(p, contrast=p.contrast * float(rng.uniform(0.5, 0.8))) for p in lesion.places)
    return replace(lesion, severity="mild", places=places)


def _one_plate(rng: np.random.Generator, _patient: Patient, lesion: Lesion) -> Lesion:
    if lesion.kind != "plate":
        return lesion
    places = tuple(replace(p, radius_x=p.radius_x * float(rng.uniform(0.5, 0.8))) for p in lesion.places)
    return replace(lesion, severity="mild", places=places)


def _large_nodule(rng: np.random.Generator, _patient: Patient, lesion: Lesion) -> Lesion:
    """Draw a nodule of 23 to 30 mm: smaller ones are less than two pixels of what small networks look at."""
    radius, squash = float(rng.uniform(0.082, 0.105)), float(rng.uniform(0.9, 1.1))
    places = tuple(replace(p, radius_x=radius * squash, radius_y=radius / squash) for p in lesion.places)
    return replace(lesion, size_mm=round(2 * radius * MM_PER_UNIT), places=places)


_SUBTLE_FORMS: dict[str, Callable[[np.random.Generator, Patient, Lesion], Lesion]] = {
    "pleural_effusion": _blunted_angle,
    "pneumothorax": _thin_rim,
    "edema": _few_lines,
    "atelectasis": _one_plate,
    "nodule": _large_nodule,
}
