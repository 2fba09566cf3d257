"""Sentences about lesions, and where each of them is true in each picture of a batch.

A sentence of one phantom is asked of all pictures of the batch: where the finding is absent, or on the other
side, the map to learn is empty.
"""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from medcutmix_cli.datasets.phantoms.records import DEVICE_KINDS, FINDINGS, Lesion, Phantom
from medcutmix_cli.datasets.phantoms.reports import lesion_sentence, write_report

KINDS = (*FINDINGS[:-1], *DEVICE_KINDS)  # what is told apart: every kind of device is a thing of its own
NEGATED = len(KINDS)  # code of a sentence that asserts nothing: true nowhere
_SIDES = {"left": 1, "right": 2}  # 0: bilateral or none
_HEIGHTS = {"apical": -1, "upper": -1, "lower": 1, "basal": 1, "retrocardiac": 1}  # 0: between or unknown
_SIDE_WORDS = re.compile(r"\b(left|right)\b", re.IGNORECASE)
_HEIGHT_WORDS = re.compile(
    r"\b(ap(ex|ic)|upper|lower|bas(e|al|ilar)|mid|retrocardiac|r[uml]l|l[ul]l)", re.IGNORECASE
)
_LIKE = {"nodule": "mass", "mass": "nodule", "consolidation": "atelectasis", "atelectasis": "consolidation"}


@dataclass(frozen=True, slots=True)
class Claim:
    """What a sentence says of one lesion: codes of kind, side and height, and the lesion's own row or -1."""

    kind: int
    side: int = 0
    height: int = 0
    own: int = -1


@dataclass(frozen=True, slots=True)
class Query:
    """One sentence and what it claims."""

    text: str
    claims: tuple[Claim, ...]

    @property
    def says_side(self) -> bool:
        """Whether the words, not only the lesion, say the side."""
        return bool(_SIDE_WORDS.search(self.text))

    @property
    def says_height(self) -> bool:
        """Whether the words, not only the lesion, say the height."""
        return bool(_HEIGHT_WORDS.search(self.text))


@dataclass(frozen=True, slots=True)
class Shown:
    """The lesions that a batch of pictures shows.

    Attributes:
        codes: (m, 3) kind, side and height codes.
        rows: (m,) which picture of the batch.
        masks: (m, 14, 14) float32, share of each cell that is lesion.
    """

    codes: NDArray[np.int64]
    rows: NDArray[np.int64]
    masks: NDArray[np.float32]


def codes_of(lesion: Lesion) -> tuple[int, int, int]:
    """Return kind, side and height as small numbers."""
    kind = lesion.kind if lesion.finding == "support_devices" else lesion.finding
    return KINDS.index(kind), _SIDES.get(lesion.side, 0), _HEIGHTS.get(lesion.zone, 0)


def lesion_query(lesion: Lesion, row: int, rng: np.random.Generator) -> Query:
    """Word one lesion with the training phrasebook; `row` is its row in `Shown`, or -1."""
    return Query(lesion_sentence(lesion, rng, "train"), (Claim(*codes_of(lesion), row),))


def report_queries(phantom: Phantom) -> list[Query]:
    """Return every sentence of a phantom's report; `own` is the index into the phantom's lesions.

    Denials and statements of normality assert nothing, so their map is empty; hedged sentences are left out.
    """
    queries = []
    for sentence in write_report(phantom, "train").sentences:
        if any(mention.assertion == "uncertain" for mention in sentence.mentions):
            continue
        present = [m.lesion for m in sentence.mentions if m.assertion == "present" and m.lesion is not None]
        claims = [Claim(*codes_of(phantom.lesions[i]), i) for i in present]
        queries.append(Query(sentence.text, tuple(claims) or (Claim(NEGATED),)))
    return queries


def targets(
    shown: Shown, queries: list[Query], pictures: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Say where every sentence is true in every picture.

    Returns:
        (pictures, queries, 196) coverage of each cell in [0, 1], and (pictures, queries) weights: 0 where
        the words leave open whether the sentence is true of the picture.
    """
    cover = np.zeros((pictures, len(queries), 196), np.float32)
    weights = np.ones((pictures, len(queries)), np.float32)
    parts = _parts(shown.masks)
    for place in range(
        max(len(query.claims) for query in queries)
    ):  # the first claim of each, the second, ...
        asked = [i for i, query in enumerate(queries) if len(query.claims) > place]
        claims = np.array([astuple(queries[i].claims[place]) for i in asked])
        says = np.array([(queries[i].says_side, queries[i].says_height) for i in asked])
        for lesion, row in enumerate(shown.rows):
            part, factor = _compare(shown.codes[lesion], lesion, claims, says)
            found = np.where(part[:, None] >= 0, parts[lesion, part], 0)
            cover[row, asked] = np.maximum(cover[row, asked], found)
            weights[row, asked] = np.minimum(weights[row, asked], factor)
    return cover, weights


def _parts(masks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each mask whole, in the patient's left half and in the right half: (m, 3, 196)."""
    left, right = masks.copy(), masks.copy()
    left[:, :, :7] = 0  # the patient's left is the right half of the picture
    right[:, :, 7:] = 0
    return np.stack([masks, left, right], axis=1).reshape(len(masks), 3, 196)


def _compare(
    codes: NDArray[np.int64], lesion: int, claims: NDArray[np.int64], says: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Compare one shown lesion with every claim: which part of its mask is meant (-1 none), and the weight."""
    kind, side, height = codes
    own = claims[:, 3] == lesion
    same = claims[:, 0] == kind
    opposite = (claims[:, 1] + side == 3) & (claims[:, 1] > 0) & (side > 0)
    far = (claims[:, 2] * height < 0) & says[:, 1]
    near = (claims[:, 2] != height) & ~far & says[:, 1]
    part = np.where(side == 0, claims[:, 1], 0)  # of a lesion on both sides only the side that is asked for
    part = np.where(own, 0, np.where(same & ~opposite & ~far, part, -1))
    unclear = same & ((opposite & ~says[:, 0]) | near)
    factor = np.where(unclear, 0.0, np.where(same & far, 0.3, 1.0))
    like = _LIKE.get(KINDS[kind])
    if like is not None:  # what looks alike is told apart, but gently
        factor = np.where((claims[:, 0] == KINDS.index(like)) & ~opposite, 0.3, factor)
    return part, np.where(own, 1.0, factor).astype(np.float32)
