"""The table that half the field asks for: `mimic_cxr_sectioned.csv`, a report's sections in a row. Mixes nothing.

Columns, their order and the rules are those of the script published with MIMIC-CXR (MIT-LCP/mimic-cxr,
`txt/create_section_files.py`). Of the studies that it takes from a place of their own the text stands under findings.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TextIO, TypedDict

from medcutmix_cli.assembly.parts import open_source, resolve_options
from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import RunError
from medcutmix_cli.exports.formulas import begins_formula, escape_formula
from medcutmix_cli.records import Drop, Study
from medcutmix_cli.reports.sections import split_sections
from medcutmix_cli.reports.special_studies import place_special
from medcutmix_cli.system.atomic_files import publish
from medcutmix_cli.system.progress import show_progress
from medcutmix_cli.system.storage_errors import explain_storage_errors


class SectionedRecord(TypedDict):
    """One report.

    Attributes:
        study: As its file is called in MIMIC-CXR, "s50414267"; in other data sets the id as it is.
    """

    study: str
    impression: str
    findings: str
    last_paragraph: str
    comparison: str


COLUMNS = tuple(SectionedRecord.__annotations__)
_SECTIONS: tuple[Literal["impression", "findings", "last_paragraph", "comparison"], ...] = (
    "impression",
    "findings",
    "last_paragraph",
    "comparison",
)


@dataclass(frozen=True, slots=True)
class SectionSummary:
    """What was written.

    Attributes:
        rows: Reports.
        filled: Section -> reports that have it.
        dropped: Studies left out, by reason.
        formulas: Texts that a spreadsheet would run; escaped where that was asked for.
    """

    out: Path
    rows: int
    filled: dict[str, int]
    dropped: dict[str, int]
    formulas: int = 0


@show_progress
def export_sections(
    dataset: str | Path,
    out: str | Path,
    *,
    force: bool = False,
    escape_formulas: bool = False,
    progress: Progress | None = None,
    **options: Any,
) -> SectionSummary:
    """Write the sections of every report of a data set as `mimic_cxr_sectioned.csv`.

    Args:
        dataset: Where it is.
        out: CSV file to write, or a folder that is there: then the file has that name in it.
        force: Write over such a file.
        escape_formulas: Whether texts that a spreadsheet would run get an apostrophe before them.
        progress: Called with ("reading", studies, 0).
        **options: Of the data set and of how reports are cut: dataset_kind, reports, section_rules.

    Raises:
        RunError: Such a file is there.
        DatasetError: The data set is not there, or malformed.
    """
    target = Path(out) / "mimic_cxr_sectioned.csv" if Path(out).is_dir() else Path(out)
    if target.exists() and not force:
        raise RunError("such a file is there", where=str(target), hint="--force writes over it")
    settings = resolve_options(dataset, None, options, command="export").settings
    studies, dropped = open_source(settings).studies(), Counter[str]()
    records = _records(studies, settings.reports.section_rules, dropped, progress)
    with (
        explain_storage_errors(target),
        publish(target) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as handle,
    ):
        table = _SectionTable(escape_formulas)
        table.write(handle, records)
    return SectionSummary(target, table.rows, table.filled, dict(sorted(dropped.items())), table.formulas)


def _records(
    studies: Iterator[Study | Drop], rules: str, dropped: Counter[str], progress: Progress | None
) -> Iterator[SectionedRecord]:
    count = 0
    for study in studies:
        if isinstance(study, Drop):
            dropped[study.reason] += study.unit == "study"
            continue
        count += 1
        if progress and not count % 1000:
            progress("reading", count, 0)
        yield section_record(study, rules)


def section_record(study: Study, rules: str) -> SectionedRecord:
    """Return the sections of one report, "" for those that it has not; of several of a name the last counts."""
    sections = split_sections(study.report, rules)
    if rules == "mimic-official":
        sections = place_special(study.report, sections, study.study_id)
    bodies = {section.name: study.report[section.start : section.end] for section in sections}
    name = f"s{study.study_id}" if study.study_id.isdigit() else study.study_id
    return SectionedRecord(
        study=name,
        impression=bodies.get("impression", ""),
        findings=bodies.get("findings", ""),
        last_paragraph=bodies.get("last_paragraph", ""),
        comparison=bodies.get("comparison", ""),
    )


@dataclass(slots=True)
class _SectionTable:
    """Writes the table, and counts."""

    escape_formulas: bool
    rows: int = 0
    formulas: int = 0
    filled: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_SECTIONS, 0))

    def write(self, handle: TextIO, records: Iterator[SectionedRecord]) -> None:
        """Write a header and all records."""
        table = csv.DictWriter(handle, COLUMNS)
        table.writeheader()
        for record in records:
            table.writerow({name: self._text(str(text)) for name, text in record.items()})
            self.rows += 1
            for name in _SECTIONS:
                self.filled[name] += bool(record[name])

    def _text(self, text: str) -> str:
        if not begins_formula(text):
            return text
        self.formulas += 1
        return escape_formula(text) if self.escape_formulas else text
