"""One chunk of one set, made once and kept: phantoms that are drawn for it, or a part of a data set's patients."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from examples.benchmark import phantoms
from examples.benchmark.cases import Cases, Chunk, Probes, load, save
from examples.benchmark.config import Benchmark, StudySet
from examples.benchmark.label_tables import prompts_by_name, read_table
from examples.benchmark.sources import chunk_of, opened, read_cases, with_truth
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.records import Study
from medcutmix_cli.reports.prompts import NO_FINDING
from medcutmix_cli.seeds import stable_hash

ATTRIBUTES = "attributes.csv"
_OF_TRAINING = ("share", "contrastive", "runs")
"""What of a set leaves its pictures and reports as they are."""


def prepare(whole: Benchmark, studies: StudySet, chunk: str, work: Path) -> Chunk:
    """Return a chunk; what is there already is read.

    Args:
        whole: Says how large pictures are.
        studies: The set.
        chunk: Its number, or "tune-0" and so on for chunks that are never reported.
        work: Folder to keep it in.
    """
    told = json.dumps(
        [
            {name: value for name, value in asdict(studies).items() if name not in _OF_TRAINING},
            whole.seed,
            whole.look,
            whole.prose,
            whole.height,
            whole.canvas,
            whole.training.side,
        ],
        default=str,
    )
    folder = work / f"{studies.name}-{chunk}-{stable_hash(told)[:8]}"
    return (
        _of_data(whole, studies, chunk, folder)
        if studies.dataset
        else _of_phantoms(whole, studies, chunk, folder)
    )


def _of_phantoms(whole: Benchmark, studies: StudySet, chunk: str, folder: Path) -> Chunk:
    root = folder / "studies"
    if not (folder / "train.npz").is_file():
        chosen = phantoms.draw(whole, studies, "train", chunk)
        phantoms.write_tree(whole, chosen, root, "train")
        having = {drawn.name: drawn.cell[1] for drawn in chosen}
        cases = read_cases(root, whole)
        attribute = np.array([having[str(name)] for name in cases.ids], np.bool_)
        write_attribute(folder / ATTRIBUTES, having, studies.attribute)
        save(folder / "train.npz", replace(cases, attribute=attribute))
    if not (folder / "probes.npz").is_file():
        cases, probes = phantoms.paint_part(whole, phantoms.draw(whole, studies, "test", chunk))
        save(folder / "test.npz", cases)
        save(folder / "probes.npz", probes)
    return Chunk(
        root=root,
        resolve=lambda path: root / path,
        left_out=(),
        attributes=str(folder / ATTRIBUTES),
        train=load(folder / "train.npz", Cases),
        test=load(folder / "test.npz", Cases),
        probes=load(folder / "probes.npz", Probes),
        prompts=phantoms.held_out_prompts(),
        others={},
    )


def write_attribute(path: Path, having: dict[str, bool], name: str) -> None:
    """Write the attribute of each study as a table, "yes" or "no", for what plans by attributes."""
    rows = (f"{study},{'yes' if has else 'no'}\n" for study, has in sorted(having.items()))
    path.write_text(f"study_id,{name or 'attribute'}\n{''.join(rows)}", encoding="utf-8")


def _of_data(whole: Benchmark, studies: StudySet, chunk: str, folder: Path) -> Chunk:
    """Take the patients of a data set whose hash falls on this chunk, from its own splits."""
    dataset = opened(Path(studies.dataset), studies.reports)
    mine, others = _split_by_chunk(dataset.studies(), whole, chunk)
    if not (folder / "test.npz").is_file():
        told = f"{studies.attributes}:{studies.attribute}" if studies.attributes else studies.attribute
        for split in ("train", "test"):
            cases = read_cases(
                Path(studies.dataset),
                whole,
                lambda study, split=split: study.subject_id in mine and study.split == split,
                studies.reports,
                told,
            )
            save(folder / f"{split}.npz", with_truth(cases, studies) if split == "test" else cases)
            having = dict(zip(map(str, cases.ids), map(bool, cases.attribute), strict=True))
            write_attribute(folder / f"{split}-{ATTRIBUTES}", having, studies.attribute)
    side = whole.training.side
    nothing = Probes(np.zeros(0, np.intp), np.zeros(0, np.str_), np.zeros((0, side, side), np.bool_))
    test = load(folder / "test.npz", Cases)
    return Chunk(
        root=Path(studies.dataset),
        resolve=dataset.resolve,
        left_out=others,
        attributes=str(folder / f"train-{ATTRIBUTES}"),
        train=load(folder / "train.npz", Cases),
        test=test,
        probes=nothing,
        prompts=prompts_by_name([name for name in CHEXPERT if name != NO_FINDING]),
        others={kind: read_table(kind, Path(path), whole) for kind, path in studies.tests.items()},
    )


def _split_by_chunk(several, whole: Benchmark, chunk: str) -> tuple[set[str], tuple[str, ...]]:
    """Return the patients of this chunk, and the others; a tuning chunk is the one after the last."""
    number = whole.chunks if chunk.startswith("tune") else int(chunk)
    patients = {study.subject_id for study in several if isinstance(study, Study)}
    mine = {patient for patient in patients if chunk_of(patient, whole.chunks + 1) == number}
    return mine, tuple(sorted(patients - mine))
