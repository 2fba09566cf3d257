"""What published sets of labelled pictures share: no English report, so that a prompt says the labels of a picture.

Which label a prompt says, and which may go unsaid, stands in `label_names.toml`; a picture with any other label is
left out, since a report without it would be untrue.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import ClassVar

from medcutmix_cli.datasets.nih_chestxray14 import chexpert_of
from medcutmix_cli.datasets.released_table import ReleasedTable, Remark
from medcutmix_cli.datasets.row_source import PROBLEM, Row
from medcutmix_cli.reports.prompts import NO_FINDING, prompt_report

COLUMNS = ("image", "report", "subject", "study", "image_id", "split", "view", "labels")


@dataclass(frozen=True, slots=True)
class SpokenLabels:
    """What a prompt can say of a picture's labels.

    Attributes:
        names: Findings of ChestX-ray14, or "No Finding" alone.
        problem: Why no prompt can be made, or "".
    """

    names: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class LabelledPictures(ReleasedTable):
    """Pictures with labels and no report that can be read: beside a set with reports, or alone."""

    made_of_labels: ClassVar[bool] = True
    unsaid: ClassVar[Mapping[str, str]] = {
        "split": f"{ReleasedTable.unsaid['split']}; beside another set: split = 'train' "
        "under [dataset.unpaired_options]"
    }

    def remarks(self) -> Iterator[Remark]:
        """Say what its reports are."""
        what = "it has no report that can be read: each study gets a short prompt that says its labels, and is flagged"
        yield Remark(what, "beside a data set with reports: --unpaired PATH --unpaired-as donor")


def say_labels(kind: str, labels: Iterable[str]) -> SpokenLabels:
    """Return what a prompt can say of labels.

    Args:
        kind: The data set: a table of `label_names.toml`.
        labels: As the data set has them.
    """
    said, quiet = _names(kind)
    given = {label.strip() for label in labels if label.strip()}
    if not given:
        return SpokenLabels(problem="labels-missing")
    names = tuple(sorted({said[label] for label in given if label in said}))
    if NO_FINDING in names and len(names) > 1:
        return SpokenLabels(problem="labels-contradictory")
    if not names or given - said.keys() - quiet:
        return SpokenLabels(problem="label-has-no-prompt")
    return SpokenLabels(names)


@cache
def _names(kind: str) -> tuple[Mapping[str, str], frozenset[str]]:
    text = files(__package__).joinpath("label_names.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)[kind]
    said = {label: name for name, labels in table["said"].items() for label in labels}
    return said, frozenset(table["quiet"])


def labelled_row(row: Row, labels: SpokenLabels) -> Row:
    """Return a row with its prompt, its labels and what is wrong with them."""
    if problem := row.get(PROBLEM) or labels.problem:
        return {**row, PROBLEM: problem}
    return {**row, "report": prompt_report(row["study"], labels.names), "labels": chexpert_of(labels.names)}
