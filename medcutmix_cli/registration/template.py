"""The thorax that every picture is registered to, and where its lungs lie: sides and zones come with it.

Made by `tools/thorax_template.py`, which says from what.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from safetensors.numpy import load_file

from medcutmix_cli.records import Side
from medcutmix_cli.registration.thumbnails import SIDE, Values

PICTURE = Path(__file__).with_name("thorax.safetensors")
OUTLINES = Path(__file__).with_name("thorax.toml")

_FINE = 8  # steps a thumbnail pixel: an outline is drawn at that, then averaged


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A thorax to register to.

    Attributes:
        values: (64, 64) float32, as of a thumbnail.
        inside: (64, 64) float32, 1 where pictures usually have picture.
    """

    values: Values
    inside: Values


@dataclass(frozen=True, slots=True, eq=False)
class TemplateAnatomy:
    """What lies where in the template.

    Attributes:
        right, left: (64, 64) float32 in [0, 1], the share of each pixel that is that lung of the patient.
        height: (64, 64) float32, 0 at the apex and 1 at the base of the lungs of that row's side, as `right` reads
            it left of the midline and `left` right of it.
        leftness: (64, 64) float32, thumbnail pixels from the midline towards the patient's left.
    """

    right: Values
    left: Values
    height: Values
    leftness: Values


@cache
def thorax() -> Template:
    """Return the template of this package."""
    stored = load_file(PICTURE)
    return Template(stored["values"].astype(np.float32), stored["inside"].astype(np.float32))


@cache
def thorax_outlines() -> tuple[Values, Values]:
    """Return the outlines of the patient's right and left lung, (n, 2) float32 (x, y) in the template's pixels."""
    plain = tomllib.loads(OUTLINES.read_text(encoding="utf-8"))
    return np.array(plain[Side.RIGHT], np.float32), np.array(plain[Side.LEFT], np.float32)


@cache
def thorax_anatomy() -> TemplateAnatomy:
    """Return where the template's lungs lie."""
    right, left = thorax_outlines()
    middle = (right[:, 0].max() + left[:, 0].min()) / 2
    rows, columns = np.indices((SIDE, SIDE)).astype(np.float32)
    leftness = (columns - np.float32(middle)).astype(np.float32)
    in_right, in_left = ((rows - lung[:, 1].min()) / np.ptp(lung[:, 1]) for lung in (right, left))
    height = np.where(leftness < 0, in_right, in_left).astype(np.float32)
    return TemplateAnatomy(_filled(right), _filled(left), height, leftness)


def _filled(outline: Values) -> Values:
    """Return the share of each pixel that lies in an outline."""
    fine = np.zeros((SIDE * _FINE, SIDE * _FINE), np.float32)
    points = np.rint((outline + 0.5) * _FINE - 0.5).astype(np.int32)
    cv2.fillPoly(fine, [points], (1.0,))
    return np.asarray(cv2.resize(fine, (SIDE, SIDE), interpolation=cv2.INTER_AREA), dtype=np.float32)
