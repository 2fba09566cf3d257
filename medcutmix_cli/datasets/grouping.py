"""Rows of images to studies in order. Where rows contradict each other, says so by name; reads no file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from itertools import groupby

from medcutmix_cli.configuration.settings import SPLITS
from medcutmix_cli.records import Drop, Image, Study


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One image as the tables have it.

    Attributes:
        split: As written; anything but `SPLITS` is a named problem.
        problem: Why this image cannot be used, or "".
    """

    image_id: str
    subject_id: str
    study_id: str
    path: str
    view: str
    split: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A report's text, or the name of what is wrong with it."""

    text: str = field(default="", repr=False)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Companions:
    """What stands beside the images of a study, asked for when its turn comes.

    Attributes:
        report: Text by subject and study id.
        labels: Labels by study id, None where the table contradicts itself.
        others: (study, subject) ids that are named elsewhere, with or without images.
    """

    report: Callable[[str, str], Report]
    labels: Callable[[str], Mapping[str, float] | None]
    others: Set[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class _Claims:
    """Who says what about whom, over all rows.

    Attributes:
        owner: Subject by study; the smallest where there are several.
        shared: Studies of more than one subject.
        torn: Subjects with studies in more than one split.
    """

    owner: dict[str, str]
    shared: set[str]
    torn: set[str]


def group_studies(rows: Iterable[ImageRow], companions: Companions) -> Iterator[Study | Drop]:
    """Yield every study of `rows` and `companions.others` once, by (subject_id, study_id)."""
    kept = list(rows)
    claims = _claims(kept, companions.others)
    order: list[tuple[str, str, ImageRow | None]] = [
        (claims.owner[row.study_id], row.study_id, row) for row in kept
    ]
    seen = {row.study_id for row in kept}
    imageless = sorted({study for study, _ in companions.others} - seen)
    order += [(claims.owner[study], study, None) for study in imageless]
    order.sort(key=lambda entry: (entry[0], entry[1], entry[2].image_id if entry[2] else ""))
    for (subject, study), entries in groupby(order, key=lambda entry: entry[:2]):
        images = [row for _, _, row in entries if row]
        yield from _study(subject, study, images, claims, companions)


def _claims(rows: list[ImageRow], others: Set[tuple[str, str]]) -> _Claims:
    claims = _Claims({}, set(), set())
    split_of: dict[str, str] = {}
    for row in rows:
        _claim(claims, row.study_id, row.subject_id)
        if row.split in SPLITS and split_of.setdefault(row.subject_id, row.split) != row.split:
            claims.torn.add(row.subject_id)
    for study, subject in others:
        _claim(claims, study, subject)
    return claims


def _claim(claims: _Claims, study: str, subject: str) -> None:
    owner = claims.owner.setdefault(study, subject)
    if owner != subject:
        claims.shared.add(study)
        claims.owner[study] = min(owner, subject)


def _study(
    subject: str, study: str, rows: list[ImageRow], claims: _Claims, companions: Companions
) -> Iterator[Study | Drop]:
    problems = [row.problem or _split_problem(row.split) for row in rows]
    good = [row for row, problem in zip(rows, problems, strict=True) if not problem]
    reason = _study_problem(subject, study, good, sorted(set(problems)), claims)
    report = Report() if reason else companions.report(subject, study)
    labels = {} if reason else companions.labels(study)
    reason = reason or report.problem or _text_problem(report.text)
    reason = reason or ("labels-contradictory" if labels is None else "")
    if reason:
        yield Drop("study", study, reason)
        return
    for row, problem in zip(rows, problems, strict=True):
        if problem:
            yield Drop("image", row.image_id, problem)
    images = tuple(Image(row.image_id, row.path, row.view) for row in good)
    yield Study(study, subject, good[0].split, images, report.text, labels or {})


def _study_problem(
    subject: str, study: str, good: list[ImageRow], problems: list[str], claims: _Claims
) -> str:
    if study in claims.shared:
        return "study-of-several-subjects"
    if not good:
        return problems[0] if len(problems) == 1 else "study-without-images"
    if len({row.split for row in good}) > 1:
        return "split-contradictory"
    return "subject-in-several-splits" if subject in claims.torn else ""


def _split_problem(split: str) -> str:
    if not split:
        return "split-missing"
    return "" if split in SPLITS else "split-unknown"


def _text_problem(text: str) -> str:
    return "" if text.strip() else "report-empty"
