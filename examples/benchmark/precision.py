"""In what to train: bf16 where the machine has instructions for it; elsewhere it takes many times as long as fp32."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from examples.benchmark.config import Benchmark
from examples.benchmark.results import read_results
from examples.benchmark.tables import reported
from medcutmix_cli.system.cpus import computes_in


def trainable(whole: Benchmark, say: Callable[[str], None]) -> Benchmark:
    """Return the benchmark as it can be trained here, and say where that is not as it was configured."""
    if torch.cuda.is_available() or computes_in(whole.training.precision):
        return whole
    say(
        f"this CPU has no instructions for {whole.training.precision}: trained in fp32, "
        "whose results are kept apart from the others"
    )
    return in_fp32(whole)


def in_fp32(whole: Benchmark) -> Benchmark:
    """Return the benchmark with another precision, and so with other digests."""
    return replace(whole, training=replace(whole.training, precision="fp32"))


def as_trained(whole: Benchmark, out: Path) -> Benchmark:
    """Return the benchmark in the precision that there are results of; as it is where there are of both, or none."""
    found = read_results(out)
    return next((each for each in (whole, in_fp32(whole)) if reported(found, each)), whole)
