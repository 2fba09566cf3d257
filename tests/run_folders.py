"""Finished runs on disk, made without data set, encoder or report reader: for tests of what looks at them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from medcutmix_cli.assembly.parts import versions
from medcutmix_cli.configuration.settings import Settings, plain
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.images import encode_png
from medcutmix_cli.run.folder import RunFolder, RunRecord, ShardState, write_json
from medcutmix_cli.run.shards import COLUMNS, Row, ShardOrigin, write_shard
from tests.builders import make_placement

GRID = 4
CANVAS = 112
RECIPIENT_REPORT = " FINDINGS:  There is a small\n left effusion. Normal heart.\n"
DONOR_REPORT = " FINDINGS:  Large left pleural effusion is seen.\n"
REMOVED = "There is a small left effusion."
INSERTED = "Large left pleural effusion is seen."


def make_card(*, demonstration: bool = True) -> dict[str, Any]:
    """Return an `EncoderCard` as a dict."""
    return {
        "name": "toy",
        "weights_sha256": "c0ffee" + 58 * "0",
        "grid": [GRID, GRID],
        "map_kind": "trained-local",
        "demonstration": demonstration,
        "licence": "Apache-2.0",
        "note": "For phantoms only." if demonstration else "",
    }


def make_row(number: int = 0, finding: str = "pleural_effusion", **changes: Any) -> Row:
    """Return one row: a mask of 2 x 2 cells, one sentence swapped in the findings section."""
    start = RECIPIENT_REPORT.index("There")
    end = RECIPIENT_REPORT.index(".") + 1
    source = DONOR_REPORT.index("Large")
    edit = {
        "start": start,
        "end": end,
        "text": INSERTED,
        "section": "findings",
        "removed": REMOVED,
        "source_start": source,
        "source_end": source + len(INSERTED),
    }
    labels = [float("nan")] * len(CHEXPERT)
    labels[CHEXPERT.index("Pleural Effusion")] = 1.0
    weights = {column.name: 0.75 for column in COLUMNS if column.name.startswith(("lam", "mass_"))}
    row: Row = {
        "pair_id": f"{number:016x}",
        "image": {"bytes": encode_png(np.full((CANVAS, CANVAS), 90, np.uint8)), "path": None},
        "report": RECIPIENT_REPORT[:start] + INSERTED + RECIPIENT_REPORT[end:],
        "findings": None,
        "impression": None,
        "last_paragraph": None,
        "comparison": None,
        "indication": None,
        "impression_consistent": True,
        "entities": [],
        "finding": finding,
        "finding_a": finding,
        "split": "train",
        "strategy": "same-finding",
        "image_mode": "attended",
        **weights,
        "label_mixed": labels,
        "label_given": labels,
        "label_w": labels,
        "edits": [edit],
        "grid_h": GRID,
        "grid_w": GRID,
        "mask": _square().ravel(),
        "weights": _square().ravel().astype(np.float16),
        "interpolation": "nearest",
        "gain": 1.0,
        "offset": 0.0,
        "shift_y": 0,
        "shift_x": 0,
        "attmim_rank": np.arange(GRID * GRID, dtype=np.uint16),
        "features": None,
        "feature_dim": None,
        **_parent("a", number, RECIPIENT_REPORT, REMOVED, labels),
        **_parent("b", number + 1000, DONOR_REPORT, INSERTED, labels),
    }
    return row | changes


def _parent(letter: str, number: int, report: str, sentence: str, labels: list[float]) -> Row:
    scores = np.arange(GRID * GRID, dtype=np.float16)
    scores[0] = np.nan
    values = {
        "study_id": f"s{number}",
        "subject_id": f"p{number}",
        "image_id": f"image{number}",
        "image_path": f"{number}.jpg",
        "view": "PA",
        "report": report,
        "findings": None,
        "impression": None,
        "sentence": sentence,
        "side": "left",
        "label": labels,
        "map": scores,
        "mask": _square().ravel(),
        "ground_p": 0.005,
        "last_paragraph": None,
        "comparison": None,
        "indication": None,
        "prompted": False,
        "placement": asdict(make_placement(CANVAS)),
    }
    return {f"{name}_{letter}": value for name, value in values.items()}


def _square() -> np.ndarray[Any, np.dtype[np.uint8]]:
    mask = np.zeros((GRID, GRID), np.uint8)
    mask[1:3, 1:3] = 1
    return mask


def write_run(
    root: Path,
    shards: tuple[list[Row], ...] = (),
    *,
    missing: int = 0,
    synthetic: bool = True,
    demonstration: bool = True,
    rejected: int = 0,
    failed: int = 0,
) -> Path:
    """Write a run of complete shards (one shard of one row by default) and `missing` planned ones.

    `rejected` and `failed` pairs are counted in the first shard.
    """
    folder, card = RunFolder(root), make_card(demonstration=demonstration)
    folder.create()
    settings = plain(Settings())
    origin = ShardOrigin("f" * 64, card, settings, "Terms of the test.", synthetic)
    sizes = []
    for number, rows in enumerate(shards or ([make_row()],)):
        lost = (rejected, failed) if number == 0 else (0, 0)
        write_shard(folder.shard_file(number), rows, origin)
        state = _state(folder, number, len(rows), *lost)
        write_json(folder.state_file(number), asdict(state))
        sizes.append(state.planned)
    record = RunRecord(
        settings=settings,
        origins={"plan.seed": "flag"},
        sources={},
        encoder=card,
        versions=versions(),
        synthetic=synthetic,
        counts=_counts(sum(sizes) + missing),
        shards=[*sizes, *[1] * missing],
        fingerprint="f" * 64,
    )
    write_json(folder.run_file, asdict(record))
    return root


def _state(folder: RunFolder, number: int, rows: int, rejected: int, failed: int) -> ShardState:
    return ShardState(
        shard=number,
        planned=rows + rejected + failed,
        written=rows,
        rejected={"recipient-mask-too-small": rejected} if rejected else {},
        failed={"image:image-missing": failed} if failed else {},
        sha256="",
        bytes=folder.shard_file(number).stat().st_size,
        seconds=2.0,
        device="cpu",
        attempts=1,
    )


def _counts(planned: int) -> dict[str, Any]:
    return {
        "studies": {"inputs": planned + 3, "planned": planned, "dropped": 3},
        "dropped": {"report-empty": 2, "view-unknown": 1},
        "images_dropped": {},
        "refused": {},
        "pairs_missing": 0,
        "texts": {},
        "pairs_by_finding": {},
    }
