"""Where the tissues of a phantom lie in its picture: the generator's own contours, filled. Paints no grey value."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from medcutmix_cli.datasets.phantoms import anatomy
from medcutmix_cli.datasets.phantoms.canvas import ExposureFrame, Points, make_frame, ribbon
from medcutmix_cli.datasets.phantoms.records import Patient, Phantom

TISSUES = ("lung", "aerated", "heart", "abdomen", "bone")
_SIDES = ("right", "left")
_WITH_FRONT = 8  # the lower ribs have no bone in front

Mask = NDArray[np.bool_]


def paint_tissues(phantom: Phantom, height: int) -> Mapping[str, Mask]:
    """Return the tissues of a phantom at a height in pixels, each (height, width) bool, by name of `TISSUES`.

    "lung" goes on behind the heart, as people outline it; "aerated" is what is left of it beside the organs in front.
    "abdomen" is what lies below the diaphragm; "bone" are ribs and clavicles.
    """
    frame, patient = make_frame(phantom.exposure, phantom.aspect, height, coarse=False), phantom.patient
    lung = _inside(frame, [anatomy.lung(patient, side) for side in _SIDES])
    heart = _inside(frame, [anatomy.heart(patient)])
    middle = _inside(frame, [anatomy.mediastinum(patient)])
    return {
        "lung": lung,
        "aerated": lung & ~heart & ~middle,
        "heart": heart,
        "abdomen": _inside(frame, [anatomy.abdomen(patient)]),
        "bone": _inside(frame, _bones(patient)),
    }


def _inside(frame: ExposureFrame, outlines: list[Points]) -> Mask:
    return np.asarray(frame.fill(outlines) > 0.5)


def _bones(patient: Patient) -> list[Points]:
    ribs = anatomy.ribs(patient)
    upper = np.tile(np.arange(len(ribs.width) // 2) < _WITH_FRONT, 2)
    back = ribbon(ribs.back, ribs.width[:, None])
    front = ribbon(ribs.front[upper], ribs.width[upper, None])
    return [*back, *front, *(anatomy.clavicle(patient, side) for side in _SIDES)]
