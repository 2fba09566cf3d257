"""Trains the bundled encoder on painted phantoms and writes its weights: `python -m training.bundled_encoder.train`.

Reads the training phrasebook only; what it writes is measured by `evaluate.py`.
"""

from __future__ import annotations

import argparse
import copy
import json
import platform
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from threading import Thread

import cv2
import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from medcutmix_cli.encoders.bundled import BundledEncoder
from medcutmix_cli.encoders.bundled_inputs import MAX_TOKENS, Token, tokens_of
from medcutmix_cli.encoders.bundled_model import BundledModel, ConvUnit
from training.bundled_encoder.batches import Batch, Drawer
from training.bundled_encoder.cases import Case, cases_of_pictures
from training.bundled_encoder.evaluate import pointing
from training.bundled_encoder.pictures import TRAINING_SEEDS, WATCHING_SEEDS, paint_range

_AVERAGE = 0.998  # of the running mean of weights that is written
_WATCHED = 250


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of one training run, all of which are written into the weight file."""

    phantoms: int
    epochs: int
    batch: int
    rate: float
    decay: float
    seed: int


class TextRows:
    """Turns sentences into padded embeddings, hides words at random, and remembers which table rows were used."""

    def __init__(self, model: BundledModel, rng: np.random.Generator) -> None:
        self._text = model.text
        self._rng = rng
        self.used_words = torch.zeros(model.text.words.num_embeddings, dtype=torch.bool)
        self.used_pieces = torch.zeros(model.text.pieces.num_embeddings, dtype=torch.bool)

    def encode(self, sentences: list[str]) -> Tensor:
        """Return (q, 96) unit vectors."""
        tokens = [tokens_of(sentence)[:MAX_TOKENS] for sentence in sentences]
        lengths = torch.tensor([len(row) for row in tokens])
        mask = torch.arange(int(lengths.max()))[None] < lengths[:, None]
        padded = torch.zeros(*mask.shape, self._text.words.embedding_dim)
        padded[mask] = self._embed([token for row in tokens for token in row])
        vectors: Tensor = self._text(padded, mask)
        return vectors

    def _embed(self, flat: list[Token]) -> Tensor:
        words = torch.tensor([token.word for token in flat])
        pieces = torch.tensor([piece for token in flat for piece in token.pieces])
        starts = torch.tensor([0, *(len(token.pieces) for token in flat[:-1])]).cumsum(0)
        self.used_words[words] = True
        self.used_pieces[pieces] = True
        spelled = functional.embedding_bag(pieces, self._text.pieces.weight, starts, mode="mean")
        named = functional.embedding(words, self._text.words.weight)
        hidden = torch.from_numpy(self._rng.random((2, len(flat), 1)) < 0.1)
        # An unknown word has pieces but no row of its own; a garbled one not even pieces.
        return named * ~hidden[0] + spelled * ~(hidden[0] & hidden[1])


def loss_of(scores: Tensor, batch: Batch) -> Tensor:
    """Combine: each cell is covered or not, the peak lies inside, and the largest score says present or absent.

    Args:
        scores: (b, q, 196) logits.
        batch: What they should be.
    """
    cover, weights = torch.from_numpy(batch.cover), torch.from_numpy(batch.weights)
    present = cover.amax(dim=-1) > 0.02
    sides = [weights * present, weights * ~present]
    balance = sum(0.5 * side / side.sum().clamp(min=1.0) for side in sides)
    soft = (2.0 * cover).clamp(max=1.0)  # a cell of which half is lesion counts as lesion
    cells = functional.binary_cross_entropy_with_logits(scores, soft, reduction="none").mean(dim=-1)
    inside = torch.logsumexp(scores + (cover + 1e-6).log(), dim=-1)
    best = cover.amax(dim=-1).clamp(min=1e-6).log()
    peak = torch.logsumexp(scores, dim=-1) - inside + best
    top = functional.binary_cross_entropy_with_logits(scores.amax(dim=-1), present.float(), reduction="none")
    positive = sides[0] / sides[0].sum().clamp(min=1.0)
    return 8.0 * (balance * cells).sum() + 0.5 * (positive * peak).sum() + 0.5 * (balance * top).sum()


def score(model: BundledModel, rows: TextRows, batch: Batch) -> Tensor:
    """Return (b, q, 196) scores of every sentence over every picture."""
    pictures = torch.from_numpy(batch.pictures).to(memory_format=torch.channels_last)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cells = model.image(pictures)
    queries = rows.encode(batch.sentences)
    cosine = torch.einsum("bnd,qd->bqn", cells.float(), queries)
    return model.scale * cosine + model.bias


def folded(model: BundledModel) -> dict[str, Tensor]:
    """Return the weights with every batch normalisation folded into the convolution before it."""
    still = copy.deepcopy(model).eval()
    for unit in [module for module in still.modules() if isinstance(module, ConvUnit)]:
        unit.conv = torch.nn.utils.fusion.fuse_conv_bn_eval(unit.conv, unit.norm)
        unit.norm = torch.nn.Identity()
    return dict(still.state_dict())


def write(model: BundledModel, rows: TextRows, plan: Plan, seconds: float, path: Path) -> None:
    """Write the weights in half precision; table rows that no sentence used are zeroed: they hold noise."""
    tensors = {name: tensor.half().contiguous() for name, tensor in folded(model).items()}
    tensors["text.words.weight"][~rows.used_words] = 0
    tensors["text.pieces.weight"][~rows.used_pieces] = 0
    settings = {field: str(getattr(plan, field)) for field in plan.__dataclass_fields__}
    about = {"format": "medcutmix-bundled-1", "licence": "Apache-2.0", "training_seconds": f"{seconds:.0f}"}
    versions = {"torch": torch.__version__, "numpy": np.__version__, "python": platform.python_version()}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, metadata=settings | about | versions)
    path.chmod(0o644)  # the writer keeps it to its owner; it goes into a package


def ahead(drawer: Drawer, plan: Plan) -> Iterator[Batch]:
    """Draw all batches of all epochs in a thread, a few ahead of the training."""
    queue: Queue[Batch | None] = Queue(maxsize=4)

    def fill() -> None:
        for epoch in range(plan.epochs):
            for batch in drawer.epoch(plan.batch, np.random.default_rng([plan.seed, epoch])):
                queue.put(batch)
        queue.put(None)

    Thread(target=fill, daemon=True).start()
    while (batch := queue.get()) is not None:
        yield batch


def optimiser_of(
    model: BundledModel, plan: Plan, steps: int
) -> tuple[torch.optim.AdamW, torch.optim.lr_scheduler.LRScheduler]:
    """Decay matrices, but not biases, norms and the two numbers of the score; one warm-up, one cosine."""
    grouped = [[p for p in model.parameters() if p.ndim > 1], [p for p in model.parameters() if p.ndim <= 1]]
    groups = [{"params": grouped[0], "weight_decay": plan.decay}, {"params": grouped[1], "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=plan.rate, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, plan.rate, total_steps=steps, pct_start=0.1)
    return optimiser, schedule


def train(plan: Plan, cache: Path, out: Path) -> None:
    """Fit, watch and write."""
    pictures = paint_range(cache, TRAINING_SEEDS, plan.phantoms, chosen=True)
    watched = cases_of_pictures(paint_range(cache, WATCHING_SEEDS, _WATCHED, chosen=False), "train")
    torch.manual_seed(plan.seed)  # initial weights; a script of its own may seed globally
    model = BundledModel(folded=False).to(memory_format=torch.channels_last).train()
    for table in (model.text.words, model.text.pieces):
        torch.nn.init.normal_(table.weight, std=0.3)
    torch.nn.init.normal_(model.image.place, std=0.1)
    rows = TextRows(model, np.random.default_rng([plan.seed, 1_000_000]))
    mean = copy.deepcopy(model)
    per_epoch = plan.phantoms // plan.batch
    optimiser, schedule = optimiser_of(model, plan, plan.epochs * per_epoch)
    began, total = time.perf_counter(), 0.0
    for step, batch in enumerate(ahead(Drawer(pictures), plan), start=1):
        loss = loss_of(score(model, rows, batch), batch)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        follow(mean, model, min(_AVERAGE, step / (step + 10)))
        total += float(loss.detach())
        if step % per_epoch == 0:
            seconds = time.perf_counter() - began
            watch = look(mean, rows, plan, seconds, out, watched) if step % (4 * per_epoch) == 0 else {}
            print(
                json.dumps(
                    {"epoch": step // per_epoch, "loss": round(total / per_epoch, 4), "s": round(seconds)}
                    | watch
                ),
                flush=True,
            )
            total = 0.0
    write(mean, rows, plan, time.perf_counter() - began, out)


def follow(mean: BundledModel, model: BundledModel, keep: float) -> None:
    """Move the running mean towards the model; statistics of batch normalisation included."""
    with torch.no_grad():
        for kept, new in zip(mean.state_dict().values(), model.state_dict().values(), strict=True):
            if kept.dtype.is_floating_point:
                kept.lerp_(new, 1 - keep)


def look(
    mean: BundledModel, rows: TextRows, plan: Plan, seconds: float, out: Path, watched: list[Case]
) -> dict[str, float]:
    """Write the weights so far and point with them."""
    path = out.with_name(f"{out.stem}-{seconds:.0f}.safetensors")
    write(mean, rows, plan, seconds, path)
    hits = pointing(BundledEncoder(path), watched)
    path.unlink()
    return hits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=Path("medcutmix_cli/encoders/weights/bundled.safetensors")
    )
    parser.add_argument("--cache", type=Path, required=True, help="folder for painted phantoms")
    parser.add_argument("--phantoms", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(1)
    train(
        Plan(given.phantoms, given.epochs, given.batch, given.rate, given.decay, given.seed),
        given.cache,
        given.out,
    )


if __name__ == "__main__":
    main()
