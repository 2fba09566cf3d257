"""A small convolutional network that tells mixed from original pictures by their seam features. Knows no file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from medcutmix_cli.evaluation.seam_features import CHANNELS

_BATCH = 8  # pairs
_SCORED = 32  # pictures
_RATE, _DECAY = 3e-3, 1e-2


class SeamDetector(nn.Module):
    """Four convolutions, then the mean and the greatest value over the whole picture, then one number."""

    def __init__(self, seed: int) -> None:
        # Not for two threads at once: drawing weights sets the one generator that all of them share.
        super().__init__()
        with torch.random.fork_rng(
            devices=()
        ):  # the weights come from the seed, and nobody else's draws change
            torch.manual_seed(seed)
            self.body = nn.Sequential(
                _block(CHANNELS, 16, 2), _block(16, 32, 2), _block(32, 32, 1), _block(32, 32, 1)
            )
            self.head = nn.Linear(64, 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return one score a picture, (n,): the log of the odds that it is mixed."""
        seen = self.body(features)
        pooled = torch.cat([seen.mean((2, 3)), seen.amax((2, 3))], dim=1)
        return torch.as_tensor(self.head(pooled)[:, 0])


def _block(before: int, after: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride, padding=1, bias=False), nn.GroupNorm(4, after), nn.ReLU()
    )


def train(
    network: SeamDetector,
    mixed: torch.Tensor,
    original: torch.Tensor,
    epochs: int,
    seed: int,
    told: Callable[[], None],
) -> None:
    """Train a network to score each mixed picture above the recipient's original, and above all others.

    Args:
        network: Fresh.
        mixed: (pairs, channels, h, w) features of mixed pictures.
        original: Likewise of their recipients' originals, in the same order.
        epochs: How often all pairs are seen.
        seed: Of the order and of the mirroring.
        told: Called after each epoch.
    """
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(network.parameters(), _RATE, weight_decay=_DECAY)
    steps = -(-len(mixed) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, _RATE, total_steps=epochs * steps, pct_start=0.2
    )
    for _ in range(epochs):
        for part in torch.randperm(len(mixed), generator=generator).tensor_split(steps):
            axes = [axis for axis in (2, 3) if torch.rand((), generator=generator) < 0.5]
            loss = _loss(network, torch.cat([mixed[part], original[part]]).flip(axes))
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
        told()
    network.eval()


def _loss(network: SeamDetector, features: torch.Tensor) -> torch.Tensor:
    """Both kinds told apart, and each mixed picture from its own original: what the patient looks like is the same."""
    scores = network(features)
    mixed, original = scores.chunk(2)
    kinds = torch.cat([torch.ones_like(mixed), torch.zeros_like(original)])
    return binary_cross_entropy_with_logits(scores, kinds) + softplus(original - mixed).mean()


@torch.no_grad()
def score(network: SeamDetector, features: torch.Tensor) -> Sequence[float]:
    """Return one score a picture."""
    parts = [network(part) for part in torch.split(features, _SCORED)]
    return [float(value) for value in torch.cat(parts)]


@torch.no_grad()
def blame(network: SeamDetector, mixed: torch.Tensor, original: torch.Tensor, patches: int) -> torch.Tensor:
    """Return how far the score falls where one patch is the recipient's own again, (patches, patches), >= 0.

    Args:
        network: Trained.
        mixed: (channels, h, w) features of one mixed picture.
        original: Likewise of its recipient's own.
        patches: Along each side.
    """
    bounds = [round(k * mixed.shape[-1] / patches) for k in range(patches + 1)]
    restored = mixed.repeat(patches * patches, 1, 1, 1)
    for place in range(patches * patches):
        row, column = divmod(place, patches)
        at = (slice(bounds[row], bounds[row + 1]), slice(bounds[column], bounds[column + 1]))
        restored[(place, slice(None), *at)] = original[(slice(None), *at)]
    fall = score(network, mixed[None])[0] - torch.tensor(score(network, restored))
    return fall.clamp(min=0).reshape(patches, patches)
