"""Find released weights on this machine, read them safely, know them by their hash. Never asks a network.

Weights come from a local folder or from the Hugging Face cache. Files are safetensors, or pickles read with
`weights_only=True`, so that no code in them can run.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from medcutmix_cli.errors import EncoderError, cause
from medcutmix_cli.system.file_hash import file_sha256


@dataclass(frozen=True, slots=True)
class Release:
    """A model that its authors publish.

    Attributes:
        repo: Its id on the Hugging Face hub, "" where the user must say which model it is.
        files: Names of the files that are needed, relative to the folder; "a|b" needs one of the two.
    """

    repo: str
    files: tuple[str, ...]


def locate(weights: Path | None, release: Release, encoder: str) -> dict[str, Path]:
    """Return the files of a release, by the name (or names) `Release.files` gives them.

    Args:
        weights: Folder that holds them; None looks into the hub cache (HF_HOME, HF_HUB_CACHE).
        release: What is looked for.
        encoder: Registered name of the encoder, for the error.

    Raises:
        EncoderError: Something is missing; the hint is the command that fetches it, and the offline way.
    """
    folder = weights if weights is not None else _cached(release.repo)
    found = {name: _first(folder, name) for name in release.files} if folder else {}
    missing = [name for name in release.files if found.get(name) is None]
    if missing:
        wanted = ", ".join(name.replace("|", " or ") for name in missing)
        raise EncoderError(
            f"the weights of {encoder!r} are not here: no {wanted}",
            where=str(folder) if folder else "the Hugging Face cache of this machine",
            hint=how_to_fetch(release, encoder),
        )
    return {name: path for name, path in found.items() if path is not None}


def _first(folder: Path, names: str) -> Path | None:
    return next((folder / name for name in names.split("|") if (folder / name).is_file()), None)


def _cached(repo: str) -> Path | None:
    """Return the newest snapshot in the hub cache; the cache is only looked at, never filled."""
    if not repo:
        return None
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repo, local_files_only=True))
    except (LocalEntryNotFoundError, OSError, ValueError):
        return None


def how_to_fetch(release: Release, encoder: str) -> str:
    """Return the hint for weights that are missing or wrong: the download command and the offline way."""
    repo = release.repo or "OWNER/MODEL"
    return (
        f"on a machine with internet: hf download {repo} --local-dir {encoder}  "
        f"then copy the folder here and give --weights {encoder}"
    )


DOWNLOAD_AGAIN = "download the whole folder of the model again"
"""What helps where one of its files is damaged, or of another model."""

_DAMAGED = (
    SafetensorError,
    pickle.UnpicklingError,
    struct.error,
    RuntimeError,
    EOFError,
    OSError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
)
"""What the two readers raise over files with some bytes changed or cut off."""


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Read a weight file: safetensors, or a pickle of tensors only.

    Raises:
        EncoderError: It cannot be read, is damaged, or would run code.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except _DAMAGED as error:
        raise EncoderError(
            f"the weight file cannot be read ({cause(error)})",
            where=str(path),
            hint="is the download whole, and does it hold tensors only? compare its hash with the published one",
        ) from error
    tensors = loaded.get("state_dict", loaded) if isinstance(loaded, Mapping) else None
    if not isinstance(tensors, Mapping) or not all(
        isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in tensors.items()
    ):
        raise EncoderError(
            "the weight file holds no table of tensors",
            where=str(path),
            hint="is it the file of weights of this encoder? download it again",
        )
    return dict(tensors)


def read_json(path: Path) -> dict[str, Any]:
    """Read a configuration file.

    Raises:
        EncoderError: It cannot be read, or is no JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EncoderError(
            f"the file cannot be read ({cause(error)})",
            where=str(path),
            hint="may you read it, and is it whole? download it again",
        ) from error
    if not isinstance(content, dict):
        raise EncoderError(
            "the file holds no JSON object",
            where=str(path),
            hint=DOWNLOAD_AGAIN,
        )
    return content


def fill(
    model: torch.nn.Module,
    tensors: Mapping[str, torch.Tensor],
    where: str,
    ignored: Sequence[str] = ("position_ids",),
) -> None:
    """Put tensors into a model as float32; every one of the model's must be there and fit.

    Args:
        model: Receives them.
        tensors: By the model's own names; what the model does not have is an error as well.
        where: The weight file, for the error.
        ignored: Endings of names that may be missing or too many (buffers that hold no weight).

    Raises:
        EncoderError: Names or shapes are of another architecture.
    """
    known = model.state_dict()
    floats = {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}
    faults = {name: _fault(known.get(name), floats.get(name)) for name in sorted({*known, *floats})}
    wrong = [name for name, fault in faults.items() if fault and not name.endswith(tuple(ignored))]
    if wrong:
        raise EncoderError(
            f"the weights are of another architecture: {len(wrong)} tensors are missing, too many or of another "
            f"shape, for example {wrong[0]!r} ({faults[wrong[0]]})",
            where=where,
            hint="give the folder of the released model, unchanged",
        )
    model.load_state_dict({k: v for k, v in floats.items() if not faults[k]}, strict=False)


def _fault(own: torch.Tensor | None, given: torch.Tensor | None) -> str:
    if own is None or given is None:
        return "too many" if own is None else "missing"
    return "" if own.shape == given.shape else f"{tuple(given.shape)}, not {tuple(own.shape)}"


def files_sha256(files: Mapping[str, Path]) -> str:
    """Hash files by role and content, wherever they lie and whatever they are called: 64 hex digits.

    Raises:
        EncoderError: A file cannot be read.
    """
    digest = hashlib.sha256()
    for role in sorted(files):
        digest.update(f"{role}\0{_file_sha256(files[role])}\n".encode())
    return digest.hexdigest()


def _file_sha256(path: Path) -> str:
    try:
        now = path.stat()
        return _hashed(path, now.st_ino, now.st_size, now.st_mtime_ns)
    except OSError as error:
        raise EncoderError(
            f"the weight file cannot be read ({cause(error)})",
            where=str(path),
            hint="may you read it, and is it whole? download it again",
        ) from error


@cache
def _hashed(path: Path, *_state: int) -> str:
    """Hash a file once as long as its state (inode, size, time of change) stays what it is."""
    return file_sha256(path)
