"""All read studies, in an order of their own, with an index of who can give what.

A reading of 227,835 reports as live objects takes several GB; filed away (pickled and compressed) it takes about
a tenth, and a study is opened again in 0.1 ms when its turn comes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from medcutmix_cli.findings import CHEXPERT, is_open
from medcutmix_cli.pairing.attributes import UNKNOWN, StudyAttributes, attributes_of
from medcutmix_cli.pairing.packing import open_record, pack_record
from medcutmix_cli.pairing.statements import FiledStudy, Refusal, donor_statement
from medcutmix_cli.pairing.traits import sentence_keys, traits_of
from medcutmix_cli.records import Assertion, ReadStudy, Side
from medcutmix_cli.reports.labels import counted_sentences
from medcutmix_cli.reports.lexicon import label_of

_Key = TypeVar("_Key")
DonorKey = tuple[str, str, Side]
"""(split, finding, side)"""


@dataclass(frozen=True, slots=True)
class PackedStudy:
    """A read study, put away.

    Attributes:
        image_id: Of the picture that stands for the study.
        gives: (finding, side) of each statement that it may give.
        lacks: Findings that it is label-negative for.
        packed: The `FiledStudy`, pickled by this process or a worker of it, and compressed.
        prompted: Whether its report was made from labels.
        may_give: Whether it is a donor of any strategy (see `roles`).
        findings: How many findings its report asserts, devices among them.
        clear: Whether it is labelled "No Finding".
        named: Open findings that its report speaks of.
        attributes: What is known of it, by name.
        traits: What it counts as in the shape of the set (see `traits`).
        row_traits: What a row of it counts as in which nothing is mixed: as its report alone says, whatever a label
            table has.
        sentences: Its sentences, by `sentence_keys`.
    """

    study_id: str
    subject_id: str
    split: str
    image_id: str
    gives: tuple[tuple[str, Side], ...]
    lacks: tuple[str, ...]
    packed: bytes | memoryview = field(repr=False)
    prompted: bool = False
    may_give: bool = True
    findings: int = 0
    clear: bool = False
    named: tuple[str, ...] = ()
    attributes: StudyAttributes = UNKNOWN
    traits: tuple[str, ...] = ()
    sentences: bytes = field(default=b"", repr=False)
    row_traits: tuple[str, ...] = ()

    def open(self) -> ReadStudy:
        """Return the study as it was read."""
        read: ReadStudy = open_record(self.packed)
        return read


def pack_study(read: ReadStudy, findings: tuple[str, ...]) -> PackedStudy:
    """Put a read study away, noting what it may give of the findings that may be exchanged, and of open ones."""
    named = tuple(
        sorted({m.finding for s in read.reading.sentences for m in s.mentions if is_open(m.finding)})
    )
    offered = dict.fromkeys((*findings, *named))
    asked = (donor_statement(read.reading, finding) for finding in offered if finding in read.findings)
    statements = tuple(s for s in asked if not isinstance(s, Refusal))
    filed = FiledStudy(read.study, read.image, read.reading, read.labels, read.findings, statements)
    lacks = tuple(finding for finding in offered if is_negative(read, finding))
    study = read.study
    return PackedStudy(
        study.study_id,
        study.subject_id,
        study.split,
        read.image.image_id,
        tuple((s.finding, s.side) for s in statements),
        lacks,
        pack_record(filed),
        study.prompted,
        findings=len(read.findings),
        clear=dict(zip(CHEXPERT, read.labels, strict=True))["No Finding"] == 1.0,
        named=named,
        attributes=attributes_of(read),
        traits=traits_of(
            read.labels, read.image.view, (m for s in read.reading.sentences for m in s.mentions)
        ),
        sentences=sentence_keys(read.reading.sentences),
        row_traits=_row_traits(read),
    )


def _row_traits(read: ReadStudy) -> tuple[str, ...]:
    told = (m for s in counted_sentences(read.reading) for m in s.mentions)
    return traits_of(read.labels, read.image.view, told)


def is_negative(read: ReadStudy, finding: str) -> bool:
    """Say whether a study is label-negative for a finding: it is denied, or nothing at all is found ("No Finding").

    In a study with other findings silence is no negative: what is not mentioned may still be there.
    """
    labels = dict(zip(CHEXPERT, read.labels, strict=True))
    if finding in read.findings:
        return False
    observation = label_of("chexpert").get(finding, "")
    if observation in labels:
        return labels["No Finding"] == 1.0 or labels[observation] == 0.0
    said = {m.assertion for s in read.reading.sentences for m in s.mentions if m.finding == finding}
    return said == {Assertion.ABSENT} or (not said and labels["No Finding"] == 1.0)


@dataclass(frozen=True, slots=True)
class Cohort:
    """The studies of a run; sorted, so that the order in which they came decides nothing.

    Attributes:
        studies: Sorted by (subject_id, study_id).
        donors: (split, finding, side) -> those who can give it, in the order of `studies`.
        frequency: (split, finding) -> how many can give it.
        members: split -> its studies that may give, in the order of `studies`.
    """

    studies: tuple[PackedStudy, ...]
    donors: Mapping[DonorKey, tuple[PackedStudy, ...]]
    frequency: Mapping[tuple[str, str], int]
    members: Mapping[str, tuple[PackedStudy, ...]] = field(default_factory=dict)
    _asked: dict[tuple[str, str, tuple[Side, ...]], tuple[PackedStudy, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def givers(self, split: str, finding: str, sides: Iterable[Side]) -> tuple[PackedStudy, ...]:
        """Return the donors of one finding in one split whose statement is on one of `sides`; kept, as they are many.

        At the size of MIMIC-CXR that is tens of thousands, asked for once for each recipient.
        """
        key = split, finding, tuple(sides)
        if key not in self._asked:
            found = (donor for side in key[2] for donor in self.donors.get((split, finding, side), ()))
            self._asked[key] = tuple(found)
        return self._asked[key]

    def givers_of_any_side(self, split: str, finding: str) -> tuple[PackedStudy, ...]:
        """Return all donors of one finding in one split."""
        return self.givers(split, finding, Side)


def build_cohort(studies: Iterable[PackedStudy]) -> Cohort:
    """Sort the studies and index their donors."""
    ordered = tuple(sorted(studies, key=lambda s: (s.subject_id, s.study_id)))
    donors: dict[DonorKey, list[PackedStudy]] = defaultdict(list)
    frequency: dict[tuple[str, str], int] = defaultdict(int)
    members: dict[str, list[PackedStudy]] = defaultdict(list)
    for study in ordered:
        if not study.may_give:
            continue
        members[study.split].append(study)
        for finding, side in study.gives:
            donors[study.split, finding, side].append(study)
            frequency[study.split, finding] += 1
    return Cohort(ordered, _frozen(donors), dict(frequency), _frozen(members))


def _frozen(lists: Mapping[_Key, list[PackedStudy]]) -> dict[_Key, tuple[PackedStudy, ...]]:
    return {key: tuple(studies) for key, studies in lists.items()}


def rare_first(findings: Sequence[str], split: str, cohort: Cohort, rng: np.random.Generator) -> list[int]:
    """Order findings at random with weight n^-0.5 each, so that rare ones are not swamped; returns positions."""
    weights = np.array([max(1, cohort.frequency.get((split, f), 0)) ** -0.5 for f in findings])
    # Efraimidis & Spirakis 2006: the order of u^(1/w), highest first, is a weighted draw without replacement.
    keys = rng.random(len(findings)) ** (1.0 / weights)
    return [int(i) for i in np.argsort(-keys, kind="stable")]


def draw_donors(
    studies: Sequence[PackedStudy], attempts: int, rng: np.random.Generator
) -> Iterator[PackedStudy]:
    """Draw up to `attempts` studies at random without replacement; those with the fewest findings come first.

    What else a donor has, devices and other findings, must not come along with a paste: the more there is, the more
    often it is refused when the pictures are seen.
    """
    drawn = [studies[index] for index in _drawn(studies, attempts, rng)]
    yield from sorted(drawn, key=lambda study: study.findings)


def draw_studies(
    studies: Sequence[PackedStudy], attempts: int, rng: np.random.Generator
) -> Iterator[PackedStudy]:
    """Draw up to `attempts` studies at random without replacement."""
    for index in _drawn(studies, attempts, rng):
        yield studies[index]


def _drawn(studies: Sequence[PackedStudy], attempts: int, rng: np.random.Generator) -> list[int]:
    if not studies:
        return []
    return [int(i) for i in rng.choice(len(studies), size=min(len(studies), attempts), replace=False)]
