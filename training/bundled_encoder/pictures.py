"""Paints phantoms once into a folder of small arrays, through the steps that the pipeline's pictures go through.

Seed ranges are fixed here, so that no picture of training can be one of evaluation or of the tests.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from medcutmix_cli.datasets.phantoms.draw import draw_phantom
from medcutmix_cli.datasets.phantoms.painting import paint
from medcutmix_cli.datasets.phantoms.records import FINDINGS, LOCAL_FINDINGS, Phantom
from medcutmix_cli.images.placement import letterbox
from medcutmix_cli.images.shrink import shrink

TRAINING_SEEDS = 1_000_000  # first seed; the number of phantoms is an option
WATCHING_SEEDS = 2_000_000  # 200 phantoms looked at between epochs, never trained on
EVALUATION_SEEDS = 3_000_000
CANVAS = 448
NETWORK_SIDE = 224
MASK_SIDE = 56  # cells of the stored masks along each side: 8 x 8 canvas pixels each
VARIANTS = 2  # as painted; histogram equalised and through JPEG, as MIMIC-CXR-JPG pictures are
_HEIGHTS = (448, 448, 512, 640)
_WORDS = ("compose.py", "layout.py", "phrases.py", "reports.py")  # of the phantoms' package: text, no pixel
_STREAM = 77_001


@dataclass(frozen=True, slots=True)
class Pictures:
    """Painted phantoms.

    Attributes:
        seeds: (n,) int64.
        images: (n, 2, 224, 224) uint8, on disk.
        masks: (m, 56, 56) uint8, one per visible lesion: 255 where a cell is all lesion.
        owners: (m,) int64, row of `images` that a mask belongs to.
        lesions: (m,) int64, index into that phantom's `lesions`.
    """

    seeds: NDArray[np.int64]
    images: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    owners: NDArray[np.int64]
    lesions: NDArray[np.int64]


def training_phantom(seed: int) -> Phantom:
    """Draw a phantom to train on: half of them as they come, half with one to four chosen findings."""
    rng = np.random.default_rng([_STREAM, seed])
    if rng.random() < 0.5:
        return draw_phantom(seed)
    local = rng.choice(len(LOCAL_FINDINGS), int(rng.integers(1, 4)), replace=False)
    chosen = {LOCAL_FINDINGS[i] for i in local}
    if rng.random() < 0.3:
        chosen.add(FINDINGS[int(rng.integers(len(LOCAL_FINDINGS), len(FINDINGS)))])
    return draw_phantom(seed, findings=sorted(chosen))


def on_canvas(picture: NDArray[np.uint8], side: int = CANVAS) -> NDArray[np.uint8]:
    """Letterbox a picture or mask onto a square as the pipeline does: aspect kept, centred, black padding."""
    place = letterbox(picture.shape[0], picture.shape[1], side)
    canvas = np.zeros((side, side), np.uint8)
    inside = canvas[place.top : place.top + place.height, place.left : place.left + place.width]
    inside[...] = shrink(picture, place.height, place.width)
    return canvas


def equalised(picture: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """Equalise the histogram and go through JPEG, as MIMIC-CXR-JPG does."""
    _, packed = cv2.imencode(".jpg", cv2.equalizeHist(picture), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


def picture_of(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Bring a painted picture to 8 bits."""
    return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)


def paint_one(phantom: Phantom) -> tuple[NDArray[np.uint8], dict[int, NDArray[np.uint8]]]:
    """Paint both variants, (2, 224, 224), and the masks of the lesions that are visible, (56, 56) each."""
    rng = np.random.default_rng([_STREAM + 1, phantom.seed])
    painted = paint(phantom, int(rng.choice(_HEIGHTS)))
    plain = picture_of(painted.image)
    both = [on_canvas(plain), on_canvas(equalised(plain, int(rng.integers(80, 97))))]
    small = [cv2.resize(c, (NETWORK_SIDE, NETWORK_SIDE), interpolation=cv2.INTER_AREA) for c in both]
    masks = {i: _small_mask(mask) for i, mask in painted.masks.items()}
    return np.stack(small), masks


def _small_mask(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    full = on_canvas(mask.astype(np.uint8) * 255)
    return np.asarray(cv2.resize(full, (MASK_SIDE, MASK_SIDE), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def phantoms_digest() -> str:
    """Hash the source of what draws and paints phantoms: pictures of other code are never mixed in."""
    total = hashlib.sha256()
    folder = resources.files("medcutmix_cli.datasets.phantoms")
    for part in sorted(folder.iterdir(), key=lambda part: part.name):
        if part.name.endswith(".py") and part.name not in _WORDS:
            total.update(part.name.encode() + part.read_bytes())
    return total.hexdigest()


def _paint_block(folder: Path, start: int, count: int, chosen: bool) -> None:
    done = folder / f"block-{start}-{count}.npz"
    if done.exists():
        return
    cv2.setNumThreads(1)
    images, masks, owners, lesions = (
        np.zeros((count, VARIANTS, NETWORK_SIDE, NETWORK_SIDE), np.uint8),
        [],
        [],
        [],
    )
    for row in range(count):
        phantom = training_phantom(start + row) if chosen else draw_phantom(start + row)
        images[row], found = paint_one(phantom)
        masks += list(found.values())
        owners += [row] * len(found)
        lesions += list(found)
    temporary = done.with_name(f"{done.stem}.{os.getpid()}.tmp.npz")
    stacked = np.stack(masks) if masks else np.zeros((0, MASK_SIDE, MASK_SIDE), np.uint8)
    np.savez(temporary, images=images, masks=stacked, owners=np.array(owners), lesions=np.array(lesions))
    temporary.replace(done)


def paint_range(
    folder: Path, start: int, count: int, *, chosen: bool, block: int = 250, processes: int = 2
) -> Pictures:
    """Paint the phantoms of a seed range, or read what an earlier call has painted.

    Args:
        folder: Where blocks of painted phantoms are kept, below a folder named after the phantoms' source.
        start: First seed.
        count: Number of phantoms.
        chosen: Whether to draw with `training_phantom` rather than as they come.
        block: Phantoms in one file.
        processes: Painters at work.
    """
    folder = folder / phantoms_digest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    starts = [(s, min(block, start + count - s)) for s in range(start, start + count, block)]
    with ProcessPoolExecutor(processes) as pool:
        jobs = [pool.submit(_paint_block, folder, s, n, chosen) for s, n in starts]
        for job in jobs:
            job.result()
    return _gather(folder, starts)


def _gather(folder: Path, starts: list[tuple[int, int]]) -> Pictures:
    blocks = [np.load(folder / f"block-{s}-{n}.npz") for s, n in starts]
    offsets = np.cumsum([0, *(n for _, n in starts)])
    seeds = np.concatenate([np.arange(s, s + n) for s, n in starts])
    return Pictures(
        seeds=seeds.astype(np.int64),
        images=np.concatenate([b["images"] for b in blocks]),
        masks=np.concatenate([b["masks"] for b in blocks]),
        owners=np.concatenate([b["owners"] + o for b, o in zip(blocks, offsets, strict=False)]).astype(
            np.int64
        ),
        lesions=np.concatenate([b["lesions"] for b in blocks]).astype(np.int64),
    )
