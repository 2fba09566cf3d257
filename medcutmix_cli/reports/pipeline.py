"""scispaCy's parts that need no model: its tokenizer, sentence component and abbreviation detector.

Built on first use and kept for the life of the process; knows no section and no finding.
"""

from __future__ import annotations

import warnings
from functools import cache, lru_cache
from typing import Any

from medcutmix_cli.system.spacy_imports import load_spacy
from medcutmix_cli.system.torchless_imports import load_thinc

_DETECTOR = "abbreviation_detector"
"""Finds abbreviations defined in brackets (Schwartz and Hearst 2003)."""

_MOST_BRACKETS = 64
"""With more opening brackets than any report has the detector takes minutes."""


def sentences_of(text: str) -> list[Any]:
    """Return the text's sentences as spans of spaCy."""
    return list(_document(text, "pysbd_sentencizer").sents)


def _document(text: str, component: str) -> Any:
    return _component(component)(_tokenizer().make_doc(text))


@cache
def _component(name: str) -> Any:
    return _tokenizer().add_pipe(name)


@cache
def _tokenizer() -> Any:
    """Return the one pipeline that both components belong to: its tokenizer takes longer to build than they do."""
    load_thinc()
    load_spacy()
    import spacy
    from scispacy import abbreviation, custom_sentence_segmenter  # noqa: F401 - they register components
    from scispacy.custom_tokenizer import combined_rule_tokenizer

    pipeline = spacy.blank("en")
    with warnings.catch_warnings():
        # scispaCy's suffix rules hold a nested set that Python warns of and reads as meant.
        warnings.simplefilter("ignore", FutureWarning)
        pipeline.tokenizer = combined_rule_tokenizer(pipeline)
    return pipeline


def abbreviations(text: str) -> dict[str, str]:
    """Return short form -> long form for the abbreviations that `text` defines in brackets."""
    if not 0 < text.count("(") <= _MOST_BRACKETS or not _defined(_up_to_last_bracket(text)):
        return {}
    return dict(_defined(text))


def _up_to_last_bracket(text: str) -> str:
    """Return the part that can define anything: up to the word in which the last bracket closes.

    In most reports that is the line of the examination ("CHEST (PORTABLE AP)"), the same in thousands of them.
    """
    last = text.rfind(")")
    return text[: last + 1] + text[last + 1 :].partition(" ")[0] if last >= 0 else ""


@lru_cache(maxsize=1 << 13)
def _defined(text: str) -> tuple[tuple[str, str], ...]:
    # Importing spaCy puts a filter of its own before ours, so import first.
    _component(_DETECTOR)
    with warnings.catch_warnings():
        # spaCy warns of the detector's empty matcher on every text that defines no abbreviation (W036).
        warnings.simplefilter("ignore", UserWarning)
        found = _document(text, _DETECTOR)._.abbreviations
    return tuple((short.text, short._.long_form.text) for short in found)
