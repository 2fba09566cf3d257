"""A data set as it would be with the columns that look like the roles that are lacking: only to look further."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace

from medcutmix_cli.datasets.column_roles import OWNERS, TEXTS, RoleProblem
from medcutmix_cli.datasets.study_table import source_roles
from medcutmix_cli.datasets.table_dataset import TableDataset
from medcutmix_cli.datasets.table_survey import TableSurvey

OPTIONAL = ("study", "view")
"""Roles that nobody must play."""


@dataclass(frozen=True, slots=True)
class AssumedColumns:
    """What is assumed.

    Attributes:
        columns: Column by role: what was said and is there, and what is assumed.
        split: Of every row, where no column says it.
        options: What to type, if it is so.
    """

    columns: Mapping[str, str]
    split: str
    options: str


def assume_columns(dataset: TableDataset, survey: TableSurvey) -> AssumedColumns | None:
    """Return a column for each role that is lacking; None where one has no guess, or nothing is to be assumed.

    A study or view that looks like one is assumed as well. Where nothing says the split, all rows are of train; where
    nothing says the patient, each study or picture is one.
    """
    if not dataset.named_by_users:
        return None
    problems = {problem.role: problem for _, problem in survey.lacking}
    added = _added(problems, survey)
    own = {role: column for role, column in dataset.columns.items() if role not in problems}
    if not added and not problems:
        return None
    split = "train" if "split" in problems and "split" not in added else ""
    columns, assumed = {**own, **added}, split or dataset.split
    values = replace(dataset, columns=columns, split=assumed).values
    if any(source_roles(source, values).problems for source in dataset.sources()):
        return None
    said = [f"--column {shlex.quote(f'{role}={column}')}" for role, column in added.items()]
    return AssumedColumns(columns, assumed, " ".join([*said, *([f"--split-all {split}"] if split else [])]))


def _added(problems: Mapping[str, RoleProblem], survey: TableSurvey) -> dict[str, str]:
    added = {role: column for role, column in survey.guesses.items() if role in OPTIONAL}
    for role, problem in problems.items():
        name = "report" if role in TEXTS and not problem.candidates else role
        if column := next(iter(problem.candidates), survey.guesses.get(name)):
            added[name] = column
    known = {**survey.roles.columns, **added}
    owner = next((known[role] for role in OWNERS if role in known), None)
    if "subject" in problems and owner:
        added.setdefault("subject", owner)
    return added
