"""Maps of any other model: plan, list the maps that the plan needs, make them elsewhere, mix with them.

The "other model" here is a stand-in: the bundled encoder, which knows drawn phantoms only. Put yours in the place of
`draw_map`; it may run in another environment, on another machine.

Usage: python 04_precomputed_maps.py WORK
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from _start import RECIPE, insist_on_pairs, sample_in

import medcutmix_cli
from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.encoders.base import Picture
from medcutmix_cli.encoders.bundled import BundledEncoder
from medcutmix_cli.images import read_canvas
from medcutmix_cli.records import PictureRules

CANVAS = 448

MODEL = BundledEncoder()


def draw_map(file: Path, sentence: str) -> np.ndarray:
    """Return a map of one sentence over the smallest square around a picture: (grid_h, grid_w), a logit a cell."""
    canvas = read_canvas(file, CANVAS, PictureRules("mimic-jpg"))
    [image] = MODEL.encode_images([Picture(file.stem, canvas.pixels, canvas.placement)])
    [query] = MODEL.encode_sentences([sentence])
    return MODEL.attend(image, query.features).scores


def write_maps(needed: pa.Table, dataset: Path, file: Path) -> None:
    """Make every map that is needed and write it as `medcutmix_cli.encoders.map_files` says."""
    source = open_dataset(dataset)
    maps = [draw_map(source.resolve(row["image_path"]), row["sentence"]) for row in needed.to_pylist()]
    table = pa.table(
        {
            "image_id": needed["image_id"],
            "sentence": needed["sentence"],
            "map": pa.array([scores.ravel().astype(np.float16) for scores in maps], pa.list_(pa.float16())),
            "grid_h": pa.array([scores.shape[0] for scores in maps], pa.int16()),
            "grid_w": pa.array([scores.shape[1] for scores in maps], pa.int16()),
            "frame": pa.array(["canvas"] * len(maps), pa.string()),
        },
        metadata={"model": "stand-in of example 04", "licence": "Apache-2.0"},
    )
    pq.write_table(table, file, row_group_size=1000)


def main(work: str) -> None:
    folder = Path(work)
    sample, scratch, run = sample_in(folder), folder / "scratch", folder / "run-of-maps"
    insist_on_pairs(medcutmix_cli.plan(sample, scratch, config=RECIPE, encoder="bundled"), scratch)
    needed = medcutmix_cli.needed_maps(scratch)
    write_maps(needed, sample, folder / "maps.parquet")
    status = medcutmix_cli.augment(
        sample, run, config=RECIPE, encoder="precomputed", weights=folder / "maps.parquet"
    )
    same = (scratch / "plan.parquet").read_bytes() == (run / "plan.parquet").read_bytes()
    print(f"{len(needed)} maps for {status.planned} pairs; the same pairs as planned: {same}")
    print(f"{status.written} written, rejected {status.rejected}, failed {status.failed}")
    insist_on_pairs(status, run)


if __name__ == "__main__":
    main(*sys.argv[1:])
