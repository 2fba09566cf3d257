"""Entities of a model that the user has on disk, as candidates beside the lexicon's findings.

A candidate is a place and the model's own word for it (scispaCy's is the untyped "ENTITY"): it is recorded and
decides nothing. Knows no finding.
"""

from __future__ import annotations

import warnings
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from medcutmix_cli.errors import MedcutmixError, UsageError
from medcutmix_cli.records import Candidate

_CONFIG = "config.cfg"
_GET_ONE = (
    "unpack a model's release archive (for scispaCy: en_core_sci_md-0.5.4.tar.gz of its releases page) and give the "
    "folder; never install it by its bare name, on PyPI en-core-sci-md is somebody else's package"
)
# What spaCy raises for models of other versions, unknown components, missing and damaged files.
_REFUSALS = (OSError, ValueError, KeyError, ImportError, TypeError, AttributeError, IndexError)


def find_candidates(path: str, text: str) -> tuple[Candidate, ...]:
    """Return the entities that the model in folder `path` sees in `text`, offsets into `text`.

    Raises:
        UsageError: There is no model.
        MedcutmixError: It cannot be loaded, or names no entities.
    """
    return _found(path, text)


@lru_cache(maxsize=1 << 14)
def _found(path: str, text: str) -> tuple[Candidate, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        document = entity_pipeline(path)(text)
    return tuple(Candidate(e.start_char, e.end_char, e.label_) for e in document.ents if e.text.strip())


@cache
def entity_pipeline(path: str) -> Any:
    """Return the spaCy pipeline kept in a folder; loaded once per process.

    Raises:
        UsageError: No model lies there.
        MedcutmixError: It cannot be loaded, or names no entities.
    """
    folder = _model_folder(Path(path))
    import scispacy.custom_tokenizer  # noqa: F401 - its models name a tokenizer of this package
    import spacy
    from spacy.about import __version__ as version

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it was made by another version; what fails is told below
        try:
            pipeline = spacy.load(folder)
        except _REFUSALS as refusal:
            raise MedcutmixError(
                f"this model cannot be loaded by spaCy {version}", where=str(folder), hint=_GET_ONE
            ) from refusal
    if not any("doc.ents" in pipeline.get_pipe_meta(name).assigns for name in pipeline.pipe_names):
        raise MedcutmixError("this model names no entities", where=str(folder), hint=_GET_ONE)
    return pipeline


def _model_folder(path: Path) -> Path:
    """Return the folder that holds the model: `path`, or the only one below it, as release archives unpack."""
    if (path / _CONFIG).is_file():
        return path
    below = [config.parent for depth in ("*", "*/*") for config in path.glob(f"{depth}/{_CONFIG}")]
    if len(below) != 1:
        raise UsageError("no spaCy model here: no config.cfg", where=str(path), hint=_GET_ONE)
    return below[0]
