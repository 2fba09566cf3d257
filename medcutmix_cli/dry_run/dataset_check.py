"""Is this a data set, and what of it would be mixed? All that is wrong with it in one list, in seconds.

Reads tables to their end, some thousand reports and a sample of pictures; all of them if asked for duplicates. Of each
study's picture it sees whether there is a file. Writes nothing, and tells no report's text.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from medcutmix_cli.datasets.recognise import kind_around
from medcutmix_cli.datasets.released_table import ReleasedTable
from medcutmix_cli.datasets.table_dataset import TableDataset
from medcutmix_cli.datasets.table_survey import TableSurvey, UnknownValue, survey_tables
from medcutmix_cli.dry_run.dataset_problem import DatasetProblem
from medcutmix_cli.dry_run.duplicate_check import NOTHING_COMPARED, DuplicateCheck, compare_pictures
from medcutmix_cli.dry_run.picture_files import FILE_FAULTS, with_files
from medcutmix_cli.dry_run.table_problems import problems_of_tables
from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import DatasetError, ImageError
from medcutmix_cli.images import read_canvas
from medcutmix_cli.planning.exclusions import ExcludedIds, read_excluded
from medcutmix_cli.planning.picture_hashes import PictureHasher
from medcutmix_cli.planning.reading import studies_to_read
from medcutmix_cli.records import Drop, Image, Study
from medcutmix_cli.run.hints import hint_for
from medcutmix_cli.system.counts import first_few
from medcutmix_cli.system.cpus import usable_cpus
from medcutmix_cli.system.progress import show_progress, silent

MOST_STUDIES = 10_000
"""Studies that are looked at; the reports of more would take longer than seconds."""

PICTURES = 16
"""Pictures that are decoded, evenly spread over the studies."""

COMPARED = 256
"""Pictures that are compared with each other unless all are asked for, evenly spread: some seconds."""

_ALONE_FROM = 20
"""From so many studies on, a patient of their own for each is no coincidence."""


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
    columns = _names_columns(source)
    problems = [
        *_of_folder(source),
        *problems_of_tables(survey, settings, _unsaid(source), columns=columns),
        *_of_release(source),
    ]
    return DatasetCheck(
        source.kind,
        columns=_uses(source, survey),
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
    tried = _decode(source, chosen, settings)
    columns = _names_columns(source)
    hint = partial(hint_for, columns=columns, values=isinstance(source, TableDataset))
    of_tables = list(problems_of_tables(survey, settings, _unsaid(source), columns=columns) if survey else ())
    told = _reasons_of(survey.values if survey else ())
    problems = [
        *of_tables,
        *_of_studies(len(chosen), reasons, told, hint, otherwise=_MEND if of_tables else _EMPTY),
        *_of_files(dropped, _places(source), 0 if whole else len(looked), hint),
        *(_of_excluded(excluded) if whole else ()),
        *(() if isinstance(source, ReleasedTable) else _of_patients(known)),
        *_of_release(source),
        *_of_pictures(tried, _places(source)),
    ]
    return DatasetCheck(
        kind=source.kind,
        synthetic=source.synthetic,
        rows=survey.rows if survey else 0,
        columns=_uses(source, survey) if survey else (),
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
    sample = chosen if every else _spread(chosen, COMPARED)
    try:
        found = compare_pictures(sample, len(chosen), hasher, report)
    except DatasetError:
        if every:
            raise
        found = DuplicateCheck(pictures=len(chosen), unreadable=(("image-storage-fails", len(sample)),))
    compared = tuple(_of_compared(found, check, _places(source)))
    said_again = {problem.unreadable for problem in compared}
    kept = [problem for problem in check.problems if problem.unreadable not in said_again - {""}]
    return replace(check, duplicates=found, problems=(*kept, *compared, *found.problems()))


def _of_compared(
    found: DuplicateCheck, check: DatasetCheck, places: Mapping[str, Path]
) -> Iterator[DatasetProblem]:
    """Yield which pictures could not be compared, where nothing that was told before says as much."""
    told, left_out = dict(check.undecoded), dict(check.dropped)
    tried = found.compared + sum(count for _, count in found.unreadable)
    for reason, count in found.unreadable:
        if reason not in left_out and count > told.get(reason, 0):
            studies = found.unreadable_studies.get(reason, ())
            many = f"{count:,} of {tried:,} pictures that were compared"
            what = _unreadable_pictures(many, reason, studies, places)
            yield DatasetProblem(False, what, hint_for(reason), unreadable=reason)


def _names_columns(source: Dataset) -> bool:
    """Tell whether a user can say which column is what; those of a published data set are known."""
    return isinstance(source, TableDataset) and source.named_by_users


def _uses(source: Dataset, survey: TableSurvey) -> tuple[ColumnUse, ...]:
    labels = (ColumnUse("labels", name, "its name") for name in survey.roles.labels)
    uses = (*survey.roles.uses, *labels)
    return source.uses(uses) if isinstance(source, ReleasedTable) else uses


def _unsaid(source: Dataset) -> Mapping[str, str]:
    return source.unsaid if isinstance(source, TableDataset) else {}


def _of_folder(source: Dataset) -> Iterator[DatasetProblem]:
    """Say that a table is one of a data set of several files, which is read by its folder."""
    kind = kind_around(source.root) if source.root.is_file() else ""
    if kind and kind not in _BESIDE:
        what = f"this is a table of {kind}, which is also read by its folder"
        yield DatasetProblem(False, what, f"give the folder instead: {source.root.parent}")


def _of_release(source: Dataset) -> Iterator[DatasetProblem]:
    if isinstance(source, ReleasedTable):
        yield from (DatasetProblem(False, remark.what, remark.hint) for remark in source.remarks())


_EMPTY, _MEND = "is the data set empty?", "mend what else is wrong here first"
"""What to try where no study is left out by name: nothing was read, or something else was told of it."""


def _of_studies(
    usable: int,
    dropped: Counter[str],
    told: frozenset[str],
    hint: Callable[[str], str],
    *,
    otherwise: str,
) -> Iterator[DatasetProblem]:
    if not usable:
        hints = dict.fromkeys(hint(reason) for reason, _ in dropped.most_common(2))
        yield DatasetProblem(True, "no study can be mixed", "; ".join(hints) or otherwise)
    for reason, count in dropped.most_common():
        if reason.partition(":")[0] not in {*_BY_SETTINGS, *_OF_FILES, *told}:
            yield DatasetProblem(False, f"{_studies(count)} left out: {reason}", hint(reason))


def _of_files(
    dropped: Sequence[Drop], places: Mapping[str, Path], looked: int, hint: Callable[[str], str]
) -> Iterator[DatasetProblem]:
    """Yield which files are not there, by the ids of their studies: names of files may name patients.

    Args:
        dropped: What is left out.
        places: As `_places` returns them.
        looked: Studies that were looked at; 0 for all there are.
        hint: Says what to try.
    """
    ids: dict[str, list[str]] = {}
    for drop in dropped:
        if drop.unit == "study" and drop.reason in _OF_FILES:
            ids.setdefault(drop.reason, []).append(drop.identifier)
    for reason, studies in sorted(ids.items(), key=lambda entry: -len(entry[1])):
        of = f" (of the first {looked:,})" if looked else ""
        what = f"{_studies(len(studies))} left out{of}: {reason}: {first_few(studies)}{_looked_for(reason, places)}"
        yield DatasetProblem(False, what, hint(reason))


def _studies(count: int) -> str:
    return f"{count:,} {'study is' if count == 1 else 'studies are'}"


def _of_excluded(excluded: ExcludedIds) -> Iterator[DatasetProblem]:
    if excluded.problem:
        yield DatasetProblem(excluded.matches_nothing, excluded.problem, excluded.hint)


def _of_patients(studies: Sequence[Study]) -> Iterator[DatasetProblem]:
    patients = len({study.subject_id for study in studies})
    if len(studies) >= _ALONE_FROM and patients == len(studies):
        yield DatasetProblem(
            False,
            f"each of {len(studies):,} studies has a patient of its own: are these ids of patients? If not, a "
            "patient's picture may be mixed with another one of the same patient, and splits may share patients",
            "--column subject=COLUMN names the column of patients",
        )


def _reasons_of(values: Iterable[UnknownValue]) -> frozenset[str]:
    """Return the reasons of studies that the values of their rows tell of already."""
    of_role = {"split": ("split-unknown", "split-missing"), "view": ("view-unknown", "no-frontal-view")}
    return frozenset(reason for value in values for reason in of_role[value.role])


_BESIDE = ("manifest", "text-folder", "webdataset")
"""Kinds of which no table is a part: it only lies beside them."""

_OF_FILES = (*FILE_FAULTS, "report-missing")
"""Reasons for which a file is to be looked for."""

_BY_SETTINGS = ("split-not-mixed", "excluded-by-id")
"""Reasons that somebody chose."""


@dataclass(slots=True)
class _Tried:
    """What became of a sample of pictures; as in `DatasetCheck`. `studies`: of those that cannot be decoded."""

    decoded: int = 0
    corrupt: int = 0
    studies: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def undecoded(self) -> Counter[str]:
        """Count the pictures that could not be decoded."""
        return Counter({reason: len(studies) for reason, studies in self.studies.items()})


def _decode(source: Dataset, chosen: Sequence[tuple[Study, Image]], settings: Settings) -> _Tried:
    """Decode a sample of pictures."""
    tried, how = _Tried(), settings.image
    for study, image in _spread(chosen, PICTURES):
        try:
            tried.corrupt += read_canvas(source.resolve(image.path), how.canvas, how.reading).corrupt
            tried.decoded += 1
        except ImageError as error:
            tried.studies[error.reason].append(study.study_id)
        except DatasetError:
            tried.studies["image-storage-fails"].append(study.study_id)
    return tried


def _spread(chosen: Sequence[tuple[Study, Image]], most: int) -> list[tuple[Study, Image]]:
    step = max(1, len(chosen) / most)
    return [chosen[int(k * step)] for k in range(min(most, len(chosen)))]


def _of_pictures(tried: _Tried, places: Mapping[str, Path]) -> Iterable[DatasetProblem]:
    total = tried.decoded + tried.undecoded.total()
    for reason, count in tried.undecoded.most_common():
        many = f"{count:,} of {total:,} pictures that were tried"
        what = _unreadable_pictures(many, reason, tried.studies[reason], places)
        yield DatasetProblem(not tried.decoded, what, hint_for(reason), unreadable=reason)


def _unreadable_pictures(many: str, reason: str, studies: Sequence[str], places: Mapping[str, Path]) -> str:
    """Say of how many pictures, by the ids of their studies, as `_of_files` does."""
    whose = f": {first_few(studies)}" if studies else ""
    return f"{many} cannot be read: {reason}{whose}{_looked_for(reason, places)}"


def _places(source: Dataset) -> Mapping[str, Path]:
    """Return where files are looked for, by the reason that says one is not there; no file is named."""
    if not isinstance(source, TableDataset):
        return {"image-missing": source.root}
    return {"image-missing": source.folder, "report-missing": source.values.reports}


def _looked_for(reason: str, places: Mapping[str, Path]) -> str:
    return f"; relative paths are looked for in {places[reason].absolute()}" if reason in places else ""
