"""What a type checker knows of a call that a user writes: every option by its name and type. Checked, never run.

A line that a checker must refuse says so; were it accepted, the unused comment would be the error.
"""

from pathlib import Path

import torch

import medcutmix_cli
from medcutmix_cli.loader import IterableMixedPairs, MixedPair, MixedPairs, collate


def calls() -> None:
    """Call the API rightly and wrongly."""
    medcutmix_cli.augment("in", "out", seed=1, shard_size=16, splits=("train",), encoder_options={"layer": 9})
    medcutmix_cli.plan("in", "out", config=Path("recipe.toml"), columns={"image": "file"}, features=None)
    medcutmix_cli.render("out", task=1, num_tasks=2, dataset=Path("there"), workers=4, max_fail_frac=0.1)
    medcutmix_cli.calibrate("out", stage_dir="", device="cuda")
    medcutmix_cli.attend("a.png", "Effusion.", encoder="clip", run=None)
    medcutmix_cli.augment("in", "out", sede=1)  # type: ignore[call-arg]
    medcutmix_cli.augment("in", "out", seed="one")  # type: ignore[arg-type]
    medcutmix_cli.render("out", seed=1)  # type: ignore[call-arg]
    medcutmix_cli.attend("a.png", "Effusion.", canvas="large")  # type: ignore[arg-type]


def batches() -> None:
    """Read pairs rightly and wrongly."""
    pairs: MixedPairs[MixedPair] = MixedPairs("run")
    means: IterableMixedPairs[float] = IterableMixedPairs(
        "run", transform=lambda pair: float(pair["image"].mean())
    )
    batch = collate([pairs[0], pairs[1]])
    image: torch.Tensor = batch["image"]
    report: list[str] = batch["report"]
    wrong: list[str] = batch["image"]  # type: ignore[assignment]
    batch["picture"]  # type: ignore[typeddict-item]
    other: MixedPairs[str] = MixedPairs("run")  # type: ignore[assignment]
    total: float = sum(means)
    print(image, report, wrong, other, total)
