"""The encoder that comes with the package: small, quick, and trained on procedural phantoms only.

For demonstration and tests. Pictures and sentences are encoded one at a time, so that what else is encoded
cannot change a bit. Knows no report and no image file. torch is loaded on a GPU only, or for half precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from medcutmix_cli.encoders.base import Attention, EncoderCard, Picture, Query
from medcutmix_cli.encoders.bundled_inputs import GRID, prepare
from medcutmix_cli.encoders.bundled_weights import packaged_sha256
from medcutmix_cli.encoders.devices import runs_on_cpu
from medcutmix_cli.encoders.geometry import WHOLE_CANVAS, features_to_canvas, to_canvas
from medcutmix_cli.encoders.on_device import OnDevice
from medcutmix_cli.records import Placement

if TYPE_CHECKING:
    import torch

    from medcutmix_cli.encoders.bundled_network import BundledNetwork
    from medcutmix_cli.encoders.bundled_numpy import NumpyNetwork
    from medcutmix_cli.encoders.groups import Look, Questions, Readout, Scoring

_NOTE = "Trained on procedural phantoms: its maps on real pictures mean nothing."


@dataclass(frozen=True, slots=True, eq=False)
class BundledImage:
    """One picture as the network sees it.

    Attributes:
        cells: (196, 96) float32 unit vectors, row by row from the top of the canvas.
        placement: Where the picture lies on it.
    """

    cells: npt.NDArray[np.float32]
    placement: Placement


@dataclass(frozen=True, slots=True, eq=False)
class BundledSentence:
    """One sentence.

    Attributes:
        query: (96,) float32, a unit vector times the learned scale: `cells @ query` is scale * cosine.
    """

    query: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class BundledEncoder(OnDevice[BundledImage]):
    """A dual encoder whose patch-sentence cosine was trained on the true lesion masks of phantoms.

    A score is a logit: above 0 where a cell is likely to hold what the sentence says. Sentences may have any
    length: those over 64 tokens are read in windows of 64, each 48 after the one before, and averaged.

    Attributes:
        weights: Another weight file of the same architecture; None takes the packaged one.
        device, precision, batch_size: See `Runtime`.
    """

    @property
    def card(self) -> EncoderCard:
        """Say who the encoder is (loads weights that are not the packaged ones)."""
        return EncoderCard(
            name="bundled",
            weights_sha256=self._loaded.sha256 if self.weights else packaged_sha256(),
            grid=(GRID, GRID),
            map_kind="trained-local",
            demonstration=True,
            licence="Apache-2.0",
            note=_NOTE,
            precision=self.precision,
        )

    @property
    def _loaded(self) -> NumpyNetwork | BundledNetwork:
        return self._in_numpy if self._by_numpy else self._in_torch

    @property
    def _by_numpy(self) -> bool:
        """A CPU rounds no product to 19 bits: tf32 is fp32 there."""
        return self.precision in ("fp32", "tf32") and runs_on_cpu(self.device)

    @property
    def _in_numpy(self) -> NumpyNetwork:
        from medcutmix_cli.encoders.bundled_numpy import load_numpy_network

        return load_numpy_network(self.weights)

    @property
    def _in_torch(self) -> BundledNetwork:
        from medcutmix_cli.encoders.bundled_network import load_network

        return load_network(self.weights, self._runtime)

    def encode_images(self, pictures: Sequence[Picture]) -> list[BundledImage]:
        """Encode canvases of any side, in order."""
        if not self._by_numpy:
            # Named: a dataclass with slots is another class than the one that a bare super() remembers.
            return super(BundledEncoder, self).encode_images(pictures)
        network = self._in_numpy
        return [BundledImage(network.see(prepare(own.pixels)), own.placement) for own in pictures]

    def look(self, picture: Picture) -> Look:
        """Standardise a canvas of any side."""
        import torch

        from medcutmix_cli.encoders.groups import Look

        return Look(torch.from_numpy(prepare(picture.pixels))[None], WHOLE_CANVAS, picture.placement)

    def _readout(self) -> Readout:
        from medcutmix_cli.encoders.groups import Readout

        return Readout(self._in_torch.model.image, _products)

    def _image(self, seen: torch.Tensor | None, look: Look) -> BundledImage:
        from medcutmix_cli.encoders.groups import as_cells

        return BundledImage(as_cells(seen), look.placement)

    def encode_sentences(self, sentences: Sequence[str]) -> list[Query]:
        """Encode each sentence by itself, in order."""
        if not sentences:
            return []
        return [Query(BundledSentence(own)) for own in self._vectors(sentences)]

    def _vectors(self, sentences: Sequence[str]) -> npt.NDArray[np.float32]:
        if self._by_numpy:
            return self._in_numpy.encode(sentences)
        with self._runtime.scope():
            return self._in_torch.encode(sentences)

    def attend(self, image: BundledImage, sentence: BundledSentence) -> Attention:
        """Score every cell of the picture: `scale * cosine + bias`, (14, 14) float16, NaN on the letterbox bars."""
        # einsum, not @: BLAS would wake threads of its own for 196 short products, and they spin between calls.
        return self._map(np.einsum("cd,d->c", image.cells, sentence.query), image)

    def _map(self, scores: npt.NDArray[np.float32], image: BundledImage) -> Attention:
        native = (scores + self._loaded.bias).reshape(GRID, GRID)
        return to_canvas(native, WHOLE_CANVAS, image.placement, (GRID, GRID))

    def patch_features(self, image: BundledImage) -> npt.NDArray[np.float32]:
        """Return the unit vector of each cell of the canvas, (grid_h, grid_w, d) float32, 0 outside."""
        return features_to_canvas(image.cells, WHOLE_CANVAS, image.placement, (GRID, GRID))


def _products(questions: Questions) -> Scoring:
    from medcutmix_cli.encoders.groups import Questions, products

    return products(Questions([own.query for own in questions.features], questions.pairs))
