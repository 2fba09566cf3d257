"""The loop that people write in a notebook, honestly: PIL or pydicom, one picture at a time, numpy, pandas at the end.

It mixes the pairs of a finished plan, so it pays for no text and finds no pair; everything else is its own. It has the
plan's encoder, whose network runs on all cores, as torch does by itself, and encodes each sentence once. It has no gate
and no guard: whatever the plan says is mixed.

    python -m tests.benchmarks.speed.child loop RUN OUT.parquet COUNT
"""

import io
import resource
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pydicom
import torch
from PIL import Image
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from scipy import ndimage

from medcutmix_cli.assembly import parts
from medcutmix_cli.configuration.resolution import from_plain
from medcutmix_cli.encoders.base import Encoder, Picture
from medcutmix_cli.images.placement import letterbox
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.plan_file import read_whole_plan
from medcutmix_cli.run.run_record import read_run

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


def as_given(canvas: np.ndarray, image_id: str) -> Picture:
    """Hand a canvas over as if all of it were picture: the loop keeps no geometry."""
    return Picture(image_id, canvas, letterbox(CANVAS, CANVAS, CANVAS))


class Loop:
    """The encoder of the loop."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.encoded = cache(lambda sentence: encoder.encode_sentences([sentence])[0].features)

    def mask_of(self, picture: np.ndarray, image_id: str, sentence: str) -> np.ndarray:
        """Ask the encoder for one map and threshold it at the top fifth."""
        (image,) = self.encoder.encode_images([as_given(picture, image_id)])
        attention = self.encoder.attend(image, self.encoded(sentence))
        scores = np.nan_to_num(attention.scores.astype(np.float64), nan=-np.inf)
        return scores >= np.quantile(scores, 0.8)

    def row(self, root: Path, pair: Any) -> dict[str, Any]:
        """Mix one pair."""
        a = read_picture(root / pair.recipient.image_path)
        b = read_picture(root / pair.donor.image_path)
        mask = self.mask_of(a, pair.recipient.image_id, pair.recipient.sentence)
        mask |= self.mask_of(b, pair.donor.image_id, pair.donor.sentence)
        return {"image": png(mix(a, b, mask)), "report": pair.report, "lam": 1 - mask.mean()}


def use_all_cores() -> None:
    """Let torch have the threads it takes by itself: the product's encoders ask for one."""
    torch.set_num_threads = lambda _count: None  # type: ignore[assignment]


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


def mix_pairs(run: str, out: str, count: int) -> dict[str, float]:
    """Mix the first pairs of the plan; return how many, the seconds and the peak memory."""
    use_all_cores()
    folder = RunFolder(Path(run))
    record = read_run(folder)
    root = Path(record.settings["dataset"]["root"]).parent
    plan = [pair for shard in read_whole_plan(folder.plan_file, len(record.shards)) for pair in shard]
    loop = Loop(parts.build_encoder(from_plain(record.settings)))
    loop.encoder.encode_images(
        [as_given(np.zeros((CANVAS, CANVAS), np.uint8), plan[0].recipient.image_id)]
    )  # loading the weights is not the loop's fault
    started, cpu = time.perf_counter(), time.process_time()
    rows = [loop.row(root, pair) for pair in plan[:count]]
    pd.DataFrame(rows).to_parquet(out)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"written": len(rows), "seconds": seconds, "cpu": cpu, "peak_mb": peak}
