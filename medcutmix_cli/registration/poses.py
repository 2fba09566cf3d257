"""Register a thumbnail to a template: coarse search, an affine fit, one free step."""

from __future__ import annotations

from dataclasses import dataclass

from medcutmix_cli.registration.flow import fit_affine, free_step, warp_by
from medcutmix_cli.registration.maps import (
    Affine,
    PlaceMap,
    apply_affine,
    correlation,
    from_half,
    invert,
    look_up,
    to_half,
)
from medcutmix_cli.registration.starts import find_starts
from medcutmix_cli.registration.template import Template
from medcutmix_cli.registration.thumbnails import Thumbnail, halve

STARTS = 3
"""Coarse places from which a fit is tried; the best of them goes on. More help no picture that was measured."""

_GOOD = 0.66
"""Correlation of a coarse fit after which no other start is tried: more bring nothing there."""

_COARSE_ROUNDS = 15  # of a fit at half the size, from each start: it costs a third
_LAST_ROUNDS = 5  # at all of it, from the best of them


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """How a thorax lies in a picture.

    Attributes:
        thumbnail: What was registered.
        to_picture: (64, 64, 2) from the template's places to the picture's, thumbnail pixels.
        to_template: (64, 64, 2) the other way.
        affine: (2, 3) the affine part of `to_picture`.
        quality: Correlation with the template, in [-1, 1].
    """

    thumbnail: Thumbnail
    to_picture: PlaceMap
    to_template: PlaceMap
    affine: Affine
    quality: float


def fit_pose(thumbnail: Thumbnail, template: Template, starts: int = STARTS) -> Pose:
    """Register a thumbnail: coarse search, the best of a few affine fits, one free step."""
    affine, _ = fit_affine_part(thumbnail, template, starts)
    step = free_step(template.values, warp_by(affine, thumbnail.values))
    places = apply_affine(affine, step)
    weight = template.inside * look_up(thumbnail.inside, places)
    quality = correlation(template.values, look_up(thumbnail.values, places), weight)
    return Pose(thumbnail, places, invert(places, affine), affine, quality)


def fit_affine_part(thumbnail: Thumbnail, template: Template, starts: int) -> tuple[Affine, float]:
    """Return the best affine fit of a few starts, and its correlation with the template."""
    coarse = _coarse_fit(thumbnail, template, starts)
    affine = fit_affine(template.values, template.inside, thumbnail.values, coarse, _LAST_ROUNDS)
    return affine, affine_quality(affine, thumbnail, template)


def _coarse_fit(thumbnail: Thumbnail, template: Template, starts: int) -> Affine:
    """Return the best of the fits at half the size, thumbnail pixels."""
    fixed, inside, moving = (halve(values) for values in (template.values, template.inside, thumbnail.values))
    fits: list[tuple[Affine, float]] = []
    for start in find_starts(template.values, thumbnail.values, starts):
        affine = from_half(fit_affine(fixed, inside, moving, to_half(start), _COARSE_ROUNDS))
        fits.append((affine, affine_quality(affine, thumbnail, template)))
        if fits[-1][1] >= _GOOD:
            break
    return max(fits, key=lambda fit: fit[1])[0]


def affine_quality(affine: Affine, thumbnail: Thumbnail, template: Template) -> float:
    """Return the correlation of a picture with the template, brought there by an affine alone."""
    weight = template.inside * warp_by(affine, thumbnail.inside)
    return correlation(template.values, warp_by(affine, thumbnail.values), weight)
