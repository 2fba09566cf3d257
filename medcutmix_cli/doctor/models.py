"""Frozen models: the encoder with the hash of its weights, and the NLP model with what it names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from medcutmix_cli.assembly.parts import build_encoder, build_reader
from medcutmix_cli.configuration.settings import Settings
from medcutmix_cli.doctor.records import Diagnosis, Surroundings
from medcutmix_cli.reports.candidates import model_name


def check_encoder(surroundings: Surroundings) -> Iterator[Diagnosis]:
    """Load the encoder that is named, or the bundled one, and say the hash of its weights."""
    settings, source = surroundings.settings, surroundings.source
    card = build_encoder(_with_encoder(settings)).card
    size = "x".join(map(str, card.grid))
    what = f"{card.name}: weights {card.weights_sha256[:16]}..., {size} cells, {card.map_kind}"
    if settings.encoder.name and not card.demonstration:
        yield Diagnosis("pass", what)
    elif source is None or source.synthetic:
        yield Diagnosis("pass", f"{what}; trained on drawn phantoms")
    else:
        named = "" if settings.encoder.name else "no encoder is named; "
        fix = "--encoder biovil-t --weights FOLDER, or another one of docs/encoders.md"
        yield Diagnosis("warn", f"{named}{what}: on real pictures its maps mean nothing", fix)


def _with_encoder(settings: Settings) -> Settings:
    name = settings.encoder.name or "bundled"
    return replace(settings, encoder=replace(settings.encoder, name=name))


def check_nlp_model(surroundings: Surroundings) -> Iterator[Diagnosis]:
    """Read a sentence as a run would: with scispaCy's rules, and with the model that is named."""
    folder = surroundings.settings.reports.nlp_model
    build_reader(surroundings.settings)
    if folder:
        yield Diagnosis("pass", model_name(folder))
    else:
        yield Diagnosis("pass", "none is named; sentences are found by scispaCy's rules, which are there")
