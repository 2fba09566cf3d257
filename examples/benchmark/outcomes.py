"""What a trained arm is worth on test studies: AUC, retrieval, grounding, calibration. Trains nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from examples.benchmark.cases import Cases, Floats, Pixels, Probes
from examples.benchmark.config import StudySet
from examples.benchmark.model import Classifier, Contrastive
from examples.benchmark.training import as_tensor
from medcutmix_cli.findings import CHEXPERT

Scores = dict[str, float]
Prompts = dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
Bools = npt.NDArray[np.bool_]

FEWEST = 5
"""Below so many studies with or without a finding there is no AUC of it."""

NEAREST = 10
"""Retrieval: among how many the right one must be."""

_BATCH = 128
_BINS = 10


def auc(scores: npt.NDArray[np.floating], positive: Bools) -> float:
    """Return the area under the ROC curve, ties counting half; NaN with fewer than `FEWEST` of either kind."""
    having, others = scores[positive], scores[~positive]
    if min(len(having), len(others)) < FEWEST:
        return float("nan")
    ordered = np.sort(others)
    below = np.searchsorted(ordered, having, side="left") + np.searchsorted(ordered, having, side="right")
    return float(below.mean() / 2 / len(others))


def findings_auc(scores: dict[str, Floats], cases: Cases, studies: StudySet, kind: str) -> Scores:
    """Return the AUC of each observation, their mean, and those that the set is about.

    `kind.disagree` is of the set's observation among studies where it and the attribute disagree: with the finding
    and without the attribute against those without the finding and with it. A model that has learnt the shortcut is
    below 0.5 there. `kind.others` is the mean over the other observations.
    """
    each = {name: _auc_of(name, scores[name], cases) for name in scores}
    found = {f"{kind}.{name}": value for name, value in each.items() if np.isfinite(value)}
    found[f"{kind}.mean"] = mean(each.values())
    target = studies.observation
    if target in each:
        found[f"{kind}.target"] = each[target]
        found[f"{kind}.others"] = mean(value for name, value in each.items() if name != target)
        column = cases.labels[:, CHEXPERT.index(target)]
        disagree = np.isin(column, (0, 1)) & ((column == 1) != cases.attribute)
        if studies.attribute:
            found[f"{kind}.disagree"] = auc(scores[target][disagree], column[disagree] == 1)
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _auc_of(name: str, scores: Floats, cases: Cases) -> float:
    column = cases.labels[:, CHEXPERT.index(name)]
    known = np.isin(column, (0, 1))
    return auc(scores[known], column[known] == 1)


def mean(values: object) -> float:
    """Return the mean of what is finite, NaN where nothing is."""
    finite = [value for value in values if np.isfinite(value)]  # type: ignore[attr-defined]
    return float(np.mean(finite)) if finite else float("nan")


@torch.no_grad()
def probabilities(model: Classifier, pictures: Pixels) -> Floats:
    """Return (n, 14) float32."""
    parts = [
        model(model.tower.onwards(as_tensor(part), 0)).sigmoid().cpu().numpy() for part in _parts(pictures)
    ]
    return np.concatenate(parts)


def _parts(pictures: Pixels) -> list[Pixels]:
    return [pictures[first : first + _BATCH] for first in range(0, len(pictures), _BATCH)]


@torch.no_grad()
def embedded(model: Contrastive, pictures: Pixels) -> torch.Tensor:
    """Return (n, embedding)."""
    return torch.cat([model(model.tower.onwards(as_tensor(part), 0)) for part in _parts(pictures)])


@torch.no_grad()
def zero_shot(model: Contrastive, seen: torch.Tensor, prompts: Prompts) -> dict[str, Floats]:
    """Return, by observation, how much nearer each picture is to what asserts it than to what denies it."""
    scores = {}
    for name, said in prompts.items():
        there, absent = (model.texts(sentences).mean(0) for sentences in said)
        scores[name] = (seen @ (there - absent)).cpu().numpy()
    return scores


def calibration(found: Floats, cases: Cases) -> Scores:
    """Return expected calibration error (ten bins of equal width) and Brier score, over what is known."""
    known = np.isin(cases.labels, (0, 1))
    chance, true = found[known].astype(np.float64), cases.labels[known].astype(np.float64)
    bins = np.minimum((chance * _BINS).astype(int), _BINS - 1)
    gaps = [abs((chance - true)[bins == k].sum()) for k in range(_BINS)]
    return {
        "calibration.ece": float(sum(gaps) / len(true)),
        "calibration.brier": float(((chance - true) ** 2).mean()),
    }


@torch.no_grad()
def retrieval(model: Contrastive, seen: torch.Tensor, texts: list[str]) -> Scores:
    """Return how often a picture's own report is among its ten nearest, and the other way; equal texts are as good."""
    said = model.texts(texts)
    near = (seen @ said.T).cpu().numpy()
    return {"retrieval.report": _recall(near), "retrieval.picture": _recall(near.T)}


def _recall(near: Floats) -> float:
    own = np.diag(near)[:, None]
    return float(((near > own).sum(axis=1) < NEAREST).mean())


@torch.no_grad()
def grounding(model: Contrastive, pictures: Pixels, probes: Probes) -> Scores:
    """Return how often the cell most like a lesion's sentence holds some of the lesion, and how often by chance."""
    if not len(probes.cases):
        return {}
    hits, chances = [], []
    for first in range(0, len(probes.cases), _BATCH):
        part = slice(first, first + _BATCH)
        cells = model.cells(model.tower.onwards(as_tensor(pictures[probes.cases[part]]), 0))
        asked = model.texts([str(sentence) for sentence in probes.sentences[part]])
        peaks = torch.einsum("byxe,be->byx", cells, asked).flatten(1).argmax(1).cpu().numpy()
        covered = on_cells(probes.masks[part], cells.shape[1])
        hits += list(covered[np.arange(len(peaks)), peaks])
        chances += list(covered.mean(axis=1))
    return {"grounding.pointing": float(np.mean(hits)), "grounding.chance": float(np.mean(chances))}


def on_cells(masks: Bools, grid: int) -> Bools:
    """Return which cells hold some of a mask, (m, grid * grid)."""
    side = masks.shape[1] // grid
    return masks.reshape(len(masks), grid, side, grid, side).any(axis=(2, 4)).reshape(len(masks), -1)


def judged(
    classifier: Classifier,
    contrastive: Contrastive | None,
    cases: Cases,
    probes: Probes,
    prompts: Prompts,
    studies: StudySet,
) -> Scores:
    """Return every outcome of one arm on one set of test studies; without a contrastive model, those of the other."""
    found = probabilities(classifier, cases.pictures)
    by_name = {name: found[:, CHEXPERT.index(name)] for name in prompts}
    scores = {**findings_auc(by_name, cases, studies, "supervised"), **calibration(found, cases)}
    if contrastive is None:
        return scores
    seen = embedded(contrastive, cases.pictures)
    return {
        **scores,
        **findings_auc(zero_shot(contrastive, seen, prompts), cases, studies, "zero-shot"),
        **retrieval(contrastive, seen, [str(text) for text in cases.texts]),
        **grounding(contrastive, cases.pictures, probes),
    }
