"""Sentences with a marked concept, as the NegEx test set has them: is the concept denied? Knows no lexicon."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from medcutmix_cli.errors import DatasetError, unreadable
from medcutmix_cli.evaluation.scores import ReportComparison
from medcutmix_cli.records import Assertion
from medcutmix_cli.reports.assertion import assertion_at, read_clause
from medcutmix_cli.reports.words import Words, canonical

CLASSES = ("negated (all)", "negated (chest)")
CHEST_TERMS = re.compile(
    r"effusion|pneumo|consolidat|atelecta|edema|cardiomegaly|infiltrat|opacit|nodul|mass|lung|pulmon|pleural|cough|chest"
    r"|dyspnea|shortness of breath|heart|cardi|murmur|wheez|rales|rhonchi|crackle",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class MarkedSentence:
    """One row: an id (the first column), a concept, the sentence it stands in, and whether people call it denied."""

    identifier: str
    concept: str = field(repr=False)
    sentence: str = field(repr=False)
    negated: bool


def read_sentences(path: Path) -> list[MarkedSentence]:
    """Read a tab-separated table: id, concept, sentence, "Negated" or another word; further columns are ignored.

    Raises:
        DatasetError: It cannot be read, or has fewer columns.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DatasetError(
            unreadable("the table", error),
            where=str(path),
            hint="is it a table of UTF-8 text that you may read?",
        ) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # as the NegEx test set is
    return list(_sentences(path, text))


def _sentences(path: Path, text: str) -> Iterator[MarkedSentence]:
    lines = csv.reader(text.splitlines()[1:], delimiter="\t", quoting=csv.QUOTE_NONE)
    for number, cells in enumerate(lines, start=2):
        if len(cells) < 4:
            what = f"a row has {len(cells)} columns, wanted are id, concept, sentence, status"
            raise DatasetError(
                what, where=f"{path.name}, line {number}", hint="columns are separated by tabs"
            )
        yield MarkedSentence(cells[0], cells[1], cells[2], cells[3].strip().lower() in ("negated", "absent"))


def compare(marked: MarkedSentence) -> ReportComparison:
    """Ask the reader's assertion rules about one concept."""
    names = CLASSES if CHEST_TERMS.search(marked.concept) else CLASSES[:1]
    return ReportComparison(
        marked.identifier,
        frozenset(names if marked.negated else ()),
        frozenset(names if _denied(marked.sentence, marked.concept) else ()),
    )


def _denied(sentence: str, concept: str) -> bool:
    words = canonical(sentence)
    span = _place(words, sentence, concept)
    return assertion_at(read_clause(words, [span]), *span) is Assertion.ABSENT


def _place(words: Words, sentence: str, concept: str) -> tuple[int, int]:
    """Return the words of the concept: it stands in capitals; else the first place where its words do."""
    capitals = re.search(r"\s+".join(map(re.escape, concept.upper().split())), sentence)
    if capitals:
        inside = [k for k in range(len(words)) if capitals.start() <= words.starts[k] < capitals.end()]
        return (inside[0], inside[-1] + 1) if inside else (0, len(words))
    target = canonical(concept).text
    at = words.text.find(target)
    return words.indices(at, at + len(target)) if at >= 0 else (0, len(words))
