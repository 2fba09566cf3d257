"""The loop that people write in a notebook, honestly: PIL or pydicom, one picture at a time, numpy, pandas at the end.

It mixes the pairs of a finished plan, so it pays for no text and finds no pair; everything else is its own.
Usage: python notebook_loop.py RUN OUT.parquet COUNT
"""

import io
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pydicom
from PIL import Image
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from scipy import ndimage

from medcutmix_cli.encoders.base import Picture
from medcutmix_cli.encoders.bundled import BundledEncoder
from medcutmix_cli.images.placement import letterbox
from medcutmix_cli.run.folder import RunFolder, read_run
from medcutmix_cli.run.plan_file import read_whole_plan

CANVAS = 448


def read_picture(path: Path) -> np.ndarray:
    """Decode the full picture, stretch it to 8 bits, letterbox it with Lanczos."""
    if path.suffix == ".dcm":
        dicom = pydicom.dcmread(path)
        values = apply_voi_lut(apply_modality_lut(dicom.pixel_array, dicom), dicom).astype(np.float64)
        values = (values - values.min()) / (values.max() - values.min()) * 255
        if dicom.PhotometricInterpretation == "MONOCHROME1":
            values = 255 - values
        picture = Image.fromarray(values.astype(np.uint8))
    else:
        picture = Image.open(path).convert("RGB")
    scale = CANVAS / max(picture.size)
    size = tuple(round(side * scale) for side in picture.size)
    small = picture.resize(size, Image.Resampling.LANCZOS).convert("L")
    canvas = Image.new("L", (CANVAS, CANVAS))
    canvas.paste(small, ((CANVAS - size[0]) // 2, (CANVAS - size[1]) // 2))
    return np.array(canvas)


def as_given(canvas: np.ndarray) -> Picture:
    """Hand a canvas over as if all of it were picture: the loop keeps no geometry."""
    return Picture("", canvas, letterbox(CANVAS, CANVAS, CANVAS))


def mask_of(encoder: BundledEncoder, picture: np.ndarray, sentence: str) -> np.ndarray:
    """Ask the encoder for one map and threshold it at the top fifth."""
    (query,) = encoder.encode_sentences([sentence])
    (image,) = encoder.encode_images([as_given(picture)])
    scores = np.nan_to_num(encoder.attend(image, query.features).scores.astype(np.float64), nan=-np.inf)
    return scores >= np.quantile(scores, 0.8)


def mix(a: np.ndarray, b: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Bring the mask to full resolution, blur it there, blend in float64."""
    weights = ndimage.gaussian_filter(
        ndimage.zoom(mask.astype(np.float64), CANVAS / mask.shape[0], order=1), 16
    )
    return (a * (1 - weights) + b * weights).astype(np.uint8)


def png(picture: np.ndarray) -> bytes:
    """Compress with Pillow's defaults."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG")
    return buffer.getvalue()


def main(run: str, out: str, count: str) -> None:
    """Mix the first pairs of the plan and print the rate and the peak memory as JSON."""
    folder = RunFolder(Path(run))
    record = read_run(folder)
    root = Path(record.settings["dataset"]["root"]).parent
    encoder = BundledEncoder()
    plan = [pair for shard in read_whole_plan(folder.plan_file, len(record.shards)) for pair in shard]
    encoder.encode_images(
        [as_given(np.zeros((CANVAS, CANVAS), np.uint8))]
    )  # loading the weights is not the loop's fault
    started = time.perf_counter()
    rows = []
    for pair in plan[: int(count)]:
        a = read_picture(root / pair.recipient.image_path)
        b = read_picture(root / pair.donor.image_path)
        mask = mask_of(encoder, a, pair.recipient.sentence) | mask_of(encoder, b, pair.donor.sentence)
        row = {"image": png(mix(a, b, mask)), "report": pair.report, "lam": 1 - mask.mean()}
        rows.append(row)
    pd.DataFrame(rows).to_parquet(out)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"pairs": len(rows), "seconds": seconds, "peak_mb": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:])
