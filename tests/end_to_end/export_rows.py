"""A run whose rows differ in all that an export says of them, and what its shards say, read without this package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.images import encode_png
from tests.run_folders import CANVAS, make_row, write_run

FINDINGS = (
    "Large left pleural effusion.\n  The heart is normal.",
    'A "small" nodule,\tright lower lobe; 3.5 x 2 cm.',
    "Érosion of the 2nd rib. Mild edema, both lungs.",
    "No effusion. Opacity at the left base.",
    "Severe cardiomegaly.",
)
IMPRESSIONS = ("Effusion.", None, "Edema, mild.", "Opacity; pneumonia?", None)
VIEWS = ("PA", "AP", "PA", "AP", "PA")
SPLITS = ("train", "train", "validate", "train", "train")


def row_of(number: int) -> dict[str, Any]:
    """Return a mix with a picture, texts, labels and ids of its own."""
    findings, impression = FINDINGS[number], IMPRESSIONS[number]
    report = f"FINDINGS: {findings}\n" + (f"IMPRESSION: {impression}\n" if impression else "")
    pixels = np.random.default_rng(number).integers(1, 256, (CANVAS, CANVAS), dtype=np.uint8)
    values = np.resize([1.0, 0.0, -1.0, np.nan], number + len(CHEXPERT))[number:]
    texts = {"report": report, "findings": findings, "impression": impression}
    return make_row(
        number,
        ("pleural_effusion", "nodule", "edema", "opacity", "cardiomegaly")[number],
        image={"bytes": encode_png(pixels), "path": None},
        split=SPLITS[number],
        view_a=VIEWS[number],
        lam=0.1 + number / 7,
        label_mixed=values.astype(np.float32),
        prompted_b=number == 3,
        strategy=("same-finding", "cross-finding")[number % 2],
        **texts,
    )


def write_rows_to_export(folder: Path) -> Path:
    """Write a run of two shards."""
    return write_run(folder, ([row_of(0), row_of(1), row_of(2)], [row_of(3), row_of(4)]))


def stored_rows(run: Path) -> dict[str, dict[str, Any]]:
    """Return key -> what the shards say of a row, read by PyArrow alone, in their order."""
    files = sorted((run / "data").glob("*.parquet"))
    rows = [row for file in files for row in pq.read_table(file).to_pylist()]
    return {f"mix-{row['pair_id']}": row for row in rows}
