"""What every encoder that runs a network has in common: where its weights are and how it runs. Knows no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from medcutmix_cli.encoders.runtime import Runtime


@dataclass(frozen=True, slots=True)
class OnDevice:
    """The first settings of such an encoder.

    Attributes:
        weights: File or folder of the weights; None where the encoder knows of one.
        device, precision, batch_size: See `Runtime`.
    """

    weights: Path | None = None
    device: str = "auto"
    precision: str = "fp32"
    batch_size: int = 0

    def __post_init__(self) -> None:
        """Refuse a device or precision there is not."""
        self._runtime  # noqa: B018 - it checks itself

    @property
    def _runtime(self) -> Runtime:
        return Runtime(self.device, self.precision, self.batch_size)

    @property
    def batch(self) -> int:
        """Say how many pictures it wants at once."""
        return self._runtime.batch

    def _check_choices(self, **known: Sequence[str]) -> None:
        """Refuse options that are none of the known ones, by name."""
        for name, choices in known.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}, not {getattr(self, name)!r}")
