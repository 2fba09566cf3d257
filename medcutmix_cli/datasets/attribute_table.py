"""What a user's table says of studies: any columns beside a column of ids. Numbers become groups, names become short.

Columns that would tell studies apart one by one (dates, notes, paths) are left out: no cell of a plan is made of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path

from medcutmix_cli.datasets.attribute_columns import NAMES_A_FINDING, named_like_findings
from medcutmix_cli.datasets.cells import is_blank
from medcutmix_cli.datasets.ids import KEYS, bare_id, key_column, published_id
from medcutmix_cli.datasets.manifest_rows import SUFFIXES, columns_of, rows_of, suffix_of
from medcutmix_cli.datasets.table_use import TableUse
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.records import FRONTAL_VIEWS, Image, Study

MOST_VALUES = 20
"""A column of words with more different ones is left out."""

AGE_GROUPS = ((18, "0-17"), (40, "18-39"), (60, "40-59"), (80, "60-79"))
"""Upper ends (years, exclusive) of the groups of a column of ages; older is "80+"."""

_AGE = re.compile(r"(?:^|-)age(?:-|$)")
_YEARS = re.compile(r"\d{1,3}Y")
_OWN_VALUES: Mapping[str, Mapping[str, str]] = {
    "view": {view.lower(): view for view in FRONTAL_VIEWS},
    "device": {
        **dict.fromkeys(("1", "1-0", "true"), "yes"),
        **dict.fromkeys(("0", "0-0", "false"), "no"),
    },
}
"""Attributes that studies have without a table -> how their values are called there."""

_APART = r"[\s_,:=@/.]"
"""What divides words, or what a target is made of."""


@dataclass(frozen=True, slots=True)
class AttributeTable:
    """Attributes by id.

    Attributes:
        about: One of `ids.KEYS`.
        rows: Id -> (name, value), by the order of names.
        values: Attribute -> its values, sorted.
        left_out: Columns that are none, with why: "too-many-values", "one-value", "same-name", "names-a-finding".
        path: Where it was read, "" of no table.
    """

    about: str = "study"
    rows: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    path: str = ""

    def key(self, study: Study, image: Image) -> str:
        """Return the id of a study, or of the picture that stands for it, that a row may be about.

        A table of the data set's own (NIH's "Patient ID") has it as published, without what tells data sets apart.
        """
        ids = {"image": image.image_id, "study": study.study_id, "subject": study.subject_id}
        own = bare_id(self.about, ids[self.about])
        published = published_id(own)
        return published if own not in self.rows and published in self.rows else own

    def use(self) -> TableUse:
        """Return what counts the studies that have a row."""
        return TableUse("--attributes", self.path)


NO_TABLE = AttributeTable()


def with_attributes(
    chosen: Iterable[tuple[Study, Image]], table: AttributeTable, use: TableUse
) -> Iterator[tuple[Study, Image]]:
    """Add to each study what a table says of it; where both say something, the table's counts.

    Raises:
        DatasetError: All have been yielded, and the table has a row for none.
    """
    for study, image in chosen:
        key = table.key(study, image)
        use.note(key, matched=key in table.rows)
        said = {**dict(study.attributes), **dict(table.rows.get(key, ()))}
        yield replace(study, attributes=tuple(sorted(said.items()))), image
    use.require_match(table.rows)


def read_attribute_table(path: Path) -> AttributeTable:
    """Read attributes from CSV, JSON Lines or Parquet; which names are findings' says the lexicon in use.

    Raises:
        DatasetError: There is no column of ids, an id has two rows that differ, or the file cannot be read.
    """
    if not suffix_of(path):
        raise DatasetError(
            "attributes come from a table", where=str(path), hint=f"one of {', '.join(SUFFIXES)}"
        )
    found = columns_of(path)
    about, key = _key(path, found)
    ids = {name for names in KEYS.values() for name in names}
    columns = [name for name in found if name not in ids]
    words = _words(path, about, key, columns)
    names, left_out = _column_names(columns)
    groups, more = _groups(words, names)
    left_out |= more
    rows = {
        identifier: tuple(sorted((names[c], g(cells[c])) for c, g in groups.items() if cells[c]))
        for identifier, cells in words.items()
    }
    shared: dict[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]] = {}
    rows = {identifier: shared.setdefault(said, said) for identifier, said in rows.items()}
    return AttributeTable(about, rows, _values(rows.values()), left_out, str(path))


def _values(rows: Iterable[tuple[tuple[str, str], ...]]) -> dict[str, tuple[str, ...]]:
    found = sorted({pair for row in rows for pair in row})
    return {name: tuple(value for known, value in found if known == name) for name, _ in found}


def short_name(text: str) -> str:
    """Return a name or value as it is typed in a target: "Patient Age" is "patient-age", "058Y" is 58 (DICOM's AS).

    A dash at an end stays: it is the sign of -1, or all that "HIV-" has beside "HIV".
    """
    if _YEARS.fullmatch(text.strip()):
        return str(int(text.strip()[:-1]))
    return re.sub(rf"{_APART}+", "-", re.sub(rf"^{_APART}+|{_APART}+$", "", text.lower()))


def short_names(texts: Iterable[str]) -> dict[str, str]:
    """Return text -> name, where texts that differ in more than case and spaces have different names.

    A text whose short name another one has as well is spelled out: beside "a/b", "a b" is "a%20b".
    """
    folded = {text: _fold(text) for text in sorted(set(texts))}
    names = {one: short_name(text) for text, one in folded.items()}
    spelled: set[str] = set()
    while clashing := _clashes(names) - spelled:
        spelled |= clashing
        names |= {one: re.sub(rf"{_APART}|%", _spell, one) for one in clashing}
    return {text: names[one] for text, one in folded.items()}


def _fold(text: str) -> str:
    return " ".join(text.lower().split())


def _clashes(names: Mapping[str, str]) -> set[str]:
    times = Counter(names.values())
    return {text for text, name in names.items() if times[name] > 1 or not name}


def _spell(sign: re.Match[str]) -> str:
    return f"%{ord(sign[0]):02x}"


def _column_names(columns: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the name of each column, and those left out since one before them, or a finding, is called the same."""
    first: dict[str, str] = {}
    for column in columns:
        first.setdefault(_fold(column), column)
    names = short_names(first.values())
    left_out = {column: "same-name" for column in columns if column not in names}
    shadowing = named_like_findings(names.values())
    left_out |= {column: NAMES_A_FINDING for column, name in names.items() if name in shadowing}
    return {column: name for column, name in names.items() if column not in left_out}, left_out


def _key(path: Path, found: list[str]) -> tuple[str, str]:
    about, key = key_column(found)
    if key:
        return about, key
    wanted = ", ".join(name for names in KEYS.values() for name in names)
    raise DatasetError(
        "no column says which study or picture a row is about",
        where=str(path),
        hint=f"one of {wanted}; columns found: {', '.join(found) or 'none'}",
    )


def _words(path: Path, about: str, key: str, columns: list[str]) -> dict[str, dict[str, str]]:
    """Return id -> column -> cell as words, "" where it is blank."""
    words: dict[str, dict[str, str]] = {}
    for number, row in rows_of(path, [key, *columns]):
        identifier = bare_id(about, _word(row[key]))
        if not identifier:
            raise DatasetError(
                f"a row has no {key}",
                where=f"{path.name}, row {number}",
                hint="fill it in, or take the row out",
            )
        cells = {column: _word(row[column]) for column in columns}
        if words.setdefault(identifier, cells) != cells:
            raise DatasetError(
                f"two rows of one {key} differ",
                where=f"{path.name}, row {number}",
                hint="a table with a row a picture needs a column dicom_id or image_id",
            )
    return words


def _word(cell: object) -> str:
    """Return a cell as text; a number that a blank elsewhere made a float is whole again."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell).strip()
    return "" if is_blank(cell) or is_blank(text) else text


_Group = Callable[[str], str]


def _groups(
    words: Mapping[str, Mapping[str, str]], names: Mapping[str, str]
) -> tuple[dict[str, _Group], dict[str, str]]:
    """Return how each column's cells become values, and why others are left out."""
    groups: dict[str, _Group] = {}
    left_out: dict[str, str] = {}
    for column, name in names.items():
        cells = {cells[column] for cells in words.values() if cells[column]}
        group = _group(name, [cells[column] for cells in words.values() if cells[column]])
        if group is None:
            left_out[column] = "too-many-values"
        elif len(set(map(group, cells))) < 2:
            left_out[column] = "one-value"
        else:
            groups[column] = group
    return groups, left_out


def _group(name: str, cells: list[str]) -> _Group | None:
    """Return how the cells of a column become values; None where there would be too many."""
    numbers = _numbers(cells)
    if numbers and _AGE.search(name):
        return _age_group
    if len({_fold(cell) for cell in cells}) <= MOST_VALUES:
        return _named(name, cells).__getitem__
    return _Thirds.of(numbers).name if numbers else None


def _named(name: str, cells: Iterable[str]) -> dict[str, str]:
    """Return cell -> value; a view or device is called as it is of studies without a row."""
    own = _OWN_VALUES.get(name, {})
    return {cell: own.get(value, value) for cell, value in short_names(cells).items()}


def _numbers(cells: Iterable[str]) -> list[float]:
    """Return cells as numbers; none where one of them is no number."""
    try:
        return [_number(cell) for cell in cells]
    except ValueError:
        return []


def _number(cell: str) -> float:
    return float(cell[:-1] if _YEARS.fullmatch(cell) else cell)


def _age_group(cell: str) -> str:
    return next((name for end, name in AGE_GROUPS if _number(cell) < end), "80+")


@dataclass(frozen=True, slots=True)
class _Thirds:
    """A column of many numbers, cut where about a third and two thirds of its rows lie below; no group is empty."""

    low: float
    high: float

    @classmethod
    def of(cls, numbers: list[float]) -> _Thirds:
        """Cut between numbers that differ, as near to thirds as these allow; two different ones make two groups."""
        below = {number: at for at, number in reversed(list(enumerate(sorted(numbers))))}
        cuts = sorted(below)[1:]
        if not cuts:
            return cls(inf, inf)
        low = min(cuts[:-1] or cuts, key=lambda cut: abs(below[cut] - len(numbers) // 3))
        high = [cut for cut in cuts if cut > low] or cuts
        return cls(low, min(high, key=lambda cut: abs(below[cut] - 2 * len(numbers) // 3)))

    def name(self, cell: str) -> str:
        number = _number(cell)
        return "low" if number < self.low else "middle" if number < self.high else "high"
