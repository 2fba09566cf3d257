"""Pictures of where the detector looks: the recipient's own, the mixed one, and what of it gives the mix away."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.evaluation.detect_pictures import Pixels, SeenPair
from medcutmix_cli.evaluation.detector import SeamDetector, blame
from medcutmix_cli.evaluation.seam_features import seam_features
from medcutmix_cli.system.atomic_files import publish
from medcutmix_cli.system.storage_errors import explain_storage_errors

PATCHES = 14
"""Along each side of the picture: what is put back to the recipient's own at once."""

_FAINT = 1e-3  # log odds: below it is rounding
_SHADE = 0.5  # of the heat where it is strongest


def write_saliency(folder: Path, surest: Sequence[tuple[SeenPair, SeamDetector]]) -> None:
    """Write one PNG a pair, "01-<pair id>.png" the surest: original, mixed, and the mixed one under its heat.

    The heat of a patch is how far the network's score falls where that patch is the recipient's own again.

    Raises:
        MedcutmixError: The folder cannot be written.
    """
    with explain_storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for number, (pair, network) in enumerate(surest, 1):
            _, encoded = cv2.imencode(".png", np.hstack(_panels(pair, network)))
            with publish(folder / f"{number:02d}-{pair.pair_id}.png") as temporary:
                temporary.write_bytes(bytes(encoded.data))


def _panels(pair: SeenPair, network: SeamDetector) -> list[Pixels]:
    mixed, original = (seam_features(pixels[None])[0] for pixels in (pair.mixed, pair.original))
    shown = [cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR) for pixels in (pair.original, pair.mixed)]
    heat = blame(network, mixed, original, PATCHES).numpy()
    return [*(np.asarray(panel, np.uint8) for panel in shown), overlay_heat(pair.mixed, heat)]


def overlay_heat(pixels: Pixels, heat: npt.NDArray[np.float32]) -> Pixels:
    """Lay a heat map, >= 0 of any size, over a picture; returns (h, w, 3) uint8, blue-green-red."""
    strong = cv2.resize(
        heat / max(float(heat.max()), _FAINT), pixels.shape[::-1], interpolation=cv2.INTER_LINEAR
    )
    colours = cv2.applyColorMap(np.rint(255 * strong).astype(np.uint8), cv2.COLORMAP_INFERNO)
    share = (_SHADE * strong)[..., None]
    return np.asarray(np.rint(pixels[..., None] * (1 - share) + colours * share), np.uint8)
