"""Which pictures the evidence gate is calibrated on: label-negative studies, asked in the words of the plan.

Chosen by the plan from ids alone, so that every shard, task and engine is gated by the same numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from medcutmix_cli.findings import is_open
from medcutmix_cli.pairing.cohort import Cohort, PackedStudy
from medcutmix_cli.records import NullPicture, Pair
from medcutmix_cli.seeds import stable_generator, stable_hash

NullKey = tuple[str, str]
"""(split, finding)"""


def negatives(cohort: Cohort) -> dict[NullKey, list[PackedStudy]]:
    """Return the label-negative studies of each finding, within each split.

    Of an open finding these are the studies that deny it, and those without any finding that do not speak of it.
    """
    found: dict[NullKey, list[PackedStudy]] = defaultdict(list)
    shared = _shared_open(cohort)
    for study in cohort.studies:
        silent = shared.get(study.split, frozenset()).difference(study.named) if study.clear else ()
        for finding in (*study.lacks, *sorted(silent)):
            if not is_open(finding) or finding in shared.get(study.split, ()):
                found[study.split, finding].append(study)
    return dict(found)


def _shared_open(cohort: Cohort) -> dict[str, frozenset[str]]:
    """Return the open findings that two patients of a split can give, by split: only these are exchanged."""
    givers: dict[NullKey, set[str]] = defaultdict(set)
    for study in cohort.studies:
        for finding, _side in study.gives:
            if is_open(finding):
                givers[study.split, finding].add(study.subject_id)
    shared = [key for key, patients in givers.items() if len(patients) > 1]
    return {split: frozenset(f for s, f in shared if s == split) for split, _ in shared}


def choose_nulls(
    lacking: Mapping[NullKey, list[PackedStudy]], pairs: Iterable[Pair], wanted: int, seed: int
) -> tuple[NullPicture, ...]:
    """Choose up to `wanted` pictures for each finding of the plan, each with one of the plan's sentences about it.

    The recipient's sentences are about what leaves, the donor's about what comes.
    """
    sentences: dict[NullKey, set[str]] = defaultdict(set)
    for pair in pairs:
        for finding, sentence in (
            (pair.finding_a, pair.recipient.sentence),
            (pair.finding, pair.donor.sentence),
        ):
            if finding and sentence:
                sentences[pair.split, finding].add(sentence)
    return tuple(
        _null(study, key, sorted(words), seed)
        for key, words in sorted(sentences.items())
        for study in _drawn(lacking.get(key, []), key, wanted, seed)
    )


def _drawn(studies: list[PackedStudy], key: NullKey, wanted: int, seed: int) -> list[PackedStudy]:
    return sorted(studies, key=lambda study: stable_hash(seed, "null", *key, study.study_id))[:wanted]


def _null(study: PackedStudy, key: NullKey, sentences: list[str], seed: int) -> NullPicture:
    split, finding = key
    image = study.open().image
    drawn = stable_generator(seed, "null-sentence", split, finding, study.study_id).integers(len(sentences))
    return NullPicture(split, finding, study.study_id, image.image_id, image.path, sentences[int(drawn)])
