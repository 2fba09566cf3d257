"""In what to train: bf16 where the machine has instructions for it; elsewhere it takes many times as long as fp32."""

from __future__ import annotations

from collections.abc import Callable

import torch

from examples.benchmark.config import Benchmark
from medcutmix_cli.system.cpus import computes_in


def trainable(whole: Benchmark, say: Callable[[str], None]) -> Benchmark:
    """Return the benchmark as it can be trained here, and say where that is not as it was configured."""
    if torch.cuda.is_available() or computes_in(whole.training.precision):
        return whole
    say(
        f"this CPU has no instructions for {whole.training.precision}: trained in fp32; "
        "the page compares arms of a chunk in one precision only"
    )
    return whole.computed_in("fp32")
