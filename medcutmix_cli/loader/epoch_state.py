"""What a data set is told between epochs, so that workers hear of it that persist. Knows no row."""

from __future__ import annotations

from typing import Any

import torch


class EpochState:
    """Whole numbers in shared memory: a worker that persists has copies of all else (huggingface/datasets, 6673)."""

    def __init__(self, *values: int) -> None:
        self._values = torch.tensor(values, dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]

    def tell(self, *values: int) -> None:
        """Put other numbers in place of those that are there, as many."""
        self._values.copy_(torch.tensor(values))

    def values(self) -> tuple[int, ...]:
        """Return the numbers."""
        return tuple(self._values.tolist())

    def is_shared(self) -> bool:
        """Say whether workers see what is told."""
        return bool(self._values.is_shared())

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Share them again: a plain copy has its own."""
        self.__dict__.update(state)
        self._values.share_memory_()
