"""Draws everything random of a phantom into its frozen record; paints nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from medcutmix_cli.datasets.phantoms.correlations import Correlations, Site, built_in
from medcutmix_cli.datasets.phantoms.draw_lesions import draw_lesions
from medcutmix_cli.datasets.phantoms.mimics import draw_mimics
from medcutmix_cli.datasets.phantoms.records import Exposure, Patient, Phantom
from medcutmix_cli.datasets.phantoms.subtle import large_heart, normal_heart, raised_dome, soften
from medcutmix_cli.datasets.phantoms.traits import draw_traits

LOOKS = (1, 2)
"""1: findings independent of all else, each plain to see. 2: correlated, many of them subtle, beside their mimics."""

_STREAM = 20_250_101  # keeps phantom streams apart from other uses of the same small seeds


def draw_phantom(
    seed: int,
    findings: Sequence[str] | None = None,
    body_seed: int | None = None,
    look: int = 1,
    correlations: Correlations | None = None,
) -> Phantom:
    """Draw one patient, exposure and set of lesions.

    Args:
        seed: Any integer >= 0; the same seed and findings always give the same phantom.
        findings: Finding ids to place, or None to draw them (about 28 % of phantoms are healthy).
        body_seed: Seed of the body, `seed` by default; phantoms that share it show one person on several days.
        look: One of `LOOKS`.
        correlations: What goes with what in look 2, by default the built-in table; look 1 knows none.

    Raises:
        ValueError: A finding id is unknown.
    """
    if look > 1:
        return _draw_harder(
            seed, findings, seed if body_seed is None else body_seed, correlations or built_in()
        )
    rng = np.random.default_rng([_STREAM, 0, seed])
    view: Literal["PA", "AP"] = "AP" if rng.random() < 0.5 else "PA"
    patient = _draw_patient(
        np.random.default_rng([_STREAM, 1, seed if body_seed is None else body_seed]), view
    )
    exposure = _draw_exposure(rng, view)
    lesions, patient = draw_lesions(rng, patient, findings)
    aspect = float(np.clip(rng.normal(0.84 if view == "PA" else 1.0, 0.09), 0.78, 1.24))
    return Phantom(seed, view, aspect, patient, exposure, lesions)


def _draw_harder(
    seed: int, findings: Sequence[str] | None, body_seed: int, correlations: Correlations
) -> Phantom:
    rng = np.random.default_rng([_STREAM, 2, seed])

    def body(view: str) -> Patient:  # the same person whatever the view
        return _draw_patient(np.random.default_rng([_STREAM, 1, body_seed]), view)

    traits = draw_traits(np.random.default_rng([_STREAM, 3, seed]), body("PA"), correlations)
    view: Literal["PA", "AP"] = "AP" if traits.ap else "PA"
    exposure = _of_site(_draw_exposure(rng, view), correlations.site, traits.poor, rng)
    patient = raised_dome(rng, normal_heart(rng, body(view), view))
    chosen, devices = (traits.findings, traits.devices) if findings is None else (findings, None)
    drawn, patient = draw_lesions(rng, patient, chosen, devices)
    drawn, patient = large_heart(rng, patient, drawn, view)
    lesions = tuple(soften(rng, patient, lesion) for lesion in drawn)
    aspect = float(np.clip(rng.normal(0.84 if view == "PA" else 1.0, 0.09), 0.78, 1.24))
    mimics = draw_mimics(np.random.default_rng([_STREAM, 4, seed]), view)
    return Phantom(seed, view, aspect, patient, exposure, lesions, mimics)


def _of_site(exposure: Exposure, site: Site, poor: bool, rng: np.random.Generator) -> Exposure:
    """Expose as a site does; a poor exposure is noisy, full of scatter, and darker on one side by grid cut-off."""
    noise, scatter, cut_off = rng.uniform(2.0, 3.5), rng.uniform(0.15, 0.30), rng.uniform(0.16, 0.30)
    tilt = float(cut_off if rng.random() < 0.5 else -cut_off)
    return replace(
        exposure,
        noise=exposure.noise * site.noise * (float(noise) if poor else 1.0),
        scatter=min(0.8, exposure.scatter * site.scatter + (float(scatter) if poor else 0.0)),
        gamma=exposure.gamma * site.gamma,
        zoom=exposure.zoom * site.zoom,
        tilt_x=exposure.tilt_x + (tilt if poor else 0.0),
    )


def _draw_patient(rng: np.random.Generator, view: str) -> Patient:
    sex: Literal["F", "M"] = "F" if rng.random() < 0.48 else "M"
    upright = view == "PA"
    girth = float(np.clip(rng.gamma(2.2, 0.05), 0.02, 0.38))
    return Patient(
        sex=sex,
        age=int(np.clip(rng.normal(61, 17), 19, 94)),
        girth=girth,
        breast=float(rng.uniform(0.25, 1.0)) if sex == "F" else 0.0,
        lung_height=float(np.clip(rng.normal(1.72 if upright else 1.52, 0.11), 1.28, 1.95)),
        apex_width=float(rng.uniform(0.92, 1.08)),
        heart_ratio=float(np.clip(rng.normal(0.425 if upright else 0.455, 0.025), 0.37, 0.49)),
        heart_tilt=float(rng.uniform(-1, 1)),
        knob=float(rng.uniform(0.3, 1.3)),
        mediastinum=float(rng.normal(1.0 if upright else 1.12, 0.08)),
        left_dome=float(rng.normal(0.07, 0.035)),
        dome_height=float(rng.uniform(0.20, 0.36)),
        gastric_bubble=float(rng.uniform(0, 1)) if rng.random() < 0.6 else 0.0,
        rib_slope=float(rng.uniform(0.75, 1.25)),
        rib_contrast=float(rng.uniform(0.75, 1.25)),
        bone_width=float(rng.uniform(0.85, 1.15)),
        vessel_density=float(rng.uniform(0.85, 1.25)),
        scoliosis=float(rng.normal(0, 0.015)),
        shoulder_drop=float(rng.uniform(-0.06, 0.12)),
        turn=float(rng.normal(0, 0.012 if upright else 0.035)),
        anatomy_seed=int(rng.integers(1 << 31)),
    )


def _draw_exposure(rng: np.random.Generator, view: str) -> Exposure:
    portable = view == "AP"
    edges = rng.uniform(0.0, 0.05, 4) * (rng.random(4) < 0.22)
    marker: Literal["", "L", "R"] = "" if rng.random() < 0.35 else ("L" if rng.random() < 0.6 else "R")
    return Exposure(
        zoom=float(rng.uniform(2.30, 2.85)),
        shift_x=float(rng.normal(0, 0.05)),
        shift_y=float(rng.normal(-0.06 if portable else 0.02, 0.06)),
        rotation=float(rng.normal(0, 2.6 if portable else 1.2)),
        scatter=float(rng.uniform(0.10, 0.25) + (rng.uniform(0.05, 0.22) if portable else 0.0)),
        noise=float(rng.uniform(0.6, 1.5)),
        gamma=float(rng.uniform(0.80, 1.35)),
        low=float(rng.uniform(0.05, 0.45)),
        high=float(rng.uniform(2.05, 2.85)),
        tilt_x=float(rng.normal(0, 0.05)),
        collimation=(float(edges[0]), float(edges[1]), float(edges[2]), float(edges[3])),
        marker=marker,
        marker_x=float(rng.uniform(0.05, 0.12)),
        marker_y=float(rng.uniform(0.05, 0.20)),
        portable=portable,
        noise_seed=int(rng.integers(1 << 31)),
    )
