"""The network of the bundled encoder, loaded and run. Knows no canvas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from medcutmix_cli.encoders.bundled_inputs import windows_in
from medcutmix_cli.encoders.bundled_model import BundledModel
from medcutmix_cli.encoders.bundled_weights import read_tensors, weights_sha256
from medcutmix_cli.encoders.once import OnceTable
from medcutmix_cli.encoders.runtime import Runtime


@dataclass(frozen=True, slots=True, eq=False)
class BundledNetwork:
    """The network on its device.

    Attributes:
        model: Both towers.
        bias: What is added to a scaled cosine.
        sha256: Of the weights, 64 hex digits.
    """

    model: BundledModel
    bias: np.float32
    sha256: str

    def encode(self, sentences: Sequence[str]) -> npt.NDArray[np.float32]:
        """Encode at least one sentence, each by itself, to (n, 96) unit vectors times the learned scale.

        Raises:
            EncoderError: One holds no letter and no digit.
        """
        vectors: npt.NDArray[np.float32] = (
            torch.stack([self._encoded(own) for own in sentences]).cpu().numpy()
        )
        return vectors

    def _encoded(self, sentence: str) -> torch.Tensor:
        text = self.model.text
        vectors = [text(text.embed(window)[None])[0] for window in windows_in(sentence)]
        unit = torch.nn.functional.normalize(torch.stack(vectors).mean(dim=0).float(), dim=-1)
        return unit * self.model.scale


_LOADED: OnceTable[tuple[Path | None, str], BundledNetwork] = OnceTable()


def load_network(weights: Path | None, runtime: Runtime) -> BundledNetwork:
    """Load a weight file once per process and device; several threads may ask at the same time.

    Raises:
        EncoderError: It cannot be read, is damaged, or of another model.
    """
    key = (weights, str(runtime.torch_device))
    return _LOADED.get(key, lambda: _load(weights, runtime))


def _load(weights: Path | None, runtime: Runtime) -> BundledNetwork:
    content, tensors = read_tensors(weights)
    model = BundledModel(folded=True)
    model.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in tensors.items()})
    runtime.place(model).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return BundledNetwork(model, np.float32(model.bias.item()), weights_sha256(weights, content))
