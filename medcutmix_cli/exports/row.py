"""One row as every profile is given it, and what all of them say of it. Knows no file and no profile."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, TypedDict

from medcutmix_cli.datasets.cells import is_blank
from medcutmix_cli.reports.sentences import fold
from medcutmix_cli.seeds import stable_hash

Source = Literal["mix", "original"]

MADE_FROM_LABELS = "report-made-from-labels"
"""Why an original is left out, of the run or of its data set: a prompt stands for the report it has not."""

CAPTIONS = ("sections", "report", "findings", "impression")
"""What may be the caption: findings and impression in a row, the whole report, or one section."""

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class RowTexts:
    """What a report says, by section.

    Attributes:
        report: As it stands, headers included.
        findings: Body of the section, white space folded; "" where there is none (likewise the others).
    """

    report: str = field(repr=False)
    findings: str = field(repr=False, default="")
    impression: str = field(repr=False, default="")
    last_paragraph: str = field(repr=False, default="")
    indication: str = field(repr=False, default="")

    def caption(self, which: str) -> str:
        """Return what a picture is described by, on one line; "" where there is nothing, or what reads as nothing.

        Args:
            which: One of `CAPTIONS`. A report without findings and impression has its last paragraph for both, or all
                of itself.
        """
        if which in ("findings", "impression"):
            return readable(str(getattr(self, which)))
        both = f"{self.findings} {self.impression}".strip() or self.last_paragraph
        return readable(both if which == "sections" and both else self.report)


@dataclass(frozen=True, slots=True)
class LabelledSentence:
    """One sentence of a report, on one line.

    Attributes:
        labels: What it says, in CheXpert order: 1 present, 0 absent, -1 uncertain, NaN not said.
    """

    text: str = field(repr=False)
    labels: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One picture with its report: a mix, or a study as it is.

    Attributes:
        key: Unique in the export; letters, digits, "-" and "_", so that no reader cuts it at a dot; no "-" at first.
        split: "train", "validate" or "test".
        subject_id: Of the recipient, where it is a mix (likewise study_id, view).
        donor_subject_id: "" for an original (likewise donor_study_id, finding, strategy).
        finding: Lexicon id of what came in.
        lam: The run's named weight; 1 for an original.
        caption: On one line, never "" in an export.
        labels: What the report says, in CheXpert order; what was not exchanged as the data set has it (`label_mixed`).
        sentences: Of the counting sections that name a finding; empty where the profile asks for none.
        laterality: Sides that the report names: left, right, bilateral, none.
        no_hflip: Whether a picture that is flipped would contradict the report.
        picture: An encoded grey picture.
        picture_format: "png", "jpeg" or "webp".
        prompted: Whether its report, or the sentence that came in, was made from labels for want of one.
    """

    key: str
    source: Source
    split: str
    subject_id: str
    study_id: str
    donor_subject_id: str
    donor_study_id: str
    finding: str
    strategy: str
    lam: float
    view: str
    texts: RowTexts
    caption: str = field(repr=False)
    labels: tuple[float, ...]
    sentences: tuple[LabelledSentence, ...]
    laterality: str
    no_hflip: bool
    picture: bytes = field(repr=False)
    picture_format: str
    prompted: bool = False

    @property
    def picture_name(self) -> str:
        """Key and suffix of the picture's file."""
        return f"{self.key}.{'jpg' if self.picture_format == 'jpeg' else self.picture_format}"


class RowFacts(TypedDict):
    """What every table says of a row beside what its reader asks for."""

    key: str
    source: str
    split: str
    subject_id: str
    study_id: str
    donor_subject_id: str
    donor_study_id: str
    finding: str
    strategy: str
    lam: float
    laterality: str
    no_hflip: bool
    prompted: bool


def row_facts(row: ExportRow) -> RowFacts:
    """Return what every table says of a row."""
    return RowFacts(
        key=row.key,
        source=row.source,
        split=row.split,
        subject_id=row.subject_id,
        study_id=row.study_id,
        donor_subject_id=row.donor_subject_id,
        donor_study_id=row.donor_study_id,
        finding=row.finding,
        strategy=row.strategy,
        lam=row.lam,
        laterality=row.laterality,
        no_hflip=row.no_hflip,
        prompted=row.prompted,
    )


def readable(text: str) -> str:
    """Return a text on one line; "" where a reader of tables takes it for an empty cell, and trains on "nan"."""
    folded = fold(text).strip()
    return "" if is_blank(folded) or not any(map(str.isalnum, folded)) else folded


def plain_key(identifier: str) -> str:
    """Return an id as a key; one with other characters than a key may have keeps its own by a hash."""
    if _PLAIN.fullmatch(identifier):
        return identifier
    readable_part = re.sub(r"[^A-Za-z0-9_-]+", "-", identifier).strip("-")
    return f"{readable_part or 'id'}-{stable_hash('key', identifier)[:8]}"
