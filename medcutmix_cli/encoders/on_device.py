"""What every encoder that runs a network has in common: where its weights are and how it runs. Knows no model.

torch is loaded when something runs, not before: who only wants to know which encoder it is does not wait for it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from medcutmix_cli.encoders.base import Attention, Picture
from medcutmix_cli.encoders.choices import check_choices
from medcutmix_cli.encoders.devices import runs_on_cpu

if TYPE_CHECKING:
    import torch

    from medcutmix_cli.encoders.groups import Look, Readout
    from medcutmix_cli.encoders.runtime import Runtime

Image = TypeVar("Image")
"""One encoded picture."""


@dataclass(frozen=True, slots=True)
class OnDevice(Generic[Image]):
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
        check_choices(self.device, self.precision, self.batch_size)

    @property
    def _runtime(self) -> Runtime:
        from medcutmix_cli.encoders.runtime import Runtime

        return Runtime(self.device, self.precision, self.batch_size)

    @property
    def batch(self) -> int:
        """Say how many pictures it wants at once."""
        return (self.batch_size or 1) if runs_on_cpu(self.device) else self._runtime.batch

    @property
    def in_groups(self) -> bool:
        """Say whether a group is answered at once: on a CPU nothing would be gained, and bits would move."""
        return not runs_on_cpu(self.device)

    def encode_images(self, pictures: Sequence[Picture]) -> list[Image]:
        """Encode canvases of any side, in order."""
        import torch

        looks = [self.look(picture) for picture in pictures]
        seen = self._runtime.run(self._readout().network, torch.stack([own.pixels for own in looks]))
        return [self._image(own, look) for own, look in zip(seen, looks, strict=True)]

    def see_group(
        self, looks: Sequence[Look], asked: Sequence[Sequence[Any]], *, keep: bool
    ) -> list[tuple[Image, list[Attention]]]:
        """Encode pictures and map each for its own sentences; only scores leave the device unless `keep` is said."""
        import torch

        from medcutmix_cli.encoders.groups import answer

        pixels = torch.stack([look.pixels for look in looks])
        answers = answer(self._runtime, self._readout(), pixels, asked, keep=keep)
        images = [self._image(own.seen, look) for own, look in zip(answers, looks, strict=True)]
        return [
            (image, [self._map(scores, image) for scores in own.scores])
            for own, image in zip(answers, images, strict=True)
        ]

    @abstractmethod
    def look(self, picture: Picture) -> Look:
        """Bring a picture to what the network takes."""

    @abstractmethod
    def _readout(self) -> Readout:
        """Return the network, and how it is read."""

    @abstractmethod
    def _image(self, seen: torch.Tensor | None, look: Look) -> Image:
        """Keep what the network made of a picture; None where that stays on the device."""

    @abstractmethod
    def _map(self, scores: npt.NDArray[np.float32], image: Image) -> Attention:
        """Bring (cells,) scores of the network's own cells to the canvas."""

    def _check_choices(self, **known: Sequence[str]) -> None:
        """Refuse options that are none of the known ones, by name."""
        for name, choices in known.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}, not {getattr(self, name)!r}")
