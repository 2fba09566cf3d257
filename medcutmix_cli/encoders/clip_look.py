"""See a picture as the image processor of a CLIP or SigLIP folder does, bit for bit. Knows no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from medcutmix_cli.encoders.base import Picture
from medcutmix_cli.encoders.geometry import FieldOfView, see_canvas, see_centre, see_squashed
from medcutmix_cli.errors import EncoderError, cause

if TYPE_CHECKING:
    from PIL.Image import Resampling

_LONG_OF_SHORT = 4 / 3
"""Pictures up to this shape are never enlarged for the network; MIMIC-CXR's usual 3056 x 2544 is squarer."""


@dataclass(frozen=True, slots=True, eq=False)
class ClipPreprocessing:
    """How a network wants its pictures.

    Attributes:
        side: Of the square it takes, pixels.
        edge: What the shorter edge is brought to before the centre is cut out; 0 squashes both edges to `side`.
        resampling: Filter of every resize.
        levels: (256, 3) float32, what each grey level becomes in each channel.
    """

    side: int
    edge: int
    resampling: Resampling
    levels: npt.NDArray[np.float32]

    def see(self, picture: Picture, fit: str) -> FieldOfView:
        """Bring a picture to the square, as "published" or as the whole "letterbox"."""
        if fit == "letterbox":
            return see_canvas(picture, self.side, self.resampling)
        if self.edge:
            return see_centre(picture, self.edge, self.side, self.resampling, round_down=True)
        return see_squashed(picture, self.side, self.resampling)

    def values(self, seen: FieldOfView) -> npt.NDArray[np.float32]:
        """Return (3, side, side) float32, what goes into the network."""
        return np.ascontiguousarray(np.moveaxis(self.levels[seen.pixels], -1, 0))

    def canvas(self, fit: str) -> int:
        """Return the smallest canvas, a multiple of 112, from which nothing is enlarged."""
        wanted = self.side if fit == "letterbox" else (self.edge or self.side) * _LONG_OF_SHORT
        return int(-(-wanted // 112) * 112)


def read_look(settings: Mapping[str, Any], where: str) -> ClipPreprocessing:
    """Read the settings of an image processor.

    `do_rescale` and `rescale_factor` may be left out, as folders older than transformers 4.25 do; all of them
    divide by 255. Nothing else is assumed.

    Raises:
        EncoderError: Something is not said, or is not a resize to a square followed by a normalisation.
    """
    from PIL.Image import Resampling

    try:
        side, edge = _square(settings)
        resampling = Resampling(settings["resample"])
        levels = _levels(settings)
    except (KeyError, TypeError, ValueError) as error:
        raise EncoderError(
            f"the preprocessor settings do not say how a square picture is made ({cause(error)}: {error})",
            where=where,
            hint="give the folder of the released model, with its own preprocessor_config.json",
        ) from error
    return ClipPreprocessing(side, edge, resampling, levels)


def _square(settings: Mapping[str, Any]) -> tuple[int, int]:
    """Return side and edge; a plain number is the shorter edge, or the side of a crop."""
    size, crop = settings["size"], settings.get("do_center_crop")
    if not settings["do_resize"]:
        raise ValueError("do_resize is false")
    if isinstance(size, Mapping) and "height" in size:
        side = _both(size)
        if crop and _both(settings["crop_size"]) != side:
            raise ValueError("a crop of a squashed picture")
        return side, 0
    edge = int(size["shortest_edge"] if isinstance(size, Mapping) else size)
    if not crop:
        raise ValueError("no centre crop after a resize of the shorter edge")
    side = _both(settings["crop_size"])
    if side > edge:
        raise ValueError("the crop is larger than the picture")
    return side, edge


def _both(size: Any) -> int:
    height, width = (size["height"], size["width"]) if isinstance(size, Mapping) else (size, size)
    if height != width or int(height) <= 0:
        raise ValueError("not a square")
    return int(height)


def _levels(settings: Mapping[str, Any]) -> npt.NDArray[np.float32]:
    if not settings["do_normalize"] or not settings.get("do_rescale", True):
        raise ValueError("do_normalize or do_rescale is false")
    # The order of roundings is that of transformers' PIL processors: float64 product, float32 from there on.
    scaled = (np.arange(256) * float(settings.get("rescale_factor", 1 / 255))).astype(np.float32)
    mean, deviation = (np.array(settings[key], dtype=np.float32) for key in ("image_mean", "image_std"))
    if mean.shape != (3,) or deviation.shape != (3,) or not (deviation > 0).all():
        raise ValueError("image_mean and image_std need three numbers each")
    levels: npt.NDArray[np.float32] = (scaled[:, None] - mean) / deviation
    return levels
