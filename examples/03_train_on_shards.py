"""What a trainer does with the shards: pictures, soft targets with their mask, one step of a tiny classifier.

Usage: python 03_train_on_shards.py WORK
"""

import sys
from pathlib import Path

import numpy as np
import torch
from _start import run_in

from medcutmix_cli.rendering.rows import row_pixels
from medcutmix_cli.run.shards import Row, read_rows


def batch(rows: list[Row]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pictures (N, 1, side, side) float32 in [0, 1] and targets (N, 14) with NaN where nothing is said."""
    pictures = np.stack([row_pixels(row) for row in rows])
    targets = np.array([row["label_w"] for row in rows], dtype=np.float32)
    return torch.from_numpy(pictures)[:, None].float() / 255, torch.from_numpy(targets)


def masked_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean loss over the observations that the mixed report speaks of."""
    said = ~targets.isnan()
    return torch.nn.functional.binary_cross_entropy_with_logits(logits[said], targets[said])


def main(work: str) -> None:
    torch.manual_seed(0)
    shards = sorted((run_in(Path(work)) / "data").glob("part-*.parquet"))
    rows = [row for shard in shards for row in read_rows(shard, ["image", "label_w", "report", "lam"])]
    pictures, targets = batch(rows[:16])
    model = torch.nn.Sequential(torch.nn.AvgPool2d(56), torch.nn.Flatten(), torch.nn.Linear(64, 14))
    optimiser = torch.optim.SGD(model.parameters(), lr=0.5)
    before = masked_loss(model(pictures), targets)
    for _ in range(20):
        optimiser.zero_grad()
        masked_loss(model(pictures), targets).backward()
        optimiser.step()
    print(f"{len(rows)} rows; loss {before:.3f} -> {masked_loss(model(pictures), targets):.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
