"""What a reader makes of a report: sections, sentences, and the findings that they name."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from medcutmix_cli.records.study import Image, Study


class Assertion(StrEnum):
    """What the report says of a finding."""

    PRESENT = "present"
    ABSENT = "absent"
    UNCERTAIN = "uncertain"
    RESOLVED = "resolved"  # resolved or historical: named, but not there now


class Side(StrEnum):
    """The patient's side of a finding; NONE where the report gives no side."""

    LEFT = "left"
    RIGHT = "right"
    BILATERAL = "bilateral"
    NONE = "none"


class SentenceKind(StrEnum):
    """Why a sentence is, or is not, a diagnostic sentence; the first that applies wins."""

    DIAGNOSTIC = "diagnostic"  # asserts >= 1 finding as present, here and now
    PRIOR = "prior"  # asserts a finding, but by comparison with an earlier study
    UNCERTAIN = "uncertain"  # names findings, all of them hedged (none present)
    RESOLVED = "resolved"
    NEGATIVE = "negative"  # names findings, all of them absent
    NORMAL = "normal"  # a statement of normality ("The heart size is normal.")
    DEVICE = "device"  # only devices and their position
    NOTIFICATION = "notification"  # "Discussed with Dr. ___ at 9:40."
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a report: `report[start:end]` is its body without the header, stripped.

    Attributes:
        name: Normalised: "findings", "impression", "last_paragraph", "comparison", "indication",
            "technique", "examination", "history", "addendum", "preamble", "other".
        header: The header as printed, without colon; "" where there is none.
    """

    name: str
    header: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Mention:
    """One finding named at one place.

    Attributes:
        finding: Lexicon id, for example "pleural_effusion", or an open finding: "entity:hiatal hernia".
        start: Offset of the naming words into the report (code points).
        end: End offset, exclusive.
        location: Zone or lobe as a normalised word ("lower", "upper", "base", ...), "" where none.
        severity: "small", "mild", "moderate", "large", "severe", ... as written in lower case, or "".
        prior: Whether the mention is made by comparison with an earlier study.
        measurement: Size that stands by it, as "12 mm" or "3.5 x 2.2 cm", or "".
    """

    finding: str
    start: int
    end: int
    assertion: Assertion
    side: Side = Side.NONE
    location: str = ""
    severity: str = ""
    prior: bool = False
    measurement: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a model of the user's takes for an entity, and what neither the lexicon nor an open finding names.

    Attributes:
        start: Offset into the report (code points).
        end: End offset, exclusive.
        label: The model's own word for it ("ENTITY").
    """

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: `report[start:end] == text`, line breaks kept as in the report.

    Attributes:
        section: Name of the section it stands in.
        flags: Sorted names of what else it holds: "prior", "device", "measurement", "notification",
            "date", "name", "patient", "other-modality", "list-marker", "recommendation", "alternative" (two words
            for one thing), "corrected" (a later sentence takes back what it says), "normal" (calls something normal
            beside an open finding).
    """

    start: int
    end: int
    text: str = field(repr=False)
    # Pairing asks sets of sentences all the time; place and words tell the sentences of one report apart.
    section: str = field(hash=False)
    kind: SentenceKind = field(hash=False)
    mentions: tuple[Mention, ...] = field(default=(), hash=False)
    flags: tuple[str, ...] = field(default=(), hash=False)
    candidates: tuple[Candidate, ...] = field(default=(), hash=False)

    def findings(self, assertion: Assertion = Assertion.PRESENT) -> frozenset[str]:
        """Return the findings of this sentence that carry `assertion`."""
        return frozenset(m.finding for m in self.mentions if m.assertion is assertion)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader makes of one report."""

    sections: tuple[Section, ...] = field(hash=False)
    sentences: tuple[Sentence, ...]

    def section(self, name: str) -> Section | None:
        """Return the section of that name, or None."""
        return next((s for s in self.sections if s.name == name), None)


@dataclass(frozen=True, slots=True)
class ReadStudy:
    """A study whose report has been read, with the one picture chosen for it.

    Attributes:
        image: The picture that stands for the study, by the fixed rule of `planning.reading.choose_image`.
        reading: Sections, and the sentences that name a finding or count as text of the report.
        labels: What the study has, one value per CheXpert observation: 1, 0, -1 or NaN; by the report or by a
            label table, as the plan's settings say.
        findings: Lexicon ids that the report asserts and, where a label table counts, the table as well.
    """

    study: Study
    image: Image
    reading: Reading
    labels: tuple[float, ...]
    findings: frozenset[str]
