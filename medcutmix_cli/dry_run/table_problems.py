"""What is wrong with the columns and values of a data set's tables: sentences, each with the option that mends it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping

from medcutmix_cli.configuration.settings import Settings
from medcutmix_cli.datasets.assumed_columns import OPTIONAL
from medcutmix_cli.datasets.table_survey import TableSurvey, UnknownValue
from medcutmix_cli.dry_run.dataset_problem import DatasetProblem

_AS_PUBLISHED = "compare the table with the one that was published: what its columns are is known"


def problems_of_tables(
    survey: TableSurvey, settings: Settings, unsaid: Mapping[str, str], *, columns: bool
) -> Iterator[DatasetProblem]:
    """Yield what is wrong with tables that have been gone through.

    Args:
        survey: What was seen of them.
        settings: Say which splits are mixed.
        unsaid: By role, what to do where a data set never says it.
        columns: Whether a user can say which column is what; those of a published data set are known.
    """
    for table, problem in survey.lacking:
        yield DatasetProblem(True, f"{table}: {problem.what}", problem.hint)
    for cell in survey.cells:
        more = f" ({_rows(cell.rows)}; the first: {cell.where})"
        yield DatasetProblem(True, f"{cell.what}{more}", cell.hint if columns else _AS_PUBLISHED)
    for role, different in survey.crowded:
        what = f"the column of the {role} has values that are none ({different:,} different ones)"
        hint = f"--column {role}=COLUMN names another column" if columns else _AS_PUBLISHED
        yield DatasetProblem(False, what, hint)
    for value in survey.values:
        told = (
            _of_value(value, settings) if value.value else _of_blank(value, survey, unsaid, columns=columns)
        )
        yield DatasetProblem(False, *told)
    yield from _of_guesses(survey)


def reasons_of_values(values: Iterable[UnknownValue]) -> frozenset[str]:
    """Return the reasons of studies that the values of their rows tell of already."""
    of_role = {"split": ("split-unknown", "split-missing"), "view": ("view-unknown", "no-frontal-view")}
    return frozenset(reason for value in values for reason in of_role[value.role])


def _of_value(value: UnknownValue, settings: Settings) -> tuple[str, str]:
    mixed = settings.plan.splits
    hint = f"{_typed(value)}{'' if value.meaning else ','} if that is what it means"
    if value.role == "split" and value.meaning and value.meaning not in mixed:
        hint += f"; only {' and '.join(mixed)} is mixed unless --split {value.meaning} says otherwise"
    return (
        f"the {value.role} {value.value!r} is not known: {_rows(value.rows)} {_are(value.rows)} left out",
        hint,
    )


def _of_blank(
    value: UnknownValue, survey: TableSurvey, unsaid: Mapping[str, str], *, columns: bool
) -> tuple[str, str]:
    what = f"no {value.role} is said in {_rows(value.rows)}, which {_are(value.rows)} left out"
    if value.role in unsaid:
        return what, unsaid[value.role]
    if value.role in survey.roles.columns or not columns:
        return what, f"{_typed(value)}, if that is so"
    column = shlex.quote(f"{value.role}={survey.guesses.get(value.role, 'COLUMN')}")
    like = ", which looks like it" if value.role in survey.guesses else ""
    whole = f"--{value.role}-all {'train' if value.role == 'split' else 'PA'}"
    return what, f"--column {column}{like}, or {whole}, if that is so"


def _typed(value: UnknownValue) -> str:
    """Return the option of a value; a choice is said to be one."""
    return value.option if value.meaning else f"{value.option} with one of the three"


def _of_guesses(survey: TableSurvey) -> Iterator[DatasetProblem]:
    """Name columns that look like roles that nobody must play; rows that are read tell of the view themselves."""
    for role in OPTIONAL:
        if role in survey.guesses and (role != "view" or survey.lacking):
            column = survey.guesses[role]
            lost = ", so that each picture is one" if role == "study" else ""
            what = f"no column is taken for the {role}{lost}; {column!r} looks like it"
            yield DatasetProblem(False, what, f"--column {shlex.quote(f'{role}={column}')} if it is")


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
