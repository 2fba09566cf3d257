"""Make the thorax template that pictures are registered to: `python -m tools.thorax_template SHARED_DATA`.

The template's picture is a mean of frontal NIH ChestX-ray14 radiographs at 64 x 64 (no restrictions on use; Wang et
al., CVPR 2017; provided by the NIH Clinical Center). Its lungs are the outlines of the mean of human lung masks of
other pictures (v7labs/covid-19-xray-dataset, CC BY 4.0), which were registered to it. No picture is copied.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import read_canvas
from medcutmix_cli.records import PictureRules
from medcutmix_cli.registration.maps import PlaceMap, invert, look_up
from medcutmix_cli.registration.poses import fit_pose
from medcutmix_cli.registration.template import OUTLINES, PICTURE, Template
from medcutmix_cli.registration.thumbnails import SIDE, Thumbnail, Values, make_thumbnail

CANVAS = 448
ROUNDS = 6
LEAST_QUALITY = 0.6  # of a picture that counts in the mean
SPREAD = 0.8  # of the template's values


def main() -> None:
    """Write the package's data."""
    data = Path(sys.argv[1])
    template = mean_thorax([thumbnail for thumbnail, _ in pictures(data / "nih-chestxray14")])
    save_file({"values": template.values, "inside": template.inside}, PICTURE)
    lungs = mean_lungs(template, data / "covid-cxr")
    OUTLINES.write_text("\n".join(outline_lines(lungs)) + "\n", encoding="utf-8")


def pictures(folder: Path) -> Iterator[tuple[Thumbnail, str]]:
    """Yield the frontal pictures of a folder with a manifest, with their paths."""
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["view"] in ("PA", "AP", "AP Supine")]
    for row in rows:
        if (folder / row["path"]).is_file():
            try:
                canvas = read_canvas(folder / row["path"], CANVAS, PictureRules("voi"))
            except ImageError:
                continue
            yield make_thumbnail(canvas.pixels, canvas.placement), row["path"]


def mean_thorax(thumbnails: list[Thumbnail]) -> Template:
    """Register all to one of them, then again and again to their mean, in the mean of their shapes."""
    everywhere = np.ones((SIDE, SIDE), np.float32)
    template = Template(thumbnails[0].values, everywhere)
    for _ in range(ROUNDS):
        poses = [fit_pose(thumbnail, template) for thumbnail in thumbnails]
        good = [(t, p) for t, p in zip(thumbnails, poses, strict=True) if p.quality >= LEAST_QUALITY]
        print(f"{len(good)} pictures, quality {np.median([pose.quality for _, pose in good]):.3f}")
        template = _mean([t for t, _ in good], [p.to_picture for _, p in good])
    return template


def _mean(thumbnails: list[Thumbnail], maps: list[PlaceMap]) -> Template:
    shares = [look_up(t.inside, places) for t, places in zip(thumbnails, maps, strict=True)]
    weight = np.sum(shares, axis=0)
    seen = [w * look_up(t.values, places) for t, places, w in zip(thumbnails, maps, shares, strict=True)]
    mean = (np.sum(seen, axis=0) / np.maximum(weight, 5)).astype(np.float32)
    shape = np.mean(maps, axis=0).astype(np.float32)
    here = np.dstack(np.meshgrid(np.arange(SIDE), np.arange(SIDE))).reshape(-1, 2).astype(np.float32)
    affine, _ = cv2.estimateAffine2D(here, shape.reshape(-1, 2))
    back = invert(shape, affine.astype(np.float32))
    inside = look_up((weight / len(maps)).astype(np.float32), back) > 0.4
    values = look_up(mean, back)
    return Template((values / values.std() * SPREAD).astype(np.float32), inside.astype(np.float32))


def mean_lungs(template: Template, folder: Path) -> Values:
    """Return how often each place of the template is lung, (64, 64) in [0, 1]."""
    found = []
    for thumbnail, path in pictures(folder):
        mask_file = folder / "annotations" / "lung-masks-v7" / Path(path).name
        mask = cv2.imread(str(mask_file), cv2.IMREAD_GRAYSCALE) if mask_file.is_file() else None
        if mask is not None and (mask >= 200).any():
            small = _letterboxed((mask >= 200).astype(np.float32))
            pose = fit_pose(thumbnail, template)
            if pose.quality >= LEAST_QUALITY:
                found.append(look_up(small, pose.to_picture))
    print(f"lungs of {len(found)} pictures")
    return np.asarray(np.mean(found, axis=0), dtype=np.float32)


def _letterboxed(mask: Values) -> Values:
    height, width = mask.shape
    scale = CANVAS / max(height, width)
    inner = cv2.resize(mask, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    canvas = np.zeros((CANVAS, CANVAS), np.float32)
    top, left = (CANVAS - inner.shape[0]) // 2, (CANVAS - inner.shape[1]) // 2
    canvas[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return np.asarray(cv2.resize(canvas, (SIDE, SIDE), interpolation=cv2.INTER_AREA), dtype=np.float32)


def outline_lines(lungs: Values) -> Iterator[str]:
    """Yield the data file: the two lungs where at least half of the masks have lung."""
    yield "# The lungs of the thorax template: (x, y) in its 64 x 64 pixels, centre convention. Made by"
    yield "# `python -m tools.thorax_template`: the mean of human lung masks (v7labs/covid-19-xray-dataset, CC BY 4.0;"
    yield "# lung behind the heart included), registered to the template, at one half."
    for name, outline in zip(("right", "left"), _outlines(lungs), strict=True):
        points = ", ".join(f"[{x:.1f}, {y:.1f}]" for x, y in outline)
        yield f"{name} = [{points}]"


def _outlines(lungs: Values) -> list[npt.NDArray[np.float64]]:
    """Return the two largest pieces' outlines, the patient's right (the picture's left) first."""
    fine = 8
    large = cv2.resize(lungs, (SIDE * fine, SIDE * fine), interpolation=cv2.INTER_LINEAR) > 0.5
    found, _ = cv2.findContours(large.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    two = sorted(found, key=cv2.contourArea)[-2:]
    simple = [cv2.approxPolyDP(outline, 0.25 * fine, closed=True)[:, 0] for outline in two]
    return sorted(
        ((outline + 0.5) / fine - 0.5 for outline in simple), key=lambda points: points[:, 0].mean()
    )


if __name__ == "__main__":
    main()
