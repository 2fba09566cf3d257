"""The extra rows of an arm: copies of originals, or the rows of a run of medcutmix, through the package's loader."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import medcutmix_cli
from examples.benchmark.cases import Cases, Chunk, States, joined, shrunk, told
from examples.benchmark.config import OBSERVATION, Arm, Benchmark, StudySet
from examples.benchmark.model import BLOCKS
from examples.benchmark.training import Material
from medcutmix_cli import loader
from medcutmix_cli.errors import UsageError
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.loader import MixedPair
from medcutmix_cli.run.shards import is_unmixed
from medcutmix_cli.seeds import stable_generator, stable_hash

COLUMNS = (
    *loader.BASIC,
    *loader.RECIPE,
    *loader.PARENTS,
    *loader.CONTRASTIVE,
    *loader.LABELS,
    *("findings", "impression", "last_paragraph"),
)
Where = Callable[[str], Path]


@dataclass(frozen=True, slots=True)
class Extra:
    """What an arm adds.

    Attributes:
        material: For the training.
        distinct: Rows before some were repeated.
        recipients, donors: How many studies gave them.
    """

    material: Material
    distinct: int
    recipients: int
    donors: int


def extra_rows(whole: Benchmark, studies: StudySet, arm: Arm, chunk: Chunk, where: Path) -> Extra:
    """Make the extra rows of an arm: the same number for all of a chunk, but where it takes every row of its run.

    Args:
        whole: Says how many, as a share of the studies that are trained on, and how runs are made.
        studies: The set.
        arm: The arm.
        chunk: What is trained on.
        where: Folder of the run, removed once its rows are read; a run of the user's stays.

    Raises:
        UsageError: The run has no row of this chunk's studies.
    """
    share = whole.share_of(studies, arm)
    rows = round(whole.rows * len(chunk.train))
    if arm.rows == "none":
        return Extra(Material(chunk.train, None, 0.0), 0, 0, 0)
    if arm.rows == "copies":
        cases = chunk.train.take(rare(chunk.train, studies, rows))
        return _extra(Material(chunk.train, cases, share), len(set(cases.ids)))
    cases, states = mixed_rows(whole, studies, arm, chunk, where)
    rows = max(rows, len(cases)) if arm.every else rows
    copies = round(arm.copies * rows)
    chosen = filled(len(cases), rows - copies, f"{studies.name} {arm.name}")
    distinct, extra = len(set(chosen)), cases.take(chosen)
    if copies:
        extra = joined(extra, chunk.train.take(rare(chunk.train, studies, copies)))
    kept = None if states is None else states.take(chosen)
    alone = CHEXPERT.index(studies.observation) if arm.alone and studies.observation else -1
    material = Material(chunk.train, extra, share, kept, max(arm.layer, 0), alone, arm.negatives, arm.removed)
    return _extra(material, distinct)


def mixed_rows(
    whole: Benchmark, studies: StudySet, arm: Arm, chunk: Chunk, where: Path
) -> tuple[Cases, States | None]:
    """Read the rows of the user's run, or make one in `where`, read it and remove it.

    Raises:
        UsageError: The run has no row of this chunk's studies.
    """
    if given := studies.runs.get(arm.name, ""):
        return run_rows(Path(given), whole, arm, chunk)
    try:
        return run_rows(made_run(whole, studies, arm, chunk, where), whole, arm, chunk)
    finally:
        shutil.rmtree(where, ignore_errors=True)


def _extra(material: Material, distinct: int) -> Extra:
    assert material.extra is not None
    return Extra(material, distinct, len(set(material.extra.ids)), len(set(material.extra.donors)))


def filled(count: int, wanted: int, name: str) -> np.ndarray:
    """Return which of `count` rows stand for `wanted`: some of them, or all of them again and again."""
    order = stable_generator("benchmark", "rows", name).permutation(count)
    return np.resize(order, wanted)


def rare(cases: Cases, studies: StudySet, wanted: int) -> np.ndarray:
    """Choose originals of the rare cells, with replacement.

    Where an attribute goes with the finding, half of them have the finding without the attribute and half the
    attribute without the finding; with a finding alone all have it; otherwise a study is drawn by 1 / the count of
    its rarest finding.
    """
    rng = stable_generator(
        "benchmark", "copies", studies.name, int(stable_hash(*map(str, cases.ids[:3])), 16)
    )
    present = cases.labels == 1
    if studies.observation:
        having = present[:, CHEXPERT.index(studies.observation)]
        cells = [having & ~cases.attribute]
        if studies.attribute:
            cells.append(~having & cases.attribute)
        parts = [np.flatnonzero(cell) for cell in cells if cell.any()]
        if not parts:
            raise UsageError(f"no training study has {studies.observation} in a rare cell")
        return np.concatenate([rng.choice(part, wanted // len(parts) + 1) for part in parts])[-wanted:]
    counts = np.maximum(present.sum(axis=0), 1)
    weights = np.where(present, 1 / counts, 0).max(axis=1)
    return rng.choice(len(cases), wanted, p=weights / weights.sum())


def made_run(whole: Benchmark, studies: StudySet, arm: Arm, chunk: Chunk, where: Path) -> Path:
    """Mix the chunk's training studies."""
    shutil.rmtree(where, ignore_errors=True)
    where.parent.mkdir(parents=True, exist_ok=True)
    options: dict[str, Any] = {
        "encoder": whole.encoder,
        "canvas": whole.canvas,
        "pairs_per_study": whole.pairs_per_study,
        "workers": whole.workers or None,
        **worded(arm.options, studies, chunk),
    }
    if studies.reports:
        options["reports"] = studies.reports
    options["exclude_ids"] = excluded(chunk, where.with_suffix(".exclude"))
    if arm.targeted:
        options["target"] = targets(studies, chunk.train, round(whole.rows * len(chunk.train)))
        options["attributes"] = chunk.attributes if studies.attribute else None
    medcutmix_cli.augment(
        chunk.root, where, **{name: value for name, value in options.items() if value is not None}
    )
    return where


