"""The encoder that comes with the package: small, quick, and trained on procedural phantoms only.

For demonstration and tests. Pictures and sentences are encoded one at a time, so that what else is encoded
cannot change a bit. Knows no report and no image file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors

from medcutmix_cli.encoders.base import Attention, EncoderCard, Picture, Query
from medcutmix_cli.encoders.bundled_model import GRID, MAX_TOKENS, SIDE, BundledModel, Token, tokens_of
from medcutmix_cli.encoders.geometry import WHOLE_CANVAS, features_to_canvas, to_canvas
from medcutmix_cli.encoders.groups import Look, Questions, Readout, Scoring, as_cells, products
from medcutmix_cli.encoders.on_device import OnDevice
from medcutmix_cli.encoders.once import OnceTable
from medcutmix_cli.encoders.runtime import Runtime
from medcutmix_cli.errors import EncoderError
from medcutmix_cli.records import Placement

_PACKAGED = "weights/bundled.safetensors"
_WINDOW_STEP = 48  # tokens from the start of one window to the next; neighbours share 16
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
        """Say who the encoder is (loads the weights)."""
        return EncoderCard(
            name="bundled",
            weights_sha256=self._loaded.sha256,
            grid=(GRID, GRID),
            map_kind="trained-local",
            demonstration=True,
            licence="Apache-2.0",
            note=_NOTE,
            precision=self.precision,
        )

    @property
    def _loaded(self) -> _LoadedBundled:
        return _loaded(self.weights, self._runtime)

    def look(self, picture: Picture) -> Look:
        """Standardise a canvas of any side."""
        return Look(torch.from_numpy(prepare(picture.pixels))[None], WHOLE_CANVAS, picture.placement)

    def _readout(self) -> Readout:
        return Readout(self._loaded.model.image, _products)

    def _image(self, seen: torch.Tensor | None, look: Look) -> BundledImage:
        return BundledImage(as_cells(seen), look.placement)

    def encode_sentences(self, sentences: Sequence[str]) -> list[Query]:
        """Encode each sentence by itself, in order."""
        if not sentences:
            return []
        with self._runtime.scope():
            vectors = torch.stack([_encode_sentence(self._loaded.model, own) for own in sentences])
        return [Query(BundledSentence(own)) for own in vectors.cpu().numpy()]

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


def prepare(canvas: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Bring a canvas to (224, 224) float32 with zero mean and unit deviation inside the picture.

    Pure black is taken for padding and left out of mean and deviation, so that the aspect ratio of a picture
    does not change its contrast.

    Raises:
        EncoderError: The canvas is not a square uint8 array.
    """
    if canvas.ndim != 2 or canvas.shape[0] != canvas.shape[1] or canvas.dtype != np.uint8 or not canvas.size:
        raise EncoderError(
            f"the encoder wants a square uint8 canvas, not {canvas.shape} {canvas.dtype}",
            hint="bring the picture to the canvas with medcutmix_cli.images first",
        )
    grey = canvas
    if grey.shape[0] != SIDE:
        grey = np.asarray(cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    mean, deviation = cv2.meanStdDev(grey, mask=grey)  # the mask is true where a pixel is not black
    ramp = (np.arange(256) - float(mean[0, 0])) / max(float(deviation[0, 0]), 1.0)
    standardised: npt.NDArray[np.float32] = ramp.astype(np.float32)[grey]
    return standardised


def windows_of(tokens: list[Token]) -> Iterator[list[Token]]:
    """Cut tokens into windows of at most 64, each starting 48 after the one before; every token is in one."""
    yield tokens[:MAX_TOKENS]
    for start in range(_WINDOW_STEP, len(tokens) - (MAX_TOKENS - _WINDOW_STEP), _WINDOW_STEP):
        yield tokens[start : start + MAX_TOKENS]


def _products(questions: Questions) -> Scoring:
    return products(Questions([own.query for own in questions.features], questions.pairs))


def _encode_sentence(model: BundledModel, sentence: str) -> torch.Tensor:
    tokens = tokens_of(sentence)
    if not tokens:
        raise EncoderError(
            "a sentence holds no word that can be encoded",
            hint="the sentence of a map needs at least one letter or digit",
        )
    vectors = [model.text(model.text.embed(window)[None])[0] for window in windows_of(tokens)]
    unit = torch.nn.functional.normalize(torch.stack(vectors).mean(dim=0).float(), dim=-1)
    return unit * model.scale


@dataclass(frozen=True, slots=True, eq=False)
class _LoadedBundled:
    model: BundledModel
    bias: np.float32
    sha256: str


_LOADED: OnceTable[tuple[Path | None, str], _LoadedBundled] = OnceTable()


def _loaded(weights: Path | None, runtime: Runtime) -> _LoadedBundled:
    """Load a weight file once per process and device; several threads may ask at the same time."""
    key = (weights, str(runtime.torch_device))
    return _LOADED.get(key, lambda: _load(weights, runtime))


def _load(weights: Path | None, runtime: Runtime) -> _LoadedBundled:
    content = _read(weights)
    model = BundledModel(folded=True)
    try:
        tensors = {name: tensor.float() for name, tensor in load_safetensors(content).items()}
        model.load_state_dict(tensors)
    except (SafetensorError, RuntimeError) as error:
        raise EncoderError(
            "the weights of the bundled encoder are damaged or of another model",
            where=_name(weights),
            hint="reinstall the package, or leave out --weights",
        ) from error
    runtime.place(model).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return _LoadedBundled(model, np.float32(model.bias.item()), hashlib.sha256(content).hexdigest())


def _read(weights: Path | None) -> bytes:
    try:
        if weights is not None:
            return weights.read_bytes()
        return resources.files("medcutmix_cli.encoders").joinpath(_PACKAGED).read_bytes()
    except OSError as error:
        raise EncoderError(
            "the weights of the bundled encoder cannot be read",
            where=_name(weights),
            hint="reinstall the package, or give a file that exists with --weights",
        ) from error


def _name(weights: Path | None) -> str:
    return str(weights) if weights is not None else f"medcutmix_cli/encoders/{_PACKAGED}"
