"""From what a person says to what a run is made of: settings, data set, encoder, strategies, the run's record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from medcutmix_cli import __version__
from medcutmix_cli.assembly.lexicons import lexicon_sources
from medcutmix_cli.assembly.libraries import library_versions
from medcutmix_cli.assembly.paths import check_named_paths
from medcutmix_cli.attention import Gate, Soft
from medcutmix_cli.configuration.plugins import build, construct, options_of
from medcutmix_cli.configuration.registry import load
from medcutmix_cli.configuration.resolution import (
    ResolvedSettings,
    fingerprint,
    resolve_keywords,
)
from medcutmix_cli.configuration.semantics import semantic_part, with_absolute_paths
from medcutmix_cli.configuration.settings import Settings, plain, settings_of
from medcutmix_cli.datasets.base import Dataset
from medcutmix_cli.datasets.combination import CombinedDataset, kind_of
from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.encoders.base import Encoder, FeatureEncoder
from medcutmix_cli.engines import Engine
from medcutmix_cli.errors import EncoderError, UsageError, suggest
from medcutmix_cli.findings import is_open
from medcutmix_cli.mixing.cut import Guards, Strategies
from medcutmix_cli.pairing.proposal import PairingStrategy
from medcutmix_cli.planning.targets import named_findings
from medcutmix_cli.reports.candidates import model_name
from medcutmix_cli.reports.lexicon import finding_ids
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.tables import lexicon_in_use
from medcutmix_cli.run.columns import SCHEMA_VERSION
from medcutmix_cli.run.run_record import RunRecord
from medcutmix_cli.system.file_hash import file_sha256


def build_engine(
    settings: Settings, name: str | None = None, options: Mapping[str, Any] | None = None
) -> Engine:
    """Build the engine of the settings, or the one named; the settings' options are those of their engine only.

    Raises:
        UsageError: There is no such engine, or it has no such option.
        MissingExtraError: It needs a package that is not installed.
    """
    chosen = name or settings.run.engine
    own = settings.run.engine_options if chosen == settings.run.engine else {}
    engine: Engine = build("engine", chosen, {**own, **(options or {})})
    return engine


def resolve_options(
    dataset: str | Path, config: Path | None, options: Mapping[str, Any], command: str = "plan"
) -> ResolvedSettings:
    """Merge options, environment, recipe and defaults.

    Args:
        dataset: Where the data set is.
        config: A TOML recipe.
        options: Keywords of the command; None means not given.
        command: Which settings it may be given.

    Raises:
        UsageError: An option, key or value that does not fit, or a path that is not there.
    """
    resolved = resolve_keywords(settings_of(command), options, Path(config) if config else None)
    settings = resolved.settings
    placed = replace(settings, dataset=replace(settings.dataset, root=str(dataset)))
    origins = {**resolved.origins, "dataset.root": "flag"}
    absolute = with_absolute_paths(replace(resolved, settings=placed, origins=origins))
    if command != "doctor":  # it has a line of its own for whatever is not there
        check_named_paths(absolute.settings, settings_of(command))
    return absolute


def open_source(settings: Settings) -> Dataset:
    """Open the data set of the settings, and the unpaired one beside it where they name one.

    Raises:
        UsageError: An unpaired data set is named and not what it may be, or the other way round.
        DatasetError: It is not there.
    """
    chosen = settings.dataset
    if bool(chosen.unpaired) != (settings.plan.unpaired != "none"):
        raise UsageError(
            "an unpaired data set needs its place and what it may be",
            hint="--unpaired PATH with --unpaired-as donor, recipient or both",
        )
    options = dict(chosen.options)
    if chosen.reports:
        options["reports"] = Path(chosen.reports)
    source = open_dataset(Path(chosen.root), chosen.kind or None, **options)
    if not chosen.unpaired:
        return source
    return CombinedDataset(source, open_dataset(Path(chosen.unpaired), **dict(chosen.unpaired_options)))


def complete_settings(resolved: ResolvedSettings, source: Dataset) -> ResolvedSettings:
    """Fill in what may be left unsaid: the recognised kind, and `bundled` on our own phantoms only.

    Raises:
        EncoderError: No encoder was named, and the data set is a real one.
    """
    dataset = replace(resolved.settings.dataset, kind=kind_of(source))
    settings = replace(resolved.settings, dataset=dataset)
    if settings.encoder.name:
        return replace(resolved, settings=settings)
    if not source.synthetic:
        raise EncoderError(
            "no encoder was named, and this is not the sample data set",
            hint="--encoder NAME; `--encoder bundled` runs, but its maps mean nothing on real pictures",
        )
    return replace(resolved, settings=replace(settings, encoder=replace(settings.encoder, name="bundled")))


def build_reader(settings: Settings) -> ReportReader:
    """Build the reader of the settings, and read nothing with it: a missing model is an error at once.

    Raises:
        UsageError: There are no such rules, no model in that folder, or none where entities are to decide.
        MedcutmixError: The model cannot be loaded.
    """
    how = settings.reports
    reader = ReportReader(how.section_rules, how.nlp_model, how.diagnostic)
    reader.read("FINDINGS: Clear.")
    return reader


def build_encoder(settings: Settings) -> Encoder:
    """Build the encoder of the settings.

    Raises:
        UsageError: It has no such option, or computes in one precision only and another was asked for.
    """
    chosen, known = settings.encoder, options_of("encoder", settings.encoder.name)
    options = dict(chosen.options)
    if chosen.weights:
        options["weights"] = Path(chosen.weights)
    for key, default in (("device", "auto"), ("precision", "fp32"), ("batch_size", 0)):
        if key in known or getattr(chosen, key) != default:
            options[key] = getattr(chosen, key)
    encoder: Encoder = build("encoder", chosen.name, options)
    return encoder


def build_run_encoder(settings: Settings) -> Encoder:
    """Build the encoder that a run is planned with; its weights are not loaded.

    `--features` of an encoder that keeps none is an error now, not an empty column later.

    Raises:
        UsageError: It has no such option, or keeps no patch features.
        MissingExtraError: It needs a package that is not installed.
    """
    encoder = build_encoder(settings)
    if settings.image.features and not isinstance(encoder, FeatureEncoder):
        raise UsageError(
            f"the encoder {settings.encoder.name!r} keeps no patch features", hint="leave out --features"
        )
    return encoder


def build_gate(settings: Settings) -> Gate:
    """Build the evidence gate of the settings."""
    name = settings.mixing.gate
    gate: Gate = build("gate", name, settings.mixing.options.get(name, {}))
    return gate


def build_pairings(settings: Settings) -> tuple[PairingStrategy, ...]:
    """Build the pairing strategies of the settings, in their order.

    Raises:
        UsageError: None is named, or one twice, or a name or an option is wrong.
    """
    names = settings.plan.pairing
    if not names or len(set(names)) < len(names):
        what = f"names {next(n for n in names if names.count(n) > 1)!r} twice" if names else "names none"
        raise UsageError(f"plan.pairing {what}", hint="--pairing NAME, once for each")
    if settings.plan.findings:
        _check_findings(settings.plan.findings, settings.reports.diagnostic)
    ranks = [name for name in names if "embeddings" in options_of("pairing", name)]
    return tuple(_build_pairing(settings, name, ranks or names) for name in names)


def _build_pairing(settings: Settings, name: str, by_embeddings: Sequence[str]) -> PairingStrategy:
    """Build one of them; `by_embeddings` are those that are given the file of embeddings, if there is one."""
    options = dict(settings.mixing.options.get(name, {}))
    if settings.plan.findings:
        options["findings"] = settings.plan.findings
    if settings.plan.policy:
        options["policy"] = settings.plan.policy
    if settings.plan.embeddings and name in by_embeddings:
        options["embeddings"] = settings.plan.embeddings
    strategy: PairingStrategy = build("pairing", name, options)
    more = [f for f in named_findings(settings.plan.target, finding_ids()) if f not in strategy.findings]
    if not more or settings.plan.findings or "findings" not in options_of("pairing", name):
        return strategy
    wider: PairingStrategy = build("pairing", name, {**options, "findings": (*strategy.findings, *more)})
    return wider


def _check_findings(findings: tuple[str, ...], diagnostic: str) -> None:
    for finding in findings:
        if is_open(finding):
            if diagnostic == "lexicon":
                raise UsageError(
                    f"{finding!r} is named by entities", hint="--diagnostic both --nlp-model FOLDER"
                )
        elif finding not in finding_ids():
            raise UsageError(f"there is no finding {finding!r}", hint=suggest(finding, finding_ids()))


def build_choices(settings: Settings) -> tuple[PairingStrategy, ...]:
    """Build all that settings choose by name and need no data for, and return who pairs; the others are built later.

    Raises:
        UsageError: A name or an option is wrong: said now, not after hours of reading.
    """
    build_engine(settings)
    build_strategies(settings)
    return build_pairings(settings)


def build_strategies(settings: Settings) -> Strategies:
    """Build mask, region and blend."""
    chosen = settings.mixing
    used = {
        *settings.plan.pairing,
        chosen.mask,
        chosen.gate,
        chosen.align,
        chosen.region,
        chosen.blend,
    }
    for name in chosen.options:
        if name not in {*used, "guards"}:
            raise UsageError(
                f"[mixing.options.{name}]: no strategy of that name is used",
                hint=f"used: {', '.join(sorted(used))}",
            )
    load("weight", chosen.weight)
    build_gate(settings)
    read = {"energy": chosen.energy} if "energy" in options_of("mask", chosen.mask) else {}
    return Strategies(
        mask=build("mask", chosen.mask, {**read, **chosen.options.get(chosen.mask, {})}),
        alignment=build("alignment", chosen.align, chosen.options.get(chosen.align, {})),
        region=build("region", chosen.region, chosen.options.get(chosen.region, {})),
        blend=build("blend", chosen.blend, chosen.options.get(chosen.blend, {})),
        energy=chosen.energy,
        local_tone=chosen.tone == "local",
        graded_mask=Soft(energy=chosen.energy),
        guards=construct("[mixing.options.guards]", "guards", Guards, chosen.options.get("guards", {})),
    )


def folder_sha256(folder: Path) -> str:
    """Hash the files of a folder, names and contents, in a fixed order."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return fingerprint([[path.relative_to(folder).as_posix(), file_sha256(path)] for path in files])


