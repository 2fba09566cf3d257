"""Rows of tables, whatever they were read from, to studies: roles, values and reports. Opens no picture."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from medcutmix_cli.datasets.cells import is_blank, read_text, read_word
from medcutmix_cli.datasets.column_roles import ColumnRoles, assign_roles
from medcutmix_cli.datasets.embedded_pictures import EmbeddedPicture
from medcutmix_cli.datasets.grouping import Companions, ImageRow, Report, group_studies
from medcutmix_cli.datasets.mimic_tables import label_value
from medcutmix_cli.datasets.report_store import MOST_BYTES, decode_text, name_problem
from medcutmix_cli.datasets.row_source import PROBLEM, Row, RowSource
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.records import Drop, Study
from medcutmix_cli.seeds import stable_hash
from medcutmix_cli.system.regular_files import read_regular

OnError = Callable[[DatasetError], None]


@dataclass(frozen=True, slots=True)
class TableValues:
    """What a user says of the columns and values of a table.

    Attributes:
        folder: Relative paths of pictures are below it (likewise reports: of report files).
        columns: Column by role.
        known: What is so of all rows, by role, where no column says it.
        maps: Value -> what it means, by role.
        shares: Split -> share of the training patients, in [0, 1), that are drawn for it by a hash.
        hints: What to type for a role that no column plays, where it is another than for any table.
        prompted: Whether the reports are made from labels.
    """

    folder: Path
    reports: Path
    columns: Mapping[str, str]
    known: Mapping[str, str]
    maps: Mapping[str, Mapping[str, str]]
    shares: Mapping[str, float] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)
    prompted: bool = False

    def meaning(self, role: str, value: str) -> str:
        """Return what a value of the table means."""
        return self.maps.get(role, {}).get(value, value)

    def split_of(self, subject: str, value: str) -> str:
        """Return the split of a row by what the table says: all rows of a patient move together."""
        split = self.meaning("split", value)
        if split != "train" or not any(self.shares.values()):
            return split
        drawn = int(stable_hash("table-split", subject), 16) / 16**16
        for other, share in self.shares.items():
            if drawn < share:
                return other
            drawn -= share
        return split


@dataclass(frozen=True, slots=True)
class TableEntry:
    """One row: its image, and what it says of its study.

    Attributes:
        said: Split and view as they are written.
    """

    row: ImageRow
    text: str = field(repr=False)
    report_path: str
    labels: tuple[tuple[str, float], ...]
    said: Mapping[str, str]


def read_studies(sources: Sequence[RowSource], values: TableValues) -> Iterator[Study | Drop]:
    """Yield every study of some tables once, by (subject_id, study_id).

    Raises:
        DatasetError: A column is missing, or a cell is of a type that its role cannot have.
    """
    for source in sources:
        for problem in source_roles(source, values).problems:
            raise DatasetError(problem.what, where=str(_place(source, values)), hint=problem.hint)
    entries = read_entries(sources, values, _raise)
    yield from group_entries(entries, values)


def _place(source: RowSource, values: TableValues) -> Path:
    """Return the file of a table; the folder where the rows are joined from several, and have the kind's name."""
    table = values.folder / source.name
    return table if table.exists() else values.folder


def group_entries(entries: Sequence[TableEntry], values: TableValues) -> Iterator[Study | Drop]:
    """Yield every study of some rows once, by (subject_id, study_id)."""
    for study in group_studies((entry.row for entry in entries), _Beside(values, entries).companions()):
        yield replace(study, prompted=values.prompted) if isinstance(study, Study) else study


def source_roles(
    source: RowSource, values: TableValues, guesses: Mapping[str, str] | None = None
) -> ColumnRoles:
    """Return which column of a table plays which role; hints name those that `guesses` has."""
    roles = assign_roles(source.columns, values.columns, {**source.known, **values.known}, guesses)
    told = (replace(problem, hint=values.hints.get(problem.role, problem.hint)) for problem in roles.problems)
    return replace(roles, problems=tuple(told))


def read_entries(sources: Sequence[RowSource], values: TableValues, on_error: OnError) -> list[TableEntry]:
    """Return one entry per row; a row with a blank id, or an id seen before, has a problem.

    `on_error` is called with the error of each row that cannot be read; it may raise it.
    """
    named = _names_tell_apart(sources, values)
    entries: list[TableEntry] = []
    seen: set[str] = set()
    for source in sources:
        for entry in _TableRows(source, values, named=named, alone=len(sources) == 1).entries(on_error):
            if entry.row.image_id in seen:
                entry = replace(entry, row=replace(entry.row, problem=entry.row.problem or "duplicate-id"))
            seen.add(entry.row.image_id)
            entries.append(entry)
    return entries


def _raise(error: DatasetError) -> None:
    raise error


def _names_tell_apart(sources: Sequence[RowSource], values: TableValues) -> bool:
    """Tell whether every picture inside of a table has a name of its own, to be its id."""
    names: Counter[str] = Counter()
    for source in sources:
        column = source_roles(source, values).columns.get("image", "")
        if column in source.pictures:
            cells = (row[column] for _, row in source.rows([column]))
            names.update(cell.name for cell in cells if isinstance(cell, EmbeddedPicture))
    return "" not in names and max(names.values(), default=0) < 2


