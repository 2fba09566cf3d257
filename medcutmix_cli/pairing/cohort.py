"""All read studies, in an order of their own, with an index of who can give what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from medcutmix_cli.pairing.statements import Refusal, Statement, donor_statement
from medcutmix_cli.records import ReadStudy, Side

DonorKey = tuple[str, str, Side]
"""(split, finding, side)"""


@dataclass(frozen=True, slots=True)
class Donor:
    """A study that can give one finding."""

    study: ReadStudy
    statement: Statement


@dataclass(frozen=True, slots=True)
class Cohort:
    """The studies of a run; sorted, so that the order in which they came decides nothing.

    Attributes:
        studies: Sorted by (subject_id, study_id).
        donors: (split, finding, side) -> those who can give it, in the order of `studies`.
        frequency: (split, finding) -> how many can give it.
    """

    studies: tuple[ReadStudy, ...]
    donors: Mapping[DonorKey, tuple[Donor, ...]]
    frequency: Mapping[tuple[str, str], int]

    def givers(self, split: str, finding: str, sides: Iterable[Side]) -> list[Donor]:
        """Return the donors of one finding in one split whose statement is on one of `sides`."""
        return [donor for side in sides for donor in self.donors.get((split, finding, side), ())]


def build_cohort(studies: Iterable[ReadStudy], findings: tuple[str, ...]) -> Cohort:
    """Sort the studies and index their donors for the findings that may be exchanged."""
    ordered = tuple(sorted(studies, key=lambda s: (s.study.subject_id, s.study.study_id)))
    donors: dict[DonorKey, list[Donor]] = defaultdict(list)
    frequency: dict[tuple[str, str], int] = defaultdict(int)
    for study in ordered:
        for finding in findings:
            statement = donor_statement(study.reading, finding)
            if not isinstance(statement, Refusal):
                donors[study.study.split, finding, statement.side].append(Donor(study, statement))
                frequency[study.study.split, finding] += 1
    return Cohort(ordered, {key: tuple(who) for key, who in donors.items()}, dict(frequency))
