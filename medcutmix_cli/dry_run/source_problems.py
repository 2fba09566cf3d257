"""What a data set says of itself beside its studies: which columns it uses, and what of its kind a user should know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from medcutmix_cli.datasets.base import Dataset
from medcutmix_cli.datasets.column_roles import ColumnUse
from medcutmix_cli.datasets.recognise import kind_around
from medcutmix_cli.datasets.released_table import ReleasedTable
from medcutmix_cli.datasets.table_dataset import TableDataset
from medcutmix_cli.datasets.table_survey import TableSurvey
from medcutmix_cli.dry_run.dataset_problem import DatasetProblem

_BESIDE = ("manifest", "text-folder", "webdataset")
"""Kinds of which no table is a part: it only lies beside them."""


def names_columns(source: Dataset) -> bool:
    """Tell whether a user can say which column is what; those of a published data set are known."""
    return isinstance(source, TableDataset) and source.named_by_users


def column_uses(source: Dataset, survey: TableSurvey) -> tuple[ColumnUse, ...]:
    """Return which column plays which role, and why."""
    labels = (ColumnUse("labels", name, "its name") for name in survey.roles.labels)
    uses = (*survey.roles.uses, *labels)
    return source.uses(uses) if isinstance(source, ReleasedTable) else uses


def unsaid_in(source: Dataset) -> Mapping[str, str]:
    """Return, by role, what to do where the data set never says it."""
    return source.unsaid if isinstance(source, TableDataset) else {}


def problems_of_folder(source: Dataset) -> Iterator[DatasetProblem]:
    """Say that a table is one of a data set of several files, which is read by its folder."""
    kind = kind_around(source.root) if source.root.is_file() else ""
    if kind and kind not in _BESIDE:
        what = f"this is a table of {kind}, which is also read by its folder"
        yield DatasetProblem(False, what, f"give the folder instead: {source.root.parent}")


def problems_of_release(source: Dataset) -> Iterator[DatasetProblem]:
    """Yield what is known of a published data set."""
    if isinstance(source, ReleasedTable):
        yield from (DatasetProblem(False, remark.what, remark.hint) for remark in source.remarks())
