"""Train the two models of one arm: originals and extra rows in every batch, the same number of steps for all arms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from threading import Lock
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from examples.benchmark.cases import Cases, Floats, Pixels, States
from examples.benchmark.config import Training
from examples.benchmark.model import Classifier, Contrastive, PictureTower, Vocabulary, vocabulary
from examples.benchmark.statements import Agreement, agreement, statements
from medcutmix_cli.loader import LayerMix, MultiLabel, manifold_mix, multilabel_loss, parent_mask
from medcutmix_cli.run.shards import UNMIXED
from medcutmix_cli.seeds import stable_generator, stable_hash

Numbers = npt.NDArray[np.intp]
Model = TypeVar("Model", Classifier, Contrastive)

_NEVER = -1e4
"""Logit of what is passed over: finite, so that nothing times it is nothing."""

_LITTLE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What one arm is trained on.

    Attributes:
        originals: The chunk's training studies.
        extra: The arm's own rows; None where it has none.
        states: Both parents of each extra row, where they are mixed inside the network.
        layer: How many blocks come before that.
        share: Of a batch that is extra rows.
        alone: Number of the only observation that the classifier learns from extra rows; -1 for all of them.
        negatives: "parents" or "labels", as the arm has it.
        removed: "absent" or "left out", as the arm has it.
    """

    originals: Cases
    extra: Cases | None
    share: float
    states: States | None = None
    layer: int = 0
    alone: int = -1
    negatives: str = "parents"
    removed: str = "absent"


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """One step's rows: numbers of originals, then numbers of extra rows."""

    step: int
    own: Numbers
    extra: Numbers


def fit_classifier(material: Material, training: Training, name: str) -> Classifier:
    """Train a multi-label classifier.

    Args:
        material: Of the arm.
        training: The same for all arms.
        name: Decides the first weights and the batches; the same for all arms of a chunk.
    """
    model = _begun(lambda: Classifier(training.width, training.precision), name, "classifier").to(_device())

    def loss(batch: Batch) -> torch.Tensor:
        targets = _targets(material, batch, training.unmentioned)
        return multilabel_loss(model(_seen(model, material, batch, name)), targets.to(_device()))

    return _fitted(model, loss, material, training, name)


