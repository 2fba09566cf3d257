"""The encoder that comes with the package: small, quick, and trained on procedural phantoms only.

For demonstration and tests. Pictures and sentences are encoded one at a time, so that what else is encoded
cannot change a bit. Knows no report and no image file.
"""

from __future__ import annotations

import hashlib
import threading
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

from medcutmix_cli.encoders.base import Attention, EncoderCard
from medcutmix_cli.encoders.bundled_model import GRID, MAX_TOKENS, SIDE, BundledModel, Token, tokens_of
from medcutmix_cli.errors import EncoderError

_PACKAGED = "weights/bundled.safetensors"
_WINDOW_STEP = 48  # tokens from the start of one window to the next; neighbours share 16
_NOTE = "Trained on procedural phantoms: its maps on real pictures mean nothing."


@dataclass(frozen=True, slots=True, eq=False)
class EncodedImage:
    """One picture as the network sees it.

    Attributes:
        cells: (196, 96) float32 unit vectors, row by row from the top of the canvas.
    """

    cells: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class EncodedSentence:
    """One sentence.

    Attributes:
        query: (96,) float32, a unit vector times the learned scale: `cells @ query` is scale * cosine.
    """

    query: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class BundledEncoder:
    """A dual encoder whose patch-sentence cosine was trained on the true lesion masks of phantoms.

    A score is a logit: above 0 where a cell is likely to hold what the sentence says. Sentences may have any
    length: those over 64 tokens are read in windows of 64, each 48 after the one before, and averaged.
    Encoding sets torch to one thread, for good: bits may not depend on how many a machine has.

    Attributes:
        weights: Another weight file of the same architecture; None takes the packaged one.
    """

    weights: Path | None = None

    @property
    def card(self) -> EncoderCard:
        """Say who the encoder is (loads the weights)."""
        return EncoderCard(
            name="bundled",
            weights_sha256=_loaded(self.weights).sha256,
            grid=(GRID, GRID),
            map_kind="trained-local",
            demonstration=True,
            licence="Apache-2.0",
            note=_NOTE,
        )

    def encode_image(self, canvas: npt.NDArray[np.uint8]) -> EncodedImage:
        """Encode one (side, side) uint8 canvas of any side."""
        model = _loaded(self.weights).model
        picture = torch.from_numpy(prepare(canvas))
        _use_one_thread()
        with torch.inference_mode():
            cells = model.image(picture[None, None])
        return EncodedImage(cells[0].numpy())

    def encode_sentences(self, sentences: Sequence[str]) -> list[EncodedSentence]:
        """Encode each sentence by itself, in order."""
        model = _loaded(self.weights).model
        _use_one_thread()
        with torch.inference_mode():
            return [_encode_sentence(model, sentence) for sentence in sentences]

    def attend(self, image: EncodedImage, sentence: EncodedSentence) -> Attention:
        """Score every cell of the picture: `scale * cosine + bias`, (14, 14) float16."""
        # einsum, not @: BLAS would wake threads of its own for 196 short products, and they spin between calls.
        scores = np.einsum("cd,d->c", image.cells, sentence.query) + _loaded(self.weights).bias
        return Attention(scores.reshape(GRID, GRID).astype(np.float16))


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


def _use_one_thread() -> None:
    # Two threads cut a sum elsewhere than one does, which changes last bits. The count is kept per thread.
    if torch.get_num_threads() != 1:
        torch.set_num_threads(1)


def _encode_sentence(model: BundledModel, sentence: str) -> EncodedSentence:
    tokens = tokens_of(sentence)
    if not tokens:
        raise EncoderError(
            "a sentence holds no word that can be encoded",
            hint="the sentence of a map needs at least one letter or digit",
        )
    vectors = [model.text(model.text.embed(window)[None])[0] for window in windows_of(tokens)]
    unit = torch.nn.functional.normalize(torch.stack(vectors).mean(dim=0), dim=-1)
    return EncodedSentence((unit * model.scale).numpy())


@dataclass(frozen=True, slots=True, eq=False)
class _Loaded:
    model: BundledModel
    bias: np.float32
    sha256: str


_LOADED: dict[Path | None, _Loaded] = {}
_LOADING = threading.Lock()


def _loaded(weights: Path | None) -> _Loaded:
    """Load a weight file once per process; several threads may ask at the same time."""
    found = _LOADED.get(weights)
    if found is None:
        with _LOADING:
            found = _LOADED.get(weights) or _load(weights)
            _LOADED[weights] = found
    return found


def _load(weights: Path | None) -> _Loaded:
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
    model.eval().requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return _Loaded(model, np.float32(model.bias.item()), hashlib.sha256(content).hexdigest())


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
