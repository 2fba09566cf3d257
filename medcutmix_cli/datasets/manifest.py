"""Any table of images and reports: CSV, JSON Lines or Parquet, its columns mapped by name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from medcutmix_cli.configuration.settings import SPLITS
from medcutmix_cli.datasets import manifest_rows
from medcutmix_cli.datasets.base import is_synthetic
from medcutmix_cli.datasets.grouping import Companions, ImageRow, Report, group_studies
from medcutmix_cli.datasets.manifest_rows import Row
from medcutmix_cli.datasets.mimic_tables import label_value
from medcutmix_cli.datasets.report_store import MOST_BYTES, decode_text, name_problem
from medcutmix_cli.datasets.tables import fingerprint, require_columns
from medcutmix_cli.errors import DatasetError, UsageError
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.records import Drop, Study
from medcutmix_cli.system.regular_files import read_regular

ROLES = ("image", "report", "report_path", "subject", "study", "image_id", "split", "view", "labels")
"""What a column can be; without a mapping the column of that very name is taken."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A table with one row per image, or a folder with `manifest.csv`, `.jsonl` or `.parquet`.

    The columns for image and subject must be there, and one for the report's text or its file. Rows with the
    same study form one study; without a study column every image is a study of its own. Labels come from
    columns with CheXpert names, or from one column of such names to values.

    Attributes:
        root: The table, or its folder. Paths in it are relative to that folder.
        reports: Folder that report paths are relative to, where it is another.
        columns: Column by role (see `ROLES`): {"image": "path", "report": "clinical_notes"}.
        split: Split of every image, where no column says it.
        view: View of every image, where no column says it.
        splits: What the table calls its splits: {"val": "validate"}.
        views: What the table calls its views: {"AP Supine": "AP", "L": "LATERAL"}.
    """

    root: Path
    reports: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    split: str = ""
    view: str = ""
    splits: Mapping[str, str] = field(default_factory=dict)
    views: Mapping[str, str] = field(default_factory=dict)

    kind: ClassVar[str] = "manifest"
    looks_for: ClassVar[str] = f"a {', '.join(manifest_rows.SUFFIXES)} file, or manifest.<that> in the folder"

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(self.root))
        object.__setattr__(self, "reports", Path(self.reports) if self.reports else None)
        for name in ("columns", "splits", "views"):
            _check_mapping(name, getattr(self, name))
        if unknown := sorted(set(self.columns) - set(ROLES)):
            raise UsageError(f"no column can be the {unknown[0]!r}", hint=f"known: {', '.join(ROLES)}")
        if self.split and self.split not in SPLITS:
            raise UsageError(f"there is no split {self.split!r}", hint=f"known: {', '.join(SPLITS)}")

    @classmethod
    def recognises(cls, root: Path) -> bool:
        """Tell whether `root` is a table, or holds one named manifest."""
        if root.is_file():
            return bool(manifest_rows.suffix_of(root))
        return any((root / f"manifest{suffix}").is_file() for suffix in manifest_rows.SUFFIXES)

    @property
    def synthetic(self) -> bool:
        """Whether the marker of the bundled sample lies beside the table."""
        return is_synthetic(self._folder)

    def studies(self) -> Iterator[Study | Drop]:
        """Yield every study once, by (subject_id, study_id) (see `Dataset.studies`)."""
        table = _ManifestTable(self, self._path())
        entries = table.read()
        yield from group_studies((entry.row for entry in entries), _Beside(self, entries).companions())

    def resolve(self, image_path: str) -> Path:
        """Return the file of an `Image.path`."""
        return self._folder / image_path

    def provenance(self) -> dict[str, str | int]:
        """Return name, size and sha256 of the table."""
        path = self._path()
        return {
            "kind": self.kind,
            f"{path.name}:bytes": path.stat().st_size,
            f"{path.name}:sha256": fingerprint(path),
        }

    @property
    def _folder(self) -> Path:
        return self.root if self.root.is_dir() else self.root.parent

    def _path(self) -> Path:
        if self.root.is_file():
            return self.root
        paths = [self.root / f"manifest{suffix}" for suffix in manifest_rows.SUFFIXES]
        found = [path for path in paths if path.is_file()]
        if len(found) != 1:
            names = ", ".join(path.name for path in found) or "none"
            what = f"one manifest is wanted in this folder; found: {names}"
            raise DatasetError(what, where=str(self.root), hint=f"looked for {self.looks_for}")
        return found[0]


@dataclass(frozen=True, slots=True)
class _ManifestEntry:
    """One row: its image, and what it says of its study."""

    row: ImageRow
    text: str = field(repr=False)
    report_path: str
    labels: tuple[tuple[str, float], ...]


class _ManifestTable:
    """The table with its columns found."""

    def __init__(self, settings: Manifest, path: Path) -> None:
        self._settings = settings
        self._path = path
        self._found = manifest_rows.columns_of(path)
        self._columns = self._mapped()
        self._labels = [name for name in CHEXPERT if name in self._found]

    def read(self) -> list[_ManifestEntry]:
        """Return one entry per row; a row with a blank id, or an id seen before, has a problem."""
        wanted = list(dict.fromkeys([*self._columns.values(), *self._labels]))
        entries: list[_ManifestEntry] = []
        seen: set[str] = set()
        for number, row in manifest_rows.rows_of(self._path, wanted):
            entry = self._entry(number, row)
            if entry.row.image_id in seen:
                entry = replace(entry, row=replace(entry.row, problem=entry.row.problem or "duplicate-id"))
            seen.add(entry.row.image_id)
            entries.append(entry)
        return entries

    def _mapped(self) -> dict[str, str]:
        given = self._settings.columns
        require_columns(self._path, self._found, list(given.values()))
        columns = {role: given.get(role, role) for role in ROLES if given.get(role, role) in self._found}
        how = f"columns found: {', '.join(self._found)}; map them: columns = {{subject = 'patient_id'}}"
        for role in ("image", "subject"):
            if role not in columns:
                require_columns(self._path, self._found, [role], how)
        if not {"report", "report_path"} & set(columns):
            require_columns(self._path, self._found, ["report"], how)
        if "split" not in columns and not self._settings.split:
            hint = f"{how}; or say split = 'train' for all of it"
            require_columns(self._path, self._found, ["split"], hint)
        return columns

    def _entry(self, number: int, row: Row) -> _ManifestEntry:
        values = {role: row[column] for role, column in self._columns.items()}
        text = {role: _word(value) for role, value in values.items() if role not in ("report", "labels")}
        image = text.get("image_id") or text["image"] or f"row {number}"
        view = text.get("view", self._settings.view)
        split = text.get("split", self._settings.split)
        image_row = ImageRow(
            image_id=image,
            subject_id=text["subject"],
            study_id=text.get("study", image) or f"row {number}",
            path=text["image"],
            view=self._settings.views.get(view, view).upper(),
            split=self._settings.splits.get(split, split),
            problem=_blank(text),
        )
        report = values.get("report")
        return _ManifestEntry(
            row=image_row,
            text=report if isinstance(report, str) else "",
            report_path=text.get("report_path", ""),
            labels=self._read_labels(number, row, values.get("labels")),
        )

    def _read_labels(self, number: int, row: Row, nested: Any) -> tuple[tuple[str, float], ...]:
        where = f"{self._path.name}, row {number}"
        found = {name: row[name] for name in self._labels} | _nested_labels(nested, where)
        known = [(name, _word(value)) for name, value in sorted(found.items())]
        return tuple((name, label_value(value, where)) for name, value in known if value)


class _Beside:
    """Reports and labels of studies, gathered from all their rows."""

    def __init__(self, settings: Manifest, entries: Iterable[_ManifestEntry]) -> None:
        self._folder = settings.reports or (settings.root if settings.root.is_dir() else settings.root.parent)
        self._entries: dict[str, list[_ManifestEntry]] = {}
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


def _check_mapping(name: str, mapping: object) -> None:
    if not isinstance(mapping, Mapping) or not all(isinstance(value, str) for value in mapping.values()):
        raise UsageError(f"{name} must map names to names", hint=f"in TOML: {name} = {{this = 'that'}}")


def _blank(text: Mapping[str, str]) -> str:
    if not text["subject"]:
        return "subject-missing"
    if not text.get("study", "one"):
        return "study-id-missing"
    return "" if text["image"] else "image-path-missing"


def _nested_labels(nested: Any, where: str) -> dict[str, Any]:
    """Return the labels of one cell: names to values, or such an object as JSON text."""
    try:
        found = json.loads(nested) if isinstance(nested, str) and nested.strip() else nested
    except json.JSONDecodeError:
        found = "malformed"
    if found is None or found == "":
        return {}
    if not isinstance(found, Mapping) or not set(found) <= set(CHEXPERT):
        raise DatasetError(
            "the labels are not CheXpert names with values", where=where, hint=", ".join(CHEXPERT)
        )
    return dict(found)


def _word(value: Any) -> str:
    """Return a cell as text: an id that a blank elsewhere made a float is whole again, NaN is blank."""
    if value is None or value != value:
        return ""
    whole = isinstance(value, float) and value.is_integer()
    text = str(int(value) if whole else value).strip()
    return "" if text.lower() == "nan" else text
