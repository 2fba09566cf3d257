"""Is this a data set, and what of it would be mixed? All that is wrong with it in one list, in seconds.

Reads tables to their end, some thousand reports and a sample of pictures; all of them if asked for duplicates. Of each
study's picture it sees whether there is a file. Writes nothing, and tells no report's text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Unpack

from medcutmix_cli.assembly.parts import open_source, resolve_options
from medcutmix_cli.configuration.keywords import CheckKeywords
from medcutmix_cli.configuration.option_help import describe_options
from medcutmix_cli.configuration.settings import SPLITS, Settings
from medcutmix_cli.datasets.assumed_columns import assume_columns
from medcutmix_cli.datasets.base import Dataset
from medcutmix_cli.datasets.column_roles import ColumnUse
from medcutmix_cli.datasets.released_table import ReleasedTable
from medcutmix_cli.datasets.table_dataset import TableDataset
from medcutmix_cli.datasets.table_survey import TableSurvey, UnknownValue, survey_tables
from medcutmix_cli.dry_run.dataset_problem import DatasetProblem
from medcutmix_cli.dry_run.duplicate_check import NOTHING_COMPARED, DuplicateCheck, compare_pictures
from medcutmix_cli.dry_run.picture_files import places_of, with_files
from medcutmix_cli.dry_run.picture_problems import (
    decode_sample,
    problems_of_comparing,
    problems_of_decoding,
    spread_evenly,
)
from medcutmix_cli.dry_run.source_problems import (
    column_uses,
    names_columns,
    problems_of_folder,
    problems_of_release,
    unsaid_in,
)
from medcutmix_cli.dry_run.study_problems import (
    EMPTY,
    MEND,
    problems_of_excluded,
    problems_of_files,
    problems_of_patients,
    problems_of_studies,
)
from medcutmix_cli.dry_run.table_problems import problems_of_tables, reasons_of_values
from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.planning.exclusions import ExcludedIds, read_excluded
from medcutmix_cli.planning.picture_hashes import PictureHasher
from medcutmix_cli.planning.reading import studies_to_read
from medcutmix_cli.records import Drop, Study
from medcutmix_cli.run.hints import hint_for
from medcutmix_cli.system.cpus import usable_cpus
from medcutmix_cli.system.progress import show_progress, silent

MOST_STUDIES = 10_000
"""Studies that are looked at; the reports of more would take longer than seconds."""

PICTURES = 16
"""Pictures that are decoded, evenly spread over the studies."""

COMPARED = 256
"""Pictures that are compared with each other unless all are asked for, evenly spread: some seconds."""


@dataclass(frozen=True, slots=True)
class DatasetCheck:
    """What was recognised, and what is wrong with it.

    Attributes:
        kind: Kind of the data set.
        rows: Rows of its tables, 0 where it has none of its own.
        columns: Which column plays which role, and why.
        unused: Columns that play none.
        values: Values of split and view whose rows are left out.
        studies: Studies that were looked at.
        read: Those of them that could be read; the others are among those dropped (see `dropped`).
        patients: Of the studies that could be read (likewise images).
        whole: Whether these are all there are.
        usable: Studies that are fit to be mixed: of a split that is mixed, with a frontal picture, which has a file,
            and a report. What the evidence gate then keeps, an estimate tells.
        dropped: Those that cannot, by reason; one that is right by the settings is no problem.
        decoded: Pictures that were decoded (likewise undecoded: that could not be, by reason).
        corrupt: Those of the decoded ones that libjpeg calls corrupt (`--corrupt-jpeg keep`).
        duplicates: Which pictures are near-duplicates, of those that were compared.
        problems: The grave ones first.
        synthetic: Whether it is procedural, with no patient in it: such a set needs no encoder to be named.
    """

    kind: str
    rows: int = 0
    columns: tuple[ColumnUse, ...] = ()
    unused: tuple[str, ...] = ()
    values: tuple[UnknownValue, ...] = ()
    studies: int = 0
    read: int = 0
    patients: int = 0
    images: int = 0
    whole: bool = True
    usable: int = 0
    dropped: tuple[tuple[str, int], ...] = ()
    decoded: int = 0
    undecoded: tuple[tuple[str, int], ...] = ()
    corrupt: int = 0
    duplicates: DuplicateCheck = NOTHING_COMPARED
    problems: tuple[DatasetProblem, ...] = ()
    synthetic: bool = False

    @property
    def ok(self) -> bool:
        """Whether something can be mixed."""
        return not any(problem.grave for problem in self.problems)


@show_progress
@describe_options("check")
def check_dataset(
    dataset: str | Path,
    *,
    config: Path | None = None,
    duplicates: bool = False,
    progress: Progress | None = None,
    **options: Unpack[CheckKeywords],
) -> DatasetCheck:
    """Say what a data set is, what each column is taken for, and all that is wrong with it.

    Args:
        dataset: Folder or table.
        config: TOML recipe; options win over it.
        duplicates: Look at all studies, and compare the pictures of all of them, not of a sample: near-duplicates of
            different patients or splits are a leak. Each picture is read once.
        progress: Called with (stage, done, total).
        **options: Settings of a plan that say what is read; see `configuration.keywords.CheckKeywords`.

    Raises:
        DatasetError: Nothing is recognised there, or a table cannot be read to its end.
        UsageError: An option that makes no sense.
    """
    settings = resolve_options(dataset, config, options, command="check").settings
    source = open_source(settings)
    survey = survey_tables(source) if isinstance(source, TableDataset) else None
    if survey and survey.lacking:
        return _unreadable(source, survey, settings)
    found = survey.studies(source.values) if survey and isinstance(source, TableDataset) else source.studies()
    most = None if duplicates else MOST_STUDIES
    studies = list(found if most is None else islice(found, most + 1))
    excluded = read_excluded(settings.plan.exclude_ids)
    checked = _checked(
        source, settings, survey, studies[:most], excluded, whole=most is None or len(studies) <= most
    )
    if survey and "view" in survey.guesses:
        more = _further(source, survey, settings, checked.problems)
        checked = replace(checked, problems=(*checked.problems, *more))
    return _compared(
        checked, source, settings, studies[:most], excluded, progress or silent, every=duplicates
    )


def _unreadable(source: Dataset, survey: TableSurvey, settings: Settings) -> DatasetCheck:
    columns = names_columns(source)
    problems = [
        *problems_of_folder(source),
        *problems_of_tables(survey, settings, unsaid_in(source), columns=columns),
        *problems_of_release(source),
    ]
    return DatasetCheck(
        source.kind,
        columns=column_uses(source, survey),
        unused=survey.roles.unused,
        problems=(*problems, *_further(source, survey, settings, problems)),
    )


def _further(
    source: Dataset, survey: TableSurvey, settings: Settings, told: Sequence[DatasetProblem]
) -> Iterator[DatasetProblem]:
    """Yield what else is wrong with the columns that look like those lacking; the first says with which."""
    if isinstance(source, TableDataset) and (assumed := assume_columns(source, survey)):
        whole = replace(source, columns=assumed.columns, split=assumed.split)
        again = survey_tables(whole)
        studies = list(islice(again.studies(whole.values), MOST_STUDIES))
        found = _checked(
            whole, settings, again, studies, read_excluded(settings.plan.exclude_ids), whole=True
        ).problems
        for number, problem in enumerate(problem for problem in found if problem not in told):
            options = "these columns" if number else assumed.options
            yield replace(problem, what=f"with {options}: {problem.what}")


def _checked(
    source: Dataset,
    settings: Settings,
    survey: TableSurvey | None,
    looked: Sequence[Study | Drop],
    excluded: ExcludedIds,
    *,
    whole: bool,
) -> DatasetCheck:
    dropped: list[Drop] = []
    chosen = list(studies_to_read(looked, settings.plan, excluded, dropped, whole=False))
    chosen = list(with_files(source, chosen, dropped))
    reasons = Counter(drop.reason for drop in dropped if drop.unit == "study")
    known = [study for study in looked if isinstance(study, Study)]
    tried = decode_sample(source, spread_evenly(chosen, PICTURES), settings.image)
    columns = names_columns(source)
    hint = partial(hint_for, columns=columns, values=isinstance(source, TableDataset))
    of_tables = list(
        problems_of_tables(survey, settings, unsaid_in(source), columns=columns) if survey else ()
    )
    told = reasons_of_values(survey.values if survey else ())
    problems = [
        *of_tables,
        *problems_of_studies(len(chosen), reasons, told, hint, otherwise=MEND if of_tables else EMPTY),
        *problems_of_files(dropped, places_of(source), 0 if whole else len(looked), hint),
        *(problems_of_excluded(excluded) if whole else ()),
        *(() if isinstance(source, ReleasedTable) else problems_of_patients(known)),
        *problems_of_release(source),
        *problems_of_decoding(tried, places_of(source)),
    ]
    return DatasetCheck(
        kind=source.kind,
        synthetic=source.synthetic,
        rows=survey.rows if survey else 0,
        columns=column_uses(source, survey) if survey else (),
        unused=survey.roles.unused if survey else (),
        values=survey.values if survey else (),
        studies=len(known) + sum(isinstance(s, Drop) and s.unit == "study" for s in looked),
        read=len(known),
        patients=len({study.subject_id for study in known}),
        images=sum(len(study.images) for study in known),
        whole=whole,
        usable=len(chosen),
        dropped=tuple(reasons.most_common()),
        decoded=tried.decoded,
        undecoded=tuple(tried.undecoded.most_common()),
        corrupt=tried.corrupt,
        problems=tuple(sorted(problems, key=lambda problem: not problem.grave)),
    )


def _compared(
    check: DatasetCheck,
    source: Dataset,
    settings: Settings,
    looked: Sequence[Study | Drop],
    excluded: ExcludedIds,
    report: Progress,
    *,
    every: bool,
) -> DatasetCheck:
    """Compare pictures of all splits, if any can be decoded; a sample unless every one is asked for."""
    plan = replace(settings.plan, splits=SPLITS, labels="rules")
    chosen = list(studies_to_read(looked, plan, excluded, [], whole=False))
    if not every and not check.decoded:
        return replace(check, duplicates=DuplicateCheck(pictures=len(chosen)))
    hasher = PictureHasher(source, settings.image.reading, usable_cpus())
    sample = chosen if every else spread_evenly(chosen, COMPARED)
    try:
        found = compare_pictures(sample, len(chosen), hasher, report)
    except DatasetError:
        if every:
            raise
        found = DuplicateCheck(pictures=len(chosen), unreadable=(("image-storage-fails", len(sample)),))
    compared = tuple(
        problems_of_comparing(found, dict(check.undecoded), dict(check.dropped), places_of(source))
    )
    said_again = {problem.unreadable for problem in compared}
    kept = [problem for problem in check.problems if problem.unreadable not in said_again - {""}]
    return replace(check, duplicates=found, problems=(*kept, *compared, *found.problems()))
