"""Runs of noise pictures, with and without a square of another one pasted in: what a detector must and must not see."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np

from medcutmix_cli.images import encode_png
from tests.run_folders import CANVAS, make_row, write_run


def texture(seed: int) -> np.ndarray:
    """Return a picture of soft clouds and grain, each of its own brightness, (CANVAS, CANVAS) uint8."""
    rng = np.random.default_rng(seed)
    clouds = cv2.GaussianBlur(rng.normal(0, 1, (CANVAS, CANVAS)), (0, 0), 8)
    clouds = 30 * clouds / clouds.std() + rng.normal(0, 4, (CANVAS, CANVAS)) + rng.uniform(80, 170)
    return np.clip(clouds, 0, 255).astype(np.uint8)


def write_seam_run(root: Path, pairs: int, *, square: bool) -> Path:
    """Write a run of pairs: the recipient's picture with a hard square of the donor's, or another one without any."""
    rows = []
    (root / "in").mkdir(parents=True)
    for number in range(pairs):
        own, given = texture(number), texture(number + 1000)
        assert cv2.imwrite(str(root / "in" / f"{number}.png"), own)
        mixed = given
        if square:
            top, left = np.random.default_rng(number).integers(8, CANVAS - 56, 2)
            mixed = own.copy()
            mixed[top : top + 48, left : left + 48] = given[top : top + 48, left : left + 48]
        image = {"bytes": encode_png(mixed), "path": None}
        rows.append(make_row(number, image=image, image_path_a=f"{number}.png"))
    return write_run(root / "out", (rows,))


def beside(run: Path) -> Any:
    """Return the data set of such a run, as far as anybody asks it."""
    return lambda _record, _dataset: SimpleNamespace(resolve=lambda path: run.parent / "in" / path)
