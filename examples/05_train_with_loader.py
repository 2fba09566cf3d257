"""Train with the loader: pairs in shuffled order from two workers, both parents mixed inside the model being trained.

The model is a toy: patches, a layer, the mean. Manifold mix stands between patches and layer; it could stand anywhere.

Usage: python 05_train_with_loader.py WORK
"""

import sys
from pathlib import Path

import torch
from _start import run_in, sample_in
from torch import nn
from torch.utils.data import DataLoader

from medcutmix_cli import loader


class WithParents:
    """Adds both parents' pictures to a pair, in the worker; the donor as it was pasted."""

    def __init__(self, where: Path) -> None:
        self.where = where

    def __call__(self, pair: loader.MixedPair) -> dict:
        """Return the pair with `recipient` and `donor`, (1, canvas, canvas) float32."""
        parents = loader.parent_pictures(pair["row"], self.where)
        return {**pair, "recipient": parents.recipient, "donor": parents.donor}


class Toy(nn.Module):
    """(B, 1, 448, 448) to 14 logits."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, 16, 28, stride=28)
        self.layer = nn.Conv2d(16, 16, 3, padding=1)
        self.head = nn.Linear(16, 14)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Go on from the states behind the patches, mixed or not."""
        return self.head(self.layer(states.relu()).relu().mean((2, 3)))


def main(work: str) -> None:
    torch.manual_seed(0)
    columns = (*loader.BASIC, *loader.LABELS, *loader.RECIPE, *loader.PARENTS)
    columns += (*loader.CONTRASTIVE, *loader.ATTMIM)
    sample, run = sample_in(Path(work)), run_in(Path(work))
    pairs = loader.IterableMixedPairs(run, columns=columns, transform=WithParents(sample), buffer=64)
    # Spawned, not forked: a fork after torch has started threads may hang.
    batches = DataLoader(
        pairs,
        batch_size=16,
        num_workers=2,
        collate_fn=loader.collate,
        multiprocessing_context="spawn",
        persistent_workers=True,
    )
    model, means = Toy(), []
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    for epoch in range(2):
        pairs.set_epoch(epoch)
        losses = []
        for batch in batches:
            rows = batch["row"]
            own, given = model.patches(batch["recipient"]), model.patches(batch["donor"])
            mixed = loader.manifold_mix(own, given, rows, pasted=True)
            loss = loader.multilabel_loss(model(mixed), loader.multilabel(rows))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        means.append(sum(losses) / len(losses))
    common = int(loader.parent_mask(rows).sum()) // 2
    hidden = loader.attmim_mask(rows[0], 0.5, (16, 16))
    print(f"last batch: {len(rows)} rows, {common} pairs of them with a common parent: no negatives")
    print(f"AttMIM hides {int(hidden.sum())} of {hidden.numel()} patches")
    print(f"{pairs.rows} rows an epoch; mean loss {means[0]:.3f} -> {means[-1]:.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
