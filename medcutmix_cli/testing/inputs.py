"""Made-up maps, pictures and studies that contracts are checked on: the same each time, of no patient."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from medcutmix_cli.attention import Scores, cells_inside
from medcutmix_cli.datasets.phantoms import draw_phantom, paint
from medcutmix_cli.encoders.base import Picture
from medcutmix_cli.images.placement import letterbox
from medcutmix_cli.records import Image, Placement, Study

CANVAS, GRID = 448, 14
SEEDS = range(24)

SENTENCES = (
    "There is a small right pleural effusion.",
    "Large left pneumothorax is present.",
    "Consolidation in the right upper lobe.",
    "A pacemaker projects over the left chest.",
)
"""What encoders are asked for; maps that were made before must hold these for the ids of `made_pictures`."""

_FINDINGS = (
    "There is a small right pleural effusion.",
    "A large right pleural effusion is present.",
    "There is a moderate left pleural effusion.",
    "There is a moderate left pneumothorax.",
    "Large left pneumothorax is present.",
    "Right upper lobe consolidation is present.",
    "There is consolidation in the right upper lobe.",
    "There is mild cardiomegaly.",
    "The lungs are clear. No pleural effusion or pneumothorax.",
)


def made_placements() -> tuple[Placement, ...]:
    """Return a picture that fills the canvas, one with bars beside it, and one with bars above and below."""
    return tuple(letterbox(height, width, CANVAS) for height, width in ((900, 900), (1000, 700), (700, 1000)))


def made_maps(grid: int = GRID) -> Iterator[tuple[Scores, Placement]]:
    """Yield raw maps with where their picture lies: hills and noise, float16-exact, NaN on the bars."""
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        placement = made_placements()[seed % 3]
        y, x = np.mgrid[:grid, :grid]
        row, column = rng.uniform(2, grid - 3, 2)
        hill = -np.hypot(y - row, x - column) * (seed % 4 > 0)
        scores = (hill + rng.normal(0, 0.3, (grid, grid))).astype(np.float16).astype(np.float32)
        scores[~cells_inside(placement, (grid, grid))] = np.nan
        yield scores, placement


def made_pictures(side: int = CANVAS) -> tuple[Picture, ...]:
    """Return three pictures of noise on a square canvas, ids "testing-0" to "testing-2".

    Args:
        side: Of the canvas, pixels.
    """
    pictures = []
    for number, (height, width) in enumerate(((900, 900), (1000, 700), (700, 1000))):
        placement = letterbox(height, width, side)
        pixels = np.zeros((side, side), np.uint8)
        inside = np.random.default_rng(number).integers(1, 255, (placement.height, placement.width))
        top, left = placement.top, placement.left
        pixels[top : top + placement.height, left : left + placement.width] = inside
        pictures.append(Picture(f"testing-{number}", pixels, placement))
    return tuple(pictures)


def made_thoraxes(side: int = CANVAS) -> tuple[Picture, ...]:
    """Return three painted thoraxes on a square canvas, ids "thorax-0" to "thorax-2".

    Args:
        side: Of the canvas, pixels.
    """
    pictures = []
    for number in range(3):
        image = paint(replace(draw_phantom(number, ()), aspect=1.0), side).image
        pixels = np.rint(image * 255).astype(np.uint8)
        pictures.append(Picture(f"thorax-{number}", pixels, letterbox(side, side, side)))
    return tuple(pictures)


def made_studies() -> list[Study]:
    """Return 36 studies of 18 patients in two splits, four reports a kind; pictures "image-0" to "image-35"."""
    studies = []
    for number in range(36):
        findings = _FINDINGS[number % len(_FINDINGS)]
        report = f" FINAL REPORT\n FINDINGS:  {findings} The mediastinum is normal.\n"
        split = "validate" if number // 2 % 3 == 2 else "train"
        image = Image(f"image-{number}", f"files/image-{number}.jpg", "PA")
        studies.append(Study(f"s{number:03}", f"p{number // 2:03}", split, (image,), report))
    return studies
