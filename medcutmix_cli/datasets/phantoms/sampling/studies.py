"""Draws who is in the sample data set: patients, studies, dates, splits and the ids of every picture."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from medcutmix_cli.seeds import stable_generator, stable_hash

Format = Literal["jpg", "dicom"]
_ID_COUNT = 10_000_000
_ID_STEP = 6_180_339  # odd and no multiple of 5, so that counting up never meets an id twice
_SHARES = (("validate", 0.1), ("test", 0.1))
_LATERAL = 0.4  # of PA studies
_VIEW_UNKNOWN = 0.04  # of pictures; in MIMIC-CXR it is 4 %
_LL = 0.3  # of lateral views


@dataclass(frozen=True, slots=True)
class SampledPicture:
    """One picture of a study. `view` is what the tables say, "" where they say nothing."""

    dicom_id: str
    lateral: bool
    view: str


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """One study before anything is painted.

    Attributes:
        phantom_seed, body_seed: arguments of `draw_phantom`.
        date, time: DICOM DA and TM; dates lie in the future, as in MIMIC-CXR.
        inverted: the DICOM file is MONOCHROME1.
    """

    subject_id: int
    study_id: int
    split: str
    phantom_seed: int
    body_seed: int
    date: str
    time: str
    inverted: bool
    pictures: tuple[SampledPicture, ...]

    @property
    def folder(self) -> str:
        """Return where the study's pictures are, below the root; its report is this plus ".txt"."""
        return f"files/p{str(self.subject_id)[:2]}/p{self.subject_id}/s{self.study_id}"


def draw_studies(count: int, seed: int) -> tuple[StudyPlan, ...]:
    """Draw `count` studies of patients who have one to three each; no patient is in two splits."""
    rng = stable_generator("sample", "studies", seed)
    sizes = _draw_sizes(rng, count)
    splits = _draw_splits(rng, sizes)
    first_subject, first_study = (int(rng.integers(_ID_COUNT)) for _ in range(2))
    studies: list[StudyPlan] = []
    for patient, size in enumerate(sizes):
        subject = _ID_COUNT + (first_subject + patient * _ID_STEP) % _ID_COUNT
        day = int(rng.integers(0, 36_000))
        for _ in range(size):
            number = 5 * _ID_COUNT + (first_study + len(studies) * _ID_STEP) % _ID_COUNT
            studies.append(_plan(subject, number, splits[patient], seed, day))
            day += int(rng.integers(1, 400))
    return tuple(replace(study, inverted=bool(index % 2)) for index, study in enumerate(studies))


def _draw_sizes(rng: np.random.Generator, count: int) -> list[int]:
    sizes: list[int] = []
    while count:
        size = min(count, 1 + int(rng.choice(3, p=(0.60, 0.27, 0.13))))
        sizes.append(size)
        count -= size
    return sizes


def _draw_splits(rng: np.random.Generator, sizes: list[int]) -> list[str]:
    """Give about a tenth of the studies each to validate and test, patient by patient; train is never empty."""
    splits = ["train"] * len(sizes)
    order = [int(index) for index in rng.permutation(len(sizes))][: len(sizes) - 1]
    for name, share in _SHARES:
        wanted = share * sum(sizes)
        while wanted > 0 and order:
            patient = order.pop()
            splits[patient] = name
            wanted -= sizes[patient]
    return splits


def _plan(subject: int, study: int, split: str, seed: int, day: int) -> StudyPlan:
    rng = stable_generator("sample", "study", seed, study)
    when = np.datetime64("2110-01-01") + day
    clock = int(rng.integers(24 * 3600))
    return StudyPlan(
        subject_id=subject,
        study_id=study,
        split=split,
        phantom_seed=int(stable_hash("sample", "phantom", seed, study), 16),
        body_seed=int(stable_hash("sample", "body", seed, subject), 16),
        date=str(when).replace("-", ""),
        time=f"{clock // 3600:02d}{clock // 60 % 60:02d}{clock % 60:02d}.{int(rng.integers(1000)):03d}",
        inverted=False,
        pictures=(),
    )


def with_pictures(study: StudyPlan, frontal_view: str, seed: int) -> StudyPlan:
    """Add the pictures of a study: a frontal one, and for some PA studies a lateral one."""
    rng = stable_generator("sample", "pictures", seed, study.study_id)
    draws = rng.random(4)
    pictures = [_picture(study, False, "" if draws[0] < _VIEW_UNKNOWN else frontal_view)]
    if frontal_view == "PA" and draws[1] < _LATERAL:
        lateral_view = "LL" if draws[2] < _LL else "LATERAL"
        pictures.append(_picture(study, True, "" if draws[3] < _VIEW_UNKNOWN else lateral_view))
    return replace(study, pictures=tuple(pictures))


def _picture(study: StudyPlan, lateral: bool, view: str) -> SampledPicture:
    words = f"sample picture {study.phantom_seed} {study.study_id} {'lateral' if lateral else 'frontal'}"
    digits = hashlib.sha1(words.encode(), usedforsecurity=False).hexdigest()
    return SampledPicture("-".join(digits[start : start + 8] for start in range(0, 40, 8)), lateral, view)