@dataclass(frozen=True)
class _TableRows:
    """One table with its columns found."""

    source: RowSource
    values: TableValues
    named: bool
    alone: bool

    def entries(self, on_error: OnError) -> Iterator[TableEntry]:
        columns = source_roles(self.source, self.values).columns
        labels = [name for name in CHEXPERT if name in self.source.columns]
        for number, row in self.source.rows(list(dict.fromkeys([*columns.values(), *labels]))):
            try:
                entry = self._entry(number, row, columns, labels)
            except DatasetError as error:
                on_error(error)
            else:
                yield entry

    def _entry(self, number: int, row: Row, columns: Mapping[str, str], labels: Sequence[str]) -> TableEntry:
        where = f"{Path(self.source.name).name}, row {number}"
        words, path, name = self._words(row, columns, where)
        image = words.get("image_id") or (name if self.named and name else path) or self._nameless(number)
        study = words.get("study", image) or self._nameless(number)
        said = {role: words.get(role, self._known(role)) for role in ("split", "view")}
        subject = words.get("subject", self._known("subject") or image)
        return TableEntry(
            ImageRow(
                _unicode(image),
                _unicode(subject),
                _unicode(study),
                _unicode(path),
                self.values.meaning("view", said["view"]).upper(),
                self.values.split_of(subject, said["split"]),
                row.get(PROBLEM, "") or _blank(words, path),
            ),
            self._text(row, columns, where),
            words.get("report_path", ""),
            _read_labels(row, labels, row.get(columns.get("labels", "")), where),
            said,
        )

    def _words(self, row: Row, columns: Mapping[str, str], where: str) -> tuple[dict[str, str], str, str]:
        """Return the words of a row by role, the path of its picture, and the picture's name in its file."""
        alone = ("subject",) if columns.get("subject") == columns["image"] else ()
        words = {
            role: read_word(row[column], role, column, where)
            for role, column in columns.items()
            if role not in ("image", "labels", *alone, *_TEXTS)
        }
        cell = row[columns["image"]]
        if isinstance(cell, EmbeddedPicture):
            return words, f"{self.source.name}{cell.part}", cell.name
        return words, read_word(cell, "image", columns["image"], where), ""

    def _known(self, role: str) -> str:
        return self.values.known.get(role) or self.source.known.get(role, "")

    def _nameless(self, number: int) -> str:
        return f"row {number}" if self.alone else f"{self.source.name}, row {number}"

    def _text(self, row: Row, columns: Mapping[str, str], where: str) -> str:
        texts = {
            role: read_text(row[columns[role]], role, columns[role], where)
            for role in _TEXTS
            if role in columns
        }
        return texts["report"] if "report" in texts else join_sections(texts)


_TEXTS = ("report", "findings", "impression")


def join_sections(texts: Mapping[str, str]) -> str:
    """Return a report of sections that stand apart, each under its heading; blank where all are."""
    parts = [
        text.strip() if text.strip().lower().startswith(f"{name}:") else f"{name.upper()}: {text.strip()}"
        for name, text in texts.items()
        if text.strip()
    ]
    return "\n\n".join(parts)


class _Beside:
    """Reports and labels of studies, gathered from all their rows."""

    def __init__(self, values: TableValues, entries: Iterable[TableEntry]) -> None:
        self._folder = values.reports
        self._entries: dict[str, list[TableEntry]] = {}
        for entry in entries:
            self._entries.setdefault(entry.row.study_id, []).append(entry)

    def companions(self) -> Companions:
        return Companions(self._report, self._labels)

    def _report(self, _subject: str, study: str) -> Report:
        """Return the text that all rows of the study agree on; a row without any says nothing."""
        rows = self._entries[study]
        texts = {entry.text for entry in rows if entry.text.strip()}
        paths = {entry.report_path for entry in rows if entry.report_path}
        if len(texts) > 1 or (not texts and len(paths) > 1):
            return Report(problem="report-contradictory")
        if texts:
            return Report(texts.pop())
        return self._read(paths.pop()) if paths else Report()

    def _read(self, path: str) -> Report:
        try:
            return decode_text(read_regular(self._folder / path, MOST_BYTES))
        except FileNotFoundError:
            return Report(problem="report-missing")
        except OSError as error:
            return Report(problem=name_problem(error))

    def _labels(self, study: str) -> Mapping[str, float] | None:
        found = {entry.labels for entry in self._entries[study] if entry.labels}
        return None if len(found) > 1 else dict(found.pop() if found else ())


def _unicode(text: str) -> str:
    """Return a text that can be written: bytes of a file's name that are none, as they are told in a shell."""
    return text.encode("utf-8", "backslashreplace").decode()


def _blank(words: Mapping[str, str], path: str) -> str:
    if any(_unicode(word) != word for word in (*words.values(), path)):
        return "name-not-unicode"
    if not words.get("subject", "one"):
        return "subject-missing"
    if not words.get("study", "one"):
        return "study-id-missing"
    return "" if path else "image-path-missing"


def _read_labels(
    row: Row, columns: Sequence[str], nested: object, where: str
) -> tuple[tuple[str, float], ...]:
    found = {name: row[name] for name in columns} | _nested_labels(nested, where)
    known = [(name, read_word(value, "label", name, where)) for name, value in sorted(found.items())]
    return tuple((name, label_value(value, where)) for name, value in known if value)


def _nested_labels(nested: object, where: str) -> dict[str, Any]:
    """Return the labels of one cell: names to values, or such an object as JSON text."""
    try:
        found = json.loads(nested) if isinstance(nested, str) and not is_blank(nested) else nested
    except json.JSONDecodeError:
        found = "malformed"
    if is_blank(found):
        return {}
    if not isinstance(found, Mapping) or not set(found) <= set(CHEXPERT):
        raise DatasetError(
            "the labels are not CheXpert names with values", where=where, hint=", ".join(CHEXPERT)
        )
    return dict(found)
