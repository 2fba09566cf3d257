"""What a look at all rows of a data set of tables tells: roles, values that mean nothing, cells of a wrong type.

Nothing is raised for what is wrong in a row: all of it is told, with counts, at once.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from medcutmix_cli.configuration.settings import SPLITS
from medcutmix_cli.datasets.column_roles import ColumnRoles
from medcutmix_cli.datasets.split_names import SPLIT_NAMES
from medcutmix_cli.datasets.study_table import (
    TableEntry,
    TableValues,
    group_entries,
    read_entries,
    source_roles,
)
from medcutmix_cli.datasets.table_dataset import TableDataset
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.records import Drop, Study

FRONTAL = ("PA", "AP")

GUESSES = {
    "split": SPLIT_NAMES,
    "view": {
        "PA": ("frontal", "front", "posteroanterior", "posterior-anterior", "ap/pa"),
        "AP": (
            "anteroposterior",
            "anterior-posterior",
            "portable",
            "supine",
            "ap supine",
            "ap erect",
            "ap portable",
        ),
    },
}
"""Role -> meaning -> what tables call it: only to say which option maps a value; nobody maps it unasked."""

_LONGEST_VALUE = 40
_MOST_VALUES = 20


@dataclass(frozen=True, slots=True)
class UnknownValue:
    """A value whose rows are left out.

    Attributes:
        role: "split" or "view".
        value: As it is written.
        rows: How many rows have it.
        option: What to type if it means what it seems to.
    """

    role: str
    value: str
    rows: int
    option: str


@dataclass(frozen=True, slots=True)
class CellError:
    """Cells of a column that cannot be read.

    Attributes:
        what: One sentence, without what the cells say.
        where: The first of their rows.
    """

    what: str
    where: str
    hint: str
    rows: int


@dataclass(frozen=True, slots=True)
class TableSurvey:
    """What was seen.

    Attributes:
        rows: How many could be read.
        roles: Of the first table; all have the same columns, or `lacking` says so.
        lacking: (table, what, what to type) of each role that nobody plays.
        cells: What could not be read.
        values: Values that leave rows out which are right but for them, the most frequent first.
        crowded: Roles whose column has too many different values to be what it is taken for, with their number.
        entries: The rows.
    """

    rows: int
    roles: ColumnRoles
    lacking: tuple[tuple[str, str, str], ...]
    cells: tuple[CellError, ...]
    values: tuple[UnknownValue, ...]
    crowded: tuple[tuple[str, int], ...]
    entries: tuple[TableEntry, ...] = field(repr=False)

    def studies(self, values: TableValues) -> Iterator[Study | Drop]:
        """Yield the studies of the rows that could be read."""
        return group_entries(self.entries, values)


def survey_tables(dataset: TableDataset) -> TableSurvey:
    """Look at every row once.

    Raises:
        DatasetError: There is no table, or it cannot be read to its end.
    """
    sources, values = dataset.sources(), dataset.values
    roles = [source_roles(source, values) for source in sources]
    lacking = tuple(
        dict.fromkeys(
            (source.name, problem.what, problem.hint)
            for source, own in zip(sources, roles, strict=True)
            for problem in own.problems
        )
    )
    errors: list[DatasetError] = []
    entries = () if lacking else tuple(read_entries(sources, values, errors.append))
    unknown, crowded = _values(entries, values)
    return TableSurvey(len(entries), roles[0], lacking, _cells(errors), unknown, crowded, entries)


def _cells(errors: Sequence[DatasetError]) -> tuple[CellError, ...]:
    first: dict[str, DatasetError] = {}
    for error in errors:
        first.setdefault(error.what, error)
    counts = Counter(error.what for error in errors)
    return tuple(CellError(e.what, e.where, e.hint, counts[what]) for what, e in first.items())


def _values(
    entries: Iterable[TableEntry], values: TableValues
) -> tuple[tuple[UnknownValue, ...], tuple[tuple[str, int], ...]]:
    counts = Counter(
        (role, value) for entry in entries if not entry.row.problem for role, value in entry.said.items()
    )
    unknown = [
        (role, value, rows)
        for (role, value), rows in counts.most_common()
        if _leaves_out(role, values.meaning(role, value))
    ]
    different = Counter(role for role, _, _ in unknown)
    crowded = {
        role for role, value, _ in unknown if different[role] > _MOST_VALUES or len(value) > _LONGEST_VALUE
    }
    told = (UnknownValue(*one, _option(*one[:2])) for one in unknown)
    return (
        tuple(one for one in told if one.role not in crowded),
        tuple((role, different[role]) for role in sorted(crowded)),
    )


def _leaves_out(role: str, meaning: str) -> bool:
    if role == "split":
        return meaning not in SPLITS
    view = meaning.upper()
    return view not in FRONTAL and "LATERAL" not in view and view not in ("LL", "RL")


def _option(role: str, value: str) -> str:
    guess = next((m for m, names in GUESSES[role].items() if value.lower() in names), "")
    # Of a split that is not known none is proposed: a test set must not become another by a typed-over hint.
    guess = guess or ("PA" if role == "view" else "|".join(SPLITS))
    return f"--map {shlex.quote(f'{role}:{value}={guess}')}"
