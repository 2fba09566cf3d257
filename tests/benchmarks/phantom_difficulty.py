"""How hard phantoms are: AUC of a small network, trained on 500 and tested on 800 others, for each finding.

    python tests/benchmarks/phantom_difficulty.py --look 2 [--correlations FILE]

About three minutes on one quiet core. Labels are the truth, pictures 64 x 64, histogram-equalised as the sample's are.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from medcutmix_cli.datasets.phantoms import FINDINGS, Phantom, draw_phantom, paint
from medcutmix_cli.datasets.phantoms.correlations import Correlations, read_correlations

TRAIN, TEST, SIDE, EPOCHS, BATCH = 500, 800, 64, 24, 32
HEIGHT = 128
NETWORKS = 2
"""Scores of so many networks are added: one alone varies by .03 with its first weights."""


def main() -> None:
    """Print the AUC of each finding."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--look", type=int, default=2)
    parser.add_argument("--correlations", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    started = time.monotonic()
    table = read_correlations(asked.correlations) if asked.correlations else None
    phantoms = [drawn(seed, asked.look, table) for seed in range(TRAIN + TEST)]
    pictures = torch.stack([picture(phantom) for phantom in phantoms])
    truth = torch.tensor([[f in shown(phantom) for f in FINDINGS] for phantom in phantoms])
    scores = sum(trained(pictures, truth, number) for number in range(NETWORKS))
    for place, finding in enumerate(FINDINGS):
        there = truth[TRAIN:, place].numpy()
        print(f"{finding:18s} {auc(there, scores[:, place].numpy()):.3f}  of {there.sum()} studies")
    print(f"{time.monotonic() - started:.0f} s")


def drawn(seed: int, look: int, table: Correlations | None) -> Phantom:
    """Draw a phantom; its body is its own."""
    return draw_phantom(seed, look=look, correlations=table)


def shown(phantom: Phantom) -> set[str]:
    """Return what a phantom shows."""
    return {lesion.finding for lesion in phantom.lesions}


def picture(phantom: Phantom) -> torch.Tensor:
    """Return (1, SIDE, SIDE) float32 of mean 0 and variance 1."""
    grey = (paint(phantom, HEIGHT).image * 255).astype(np.uint8)
    small = cv2.resize(cv2.equalizeHist(grey), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    values = torch.from_numpy(small.astype(np.float32))[None]
    return (values - values.mean()) / values.std()


def trained(pictures: torch.Tensor, truth: torch.Tensor, seed: int) -> torch.Tensor:
    """Train one network on the first `TRAIN` and return its logits for the others."""
    torch.manual_seed(seed)
    network = nn.Sequential(
        *(layer for given, out in ((1, 16), (16, 32), (32, 64), (64, 96)) for layer in _block(given, out)),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(4 * 96, len(FINDINGS)),
    )
    optimiser = torch.optim.AdamW(network.parameters(), 3e-3, weight_decay=1e-2)
    steps = EPOCHS * len(torch.arange(TRAIN).split(BATCH))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    loss = nn.BCEWithLogitsLoss()
    for _ in range(EPOCHS):
        for chosen in torch.randperm(TRAIN).split(BATCH):
            moved = torch.roll(pictures[chosen], tuple(torch.randint(-3, 4, (2,)).tolist()), (2, 3))
            optimiser.zero_grad()
            loss(network(moved), truth[chosen].float()).backward()
            optimiser.step()
            schedule.step()
    network.eval()
    with torch.no_grad():
        return torch.cat([network(part) for part in pictures[TRAIN:].split(200)])


def _block(given: int, out: int) -> list[nn.Module]:
    return [nn.Conv2d(given, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU(), nn.MaxPool2d(2)]


def auc(there: np.ndarray, scores: np.ndarray) -> float:
    """Return the share of pairs (with, without) that are in order, ties counting half."""
    having, others = scores[there], np.sort(scores[~there])
    below = np.searchsorted(others, having, "left") + np.searchsorted(others, having, "right")
    return float(below.mean() / 2 / len(others))


if __name__ == "__main__":
    main()