def worded(options: Mapping[str, Any], studies: StudySet, chunk: Chunk) -> dict[str, Any]:
    """Put the set's finding, its attribute and the table of it into the words of some options."""
    known = {"finding": studies.finding, "attribute": studies.attribute, "attributes": chunk.attributes}

    def put(value: Any) -> Any:
        if isinstance(value, list):
            return [put(each) for each in value]
        return value.format(**known) if isinstance(value, str) else value

    return {name: put(value) for name, value in options.items()}


def excluded(chunk: Chunk, path: Path) -> str | None:
    """Write the ids of the data set that are of other chunks."""
    if not chunk.left_out:
        return None
    path.write_text("".join(f"{name}\n" for name in chunk.left_out), encoding="utf-8")
    return str(path)


def targets(studies: StudySet, train: Cases, rows: int) -> list[str]:
    """Return what a targeted plan is asked for: `rows` pairs, of the rare cell, of the finding, or of rare findings."""
    if studies.finding:
        where = f"@{studies.attribute}=no" if studies.attribute else ""
        return [f"{studies.finding}{where}:+{rows}"]
    rarest = rare_findings(train)
    return [f"{finding}:+{-(-rows // len(rarest))}" for finding in rarest]


def rare_findings(cases: Cases) -> list[str]:
    """Return the exchangeable findings that the fewest studies have: the rarer half."""
    known = ("pleural_effusion", "consolidation", "pneumothorax", "mass", "atelectasis")
    counts = (cases.labels == 1).sum(axis=0)
    order = sorted(known, key=lambda finding: (counts[CHEXPERT.index(OBSERVATION[finding])], finding))
    return order[: len(order) // 2]


class Shrunk:
    """A loader's transform: the small picture of a row, and small parents where they are mixed in the network."""

    def __init__(self, side: int, layer: int, where: Where) -> None:
        self.side, self.layer, self.where = side, layer, where

    def __call__(self, pair: MixedPair) -> dict[str, Any]:
        """Return the row with `small`, and with `recipient` and `donor` where a layer is named."""
        found: dict[str, Any] = {"row": pair["row"], "small": self._small(pair["image"])}
        if self.layer >= 0:
            parents = loader.parent_pictures(pair["row"], self.where, dtype="uint8")
            found |= {"recipient": self._small(parents.recipient), "donor": self._small(parents.donor)}
        return found

    def _small(self, picture: torch.Tensor) -> np.ndarray:
        return shrunk(picture[0].numpy(), self.side)


def run_rows(folder: Path, whole: Benchmark, arm: Arm, chunk: Chunk) -> tuple[Cases, States | None]:
    """Read the rows of a run whose parents are both of this chunk's training studies.

    Raises:
        UsageError: There is none.
    """
    known = {str(name) for name in chunk.train.ids}
    transform = Shrunk(whole.training.side, arm.layer, chunk.resolve)
    pairs = loader.MixedPairs(
        folder, columns=tuple(dict.fromkeys(COLUMNS)), transform=transform, dtype="uint8"
    )
    names = ("study_id_a", "study_id_b")
    numbers = pairs.find(lambda row: known.issuperset(row[name] for name in names), names)
    if not numbers:
        raise UsageError("no row of this run is of the chunk's training studies", where=str(folder))
    read = [pairs[number] for number in numbers]
    rows = [each["row"] for each in read]
    cases = _cases(rows, np.stack([each["small"] for each in read]), weighted=arm.weighted)
    if arm.layer < 0:
        return cases, None
    grid = whole.training.side // 2 ** min(arm.layer, BLOCKS - 1)
    weights = loader.layer_mix(rows, (grid, grid)).weights.numpy()
    return cases, States(
        np.stack([each["recipient"] for each in read]), np.stack([each["donor"] for each in read]), weights
    )


def said_labels(row: dict[str, Any]) -> list[float]:
    """Return what a mixed report says, -1 as well where what came may be what its donor's report doubts."""
    pairs = zip(row["label_mixed"], row["label_state"], strict=True)
    return [-1.0 if state == "uncertain" else value for value, state in pairs]


def _cases(rows: list[dict[str, Any]], pictures: np.ndarray, *, weighted: bool) -> Cases:
    labels = [row["label_w"] if weighted else said_labels(row) for row in rows]
    parts = [(row["findings"], row["impression"], row["last_paragraph"]) for row in rows]
    return Cases(
        ids=np.array([row["study_id_a"] for row in rows], dtype=np.str_),
        donors=np.array([row[f"study_id_{'a' if is_unmixed(row) else 'b'}"] for row in rows], dtype=np.str_),
        shares=np.array([row["lam"] for row in rows], np.float32),
        pictures=pictures,
        texts=np.array(
            [told(part, row["report"]) for part, row in zip(parts, rows, strict=True)], dtype=np.str_
        ),
        labels=np.array(labels, np.float32).reshape(len(rows), len(CHEXPERT)),
        removed=np.array([row["label_state"] for row in rows]).reshape(-1, len(CHEXPERT)) == "removed",
        attribute=np.zeros(len(rows), np.bool_),
    )
