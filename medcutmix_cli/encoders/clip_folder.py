"""Read a folder of the CLIP or SigLIP family as transformers publishes them. Knows no map and no option.

What a folder does not say is an error, not a guess: a wrong mean or crop makes wrong maps that look right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModel
from transformers.utils import logging

from medcutmix_cli.encoders.checkpoints import Release, files_sha256, locate, read_json
from medcutmix_cli.errors import EncoderError, cause

_CONFIG = "config.json"
_PREPROCESSOR = "preprocessor_config.json|processor_config.json"
_WEIGHTS = "model.safetensors|model.safetensors.index.json|pytorch_model.bin|pytorch_model.bin.index.json"
_VOCABULARY = "tokenizer.json|spiece.model|tokenizer.model|vocab.json"
_BESIDE = ("merges.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")

_FAMILIES = ("clip", "siglip")
_OTHERS = {"blip": "blip", "cxr-bert": "biovil-t", "siglip2": "precomputed"}


@dataclass(frozen=True, slots=True, eq=False)
class ClipFolder:
    """A folder whose files are all there.

    Attributes:
        path: The folder.
        config: What its config.json holds.
        files: Every file that has a say in the maps, by name.
        remote_code: Whether code in it may run.
    """

    path: Path
    config: Mapping[str, Any]
    files: Mapping[str, Path]
    remote_code: bool

    @property
    def sha256(self) -> str:
        """Hash what the maps depend on: weights, configuration, tokenizer, code; 64 hex digits."""
        return files_sha256(self.files)

    @property
    def preprocessor(self) -> dict[str, Any]:
        """Return how pictures are prepared; newer folders keep it in a part of processor_config.json."""
        content = read_json(self.files["preprocessor"])
        own = content.get("image_processor", content)
        return own if isinstance(own, dict) else content

    @property
    def licence(self) -> str:
        """Return what the front matter of the README says, as the hub wants it."""
        try:
            lines = (self.path / "README.md").read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            lines = []
        head = lines[1 : lines.index("---", 1)] if lines[:1] == ["---"] and "---" in lines[1:] else []
        said = {key.strip(): value.strip(" \"'") for key, _, value in (line.partition(":") for line in head)}
        return said.get("license_name") or said.get("license") or "unknown: its folder does not say"


def open_folder(weights: Path | None, repo: str, *, remote_code: bool) -> ClipFolder:
    """Find a folder and all that is needed of it, and see that it is of these families.

    Args:
        weights: The folder; None looks for `repo` in the hub cache.
        repo: Id on the Hugging Face hub, or "".
        remote_code: Whether code in it may run.

    Raises:
        EncoderError: A file is missing, it is another kind of model, or it needs its own code to run.
    """
    if weights and (weights / "open_clip_config.json").is_file() and not (weights / _CONFIG).is_file():
        raise _foreign("open_clip", "biomedclip", weights)
    path = locate(weights, Release(repo, (_CONFIG,)), "clip")[_CONFIG]
    config, folder = read_json(path), path.parent
    _check_kind(config, folder, remote_code)  # before other files are missed: they may not be wanted at all
    found = locate(folder, Release(repo, (_CONFIG, _WEIGHTS, _PREPROCESSOR, _VOCABULARY)), "clip")
    return ClipFolder(folder, config, _with_role(found, folder, remote_code), remote_code)


def _check_kind(config: Mapping[str, Any], folder: Path, remote_code: bool) -> None:
    kind, own_code = str(config.get("model_type", "")), "AutoModel" in (config.get("auto_map") or {})
    if own_code and not remote_code:
        raise EncoderError(
            "this model brings its own code, which is not run unasked",
            where=str(folder),
            hint="read the .py files in the folder; if you trust them: --encoder-option trust_remote_code=true",
        )
    if kind not in _FAMILIES and not own_code:
        raise _foreign(kind or "none", _OTHERS.get(kind, ""), folder)


def _foreign(kind: str, encoder: str, folder: Path) -> EncoderError:
    known = f"try --encoder {encoder}" if encoder else "for any other model: --encoder precomputed"
    return EncoderError(
        f"this folder is of the model type {kind!r}, not 'clip' or 'siglip'", where=str(folder), hint=known
    )


def _with_role(found: Mapping[str, Path], folder: Path, remote_code: bool) -> dict[str, Path]:
    """Name the files by role, and add what stands beside them: shards, the tokenizer's other files, code."""
    files = {
        "config": found[_CONFIG],
        "weights": found[_WEIGHTS],
        "preprocessor": found[_PREPROCESSOR],
        "vocabulary": found[_VOCABULARY],
    }
    if found[_WEIGHTS].suffix == ".json":
        shards = sorted(set(read_json(found[_WEIGHTS]).get("weight_map", {}).values()))
        files |= locate(folder, Release("", tuple(shards)), "clip")
    code = sorted(folder.glob("*.py")) if remote_code else []
    beside = [folder / name for name in _BESIDE if (folder / name).is_file()]
    return files | {path.name: path for path in [*beside, *code]}


UNREADABLE = (
    OSError,
    ValueError,
    RuntimeError,
    KeyError,
    TypeError,
    ImportError,
    UnpicklingError,
    SafetensorError,
)
"""What transformers raises over files that are damaged or do not belong together."""


def load_model(folder: ClipFolder) -> torch.nn.Module:
    """Load the network, float32, every weight from the folder.

    Raises:
        EncoderError: The weights cannot be read, or are not all those of the architecture.
    """
    try:
        with silence():
            model, report = AutoModel.from_pretrained(
                folder.path,
                local_files_only=True,
                trust_remote_code=folder.remote_code,
                use_safetensors=".safetensors" in folder.files["weights"].name,
                weights_only=True,
                dtype=torch.float32,
                output_loading_info=True,
            )
    except UNREADABLE as error:
        raise EncoderError(
            f"the weights cannot be loaded ({cause(error)})",
            where=str(folder.files["weights"]),
            hint="is the download whole, and do the weights belong to the config.json beside them? "
            "pickled weights need torch >= 2.6",
        ) from error
    wrong = sorted({*report["missing_keys"], *report["unexpected_keys"]})
    wrong = [name for name in wrong if not name.endswith("position_ids")]  # a buffer, saved by old versions
    if wrong:
        raise EncoderError(
            f"the weights are of another architecture: {len(wrong)} tensors are missing or too many, "
            f"for example {wrong[0]!r}",
            where=str(folder.files["weights"]),
            hint="give the folder of the released model, unchanged",
        )
    loaded: torch.nn.Module = model
    return loaded


@contextmanager
def silence() -> Iterator[None]:
    """Hold back transformers' progress bars and tables: what is wrong with the weights is said above."""
    own: Any = logging  # mostly without types
    bars, verbosity = own.is_progress_bar_enabled(), own.get_verbosity()
    own.disable_progress_bar()
    own.set_verbosity_error()
    try:
        yield
    finally:
        own.set_verbosity(verbosity)
        if bars:
            own.enable_progress_bar()
