"""What every alignment keeps: one answer for two pictures, as it is stored; refusals have names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from medcutmix_cli.records import Warp
from medcutmix_cli.registration.alignment_rule import Alignment, AlignmentRule
from medcutmix_cli.registration.pictures import RegisteredPicture, register_picture
from medcutmix_cli.registration.warps import warp_places
from medcutmix_cli.testing.contract import Check
from medcutmix_cli.testing.expectation import expect, expect_name, expect_unchanged
from medcutmix_cli.testing.inputs import CANVAS, GRID, made_pictures, made_thoraxes

_NEAR = 0.02  # share of the canvas: half a cell of a 28 x 28 grid
_STILL = Warp(np.eye(2, 3, dtype=np.float32), np.zeros((1, 1, 2), np.float16))


@cache
def _registered() -> tuple[RegisteredPicture, ...]:
    """Return pictures of thoraxes, then those of noise."""
    pictures = (*made_thoraxes(), *made_pictures(CANVAS))
    return tuple(register_picture(picture.pixels, picture.placement) for picture in pictures)


def _alignments(rule: AlignmentRule) -> Iterator[Alignment]:
    """Yield what the rule says of two thoraxes, of a thorax and noise, and of noise."""
    for recipient, donor in pairwise(_registered()):
        yield rule.align(recipient, donor)


def says_whether_pictures_are_registered(rule: AlignmentRule) -> None:
    """`registers` is true or false; a rule for which nothing is registered brings nothing onto anything."""
    expect(isinstance(rule.registers, bool), "registers must be True or False")
    for found in _alignments(rule):
        expect(rule.registers or found.warp is None, "a warp of pictures that nobody registers")


def gives_a_warp_as_it_is_stored(rule: AlignmentRule) -> None:
    """A warp is an affine (2, 3) float32 and a field (n, n, 2) float16, both finite: see `records.Warp`."""
    for found in _alignments(rule):
        if found.warp is not None:
            affine, field = found.warp.affine, found.warp.field
            expect(affine.shape == (2, 3) and affine.dtype == np.float32, "affine: (2, 3) float32")
            square = field.ndim == 3 and field.shape[0] == field.shape[1] > 0 and field.shape[2] == 2
            expect(square and field.dtype == np.float16, "field: (n, n, 2) float16")
            expect(np.isfinite(affine).all() and np.isfinite(field).all(), "a warp must be finite")


def states_its_quality_as_a_correlation(rule: AlignmentRule) -> None:
    """Quality lies in [-1, 1], and comes with every warp."""
    for found in _alignments(rule):
        if found.quality is not None:
            expect(isinstance(found.quality, float), "quality: a float")
            expect(-1 <= found.quality <= 1, "quality must lie in [-1, 1]")
        expect(found.warp is None or found.quality is not None, "a warp comes with its quality")


def refuses_pairs_by_name(rule: AlignmentRule) -> None:
    """A pair that cannot be aligned is refused by a name that is counted."""
    for found in _alignments(rule):
        if found.rejected:
            expect_name(found.rejected)


def leaves_a_thorax_on_itself(rule: AlignmentRule) -> None:
    """A picture and itself are not refused, and come to lie on each other."""
    for picture in _registered()[: len(made_thoraxes())]:
        found = rule.align(picture, picture)
        expect(not found.rejected, "a picture and itself were refused")
        if found.warp is not None:
            inner = slice(GRID // 4, -GRID // 4)
            off = np.abs(warp_places(found.warp, GRID, GRID) - warp_places(_STILL, GRID, GRID))[inner, inner]
            expect(float(off.max()) < _NEAR, "a picture was not brought onto itself")


def decides_by_the_two_pictures_alone(rule: AlignmentRule) -> None:
    """The same pictures give the same alignment, whatever was aligned before; they are left as they were."""
    before = [[array.copy() for array in _arrays(picture)] for picture in _registered()]
    first, again = list(_alignments(rule)), list(_alignments(rule))
    expect(all(map(_same, first, again)), "the same pictures gave two alignments")
    for kept, picture in zip(before, _registered(), strict=True):
        for array, now in zip(kept, _arrays(picture), strict=True):
            expect_unchanged(array, now, "a registered picture")


def _arrays(picture: RegisteredPicture) -> tuple[npt.NDArray[np.float32], ...]:
    pose = picture.pose
    return (pose.thumbnail.values, pose.thumbnail.inside, pose.to_picture, pose.to_template, pose.affine)


def _same(one: Alignment, other: Alignment) -> bool:
    alike = (one.quality, one.rejected) == (other.quality, other.rejected)
    if one.warp is None or other.warp is None:
        return alike and one.warp is other.warp
    affine = np.array_equal(one.warp.affine, other.warp.affine)
    return alike and affine and np.array_equal(one.warp.field, other.warp.field)


CHECKS: tuple[Check, ...] = (
    says_whether_pictures_are_registered,
    gives_a_warp_as_it_is_stored,
    states_its_quality_as_a_correlation,
    refuses_pairs_by_name,
    leaves_a_thorax_on_itself,
    decides_by_the_two_pictures_alone,
)
