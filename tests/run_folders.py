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
from medcutmix_cli.records import (
    Cut,
    Edit,
    Guarantee,
    ImageWeights,
    MixedParent,
    MixedSample,
    Pair,
    Parent,
    Side,
    TextWeights,
)
from medcutmix_cli.rendering.rows import to_row
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import RunRecord
from medcutmix_cli.run.seals import write_json
from medcutmix_cli.run.shard_state import ShardState
from medcutmix_cli.run.shards import Row, ShardOrigin, write_shard
from tests.builders import make_placement

GRID = 4
CANVAS = 112
RECIPIENT_REPORT = " FINDINGS:  There is a small\n left effusion. Normal heart.\n"
DONOR_REPORT = " FINDINGS:  Large left pleural effusion is seen.\n"
REMOVED = "There is a small left effusion."
INSERTED = "Large left pleural effusion is seen."

WHOLE = Guarantee(nulls=200, reaching=4, alpha=0.05, confidence=0.97, wanted=0.95)


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
    edit = Edit(start, end, INSERTED, "findings", REMOVED, source, source + len(INSERTED))
    said = CHEXPERT.index("Pleural Effusion")
    labels = tuple(1.0 if place == said else float("nan") for place in range(len(CHEXPERT)))
    report = RECIPIENT_REPORT[:start] + INSERTED + RECIPIENT_REPORT[end:]
    mask = _square().astype(bool)
    pair = Pair(
        pair_id=f"{number:016x}",
        strategy="same-finding",
        split="train",
        finding=finding,
        finding_a=finding,
        recipient=_parent(number, RECIPIENT_REPORT, REMOVED, labels),
        donor=_parent(number + 1000, DONOR_REPORT, INSERTED, labels),
        edits=(edit,),
        report=report,
        findings_text=None,
        impression_text=None,
        given=labels,
        labels=labels,
        text_weights=TextWeights(0.75, 0.75, 0.75),
    )
    sample = MixedSample(
        pair=pair,
        cut=Cut(mask, mask, mask, _square().astype(np.float16), "nearest", 1.0, 0.0),
        recipient=_mixed(pair.recipient, mask),
        donor=_mixed(pair.donor, mask),
        weights=ImageWeights(0.75, 0.75, 0.75, 0.75, 0.75),
        lam=0.75,
        targets=labels,
        label_states=tuple("present" if label == 1 else "not-said" for label in labels),
        rank=np.arange(GRID * GRID, dtype=np.uint16).reshape(GRID, GRID),
        picture=encode_png(np.full((CANVAS, CANVAS), 90, np.uint8)),
    )
    return to_row(sample) | changes


def _parent(number: int, report: str, sentence: str, labels: tuple[float, ...]) -> Parent:
    return Parent(
        study_id=f"s{number}",
        subject_id=f"p{number}",
        image_id=f"image{number}",
        image_path=f"{number}.jpg",
        view="PA",
        report=report,
        sentence=sentence,
        side=Side.LEFT,
        labels=labels,
        findings_text=None,
        impression_text=None,
    )


def _mixed(parent: Parent, mask: np.ndarray[Any, np.dtype[np.bool_]]) -> MixedParent:
    scores = np.arange(GRID * GRID, dtype=np.float16).reshape(GRID, GRID)
    scores[0, 0] = np.nan
    return MixedParent(parent, scores, mask, make_placement(CANVAS), 0.005, WHOLE)


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
        "guarantees": {f"train/{finding}": asdict(WHOLE) for finding in ("mass", "pleural_effusion")},
    }