def describe(resolved: ResolvedSettings, source: Dataset, encoder: Encoder) -> RunRecord:
    """Describe the run before its plan is made: everything but the counts."""
    settings = resolved.settings
    sources = {**source.provenance(), **lexicon_sources(lexicon_in_use())}
    if settings.reports.nlp_model:
        sources["nlp_model"] = folder_sha256(Path(settings.reports.nlp_model))
        if settings.reports.diagnostic != "lexicon":
            sources["nlp_pipeline"] = model_name(settings.reports.nlp_model)
    for name in ("exclude_ids", "label_table", "attributes", "embeddings"):
        if path := getattr(settings.plan, name):
            sources[name] = file_sha256(Path(path))
    card = plain(encoder.card)
    record = RunRecord(
        settings=plain(settings),
        origins=dict(resolved.origins),
        sources=sources,
        encoder=card,
        versions=versions(),
        synthetic=source.synthetic,
        counts={},
        shards=[],
        fingerprint="",
        libraries=library_versions(),
    )
    return replace(record, fingerprint=record_fingerprint(record))


def record_fingerprint(record: RunRecord) -> str:
    """Work out the fingerprint of a run from all that it is bound to, whatever the record says it is.

    A synthetic source adds to it since `run.json` is sealed: other runs keep the fingerprint that they had before.
    """
    synthetic = ("synthetic",) if record.synthetic and record.sealed else ()
    return fingerprint(
        semantic_part(record.settings), record.sources, record.encoder, record.versions, *synthetic
    )


def versions() -> dict[str, Any]:
    """Return what decides bytes beside settings and sources, as a plan records it."""
    return {"medcutmix": __version__, "shard_schema": SCHEMA_VERSION}
