"""Prove by rows, and by a table of splits, that no patient is in two splits and no pair joins two splits.

Neither the plan nor `run.json` has a say: only what the shards hold, and the table that the user names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from medcutmix_cli.datasets.column_roles import assign_roles
from medcutmix_cli.datasets.ids import whole_id
from medcutmix_cli.datasets.split_names import split_folder
from medcutmix_cli.datasets.tables import open_rows
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.run.columns import check_names
from medcutmix_cli.run.problem import Problem
from medcutmix_cli.run.shards import Row

SPLIT_COLUMNS = check_names(
    *("pair_id", "split", "subject_id_a", "subject_id_b", "study_id_a", "study_id_b"),
    *("image_id_a", "image_id_b"),
)
"""The columns that the rules look at."""


class Membership(NamedTuple):
    """Whose a study is, and which split it is in; "" for what the table does not say."""

    subject: str
    split: str


@dataclass(frozen=True, slots=True)
class SplitTable:
    """A table of ids and splits.

    Attributes:
        role: What its rows are of: "study" or "image_id".
        rows: By that id.
        torn: Patients whose rows are in two splits, sorted.
    """

    role: str
    rows: Mapping[str, Membership]
    torn: tuple[str, ...] = ()


def read_split_table(path: Path) -> SplitTable:
    """Read a CSV file, plain or gzipped, with the columns `split` and `study` or `image_id`; `subject` if it is there.

    Other names that mean the same are known, as in a table of studies: those of `mimic-cxr-2.0.0-split.csv.gz`, too.

    Raises:
        DatasetError: It cannot be read, lacks a column, or says two things of one id.
    """
    with open_rows(path) as (header, rows):
        columns = assign_roles(header, {}, {}).columns
        role = "study" if "study" in columns else "image_id"
        if role not in columns or "split" not in columns:
            hint = "columns: split, and study_id or image_id; subject_id if there is one"
            raise DatasetError("the table of splits lacks a column", where=str(path), hint=hint)
        places = [
            header.index(columns[name]) if name in columns else -1 for name in (role, "subject", "split")
        ]
        found: dict[str, Membership] = {}
        for where, row in rows:
            name, subject, split = (row[place].strip() if place >= 0 else "" for place in places)
            said = Membership(whole_id(subject), split_folder(split) or split)
            if found.setdefault(whole_id(name), said) != said:
                raise DatasetError(
                    f"the table of splits says two things of one {role}",
                    where=where,
                    hint="keep one split for each",
                )
    return SplitTable(role, found, _torn(found))


def _torn(rows: Mapping[str, Membership]) -> tuple[str, ...]:
    splits: dict[str, str] = {}
    known = (said for said in rows.values() if said.subject)
    return tuple(
        sorted({said.subject for said in known if splits.setdefault(said.subject, said.split) != said.split})
    )


@dataclass(slots=True)
class SplitProof:
    """Looks at row after row of a whole run.

    Attributes:
        table: What the user names, None where nothing is named.
        splits: Patient -> split of the first row that has it.
    """

    table: SplitTable | None = None
    splits: dict[str, str] = field(default_factory=dict)

    def table_problems(self) -> list[Problem]:
        """Name what is wrong with the table by itself."""
        torn = len(self.table.torn) if self.table else 0
        what = f"the split file has {torn} patient(s) in two splits"
        return [Problem("split file", "split-file", what)] if torn else []

    def problems(self, row: Row) -> Iterator[Problem]:
        """Name the rules that a row breaks, by itself or with those before it."""
        if row["subject_id_a"] == row["subject_id_b"]:
            yield Problem(row["pair_id"], "patient", "donor and recipient are one patient")
        for letter, who in (("a", "recipient"), ("b", "donor")):
            split = self.splits.setdefault(row[f"subject_id_{letter}"], row["split"])
            if split != row["split"]:
                yield Problem(row["pair_id"], "patient-split", f"the {who}'s patient is in {split} as well")
            if self.table:
                yield from self._by_table(row, letter, who, self.table)

    def _by_table(self, row: Row, letter: str, who: str, table: SplitTable) -> Iterator[Problem]:
        name = row[f"{'study_id' if table.role == 'study' else 'image_id'}_{letter}"]
        said = table.rows.get(name)
        if said is None:
            yield Problem(
                row["pair_id"], "split-file", f"the split file does not know the {who}'s {table.role}"
            )
        elif said.split != row["split"]:
            yield Problem(row["pair_id"], "split-file", f"the split file has the {who} in another split")
        elif said.subject and said.subject != row[f"subject_id_{letter}"]:
            yield Problem(row["pair_id"], "split-file", f"the split file gives the {who} to another patient")
