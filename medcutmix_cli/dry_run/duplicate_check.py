"""Which pictures of a data set are near-duplicates, and whether they are of different patients or splits: a leak."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from medcutmix_cli.dry_run.dataset_problem import DatasetProblem
from medcutmix_cli.engines import Progress
from medcutmix_cli.images.near_hashes import NearHashes, find_near
from medcutmix_cli.images.perceptual_hash import NEAR, Hash
from medcutmix_cli.planning.picture_hashes import PictureHasher
from medcutmix_cli.records import Image, Study


@dataclass(frozen=True, slots=True, order=True)
class ComparedPicture:
    """A picture of a group, by its study: ids of patients and names of files are said nowhere."""

    study_id: str
    split: str


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Pictures that are near-duplicates: each of at least one other.

    Attributes:
        pictures: By the order of their ids.
        distance: Bits, of 192, in which two near-duplicates of the group differ at most.
        crosses_patients: Whether they are of more than one patient (likewise splits).
    """

    pictures: tuple[ComparedPicture, ...]
    distance: int
    crosses_patients: bool
    crosses_splits: bool


@dataclass(frozen=True, slots=True)
class DuplicateCheck:
    """What came of comparing pictures.

    Attributes:
        compared: Pictures that were.
        pictures: That there are to compare: one a study, of every split.
        unreadable: Pictures that could not be read, by reason.
        unreadable_studies: Whose they are, by reason.
        within: Bits in which near-duplicates differ at most.
        groups: Those across splits first, then those across patients, the largest first.
    """

    compared: int = 0
    pictures: int = 0
    unreadable: tuple[tuple[str, int], ...] = ()
    within: int = NEAR
    groups: tuple[DuplicateGroup, ...] = ()
    unreadable_studies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def problems(self) -> Iterator[DatasetProblem]:
        """Yield what is wrong: groups of more than one patient or split."""
        for noun, crossing in (
            ("splits", [group for group in self.groups if group.crosses_splits]),
            ("patients", [group for group in self.groups if group.crosses_patients]),
        ):
            if crossing:
                number = sum(len(group.pictures) for group in crossing)
                groups = f"{len(crossing):,} group{'s' if len(crossing) > 1 else ''}"
                what = f"{number:,} pictures are near-duplicates across {noun} ({groups})"
                yield DatasetProblem(False, what, _HINT)


NOTHING_COMPARED = DuplicateCheck()

_HINT = (
    "look at them, listed above (--json: all); --exclude-ids FILE leaves studies out, and augment --refuse-duplicates "
    "never pairs two of them"
)


def compare_pictures(
    chosen: Sequence[tuple[Study, Image]], pictures: int, hasher: PictureHasher, report: Progress
) -> DuplicateCheck:
    """Read pictures and group those that are near-duplicates.

    Args:
        chosen: Pictures to compare, with their studies.
        pictures: How many there are to compare, of which these are some or all.
        hasher: Reads them.
        report: Called with ("comparing pictures", done, total).

    Raises:
        DatasetError: The storage fails.
    """
    found = hasher.hash_all([image for _, image in chosen], report)
    readable, whose = [], defaultdict[str, list[str]](list)
    for (study, _), one in zip(chosen, found, strict=True):
        if isinstance(one, str):
            whose[one].append(study.study_id)
        else:
            readable.append((study, one))
    unreadable = Counter({reason: len(studies) for reason, studies in whose.items()})
    groups = _groups([study for study, _ in readable], [one for _, one in readable])
    return DuplicateCheck(
        compared=len(readable),
        pictures=pictures,
        unreadable=tuple(unreadable.most_common()),
        groups=tuple(sorted(groups, key=_gravest)),
        unreadable_studies={reason: tuple(studies) for reason, studies in whose.items()},
    )


def _gravest(group: DuplicateGroup) -> tuple[bool, bool, int, ComparedPicture]:
    return (
        not group.crosses_splits,
        not group.crosses_patients,
        -len(group.pictures),
        group.pictures[0],
    )


def _groups(studies: Sequence[Study], hashes: Sequence[Hash]) -> Iterator[DuplicateGroup]:
    """Yield the groups: pictures that are joined by pairs of near-duplicates, however many lie between them."""
    if not hashes:
        return
    unique, numbers = np.unique(np.stack(hashes), axis=0, return_inverse=True)
    pairs = find_near(unique, NEAR)
    roots = _roots(len(unique), pairs)
    members: dict[int, list[Study]] = {}
    for study, number in zip(studies, numbers.reshape(-1).tolist(), strict=True):
        members.setdefault(roots[number], []).append(study)
    farthest: Counter[int] = Counter()
    for pair in pairs:
        farthest[roots[pair.first]] = max(farthest[roots[pair.first]], pair.distance)
    yield from (_group(own, farthest[root]) for root, own in members.items() if len(own) > 1)


def _roots(count: int, pairs: Sequence[NearHashes]) -> list[int]:
    """Return for each of `count` numbers the smallest that it is joined with."""
    roots = list(range(count))

    def root(number: int) -> int:
        while roots[number] != number:
            roots[number] = number = roots[roots[number]]
        return number

    for pair in pairs:
        one, other = sorted((root(pair.first), root(pair.second)))
        roots[other] = one
    return [root(number) for number in range(count)]


def _group(studies: Sequence[Study], distance: int) -> DuplicateGroup:
    return DuplicateGroup(
        pictures=tuple(sorted(ComparedPicture(study.study_id, study.split) for study in studies)),
        distance=distance,
        crosses_patients=len({study.subject_id for study in studies}) > 1,
        crosses_splits=len({study.split for study in studies}) > 1,
    )
