"""Entities of a model that the user has on disk, as candidates beside the lexicon's findings.

A candidate is a place and the model's own word for it (scispaCy's is the untyped "ENTITY"); whether it decides
anything is said by `diagnostic`. Knows no finding.
"""

from __future__ import annotations

import warnings
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from medcutmix_cli.errors import MedcutmixError, UsageError
from medcutmix_cli.records import Candidate
from medcutmix_cli.system.spacy_imports import load_spacy
from medcutmix_cli.system.torchless_imports import lacks_torch

_CONFIG = "config.cfg"
_RELEASES = "https://s3-us-west-2.amazonaws.com/ai2-s2-scispacy/releases/v0.5.4"
GET_ONE = (
    f"fetch scispaCy's release archive ({_RELEASES}/en_ner_bc5cdr_md-0.5.4.tar.gz), unpack it and give the folder, or "
    "`pip install --no-deps` with that whole address; never install it by its bare name, on PyPI en-core-sci-md is "
    "somebody else's package"
)
"""How to get a model safely."""
_NEW_PROCESS = (
    f"load it before anything is read without it, in a new process; if that does not help: {GET_ONE}"
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


def model_name(path: str) -> str:
    """Return a model's name, version and components, and the spaCy that runs it: what entities depend on.

    Raises:
        UsageError: No model lies there.
        MedcutmixError: It cannot be loaded, or names no entities.
    """
    pipeline = entity_pipeline(path)
    from spacy.about import __version__ as version

    meta = pipeline.meta
    parts = ", ".join(pipeline.pipe_names)
    return f"{meta['lang']}_{meta['name']} {meta['version']} ({parts}), spaCy {version}"


@cache
def entity_pipeline(path: str) -> Any:
    """Return the spaCy pipeline kept in a folder; loaded once per process.

    Raises:
        UsageError: No model lies there.
        MedcutmixError: It cannot be loaded, or names no entities.
    """
    folder = _model_folder(Path(path))
    load_spacy()
    import scispacy.custom_tokenizer  # noqa: F401 - its models name a tokenizer of this package
    import spacy
    from spacy.about import __version__ as version

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it was made by another version; what fails is told below
        try:
            pipeline = spacy.load(folder)
        except _REFUSALS as refusal:
            raise MedcutmixError(
                f"this model cannot be loaded by spaCy {version}",
                where=str(folder),
                hint=_NEW_PROCESS if lacks_torch() else GET_ONE,
            ) from refusal
    if not any("doc.ents" in pipeline.get_pipe_meta(name).assigns for name in pipeline.pipe_names):
        raise MedcutmixError("this model names no entities", where=str(folder), hint=GET_ONE)
    return pipeline


def _model_folder(path: Path) -> Path:
    """Return the folder that holds the model: `path`, or the only one below it, as release archives unpack."""
    if (path / _CONFIG).is_file():
        return path
    below = [config.parent for depth in ("*", "*/*") for config in path.glob(f"{depth}/{_CONFIG}")]
    if len(below) != 1:
        raise UsageError("no spaCy model here: no config.cfg", where=str(path), hint=GET_ONE)
    return below[0]
