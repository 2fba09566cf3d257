"""The bundled encoder on a CPU, in NumPy: a process that renders with it loads no torch, which takes seconds.

The layers are those of `bundled_model.py`, under the names that they have in the weight file; that module was trained
and is what a GPU runs. Each product has one shape whatever else is encoded, and one thread: no bit depends on either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.encoders.bundled_inputs import GRID, HEADS, Token, windows_in
from medcutmix_cli.encoders.bundled_weights import read_tensors, weights_sha256
from medcutmix_cli.encoders.once import OnceTable
from medcutmix_cli.system.blas import single_threaded_blas

Floats = npt.NDArray[np.float32]
Tensors = Mapping[str, Floats]
"""By the name of the weight file; a convolution's as (kernel * kernel * wide_in, wide_out)."""

_STEM = "image.stem.conv"
_STEM_STEP = 4  # its stride; its kernel is two steps wide
_NORM_FLOOR = 1e-5  # what torch's LayerNorm adds to a variance
_UNIT_FLOOR = 1e-12  # the least length that torch's normalize divides by


@dataclass(frozen=True, slots=True, eq=False)
class NumpyNetwork:
    """Both towers, in the CPU's memory.

    Attributes:
        tensors: Their weights, float32.
        bias: What is added to a scaled cosine.
        sha256: Of the weight file, 64 hex digits.
    """

    tensors: Tensors
    bias: np.float32
    sha256: str

    def see(self, pixels: Floats) -> Floats:
        """Map (224, 224) standardised grey to (196, 96) unit vectors, row by row from the top."""
        with single_threaded_blas():
            return _see(self.tensors, pixels)

    def encode(self, sentences: Sequence[str]) -> Floats:
        """Encode at least one sentence, each by itself, to (n, 96) unit vectors times the learned scale.

        Raises:
            EncoderError: One holds no letter and no digit.
        """
        with single_threaded_blas():
            return np.stack([self._encoded(own) for own in sentences])

    def _encoded(self, sentence: str) -> Floats:
        windows = [_read(self.tensors, window) for window in windows_in(sentence)]
        return _unit(np.stack(windows).mean(axis=0)) * self.tensors["scale"]


def _see(tensors: Tensors, pixels: Floats) -> Floats:
    x = _relu(_convolve(tensors, _STEM, _folded(np.pad(pixels, 2)), (2, 2), pad=False))
    for block in ("middle", "coarse"):
        x = _relu(_convolve(tensors, f"image.to_{block}.conv", x, (3, 3), stride=2))
        inner = _relu(_convolve(tensors, f"image.{block}.first.conv", x, (3, 3)))
        x = _relu(x + _convolve(tensors, f"image.{block}.second.conv", inner, (3, 3)))
    cells = x.reshape(GRID * GRID, -1) + tensors["image.place"]
    cells = _attend(tensors, "image.context", cells)
    return _unit(_linear(tensors, "image.out", _norm(tensors, "image.norm", cells)))


def _read(tensors: Tensors, window: Sequence[Token]) -> Floats:
    """Map the tokens of a window to a (96,) unit vector."""
    embedded = _embed(tensors, window)
    near = _relu(_convolve(tensors, "text.neighbours", embedded[None], (1, 3))[0])
    x = _norm(tensors, "text.norm", _attend(tensors, "text.context", embedded + near))
    pooled = _softmax(_linear(tensors, "text.weigh", x)[:, 0]) @ x
    return _unit(_linear(tensors, "text.out", _relu(_linear(tensors, "text.hidden", pooled))))


def _embed(tensors: Tensors, window: Sequence[Token]) -> Floats:
    """Return (T, 64): the row of each word plus the mean of its pieces' rows."""
    words, pieces = tensors["text.words.weight"], tensors["text.pieces.weight"]
    return np.stack([words[token.word] + pieces[list(token.pieces)].mean(axis=0) for token in window])


def _convolve(
    tensors: Tensors, name: str, x: Floats, kernel: tuple[int, int], stride: int = 1, *, pad: bool = True
) -> Floats:
    """Map (H, W, wide_in) to (H / stride, W / stride, wide_out); unpadded, to kernel - 1 less of each."""
    rows = _neighbours(_padded(x, kernel) if pad else x, kernel, stride)
    flat = rows.reshape(rows.shape[0] * rows.shape[1], -1) @ tensors[f"{name}.weight"]
    flat += tensors[f"{name}.bias"]
    return flat.reshape(*rows.shape[:2], -1)


