"""Draws batches: augmented pictures, sentences about them and about others, and the maps to learn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from medcutmix_cli.datasets.phantoms.records import Lesion, Phantom
from medcutmix_cli.encoders.bundled_inputs import prepare
from training.bundled_encoder.pictures import MASK_SIDE, NETWORK_SIDE, VARIANTS, Pictures, training_phantom
from training.bundled_encoder.queries import Query, Shown, codes_of, lesion_query, report_queries, targets

_GRID = 14
_LESION_SENTENCES = 40  # of the batch's own lesions, worded anew each time
_OTHER_SENTENCES = 16  # of lesions of other pictures
_REPORT_SENTENCES = 32  # of the batch's own reports: several findings in one, denials, comparisons


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step of training sees.

    Attributes:
        pictures: (b, 1, 224, 224) float32, standardised.
        sentences: q texts.
        cover: (b, q, 196) float32, share of each cell that the sentence is about.
        weights: (b, q) float32.
    """

    pictures: NDArray[np.float32]
    sentences: list[str]
    cover: NDArray[np.float32]
    weights: NDArray[np.float32]


class Drawer:
    """Draws batches from painted phantoms; the same generator state gives the same batch."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures
        phantoms: list[Phantom] = [training_phantom(int(seed)) for seed in pictures.seeds]
        self._reports = [report_queries(phantom) for phantom in phantoms]
        pairs = zip(pictures.owners, pictures.lesions, strict=True)
        self._lesions: list[Lesion] = [phantoms[owner].lesions[index] for owner, index in pairs]
        self._of_owner = [np.flatnonzero(pictures.owners == i) for i in range(len(phantoms))]

    def epoch(self, size: int, rng: np.random.Generator) -> Iterator[Batch]:
        """Yield every picture once, in batches of `size`; what does not fill a batch is left out."""
        order = rng.permutation(len(self._pictures.seeds))
        for start in range(0, len(order) - size + 1, size):
            yield self.batch(order[start : start + size], rng)

    def batch(self, rows: NDArray[np.int64], rng: np.random.Generator) -> Batch:
        """Draw one batch from the given rows."""
        matrices = [draw_matrix(rng) for _ in rows]
        images = self._pictures.images[rows, rng.integers(VARIANTS, size=len(rows))]
        pictures = [augment(image, matrix, rng) for image, matrix in zip(images, matrices, strict=True)]
        shown = [(place, index) for place, row in enumerate(rows) for index in self._of_owner[row]]
        seen = Shown(
            codes=np.array([codes_of(self._lesions[index]) for _, index in shown]).reshape(-1, 3),
            rows=np.array([place for place, _ in shown], np.int64),
            masks=np.array(
                [grid_mask(self._pictures.masks[index], matrices[place]) for place, index in shown],
                np.float32,
            ).reshape(-1, _GRID, _GRID),
        )
        queries = self._queries(rows, [int(index) for _, index in shown], rng)
        cover, weights = targets(seen, queries, len(rows))
        return Batch(np.stack(pictures)[:, None], [query.text for query in queries], cover, weights)

    def _queries(self, rows: NDArray[np.int64], shown: list[int], rng: np.random.Generator) -> list[Query]:
        chosen = rng.permutation(len(shown))[:_LESION_SENTENCES]
        own = [lesion_query(self._lesions[shown[i]], int(i), rng) for i in chosen]
        others = rng.integers(len(self._lesions), size=_OTHER_SENTENCES)
        told = [query for row in rows for query in self._told(row, shown)]
        picked = rng.permutation(len(told))[:_REPORT_SENTENCES]
        return own + [lesion_query(self._lesions[i], -1, rng) for i in others] + [told[i] for i in picked]

    def _told(self, row: int, shown: list[int]) -> list[Query]:
        """Return the sentences of one report with `own` as a row of the batch's lesions."""
        place = {int(self._pictures.lesions[index]): shown.index(index) for index in self._of_owner[row]}
        queries = []
        for query in self._reports[row]:
            if all(claim.own < 0 or claim.own in place for claim in query.claims):  # not of hidden lesions
                claims = tuple(replace(claim, own=place.get(claim.own, -1)) for claim in query.claims)
                queries.append(Query(query.text, claims))
        return queries


def draw_matrix(rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a small turn, zoom and shift as a (2, 3) matrix in units of the picture's side."""
    angle, zoom = rng.normal(0, 0.035), np.exp(rng.normal(0, 0.05))
    cos, sin = zoom * np.cos(angle), zoom * np.sin(angle)
    shift = 0.5 + rng.normal(0, 0.025, 2)
    linear = np.array([[cos, -sin], [sin, cos]])
    return np.column_stack([linear, shift - linear @ np.array([0.5, 0.5])])


def _warp(plane: NDArray[np.uint8], matrix: NDArray[np.float64]) -> NDArray[np.uint8]:
    side = plane.shape[0]
    pixels = matrix.copy()
    pixels[:, 2] = side * matrix[:, 2] + 0.5 * (matrix[:, 0] + matrix[:, 1]) - 0.5  # pixel centres
    return np.asarray(cv2.warpAffine(plane, pixels, (side, side), flags=cv2.INTER_LINEAR), dtype=np.uint8)


def grid_mask(mask: NDArray[np.uint8], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """Move a mask with its picture and average it over the cells: (14, 14) in [0, 1]."""
    step = MASK_SIDE // _GRID
    moved = _warp(mask, matrix).astype(np.float32).reshape(_GRID, step, _GRID, step)
    return np.asarray(moved.mean(axis=(1, 3)) / 255, dtype=np.float32)


def augment(
    picture: NDArray[np.uint8], matrix: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Move a (224, 224) picture, change its grey scale, add noise, and prepare it as the encoder does."""
    moved = _warp(picture, matrix)
    ramp = (np.arange(256) / 255) ** np.exp(rng.normal(0, 0.25))
    table = np.clip(255 * (rng.uniform(0.6, 1.1) * ramp + rng.uniform(-0.1, 0.15)), 1, 255)
    table[0] = 0  # padding stays padding
    grey = table.astype(np.float32)[moved]
    if rng.random() < 0.3:
        grey = cv2.GaussianBlur(grey, (0, 0), rng.uniform(0.3, 0.8))
    noise = rng.standard_normal((NETWORK_SIDE, NETWORK_SIDE), dtype=np.float32) * rng.uniform(0, 5)
    return prepare(np.where(moved > 0, np.clip(grey + noise, 1, 255), 0).astype(np.uint8))