def fit_contrastive(material: Material, training: Training, name: str) -> Contrastive:
    """Train pictures against sentences (InfoNCE both ways).

    Of each report the sentences that assert or deny a finding are shown, one by one. A sentence is right for every
    picture whose labels agree with it, so that two reports that say the same are no negatives of each other (soft
    targets from labels: Wang et al., 2022, doi:10.18653/v1/2022.emnlp-main.256).
    """
    known = vocabulary(material.originals.texts)
    parts = [material.originals, *([material.extra] if material.extra is not None else [])]
    told = [_numbered(cases, known) for cases in parts]
    model = _begun(
        lambda: Contrastive(training.width, training.embedding, known, training.precision),
        name,
        "contrastive",
    ).to(_device())

    def loss(batch: Batch) -> torch.Tensor:
        seen = model(_seen(model, material, batch, name))
        shown = _shown(told, batch)
        said = model.bagged([sentence.bag for _, sentence in shown])
        own = np.array([row for row, _ in shown], np.intp)
        labels = _labels(material, batch)
        agreed = agreement([sentence.said for _, sentence in shown], labels, own, training.unmentioned)
        return contrast(model.scale.exp() * seen @ said.T, agreed, _common(material, batch)[:, own])

    return _fitted(
        model,
        loss,
        material,
        replace(training, steps=training.contrastive_steps, batch=training.contrastive_batch),
        name,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Sentence:
    """A statement whose words are numbered."""

    bag: list[int]
    said: Floats


def _numbered(cases: Cases, known: Vocabulary) -> list[list[_Sentence]]:
    several = [statements(str(text)) for text in cases.texts]
    return [[_Sentence(known.bags([each.text])[0], each.said) for each in row] for row in several]


def _shown(told: list[list[list[_Sentence]]], batch: Batch) -> list[tuple[int, _Sentence]]:
    """Return the sentences of a batch, each with its row's place in it."""
    rows = [told[0][k] for k in batch.own] + [told[1][k] for k in batch.extra]
    return [(place, each) for place, row in enumerate(rows) for each in row]


def contrast(logits: torch.Tensor, agreed: Agreement, common: torch.Tensor) -> torch.Tensor:
    """Return the loss of pictures against sentences, the mean of both ways.

    Args:
        logits: (rows, sentences).
        agreed: Which are right.
        common: (rows, sentences) bool: the row shares a parent with the sentence's; no negative.
    """
    target = torch.from_numpy(agreed.true).to(logits.device)
    passed = torch.from_numpy(agreed.unknown).to(logits.device) | (common.to(logits.device) & (target == 0))
    logits = logits.masked_fill(passed, _NEVER)
    ways = [-(functional.log_softmax(logits, way) * target) for way in (0, 1)]
    totals = [target.sum(way) for way in (0, 1)]
    each = [way.sum(k) / totals[k].clamp(min=_LITTLE) for k, way in enumerate(ways)]
    return (each[0].mean() + each[1].mean()) / 2


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


_DRAWING = Lock()
"""Two models may be begun in two threads, and the generator of first weights is one."""


def _begun(make: Callable[[], Model], name: str, kind: str) -> Model:
    """Make a model whose first weights depend on the name alone."""
    with _DRAWING, torch.random.fork_rng():
        torch.manual_seed(int(stable_hash("benchmark", "weights", name, kind), 16) >> 1)
        return make()


def _fitted(
    model: Model, loss: Callable[[Batch], torch.Tensor], material: Material, training: Training, name: str
) -> Model:
    torch.set_num_threads(training.threads)
    optimiser = torch.optim.AdamW(model.parameters(), lr=training.rate, weight_decay=training.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, training.rate, total_steps=training.steps + 1)
    model.train()
    for batch in batches(material, training, name):
        optimiser.zero_grad()
        loss(batch).backward()
        optimiser.step()
        schedule.step()
    return model.eval()


def batches(material: Material, training: Training, name: str) -> Iterator[Batch]:
    """Yield the steps: the extra rows take their share of each batch, both are gone through in shuffled order."""
    extra = 0 if material.extra is None else round(material.share * training.batch)
    own = _endless(len(material.originals), name, "own")
    more = _endless(0 if material.extra is None else len(material.extra), name, "extra")
    for step in range(training.steps):
        yield Batch(step, _next(own, training.batch - extra), _next(more, extra))


def _endless(count: int, *name: str) -> Iterator[int]:
    rng = stable_generator("benchmark", "order", *name)
    while count:
        yield from rng.permutation(count)


def _next(numbers: Iterator[int], count: int) -> Numbers:
    return np.array([next(numbers) for _ in range(count)], np.intp)


def _common(material: Material, batch: Batch) -> torch.Tensor:
    """Mark the pairs of rows that share a parent, where that counts; what was drawn twice shares both."""
    if material.negatives == "labels":
        count = len(batch.own) + len(batch.extra)
        return torch.zeros((count, count), dtype=torch.bool)
    parts = [(material.originals, batch.own)]
    if material.extra is not None:
        parts.append((material.extra, batch.extra))
    pasted = {**UNMIXED, "image_mode": "paste"}  # where nothing was, both ids are one
    rows = [
        {"study_id_a": str(cases.ids[k]), "study_id_b": str(cases.donors[k]), **pasted}
        for cases, chosen in parts
        for k in chosen
    ]
    return parent_mask(rows)


def _targets(material: Material, batch: Batch, unmentioned: float) -> MultiLabel:
    labels = _labels(material, batch)
    known = np.where(np.isnan(labels), np.float32(unmentioned), labels)
    said = ~np.isnan(known) & (known >= 0)
    if material.extra is not None and material.removed == "left out":
        said[len(batch.own) :] &= ~material.extra.removed[batch.extra]
    if material.alone >= 0:
        said[len(batch.own) :, np.arange(said.shape[1]) != material.alone] = False
    return MultiLabel(torch.from_numpy(np.where(said, known, np.float32(0))), torch.from_numpy(said))


def _labels(material: Material, batch: Batch) -> Floats:
    labels = material.originals.labels[batch.own]
    if material.extra is None:
        return labels
    return np.concatenate([labels, material.extra.labels[batch.extra]])


def _seen(model: Classifier | Contrastive, material: Material, batch: Batch, name: str) -> torch.Tensor:
    """Return the last block's states of a batch; mixed inside the network where the arm says so."""
    move = Movement.drawn(len(batch.own) + len(batch.extra), name, batch.step)
    own, rest = move.part(0, len(batch.own)), move.part(len(batch.own), None)
    tower = model.tower
    first = own(as_tensor(material.originals.pictures[batch.own]))
    if material.extra is None:
        return tower.onwards(first, 0)
    if material.states is None:
        extra = rest(as_tensor(material.extra.pictures[batch.extra]))
        return tower.onwards(torch.cat([first, extra]), 0)
    mixed = _mixed_inside(tower, material, batch.extra, rest)
    return tower.onwards(torch.cat([tower.until(first, material.layer), mixed]), material.layer)


def _mixed_inside(tower: PictureTower, material: Material, chosen: Numbers, move: Movement) -> torch.Tensor:
    states, layer = material.states, material.layer
    assert states is not None
    own, given = (
        tower.until(move(as_tensor(pictures[chosen])), layer)
        for pictures in (states.recipients, states.donors)
    )
    weights = move(torch.from_numpy(states.weights[chosen])[:, None].to(own.device))[:, 0]
    shares = torch.from_numpy(material.extra.shares[chosen]).to(own.device)
    still = ((0, 0),) * len(chosen)
    mix = LayerMix(weights=weights, lam=shares, shifts=still, names=("",) * len(chosen))
    return manifold_mix(own, given, mix, pasted=True)


def as_tensor(pictures: Pixels) -> torch.Tensor:
    """Return (B, 1, side, side) float32 in [-1, 1], on the device."""
    return torch.from_numpy(np.array(pictures))[:, None].to(_device()).float() / 127.5 - 1


@dataclass(frozen=True, slots=True, eq=False)
class Movement:
    """A small shift, turn and zoom for each row of a batch: the common augmentation, alike in all arms.

    Attributes:
        matrices: (B, 2, 3) float32, as `torch.nn.functional.affine_grid` takes them.
    """

    matrices: torch.Tensor

    @classmethod
    def drawn(cls, count: int, *name: str | int) -> Movement:
        """Draw the movements of a batch from its name."""
        rng = stable_generator("benchmark", "movement", *name)
        turn, zoom = rng.normal(0, 0.06, count), np.exp(rng.normal(0, 0.06, count))
        across, down = rng.normal(0, 0.06, (2, count))
        cosine, sine = np.cos(turn) * zoom, np.sin(turn) * zoom
        rows = np.stack([cosine, -sine, across, sine, cosine, down], axis=1).reshape(count, 2, 3)
        return cls(torch.from_numpy(rows.astype(np.float32)))

    def part(self, first: int, last: int | None) -> Movement:
        """Return the movements of some rows."""
        return Movement(self.matrices[first:last])

    def __call__(self, pictures: torch.Tensor) -> torch.Tensor:
        """Move (B, C, H, W), bilinear; what comes in from outside is as the edge."""
        where = functional.affine_grid(
            self.matrices.to(pictures.device), list(pictures.shape), align_corners=False
        )
        return functional.grid_sample(pictures, where, padding_mode="border", align_corners=False)