def _padded(x: Floats, kernel: tuple[int, int]) -> Floats:
    """Put zeros around, half of a kernel of odd sides."""
    (high, wide), (top, left) = x.shape[:2], [side // 2 for side in kernel]
    padded = np.zeros((high + 2 * top, wide + 2 * left, x.shape[2]), np.float32)
    padded[top : top + high, left : left + wide] = x
    return padded


def _neighbours(x: Floats, kernel: tuple[int, int], stride: int) -> Floats:
    """Lay what a convolution sees from each place side by side: (places down, across, rows, columns * wide_in)."""
    high, wide = [(size - side) // stride + 1 for size, side in zip(x.shape, kernel, strict=False)]
    seen = np.empty((high, wide, kernel[0], kernel[1] * x.shape[2]), np.float32)
    # Columns of a row of the kernel lie side by side with their channels: long runs are quick to copy.
    runs = np.lib.stride_tricks.sliding_window_view(x.reshape(len(x), -1), seen.shape[3], axis=1)
    for row in range(kernel[0]):
        seen[:, :, row] = runs[row : row + high * stride : stride, :: stride * x.shape[2]]
    return seen


def _folded(pixels: Floats) -> Floats:
    """Make (H / 4, W / 4, 16) of (H, W): a step of the first layer is then one cell."""
    high, wide = (side // _STEM_STEP for side in pixels.shape)
    cells = pixels.reshape(high, _STEM_STEP, wide, _STEM_STEP).transpose(0, 2, 1, 3)
    return cells.reshape(high, wide, -1)


def _attend(tensors: Tensors, name: str, x: Floats) -> Floats:
    """Let all positions of (N, width) see each other; keeps the shape."""
    mixed = _linear(tensors, f"{name}.mix", _norm(tensors, f"{name}.norm", x))
    query, key, value = mixed.reshape(len(x), 3, HEADS, -1).transpose(1, 2, 0, 3)
    scores = (query * np.float32(query.shape[-1] ** -0.5)) @ key.transpose(0, 2, 1)
    seen = (_softmax(scores) @ value).transpose(1, 0, 2).reshape(x.shape)
    x = x + _linear(tensors, f"{name}.merge", seen)
    fed = _relu(_linear(tensors, f"{name}.feed_in", _norm(tensors, f"{name}.feed_norm", x)))
    return x + _linear(tensors, f"{name}.feed_out", fed)


def _linear(tensors: Tensors, name: str, x: Floats) -> Floats:
    linear: Floats = x @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]
    return linear


def _norm(tensors: Tensors, name: str, x: Floats) -> Floats:
    apart = x - x.mean(axis=-1, keepdims=True)
    deviation = np.sqrt(np.square(apart).mean(axis=-1, keepdims=True) + np.float32(_NORM_FLOOR))
    normed: Floats = apart / deviation * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]
    return normed


def _softmax(x: Floats) -> Floats:
    raised: Floats = x - x.max(axis=-1, keepdims=True)
    cv2.exp(raised, raised)  # NumPy's own takes three times as long
    raised /= raised.sum(axis=-1, keepdims=True)
    return raised


def _relu(x: Floats) -> Floats:
    return np.maximum(x, np.float32(0))


def _unit(x: Floats) -> Floats:
    length = np.sqrt(np.square(x).sum(axis=-1, keepdims=True))
    unit: Floats = x / np.maximum(length, np.float32(_UNIT_FLOOR))
    return unit


_LOADED: OnceTable[Path | None, NumpyNetwork] = OnceTable()


def load_numpy_network(weights: Path | None) -> NumpyNetwork:
    """Load a weight file once per process; several threads may ask at the same time.

    Raises:
        EncoderError: It cannot be read, is damaged, or of another model.
    """
    return _LOADED.get(weights, lambda: _load(weights))


def _load(weights: Path | None) -> NumpyNetwork:
    content, tensors = read_tensors(weights)
    flat = {name: _flattened(tensor) for name, tensor in tensors.items()}
    flat[f"{_STEM}.weight"] = _folded_stem(tensors[f"{_STEM}.weight"])
    return NumpyNetwork(flat, np.float32(flat["bias"]), weights_sha256(weights, content))


def _folded_stem(tensor: Floats) -> Floats:
    """Bring (wide_out, 1, 8, 8) to (4 cells * 16 pixels, wide_out)."""
    wide_out, _, high, wide = tensor.shape
    cells = tensor.reshape(wide_out, high // _STEM_STEP, _STEM_STEP, wide // _STEM_STEP, _STEM_STEP)
    return np.ascontiguousarray(cells.transpose(1, 3, 2, 4, 0).reshape(-1, wide_out))


def _flattened(tensor: Floats) -> Floats:
    """Bring a convolution's (wide_out, wide_in, *kernel) to (kernel * wide_in, wide_out); leave all else."""
    if tensor.ndim <= 2:
        return tensor
    return np.ascontiguousarray(np.moveaxis(tensor, (0, 1), (-1, -2)).reshape(-1, len(tensor)))
