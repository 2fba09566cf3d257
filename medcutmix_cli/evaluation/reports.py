"""The report reader against gold: findings of whole reports, or denials of marked concepts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import DatasetError, UsageError
from medcutmix_cli.evaluation.gold import Gold, GoldColumn, GoldRow, key_of, read_gold, read_texts
from medcutmix_cli.evaluation.negation import CLASSES, compare, read_sentences
from medcutmix_cli.evaluation.scores import Evaluation, ReportComparison, evaluation
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.planning.reading import why_unread
from medcutmix_cli.records import Assertion, Reading
from medcutmix_cli.reports.labels import chexpert_labels, finding_states, labels_of_states
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.tables import read_lexicon, use_lexicon
from medcutmix_cli.system.progress import show_progress

TASKS = ("findings", "negation")


@show_progress
def evaluate_reports(
    reports: Path,
    gold: Path | None = None,
    *,
    task: str = "findings",
    section_rules: str = "mimic-official",
    lexicon: str | Path = "",
    worst: int = 10,
    progress: Progress | None = None,
) -> Evaluation:
    """Measure the report reader.

    Args:
        reports: A table with a text column or section columns, a folder of .txt files, or reports in
            MIMIC-CXR's layout (folder, .zip, .tar.gz); for "negation" the table of sentences.
        gold: Table of labels, matched by id (task "findings"). A finding counts where gold has 1; 0 and blank
            are negative, -1 is left out.
        task: "findings" or "negation".
        section_rules: As of `ReportReader`.
        lexicon: A user's lexicon, "" for the built-in one.
        worst: How many ids of disagreeing reports are kept.
        progress: Called with ("reading", reports done, reports).

    Raises:
        UsageError: No such task, gold is missing, or given where it is not wanted, or the lexicon does not fit.
        DatasetError: A table that cannot be read, or no id that both sides have.
    """
    if task not in TASKS:
        raise UsageError(f"no task called {task!r}", hint="choose one of: " + ", ".join(TASKS))
    with use_lexicon(read_lexicon(lexicon)):
        if task == "negation":
            return _negations(reports, gold, worst)
        return _findings(reports, gold, ReportReader(section_rules), worst, progress)


def _negations(reports: Path, gold: Path | None, worst: int) -> Evaluation:
    if gold is not None:
        raise UsageError("the table of sentences is its own gold", hint="leave --gold out")
    return _of_all(evaluation("negation", CLASSES, map(compare, read_sentences(Path(reports))), worst=worst))


def _findings(
    reports: Path, gold: Path | None, reader: ReportReader, worst: int, progress: Progress | None
) -> Evaluation:
    if gold is None:
        raise UsageError("without gold labels there is nothing to compare with", hint="give --gold TABLE")
    table = read_gold(Path(gold))
    compared = list(_compared(Path(reports), table, reader, progress))
    if not compared:
        where = f"{reports} and {gold}"
        raise DatasetError("no report has an id that gold has", where=where, hint="compare their id columns")
    names = [column.name for column in table.columns]
    return evaluation(
        "findings", names, compared, without_report=len(table.rows) - len(compared), worst=worst
    )


def _of_all(found: Evaluation) -> Evaluation:
    """Let the sums be those of all sentences: the chest terms are among them already."""
    micro = found.scores[0] if found.scores else found.micro
    return replace(found, micro=replace(micro, name="micro"), macro_f1=float("nan"))


def _compared(
    reports: Path, gold: Gold, reader: ReportReader, progress: Progress | None
) -> Iterator[ReportComparison]:
    texts = read_texts(reports)
    for number, row in enumerate(gold.rows):
        text = texts.read(row.subject, row.identifier)
        if text is not None and not why_unread(text):
            found = _found(reader.read(text, key_of(row.identifier)), gold.columns)
            yield _against(row, found)
        if progress:
            progress("reading", number + 1, len(gold.rows))


def _against(row: GoldRow, found: frozenset[str]) -> ReportComparison:
    truth = frozenset(name for name, value in row.values.items() if value == 1.0)
    left_out = frozenset(name for name, value in row.values.items() if value == -1.0)
    return ReportComparison(row.identifier, truth, found, left_out)


def _found(reading: Reading, columns: tuple[GoldColumn, ...]) -> frozenset[str]:
    """Return the gold columns whose label the reader calls present."""
    states = finding_states(reading)
    present = {
        "chexpert": {n for n, v in zip(CHEXPERT, chexpert_labels(reading), strict=True) if v == 1.0},
        "nih": {name for name, value in labels_of_states(states, "nih").items() if value == 1.0},
        "lexicon": {finding for finding, state in states.items() if state is Assertion.PRESENT},
    }
    return frozenset(column.name for column in columns if column.label in present[column.scheme])
