"""Maps of any other model: plan, list the maps that the plan needs, make them elsewhere, mix with them.

The "other model" here is a stand-in of a few lines that finds nothing: it says where one side of the chest is
brighter than the other. Put yours in the place of `stand_in`; it may run in another environment, on another machine.

Usage: python 04_precomputed_maps.py WORK   (after 01_augment_sample.py)
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

import medcutmix_cli
from medcutmix_cli.datasets.recognise import open_dataset

GRID = 16


def stand_in(picture: Path, sentence: str) -> np.ndarray:
    """Return a map of one sentence over one picture: (16, 16) float32, a logit for each cell of the picture."""
    grey = np.asarray(Image.open(picture).convert("L").resize((GRID, GRID), Image.Resampling.BOX), np.float32)
    brighter = grey - grey[:, ::-1]
    column = np.arange(GRID) - (GRID - 1) / 2  # the patient's left is the picture's right
    side = ("left" in sentence.lower()) * 1.0 - ("right" in sentence.lower()) * 1.0
    return (brighter / (brighter.std() + 1) + 2 * side * np.sign(column)).astype(np.float32)


def write_maps(needed: pa.Table, dataset: Path, file: Path) -> None:
    """Make every map that is needed and write it as `medcutmix_cli.encoders.map_files` says."""
    source = open_dataset(dataset)
    maps = [
        stand_in(source.resolve(row["image_path"]), row["sentence"]).ravel().astype(np.float16)
        for row in needed.to_pylist()
    ]
    table = pa.table(
        {
            "image_id": needed["image_id"],
            "sentence": needed["sentence"],
            "map": pa.array(maps, pa.list_(pa.float16())),
            "grid_h": pa.array([GRID] * len(maps), pa.int16()),
            "grid_w": pa.array([GRID] * len(maps), pa.int16()),
            "frame": pa.array(["picture"] * len(maps), pa.string()),
        },
        metadata={"model": "stand-in of example 04", "licence": "Apache-2.0"},
    )
    pq.write_table(table, file, row_group_size=1000)


def main(work: str) -> None:
    folder = Path(work)
    sample, scratch, run = folder / "sample", folder / "scratch", folder / "run-of-maps"
    recipe = Path(__file__).with_name("recipe.toml")
    medcutmix_cli.plan(sample, scratch, config=recipe, encoder="bundled")
    needed = medcutmix_cli.needed_maps(scratch)
    write_maps(needed, sample, folder / "maps.parquet")
    status = medcutmix_cli.augment(
        sample, run, config=recipe, encoder="precomputed", weights=folder / "maps.parquet"
    )
    same = (scratch / "plan.parquet").read_bytes() == (run / "plan.parquet").read_bytes()
    print(f"{len(needed)} maps for {status.planned} pairs; the same pairs as planned: {same}")
    print(f"{status.written} written, rejected {status.rejected}, failed {status.failed}")


if __name__ == "__main__":
    main(*sys.argv[1:])
