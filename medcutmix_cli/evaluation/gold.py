"""Gold labels and report texts out of tables and folders, matched by id. Knows no reader; quotes no cell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from medcutmix_cli.datasets.cells import is_blank
from medcutmix_cli.datasets.ids import whole_id
from medcutmix_cli.datasets.report_store import decode_text, open_reports
from medcutmix_cli.datasets.tables import open_rows, require_id
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.reports.lexicon import finding_ids, label_of

IDS = ("study_id", "report_id", "filename", "uid", "id", "study", "accession")
TEXTS = ("report", "text", "report_text")
SECTIONS = ("examination", "indication", "history", "technique", "comparison", "findings", "impression")
_ALIASES = {
    "airspace opacity": "lung opacity",
    "infiltrate": "infiltration",
    "pleural effusions": "pleural effusion",
}
_VALUES = {"1": 1.0, "1.0": 1.0, "0": 0.0, "0.0": 0.0, "-1": -1.0, "-1.0": -1.0}


@dataclass(frozen=True, slots=True)
class GoldColumn:
    """A column of gold: its name there, and which label of which set of names it is."""

    name: str
    scheme: str
    label: str


@dataclass(frozen=True, slots=True)
class GoldRow:
    """One row of gold: values by column name; None is "not mentioned"."""

    identifier: str
    subject: str
    values: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Gold:
    """A gold table."""

    columns: tuple[GoldColumn, ...]
    rows: tuple[GoldRow, ...]


@dataclass(frozen=True, slots=True)
class Texts:
    """Report texts by the key of their id."""

    by_key: Mapping[str, str] = field(repr=False)

    def read(self, _subject: str, identifier: str) -> str | None:
        """Return one text, or None."""
        return self.by_key.get(key_of(identifier))


class StoredTexts:
    """Reports in MIMIC-CXR's layout, a folder of patients or an archive, read one at a time."""

    def __init__(self, path: Path) -> None:
        self._store = open_reports(path)

    def read(self, subject: str, identifier: str) -> str | None:
        """Return one text, or None."""
        report = self._store.read(subject, key_of(identifier))
        return None if report.problem else report.text


def key_of(identifier: str) -> str:
    """Return what ids of one report share: "CXR12", "12.xml" and "s12" are all 12."""
    stem = re.sub(r"\.(?:txt|xml|png|jpe?g|dcm)$", "", whole_id(identifier), flags=re.IGNORECASE)
    numbered = re.fullmatch(r"[A-Za-z]+(\d+)", stem)
    return numbered[1] if numbered else stem


def read_gold(path: Path) -> Gold:
    """Read a table of labels: an id column and one column per finding, 1, 0, -1 or blank.

    Column names are those of CheXpert, of ChestX-ray14 or of the lexicon, in any case.

    Raises:
        DatasetError: No such column, a value that is none, two rows of one id, or a file that cannot be read.
    """
    with open_rows(path) as (header, lines):
        columns = _columns(path, header)
        identify = _first(header, IDS) or header[0]
        rows: dict[str, GoldRow] = {}
        for where, line in lines:
            cells = dict(zip(header, line, strict=True))
            identifier = require_id(cells[identify], identify, where)
            row = GoldRow(identifier, cells.get("subject_id", ""), _values(cells, columns, where))
            if rows.setdefault(row.identifier, row).values != row.values:
                raise DatasetError(
                    "two rows of one id contradict each other", where=where, hint="keep the one that is right"
                )
    return Gold(columns, tuple(rows.values()))


def read_texts(path: Path) -> Texts | StoredTexts:
    """Open report texts: a table with a text column or section columns, a folder of .txt files, MIMIC-CXR's layout.

    Raises:
        DatasetError: It is none of these.
    """
    if path.is_dir():
        files = sorted(path.glob("*.txt"))
        found = {key_of(file.name): decode_text(file.read_bytes()) for file in files}
        return (
            Texts({key: r.text for key, r in found.items() if not r.problem}) if files else StoredTexts(path)
        )
    if ".csv" in path.suffixes or ".tsv" in path.suffixes:
        return Texts(dict(_table_texts(path)))
    return StoredTexts(path)


def lay_out(cells: Mapping[str, str]) -> str:
    """Return section columns as a report in the manner of MIMIC-CXR."""
    named = [(name, cells.get(name, "")) for name in SECTIONS]
    return " FINAL REPORT\n" + "".join(
        f" {name.upper()}: {text}\n \n" for name, text in named if not is_blank(text)
    )


def _table_texts(path: Path) -> Iterator[tuple[str, str]]:
    with open_rows(path, "\t" if ".tsv" in path.suffixes else ",") as (header, lines):
        whole = _first(header, TEXTS)
        names = {name.lower(): name for name in header}
        if not whole and not {"findings", "impression"} & names.keys():
            wanted = ", ".join((*TEXTS, "findings", "impression"))
            raise DatasetError("no column of report text", where=str(path), hint=f"known: {wanted}")
        identify = _first(header, IDS) or header[0]
        for where, line in lines:
            cells = dict(zip(header, line, strict=True))
            text = cells[whole] if whole else lay_out({k: cells[n] for k, n in names.items()})
            text = "" if is_blank(text) else text
            yield key_of(require_id(cells[identify], identify, where)), text


def _columns(path: Path, header: Sequence[str]) -> tuple[GoldColumn, ...]:
    sets = {
        "chexpert": {plain_name(name): name for name in CHEXPERT},
        "nih": {plain_name(name): name for name in label_of("nih").values()},
        "lexicon": {plain_name(name): name for name in finding_ids()},
    }
    # "Cardiomegaly" is in all of them: the set that knows most of the header speaks first.
    order = sorted(sets, key=lambda scheme: -sum(plain_name(name) in sets[scheme] for name in header))
    columns = []
    for name in header:
        scheme = next((s for s in order if plain_name(name) in sets[s]), None)
        if scheme and name not in IDS:
            columns.append(GoldColumn(name, scheme, sets[scheme][plain_name(name)]))
    if not columns:
        hint = "column names are those of CheXpert, of ChestX-ray14 or of the finding lexicon"
        raise DatasetError("no column names a finding", where=str(path), hint=hint)
    return tuple(columns)


def plain_name(name: str) -> str:
    """Return a finding's name as words in small letters, in its usual spelling."""
    words = " ".join(re.split(r"[\W_]+", name.lower())).strip()
    return _ALIASES.get(words, words)


def _values(cells: Mapping[str, str], columns: Sequence[GoldColumn], where: str) -> dict[str, float | None]:
    values: dict[str, float | None] = {}
    for column in columns:
        cell = cells[column.name].strip()
        if not is_blank(cell) and cell not in _VALUES:
            what = f"a value of {column.name!r} is not 1, 0, -1 or blank"
            raise DatasetError(
                what,
                where=where,
                hint="id, finding, and what is so of it, as `medcutmix evaluate --help` says",
            )
        values[column.name] = _VALUES.get(cell)
    return values


def _first(header: Sequence[str], known: Sequence[str]) -> str | None:
    lower = {name.lower(): name for name in reversed(header)}
    return next((lower[name] for name in known if name in lower), None)
