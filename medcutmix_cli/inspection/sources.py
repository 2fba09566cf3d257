"""Prove the pairs of a plan against the data set: studies as they are there, reports read again by the same rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from medcutmix_cli.datasets.base import Dataset
from medcutmix_cli.pairing.assembly import entities_of, mixed_labels, section_text
from medcutmix_cli.pairing.consistency import impression_consistent
from medcutmix_cli.pairing.editing import splice
from medcutmix_cli.records import Drop, Pair, Parent, Reading, Study
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.run.problem import Problem
from medcutmix_cli.seeds import stable_hash

_SECTIONS = ("findings", "impression", "last_paragraph", "comparison", "indication")


@dataclass(frozen=True, slots=True)
class StudyMark:
    """What is remembered of a study: enough to see that it is another one.

    Attributes:
        study: Hash of its patient, split, report, and whether the report was made from labels.
        images: Hashes of id, path and view of each picture.
    """

    study: str
    images: tuple[str, ...]


def mark_studies(source: Dataset) -> dict[str, StudyMark]:
    """Return a mark of each study of a data set, by id.

    Raises:
        DatasetError: A part of it is missing or malformed.
    """
    return {study.study_id: _mark(study) for study in source.studies() if not isinstance(study, Drop)}


def _mark(study: Study) -> StudyMark:
    images = tuple(stable_hash(image.image_id, image.path, image.view) for image in study.images)
    return StudyMark(_hash(study.subject_id, study.split, study.report, prompted=study.prompted), images)


def _hash(subject: str, split: str, report: str, *, prompted: bool) -> str:
    return stable_hash(subject, split, report, int(prompted))


@dataclass(frozen=True, slots=True)
class PlanProof:
    """Proves planned pairs.

    Attributes:
        studies: Of the data set, as `mark_studies` gives them.
        reader: That of the run, without its NLP model: labels and sections do not ask it.
        entities: Whether entities are the lexicon's alone, so that they can be read again.
    """

    studies: Mapping[str, StudyMark]
    reader: ReportReader
    entities: bool

    def problems(self, pair: Pair) -> Iterator[Problem]:
        """Name what of a pair is not what the data set and its reports give."""
        parents = {"recipient": pair.recipient, "donor": pair.donor}
        read = {name: self.reader.read(p.report, p.study_id) for name, p in parents.items()}
        for name, parent in parents.items():
            if not self._is_there(parent, pair.split):
                yield Problem(pair.pair_id, "source", f"the {name} is not as the data set has it")
            if _sections(read[name], parent.report) != _sections_of(parent):
                yield Problem(pair.pair_id, "sections", f"the {name}'s report has other sections")
        if _mixed_again(pair) != pair.report:
            yield Problem(pair.pair_id, "plan-text", "the planned report is not its edits applied")
        yield from self._mixed(pair, read["recipient"])

    def _is_there(self, parent: Parent, split: str) -> bool:
        mark = self.studies.get(parent.study_id)
        said = _hash(parent.subject_id, split, parent.report, prompted=parent.prompted)
        image = stable_hash(parent.image_id, parent.image_path, parent.view)
        return mark is not None and mark.study == said and image in mark.images

    def _mixed(self, pair: Pair, own: Reading) -> Iterator[Problem]:
        reading = self.reader.read(pair.report, pair.recipient.study_id)
        labels = mixed_labels(pair.recipient.labels, own, pair.given, reading)
        if not np.array_equal(labels, pair.labels, equal_nan=True):
            yield Problem(pair.pair_id, "labels", "the report read again gives other labels")
        rules = (
            ("sections", _sections(reading, pair.report) != _sections_of(pair), "other sections"),
            ("entities", self.entities and entities_of(reading) != pair.entities, "other entities"),
            (
                "consistency",
                impression_consistent(reading) != pair.impression_consistent,
                "another `impression_consistent`",
            ),
        )
        for rule, broken, what in rules:
            if broken:
                yield Problem(pair.pair_id, rule, f"the report read again gives {what}")


def _mixed_again(pair: Pair) -> str | None:
    """Return the recipient's report with its edits applied, None where they do not fit it."""
    try:
        return splice(pair.recipient.report, pair.edits)
    except ValueError:
        return None


def _sections(reading: Reading, report: str) -> tuple[str | None, ...]:
    return tuple(section_text(report, reading, name) for name in _SECTIONS)


def _sections_of(text: Pair | Parent) -> tuple[str | None, ...]:
    return tuple(getattr(text, f"{name}_text") for name in _SECTIONS)
