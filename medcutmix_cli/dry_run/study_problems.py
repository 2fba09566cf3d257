"""What is wrong with the studies of a data set: left out by which reason, without a file, all of patients of their own.

Knows no table and opens no picture. Names of files may name patients, so studies are named by their ids alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

from medcutmix_cli.dry_run.dataset_problem import DatasetProblem
from medcutmix_cli.dry_run.picture_files import FILE_FAULTS, where_looked_for
from medcutmix_cli.planning.exclusions import ExcludedIds
from medcutmix_cli.records import Drop, Study
from medcutmix_cli.system.counts import first_few

EMPTY, MEND = "is the data set empty?", "mend what else is wrong here first"
"""What to try where no study is left out by name: nothing was read, or something else was told of it."""

_OF_FILES = (*FILE_FAULTS, "report-missing")
"""Reasons for which a file is to be looked for."""

_BY_SETTINGS = ("split-not-mixed", "excluded-by-id")
"""Reasons that somebody chose."""

_ALONE_FROM = 20
"""From so many studies on, a patient of their own for each is no coincidence."""


def problems_of_studies(
    usable: int,
    dropped: Counter[str],
    told: Collection[str],
    hint: Callable[[str], str],
    *,
    otherwise: str,
) -> Iterator[DatasetProblem]:
    """Yield why studies are left out, and that none is left.

    Args:
        usable: Studies that are fit to be mixed.
        dropped: Those that are not, by reason.
        told: Reasons that something else tells of.
        hint: Says of a reason what to try.
        otherwise: What to try where nothing is left out by name.
    """
    if not usable:
        hints = dict.fromkeys(hint(reason) for reason, _ in dropped.most_common(2))
        yield DatasetProblem(True, "no study can be mixed", "; ".join(hints) or otherwise)
    for reason, count in dropped.most_common():
        if reason.partition(":")[0] not in {*_BY_SETTINGS, *_OF_FILES, *told}:
            yield DatasetProblem(False, f"{_studies(count)} left out: {reason}", hint(reason))


def problems_of_files(
    dropped: Sequence[Drop], places: Mapping[str, Path], looked: int, hint: Callable[[str], str]
) -> Iterator[DatasetProblem]:
    """Yield which files are not there, by the ids of their studies.

    Args:
        dropped: What is left out.
        places: As `picture_files.places_of` returns them.
        looked: Studies that were looked at; 0 for all there are.
        hint: Says of a reason what to try.
    """
    ids: dict[str, list[str]] = {}
    for drop in dropped:
        if drop.unit == "study" and drop.reason in _OF_FILES:
            ids.setdefault(drop.reason, []).append(drop.identifier)
    for reason, studies in sorted(ids.items(), key=lambda entry: -len(entry[1])):
        of = f" (of the first {looked:,})" if looked else ""
        named = f"{first_few(studies)}{where_looked_for(reason, places)}"
        yield DatasetProblem(False, f"{_studies(len(studies))} left out{of}: {reason}: {named}", hint(reason))


def problems_of_excluded(excluded: ExcludedIds) -> Iterator[DatasetProblem]:
    """Say that ids which are to be left out are not there."""
    if excluded.problem:
        yield DatasetProblem(excluded.matches_nothing, excluded.problem, excluded.hint)


def problems_of_patients(studies: Sequence[Study]) -> Iterator[DatasetProblem]:
    """Doubt that ids are those of patients where no patient has two studies."""
    patients = len({study.subject_id for study in studies})
    if len(studies) >= _ALONE_FROM and patients == len(studies):
        yield DatasetProblem(
            False,
            f"each of {len(studies):,} studies has a patient of its own: are these ids of patients? If not, a "
            "patient's picture may be mixed with another one of the same patient, and splits may share patients",
            "--column subject=COLUMN names the column of patients",
        )


def _studies(count: int) -> str:
    return f"{count:,} {'study is' if count == 1 else 'studies are'}"
