"""Labels that somebody else has made: any CSV with a study column and columns with CheXpert names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from medcutmix_cli.datasets.cells import is_blank
from medcutmix_cli.datasets.ids import bare_id
from medcutmix_cli.datasets.mimic_tables import label_value
from medcutmix_cli.datasets.table_use import TableUse
from medcutmix_cli.datasets.tables import open_rows, require_columns, require_id
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.records import Drop, Study

_ALIASES = {"Airspace Opacity": "Lung Opacity"}
"""Name in MIMIC-CXR-JPG 2.1.0's `test-set-labeled` table -> name everywhere else."""

LabelTable = dict[str, dict[str, float]]


def read_label_table(path: Path) -> LabelTable:
    """Read labels by study id; blank cells are not said.

    Args:
        path: `.csv` or `.csv.gz` with a column `study_id` and at least one column with a CheXpert name. Ids may
            or may not begin with "s".

    Raises:
        DatasetError: A column is missing, a row is short, long or without an id, a study comes twice, or a value is
            none of 1, 0, -1 and blank.
    """
    table: LabelTable = {}
    with open_rows(path) as (header, rows):
        names = _names(path, header)
        for where, cells in rows:
            row = dict(zip(header, cells, strict=True))
            study = bare_id("study", require_id(row["study_id"], "study_id", where))
            if study in table:
                raise DatasetError(
                    "a study has two rows of labels",
                    where=f"{path.name}, study {study}",
                    hint="keep one row for each study",
                )
            table[study] = {
                n: label_value(row[c], f"{where}, {c}") for c, n in names.items() if not is_blank(row[c])
            }
    return table


def _names(path: Path, columns: Iterable[str]) -> dict[str, str]:
    """Return column -> CheXpert name."""
    found = list(columns)
    require_columns(path, found, ["study_id"])
    names = {column: _ALIASES.get(column, column) for column in found}
    chosen = {column: name for column, name in names.items() if name in CHEXPERT}
    if not chosen:
        raise DatasetError(
            "no column has the name of a CheXpert observation",
            where=str(path),
            hint=f"columns found: {', '.join(found)}; known: {', '.join(CHEXPERT)}",
        )
    return chosen


def with_labels(studies: Iterable[Study | Drop], table: LabelTable, use: TableUse) -> Iterator[Study | Drop]:
    """Replace each study's labels by those of the table; a study that is not in it has none.

    A prompted one keeps its own: they are what its report was made of.

    Raises:
        DatasetError: All have been yielded, and the table has a row for none.
    """
    for study in studies:
        if isinstance(study, Drop):
            yield study
        else:
            key = bare_id("study", study.study_id)
            if not study.prompted:
                use.note(key, matched=key in table)
            own = study.labels if study.prompted else {}
            yield replace(study, labels=table.get(key, own))
    use.require_match(table)


def label_use(path: str) -> TableUse:
    """Return what counts the studies that have labels in a table."""
    return TableUse("--label-table", path)
