"""Nearest: a same-finding swap with the donors that look most like the recipient. Reads embeddings, no pixel."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import ClassVar

import numpy as np

from medcutmix_cli.pairing.cohort import PackedStudy
from medcutmix_cli.pairing.embeddings_file import Embeddings, Vectors, read_embeddings
from medcutmix_cli.pairing.same_finding import SwapByPolicy
from medcutmix_cli.pairing.statements import Refusal
from medcutmix_cli.records import ReadStudy

_KEPT = 64
"""Sets of donors kept side by side in memory: about as many as there are findings times sides in a plan."""


@dataclass(frozen=True, slots=True)
class Nearest(SwapByPolicy):
    """A same-finding swap with one of the nearest donors, the nearest first.

    The donor must state a finding that the recipient states, as in `same-finding`, and be one of the `k` of other
    patients whose frozen global embeddings have the highest cosine with the recipient's, so that body and exposure
    agree. What leaves, what comes and how the pictures follow is as in `same-finding`. Source: this package's own.

    Attributes:
        k: Donors tried for each finding.
        embeddings: What `medcutmix embed` wrote, or a file like it (see `embeddings_file`).
    """

    name: ClassVar[str] = "nearest"
    k: int = 20
    embeddings: str = ""
    index: EmbeddingIndex = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Read the embeddings now: what is wrong with them is said before all reports are read, not after."""
        SwapByPolicy.__post_init__(self)
        if not self.embeddings:
            raise ValueError("no embeddings (--embeddings FILE; `medcutmix embed` makes one)")
        if self.k < 1:
            raise ValueError(f"k must be at least 1, not {self.k}")
        object.__setattr__(self, "index", EmbeddingIndex(read_embeddings(Path(self.embeddings))))

    def order_donors(
        self, recipient: ReadStudy, donors: Sequence[PackedStudy], rng: np.random.Generator
    ) -> Iterator[PackedStudy | Refusal]:
        """Yield the `k` nearest donors of other patients, the nearest first; nothing is drawn."""
        query = self.index.of(recipient.image.image_id)
        if query is None:
            yield Refusal("recipient-has-no-embedding")
            return
        known = self.index.with_embeddings(donors)
        if len(known.donors) < len(donors):
            yield Refusal("donor-has-no-embedding")
        own = recipient.study.subject_id
        others = (donor for donor in known.nearest_first(query) if donor.subject_id != own)
        chosen = list(islice(others, self.k))
        if not chosen:
            yield Refusal("no-donor-of-another-patient")
        yield from chosen


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedDonors:
    """Donors that have an embedding; `vectors` is (donors, d) float32, unit vectors."""

    donors: tuple[PackedStudy, ...]
    vectors: Vectors

    def nearest_first(self, query: Vectors) -> Iterator[PackedStudy]:
        """Yield the donors by their cosine with a (d,) unit vector, highest first."""
        # Rounded, so that the last bits of a sum order nothing; equals stay in the order of the cohort.
        ranks = np.argsort(-np.round(self.vectors @ query, 6), kind="stable")
        return (self.donors[int(index)] for index in ranks)


class EmbeddingIndex:
    """The embeddings of a plan, gathered by set of donors: the same sets are asked for again and again."""

    def __init__(self, embeddings: Embeddings) -> None:
        self._embeddings = embeddings
        self._sets: OrderedDict[tuple[int, str, str], tuple[Sequence[PackedStudy], EmbeddedDonors]] = (
            OrderedDict()
        )

    def of(self, image_id: str) -> Vectors | None:
        """Return the unit vector of a picture, (d,) float32, or None."""
        row = self._embeddings.row_of.get(image_id)
        return None if row is None else self._embeddings.vectors[row]

    def with_embeddings(self, donors: Sequence[PackedStudy]) -> EmbeddedDonors:
        """Return those of the donors that have an embedding, in the order in which they came."""
        key = (len(donors), donors[0].study_id, donors[-1].study_id)
        before, found = self._sets.get(key, (None, None))
        if found is None or before != donors:
            found = self._gather(donors)
            self._sets[key] = (donors, found)
            if len(self._sets) > _KEPT:
                self._sets.popitem(last=False)
        return found

    def _gather(self, donors: Sequence[PackedStudy]) -> EmbeddedDonors:
        row_of = self._embeddings.row_of
        known = tuple(donor for donor in donors if donor.image_id in row_of)
        return EmbeddedDonors(known, self._embeddings.vectors[[row_of[donor.image_id] for donor in known]])
