"""The weight file of the bundled encoder: the packaged one, or another of the same architecture. Knows no network."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load

from medcutmix_cli.errors import EncoderError

_PACKAGED = "weights/bundled.safetensors"


def read_weights(weights: Path | None) -> bytes:
    """Return the content of a weight file; None for the packaged one.

    Raises:
        EncoderError: It cannot be read.
    """
    try:
        if weights is not None:
            return weights.read_bytes()
        return _packaged()
    except OSError as error:
        raise EncoderError(
            "the weights of the bundled encoder cannot be read",
            where=_name(weights),
            hint="reinstall the package, or give a file that exists with --weights",
        ) from error


@cache
def _packaged() -> bytes:
    """Read the packaged file once a process: who is asked for its hash is asked for the network next."""
    return resources.files("medcutmix_cli.encoders").joinpath(_PACKAGED).read_bytes()


def read_tensors(weights: Path | None) -> tuple[bytes, dict[str, npt.NDArray[np.float32]]]:
    """Read a weight file, None for the packaged one: its content, and its tensors by name, float32.

    Raises:
        EncoderError: It cannot be read, is damaged, or of another model.
    """
    content = read_weights(weights)
    tensors = _parsed(weights, content)
    if weights is not None and _shapes(tensors) != _shapes(_parsed(None, read_weights(None))):
        raise error_of_damage(weights)
    return content, {name: tensor.astype(np.float32) for name, tensor in tensors.items()}


def _parsed(weights: Path | None, content: bytes) -> dict[str, npt.NDArray[Any]]:
    try:
        return load(content)
    except SafetensorError as error:
        raise error_of_damage(weights) from error


def _shapes(tensors: dict[str, npt.NDArray[Any]]) -> dict[str, tuple[int, ...]]:
    return {name: tensor.shape for name, tensor in tensors.items()}


def weights_sha256(weights: Path | None, content: bytes) -> str:
    """Return the SHA-256 of a weight file whose content was read; that of the packaged one is worked out once.

    Raises:
        EncoderError: The packaged ones are damaged.
    """
    return packaged_sha256() if weights is None else hashlib.sha256(content).hexdigest()


@cache
def packaged_sha256() -> str:
    """Return the SHA-256 of the packaged weights, loading no network.

    Raises:
        EncoderError: They cannot be read, or are damaged.
    """
    content = read_weights(None)
    _parsed(None, content)
    return hashlib.sha256(content).hexdigest()


def error_of_damage(weights: Path | None) -> EncoderError:
    """Return the error of weights that are not those of this network."""
    return EncoderError(
        "the weights of the bundled encoder are damaged or of another model",
        where=_name(weights),
        hint="reinstall the package, or leave out --weights",
    )


def _name(weights: Path | None) -> str:
    return str(weights) if weights is not None else f"medcutmix_cli/encoders/{_PACKAGED}"
