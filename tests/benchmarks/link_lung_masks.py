"""Name lung masks as the pictures of a tree are named, so that `medcutmix evaluate mixes` finds them.

    python tests/benchmarks/link_lung_masks.py ../shared/data/covid-cxr FOLDER

The tree is the one that `make_mimic_tree.py` beside the data makes: its ids are hashes of the paths in `manifest.csv`,
those of the masks are the pictures' file names. FOLDER holds links, no copies.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
from pathlib import Path


def image_id(path: str) -> str:
    """Return the id that the tree gives to the picture at a path of the manifest."""
    digits = hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()
    return "-".join(digits[start : start + 8] for start in range(0, 40, 8))


def link_masks(source: Path, folder: Path, kind: str) -> int:
    """Link each mask under its picture's id; returns how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    masks = {path.stem.removesuffix("_mask"): path for path in (source / "annotations" / kind).iterdir()}
    links = 0
    with (source / "manifest.csv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            mask = masks.get(Path(row["path"]).stem)
            if mask is not None:
                link = folder / f"{image_id(row['path'])}{mask.suffix}"
                link.unlink(missing_ok=True)
                link.symlink_to(mask.resolve())
                links += 1
    return links


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind", default="lung-masks-v7", help="or lung-masks-lungvae")
    given = parser.parse_args()
    print(f"{link_masks(given.source, given.folder, given.kind)} masks in {given.folder}")
