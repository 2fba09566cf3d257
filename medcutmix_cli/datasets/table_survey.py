"""What a look at all rows of a data set of tables tells: roles, values that mean nothing, cells of a wrong type.

Nothing is raised for what is wrong in a row: all of it is told, with counts, at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from medcutmix_cli.datasets.column_guesses import guess_columns
from medcutmix_cli.datasets.column_roles import TEXTS, ColumnRoles, RoleProblem
from medcutmix_cli.datasets.row_source import RowSource
from medcutmix_cli.datasets.study_table import (
    TableEntry,
    TableValues,
    group_entries,
    read_entries,
    source_roles,
)
from medcutmix_cli.datasets.table_dataset import TableDataset
from medcutmix_cli.datasets.value_guesses import guess_meaning, is_understood, map_option
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.records import Drop, Study

_LONGEST_VALUE = 40
_MOST_VALUES = 20


@dataclass(frozen=True, slots=True)
class UnknownValue:
    """A value whose rows are left out.

    Attributes:
        role: "split" or "view".
        value: As it is written.
        rows: How many rows have it.
        option: What to type if it means what it seems to; with all choices where it seems to mean none.
        meaning: What it seems to mean, "" where nothing known.
    """

    role: str
    value: str
    rows: int
    option: str
    meaning: str


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
        lacking: (table, problem) of each role that nobody plays.
        guesses: Column by role that plays none and looks like one: roles that are wanted, study and view.
        cells: What could not be read.
        values: Values that leave rows out which are right but for them, the most frequent first.
        crowded: Roles whose column has too many different values to be what it is taken for, with their number.
        entries: The rows.
    """

    rows: int
    roles: ColumnRoles
    lacking: tuple[tuple[str, RoleProblem], ...]
    guesses: Mapping[str, str]
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
    guesses = [_guesses(source, values) if dataset.named_by_users else {} for source in sources]
    roles = [source_roles(source, values, own) for source, own in zip(sources, guesses, strict=True)]
    lacking = tuple(
        dict.fromkeys(
            (source.name, problem)
            for source, own in zip(sources, roles, strict=True)
            for problem in own.problems
        )
    )
    errors: list[DatasetError] = []
    entries = () if lacking else tuple(read_entries(sources, values, errors.append))
    unknown, crowded = _values(entries, values)
    cells = _cells(errors)
    return TableSurvey(len(entries), roles[0], lacking, guesses[0], cells, unknown, crowded, entries)


def _guesses(source: RowSource, values: TableValues) -> Mapping[str, str]:
    """Look for columns of the roles that are lacking; of a study or view that nothing says, as well."""
    roles = source_roles(source, values)
    said = {*roles.columns, *source.known, *values.known}
    wanted = {"report" if one.role in TEXTS else one.role for one in roles.problems if not one.candidates}
    return guess_columns(source, roles.unused, wanted | ({"study", "view"} - said))


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
        if not is_understood(role, values.meaning(role, value))
    ]
    different = Counter(role for role, _, _ in unknown)
    crowded = {
        role for role, value, _ in unknown if different[role] > _MOST_VALUES or len(value) > _LONGEST_VALUE
    }
    told = (UnknownValue(*one, map_option(*one[:2]), guess_meaning(*one[:2])) for one in unknown)
    return (
        tuple(one for one in told if one.role not in crowded),
        tuple((role, different[role]) for role in sorted(crowded)),
    )
