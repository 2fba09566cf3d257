"""All checks in their order, and one examination by all of them. Writes nothing, opens no connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from medcutmix_cli.assembly.parts import resolve_options
from medcutmix_cli.configuration.keywords import DoctorKeywords
from medcutmix_cli.configuration.option_help import describe_options
from medcutmix_cli.doctor.data import check_counts, check_dataset_root, check_decoders, check_pictures
from medcutmix_cli.doctor.machine import check_gpu, check_ray, check_slurm
from medcutmix_cli.doctor.models import check_encoder, check_nlp_model
from medcutmix_cli.doctor.output import check_rights, check_space
from medcutmix_cli.doctor.records import Checkup, Diagnosis, HealthCheck, Surroundings
from medcutmix_cli.doctor.software import (
    check_offline,
    check_packages,
    check_python,
    check_tested_versions,
)
from medcutmix_cli.system.unexpected_errors import as_known_error

CHECKS = (
    HealthCheck("python", "the version of Python", check_python),
    HealthCheck("packages", "the versions of packages, against what medcutmix asks for", check_packages),
    HealthCheck(
        "constraints", "the same, against versions that are known to go together", check_tested_versions
    ),
    HealthCheck("offline", "variables that keep Hugging Face libraries from the network", check_offline),
    HealthCheck("gpu", "GPU, its driver, and whether torch can use it", check_gpu),
    HealthCheck(
        "slurm",
        "whether there is an sbatch to submit jobs with, and the CPUs of the job this is in",
        check_slurm,
    ),
    HealthCheck("ray", "whether the engine ray can be used, and its shared memory", check_ray),
    HealthCheck("encoder", "the weights of the encoder, with their hash", check_encoder),
    HealthCheck("nlp-model", "the sentence splitter, and the model of --nlp-model", check_nlp_model),
    HealthCheck("decoders", "which DICOM transfer syntaxes can be decoded", check_decoders),
    HealthCheck("dataset", "whether the data set is recognised and has a study", check_dataset_root),
    HealthCheck(
        "counts", "pictures, studies, patients and splits against the published numbers", check_counts
    ),
    HealthCheck(
        "pictures", "one decode of each format and transfer syntax of the first pictures", check_pictures
    ),
    HealthCheck("space", "free space, in bytes and files, where --out is", check_space),
    HealthCheck("rights", "renaming and rights of files where --out is", check_rights),
)


@describe_options("doctor")
def examine(
    dataset: str | Path | None = None,
    *,
    out: str | Path | None = None,
    config: Path | None = None,
    **options: Unpack[DoctorKeywords],
) -> Checkup:
    """Say whether everything is here that a run needs; a check without a matter says nothing.

    Args:
        dataset: Folder or table; None leaves its checks out.
        out: Run folder that would be made; None leaves its checks out.
        config: TOML recipe; options win over it.
        **options: Settings of a plan that say what is opened; see `configuration.keywords.DoctorKeywords`.

    Raises:
        UsageError: An option that makes no sense.
    """
    settings = resolve_options(dataset or "", config, options, command="doctor").settings
    surroundings = Surroundings(settings, None if out is None else Path(out))
    found = (diagnosis for check in CHECKS for diagnosis in _diagnose(check, surroundings))
    return Checkup(tuple(_without_repeated_failures(found)))


def _without_repeated_failures(found: Iterable[Diagnosis]) -> Iterator[Diagnosis]:
    """Leave out a failure that an earlier check has told already: one cause stops several checks alike."""
    told: set[tuple[str, str]] = set()
    for diagnosis in found:
        if diagnosis.grade != "fail" or (diagnosis.what, diagnosis.fix) not in told:
            yield diagnosis
        if diagnosis.grade == "fail":
            told.add((diagnosis.what, diagnosis.fix))


def _diagnose(check: HealthCheck, surroundings: Surroundings) -> Iterator[Diagnosis]:
    """Ask one check; what it cannot say because of an error is a failure, and the next check is asked all the same."""
    try:
        found = list(check.examine(surroundings))
    except Exception as error:  # noqa: BLE001 - told as a diagnosis, never with a message that is not ours
        said = as_known_error(error, memory="a larger machine", unexpected="please report this line")
        where = f" ({said.where})" if said.where else ""
        found = [Diagnosis("fail", f"{said.what}{where}", said.hint)]
    yield from (replace(diagnosis, check=check.name) for diagnosis in found)
