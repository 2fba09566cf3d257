"""Small spaCy models, made by the tests themselves: a list of words, and a network trained on a few sentences."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.training import Example
from thinc.api import fix_random_seed

DISEASES = ("hiatal hernia", "scoliosis", "hiatal hernias", "pleural effusion")
_PLAIN = ("Normal heart size.", "No pneumothorax.", "No effusion.")
_FRAMES = (
    "There is a small {}.",
    "There is a mild {}.",
    "There is {}.",
    "A large {} is present.",
    "A large right {} is present.",
    "No {}.",
    "No effusion or {}.",
    "Possible {}.",
    "Stable {} is seen.",
    "Small {} are seen.",
)


def ruler_model(folder: Path, words: Iterable[str] = DISEASES, label: str = "DISEASE") -> Path:
    """Keep a model that calls some words, in any case, entities."""
    pipeline = spacy.blank("en", meta={"name": "ruler", "version": "1.2.3"})
    ruler = pipeline.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
    ruler.add_patterns([{"label": label, "pattern": word} for word in words])  # type: ignore[attr-defined]
    pipeline.to_disk(folder)
    return folder


def trained_model(folder: Path, words: Iterable[str] = DISEASES, rounds: int = 30) -> Path:
    """Keep a tiny network that has learnt to call some words entities."""
    fix_random_seed(0)
    pipeline = spacy.blank("en", meta={"name": "trained", "version": "0.0.1"})
    pipeline.add_pipe("ner").add_label("DISEASE")  # type: ignore[attr-defined]
    examples = [_example(pipeline, frame, word) for frame in _FRAMES for word in words]
    examples += [Example.from_dict(pipeline.make_doc(text), {"entities": []}) for text in _PLAIN]
    optimizer = pipeline.initialize(lambda: examples)
    for turn in range(rounds):
        random.Random(turn).shuffle(examples)
        pipeline.update(examples, sgd=optimizer, drop=0.1)
    pipeline.to_disk(folder)
    return folder


def _example(pipeline: Language, frame: str, word: str) -> Example:
    text = frame.format(word)
    start = text.index(word)
    document = pipeline.make_doc(text)
    return Example.from_dict(document, {"entities": [(start, start + len(word), "DISEASE")]})
