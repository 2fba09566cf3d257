"""Open a planned run: its data set where it is now, and all that its shards need beside their pairs.

Every engine comes through here, once a process; knows no engine and no shard.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medcutmix_cli.assembly.libraries import library_versions
from medcutmix_cli.assembly.parts import (
    build_encoder,
    build_engine,
    build_gate,
    build_strategies,
    open_source,
    versions,
)
from medcutmix_cli.assembly.relocation import HERE, RunPlaces, relocate_settings
from medcutmix_cli.attention import Gate
from medcutmix_cli.configuration.registry import load
from medcutmix_cli.configuration.resolution import difference, from_plain
from medcutmix_cli.configuration.semantics import semantic
from medcutmix_cli.configuration.settings import SETTINGS, Settings
from medcutmix_cli.datasets.base import Dataset
from medcutmix_cli.datasets.presence import Presence
from medcutmix_cli.encoders.base import Encoder
from medcutmix_cli.engines import Progress, Work
from medcutmix_cli.errors import DatasetError, EncoderError, RunError, UsageError
from medcutmix_cli.images.picture_cache import CacheFolder, PictureCache
from medcutmix_cli.rendering.calibration import (
    Calibration,
    PictureSource,
    calibrate,
    read_calibration,
    write_calibration,
)
from medcutmix_cli.rendering.pair import Renderer
from medcutmix_cli.rendering.sample import MixRules
from medcutmix_cli.rendering.staging import check_stage_dir
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.nulls_file import read_nulls
from medcutmix_cli.run.run_record import RunRecord, read_run
from medcutmix_cli.run.shards import ShardOrigin
from medcutmix_cli.system.cpus import usable_cpus
from medcutmix_cli.system.memory_limits import check_address_space
from medcutmix_cli.system.near_paths import near_path
from medcutmix_cli.system.storage_errors import explain_storage_errors

CREDENTIALED_TERMS = (
    "Derived from the source data set and under its terms; credentialed data stays credentialed."
)
SYNTHETIC_TERMS = "Made from procedural phantoms: no patient, free to share."


def open_run_dataset(record: RunRecord, places: RunPlaces = HERE) -> Dataset:
    """Open the data set a run was planned from, where it was or where it is now; with the unpaired one, if it has one.

    Raises:
        DatasetError: It is not there.
    """
    return _open_planned(relocate_settings(record, places.changes()))


_NOT_HERE = {
    "dataset.root": "the data set of the run is not here",
    "dataset.reports": "the reports of the run are not here",
    "dataset.unpaired": "the unpaired data set of the run is not here",
}


def _open_planned(settings: Settings) -> Dataset:
    """Open what a run was planned from; a near name is not proposed: another data set has other pictures.

    Raises:
        DatasetError: It is not there.
    """
    for key, what in _NOT_HERE.items():
        place = getattr(settings.dataset, SETTINGS[key].name)
        if place and not Path(place).exists():
            raise DatasetError(
                what,
                where=place,
                hint=f"has it moved? {SETTINGS[key].flag} PATH says where it is now",
            )
    return open_source(settings)


def open_renderer(work: Work, progress: Progress | None = None) -> Renderer:
    """Build all that the shards of `work` need beside their pairs, once a process: the encoder, the calibration.

    Raises:
        RunError: Another run, or none, lies in the folder that this process sees, or another version made the plan.
        EncoderError: The weights are not those of the plan.
        MedcutmixError: Anything else a person can act on; see `errors`.
    """
    check_address_space()
    folder = RunFolder(work.out)
    record = read_run(folder)
    if record.fingerprint != work.fingerprint:
        raise RunError(
            "another run lies in this folder", where=str(work.out), hint="was it planned again meanwhile?"
        )
    _check_versions(record)
    settings = relocate_settings(record, work.changes)
    check_stage_dir(settings.run.stage_dir)
    check_cache(settings.run.prepared)
    encoder = _planned_encoder(settings, record)
    pictures = _picture_source(settings, encoder)
    gate = build_gate(settings)
    threads = settings.run.workers or usable_cpus()
    return Renderer(
        folder=folder,
        origin=shard_origin(record, semantic(settings)),
        resolve=pictures.resolve,
        encoder=encoder,
        rules=open_mix_rules(record, ensure_calibration(folder, record, pictures, gate, threads, progress)),
        canvas=settings.image.canvas,
        reading=settings.image.reading,
        features=settings.image.features,
        workers=threads,
        stage_dir=settings.run.stage_dir,
        cache=pictures.cache,
        presence=pictures.presence,
        retry_failed=work.retry_failed,
    )


def open_mix_rules(record: RunRecord, calibration: Calibration) -> MixRules:
    """Build what decides the samples of a run once their maps are there; opens no encoder.

    Raises:
        UsageError: A part is not installed here, or has other options.
    """
    settings = from_plain(record.settings)
    height, width = record.encoder["grid"]
    return MixRules(
        strategies=build_strategies(settings),
        gate=build_gate(settings),
        calibration=calibration,
        lam=load("weight", settings.mixing.weight),
        image_format=settings.image.format,
        seed=settings.plan.seed,
        grid=(height, width),
        never_denied=frozenset(record.counts.get("never_denied", ())),
    )


def _planned_encoder(settings: Settings, record: RunRecord) -> Encoder:
    """Build the encoder, and check that its weights are those of the plan."""
    encoder = build_encoder(settings)
    if encoder.card.weights_sha256 != record.encoder["weights_sha256"]:
        raise EncoderError(
            "the encoder's weights are not those of the plan",
            where=settings.encoder.name,
            hint="give the same weights with --weights, or plan again in an empty folder",
        )
    return encoder


def _picture_source(settings: Settings, encoder: Encoder) -> PictureSource:
    source = _open_planned(settings)
    return PictureSource(
        source.resolve,
        settings.image.canvas,
        settings.image.reading,
        encoder,
        settings.run.stage_dir,
        Presence(source),
        open_cache(settings.run.prepared),
    )


def check_places(settings: Settings) -> None:
    """See that staging folder and cache can serve where this process renders; elsewhere they are of other machines.

    Raises:
        UsageError: There is no such folder.
        RunError: It cannot be written, or is no cache of this version.
    """
    if build_engine(settings).in_this_process:
        check_stage_dir(settings.run.stage_dir)
        check_cache(settings.run.prepared)


def check_cache(prepared: str) -> None:
    """See that the settings name a cache of this version, or none; opens no part of it.

    Raises:
        UsageError: There is no such folder.
        RunError: It is no cache, or another version made it.
    """
    if prepared and not Path(prepared).exists():
        hint = near_path(Path(prepared)) or "medcutmix prepare DATASET CACHE makes one"
        raise UsageError("the folder given with --prepared does not exist", where=prepared, hint=hint)
    if prepared:
        CacheFolder(Path(prepared)).check(picture_versions())


def open_cache(prepared: str) -> PictureCache | None:
    """Open the cache of pictures that the settings name, None where they name none.

    Raises:
        RunError: It is none, or another version made it.
    """
    return PictureCache.open(Path(prepared), picture_versions()) if prepared else None


def picture_versions() -> dict[str, Any]:
    """Return what decides how a picture is read: another version of any of it may read it otherwise."""
    readers = {
        "numpy",
        "opencv-python-headless",
        "pillow",
        "pydicom",
        "pyjpegls",
        "pylibjpeg-openjpeg",
        "python-gdcm",
    }
    found = library_versions()
    return versions() | {name: found[name] for name in sorted(readers & set(found))}


def shard_origin(record: RunRecord, decisive: dict[str, Any]) -> ShardOrigin:
    """Return what each shard says of the run; where rows are cut into shards must not show inside one.

    Args:
        record: The run's.
        decisive: Those of its settings that decide the output (see `configuration.semantics`).
    """
    decisive["run"].pop("shard_size", None)
    terms = SYNTHETIC_TERMS if record.synthetic else CREDENTIALED_TERMS
    return ShardOrigin(record.fingerprint, record.encoder, decisive, terms, record.synthetic)


def _check_versions(record: RunRecord) -> None:
    """Check that this program is the one that made the plan: its shards would be others under the same fingerprint.

    Raises:
        RunError: It is another version, or writes another schema.
    """
    now = versions()
    if record.versions != now:
        raise RunError(
            "the plan was made by another medcutmix: " + "; ".join(difference(record.versions, now)),
            hint="install the version of the plan, or plan again in an empty folder",
        )


def ensure_calibration(
    folder: RunFolder,
    record: RunRecord,
    sight: PictureSource,
    gate: Gate,
    workers: int,
    progress: Progress | None = None,
) -> Calibration:
    """Return the run's calibration of the gate; made where no task has made it yet.

    Raises:
        RunError: The file lies there but cannot be read, or is of another run.
    """
    if not gate.min_nulls():
        return Calibration(record.fingerprint, {})
    path = folder.calibration_file
    if not path.is_file():
        nulls = read_nulls(folder.nulls_file)
        made = calibrate(
            nulls, sight, gate, workers=workers, fingerprint=record.fingerprint, progress=progress
        )
        with explain_storage_errors(path):
            write_calibration(path, made)
    found = read_calibration(path)
    if found.fingerprint != record.fingerprint:
        raise RunError(
            "the calibration is of another run", where=str(path), hint="remove it; it is made again"
        )
    return found
