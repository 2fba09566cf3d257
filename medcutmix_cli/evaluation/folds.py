"""Folds of pairs in which no patient is on both sides. Knows ids only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

Patients = tuple[str, str]
"""The recipient's and the donor's."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Positions of pairs: those that are scored, and those that are learned from, which share no patient with them."""

    held_out: tuple[int, ...]
    learned: tuple[int, ...]


def disjoint_folds(pairs: Sequence[Patients], folds: int) -> tuple[Fold, ...]:
    """Hold out every pair once; learn from all pairs that have no patient of those held out.

    Donors tie patients together, mostly into one large web, which no fold can hold as a whole. So pairs are held out
    in the order in which a walk meets them: neighbours in the web are held out together, and few are lost between.

    Args:
        pairs: The patients of each pair.
        folds: How many; at most as many as there are pairs.
    """
    parts = np.array_split(np.array(list(_walk(pairs)), np.int64), max(1, min(folds, len(pairs))))
    return tuple(_fold(pairs, tuple(sorted(int(n) for n in part))) for part in parts if part.size)


def _fold(pairs: Sequence[Patients], held_out: tuple[int, ...]) -> Fold:
    known = {patient for number in held_out for patient in pairs[number]}
    learned = tuple(number for number, patients in enumerate(pairs) if known.isdisjoint(patients))
    return Fold(held_out, learned)


def _walk(pairs: Sequence[Patients]) -> Iterator[int]:
    """Yield each pair once, patients of few pairs first, then along the pairs of whoever is met."""
    of_patient: dict[str, list[int]] = defaultdict(list)
    for number, patients in enumerate(pairs):
        for patient in dict.fromkeys(patients):
            of_patient[patient].append(number)
    met: set[str] = set()
    seen: set[int] = set()
    for start in sorted(of_patient, key=lambda patient: (len(of_patient[patient]), patient)):
        waiting = [start]
        while waiting:
            patient = waiting.pop()
            if patient in met:
                continue
            met.add(patient)
            fresh = [number for number in of_patient[patient] if number not in seen]
            seen.update(fresh)
            yield from fresh
            waiting.extend(other for number in fresh for other in pairs[number])
