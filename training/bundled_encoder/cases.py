"""Pictures with known truth to measure an encoder on, made on the way that the pipeline's pictures go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from numpy.typing import NDArray

from medcutmix_cli.datasets.phantoms.draw import draw_phantom
from medcutmix_cli.datasets.phantoms.painting import paint
from medcutmix_cli.datasets.phantoms.records import Lesion
from medcutmix_cli.datasets.phantoms.reports import lesion_sentence
from medcutmix_cli.datasets.phantoms.sampling.pictures import jpg_bytes
from medcutmix_cli.encoders.base import Picture
from medcutmix_cli.images.canvas import read_canvas
from medcutmix_cli.images.placement import letterbox
from medcutmix_cli.records import PictureRules
from training.bundled_encoder.pictures import (
    CANVAS,
    MASK_SIDE,
    NETWORK_SIDE,
    Pictures,
    on_canvas,
    picture_of,
)

_HEIGHT = 640  # rows of the painted pictures, as `medcutmix sample` writes them
_STREAM = 77_003


@dataclass(frozen=True, slots=True)
class Truth:
    """One visible lesion: what is said of it, and where it is on the canvas, (side, side) bool."""

    lesion: Lesion
    sentence: str
    mask: NDArray[np.bool_] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Case:
    """One picture on its canvas with all that is true of it."""

    seed: int
    picture: Picture = field(repr=False)
    truths: tuple[Truth, ...]


def fresh_case(seed: int, phrasebook: str, equalise: bool) -> Case:
    """Paint one phantom, write it to a file, read it as the pipeline does, and word its lesions."""
    phantom = draw_phantom(seed)
    rng = np.random.default_rng([_STREAM, seed])
    painted = paint(phantom, _HEIGHT)
    picture = through_file(jpg_bytes(painted.image) if equalise else plain_bytes(painted.image))
    truths = []
    for index, mask in painted.masks.items():
        on = on_canvas(mask.astype(np.uint8) * 255) >= 128
        if on.any():
            lesion = phantom.lesions[index]
            truths.append(Truth(lesion, lesion_sentence(lesion, rng, phrasebook), on))
    return Case(seed, picture, tuple(truths))


def plain_bytes(image: NDArray[np.float32]) -> bytes:
    """Encode a painted picture as JPEG with its own grey scale."""
    return bytes(cv2.imencode(".jpg", picture_of(image), [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes())


def through_file(content: bytes) -> Picture:
    """Write a picture file and read it onto the canvas with the pipeline's own reader."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "picture.jpg"
        path.write_bytes(content)
        canvas = read_canvas(path, CANVAS, PictureRules("voi"))
        return Picture("", canvas.pixels, canvas.placement)


def fresh_cases(
    start: int, count: int, phrasebook: str, *, equalise: bool, processes: int = 2
) -> Iterator[Case]:
    """Paint `count` phantoms from seed `start` on, as they come, while the caller measures."""
    make = partial(fresh_case, phrasebook=phrasebook, equalise=equalise)
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(make, range(start, start + count), chunksize=4)


def cases_of_pictures(pictures: Pictures, phrasebook: str) -> list[Case]:
    """Turn phantoms that are painted already, drawn as they come, into cases on a canvas of 224."""
    truths: dict[int, list[Truth]] = defaultdict(list)
    rng = np.random.default_rng([_STREAM, 0])
    step = NETWORK_SIDE // MASK_SIDE
    for mask, owner, index in zip(pictures.masks, pictures.owners, pictures.lesions, strict=True):
        lesion = draw_phantom(int(pictures.seeds[owner])).lesions[index]
        on = np.kron(mask >= 128, np.ones((step, step), bool))
        if on.any():
            truths[int(owner)].append(Truth(lesion, lesion_sentence(lesion, rng, phrasebook), on))
    whole = letterbox(NETWORK_SIDE, NETWORK_SIDE, NETWORK_SIDE)
    seen = [Picture("", image, whole) for image in pictures.images[:, 0]]
    return [Case(int(seed), seen[i], tuple(truths[i])) for i, seed in enumerate(pictures.seeds)]
