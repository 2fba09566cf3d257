"""Paints a drawn phantom: a pure function from the record and a height to a picture and its true masks."""

from __future__ import annotations

import numpy as np

from medcutmix_cli.datasets.phantoms.canvas import make_frame
from medcutmix_cli.datasets.phantoms.exposure import expose
from medcutmix_cli.datasets.phantoms.lesions import Scene, paint_lesion
from medcutmix_cli.datasets.phantoms.mimics import paint_mimic
from medcutmix_cli.datasets.phantoms.records import PaintedPhantom, Phantom
from medcutmix_cli.datasets.phantoms.thorax import paint_thorax


def paint(phantom: Phantom, height: int) -> PaintedPhantom:
    """Paint a phantom at a height in pixels; the width follows from its aspect ratio.

    Raises:
        ValueError: The height is below 32 pixels.
    """
    if height < 32:
        raise ValueError(f"height must be at least 32 pixels, not {height}")
    frame = make_frame(phantom.exposure, phantom.aspect, height)
    scene = Scene(frame, phantom.patient, paint_thorax(frame, phantom.patient))
    for mimic in phantom.mimics:
        paint_mimic(frame, phantom.patient, scene.thorax, mimic)
    shown = {index: paint_lesion(scene, lesion) for index, lesion in enumerate(phantom.lesions)}
    image = expose(frame, scene.thorax.soft + scene.thorax.vessels, phantom.exposure)
    masks = {index: mask for index, mask in shown.items() if bool(np.any(mask))}
    return PaintedPhantom(image, masks)
