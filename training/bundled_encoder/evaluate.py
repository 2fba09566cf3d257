"""Measures an encoder on fresh phantoms and held-out phrasings: `python -m training.bundled_encoder.evaluate`.

Writes its table into the model card. Pictures go the way of the pipeline: JPEG file, canvas of 448, encoder.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from medcutmix_cli.datasets.phantoms.draw import draw_phantom
from medcutmix_cli.datasets.phantoms.records import FINDINGS, LOCAL_FINDINGS
from medcutmix_cli.datasets.phantoms.reports import lesion_sentence
from medcutmix_cli.encoders.base import Encoder
from medcutmix_cli.encoders.bundled import BundledEncoder
from training.bundled_encoder.cases import Case, Truth, fresh_case, fresh_cases
from training.bundled_encoder.pictures import EVALUATION_SEEDS

_CARD = Path("medcutmix_cli/encoders/weights/MODEL_CARD.md")
_MARKS = ("<!-- results: written by evaluate.py -->", "<!-- end of results -->")
_OTHER_SEEDS = (
    EVALUATION_SEEDS + 500_000
)  # phantoms whose sentences are asked of pictures that do not show them
_STREAM = 77_004


@dataclass(frozen=True, slots=True)
class Hit:
    """Where the map of one true sentence has its peak.

    Attributes:
        centre: The pixel at the middle of the peak cell is lesion.
        near: That pixel is at most half a cell (Euclidean) from a lesion pixel.
        overlap: Some pixel of the peak cell is lesion.
        side: The peak is on the stated side; None where the lesion has no one side.
        top: The largest score.
    """

    finding: str
    centre: bool
    near: bool
    overlap: bool
    side: bool | None
    top: float


def judge(scores: NDArray[np.float16], truth: Truth) -> Hit:
    """Compare the peak of a map with the true mask."""
    grid, side = scores.shape[0], truth.mask.shape[0]
    cell = side // grid
    row, column = divmod(int(np.nanargmax(scores)), grid)
    middle_y, middle_x = row * cell + cell // 2, column * cell + cell // 2
    ys, xs = np.nonzero(truth.mask)
    distance = float(np.sqrt((ys + 0.5 - middle_y) ** 2 + (xs + 0.5 - middle_x) ** 2).min())
    patch = truth.mask[row * cell : (row + 1) * cell, column * cell : (column + 1) * cell]
    wanted = {"left": column >= grid // 2, "right": column < grid // 2}
    return Hit(
        finding=truth.lesion.finding,
        centre=bool(truth.mask[middle_y, middle_x]),
        near=distance <= cell / 2,
        overlap=bool(patch.any()),
        side=wanted.get(truth.lesion.side),
        top=float(np.nanmax(scores)),
    )


def look(encoder: Encoder, case: Case) -> Any:
    """Encode the picture of a case."""
    [image] = encoder.encode_images([case.picture])
    return image


def hits_of(encoder: Encoder, case: Case, image: Any) -> list[Hit]:
    """Point at every true sentence of one picture, encoded before."""
    queries = encoder.encode_sentences([truth.sentence for truth in case.truths])
    maps = [encoder.attend(image, query.features).scores for query in queries]
    return [judge(scores, truth) for scores, truth in zip(maps, case.truths, strict=True)]


def pointing(encoder: Encoder, cases: Iterable[Case]) -> dict[str, float]:
    """Return the share of local findings that are hit ("near"), by finding and on average."""
    hits = [hit for case in cases for hit in hits_of(encoder, case, look(encoder, case))]
    shares = {f: share(hits, f, lambda hit: hit.near) for f in LOCAL_FINDINGS}
    mean = float(np.mean(list(shares.values())))
    return {name: round(value, 3) for name, value in ({"mean": mean} | shares).items()}


def share(hits: Iterable[Hit], finding: str, good: Callable[[Hit], bool | None]) -> float:
    """Return the share of a finding's hits that are good, NaN where nothing can be said."""
    said = [good(hit) for hit in hits if hit.finding == finding]
    known = [float(value) for value in said if value is not None]
    return float(np.mean(known)) if known else float("nan")


class Asker:
    """Asks pictures for findings that they do not show, in the words of other phantoms."""

    def __init__(self, encoder: Encoder, phrasebook: str, phantoms: int = 1500) -> None:
        self._encoder = encoder
        self._pool: dict[tuple[str, str], list[str]] = defaultdict(list)
        rng = np.random.default_rng([_STREAM, 0])
        for seed in range(_OTHER_SEEDS, _OTHER_SEEDS + phantoms):
            for lesion in draw_phantom(seed).lesions:
                words = lesion_sentence(lesion, rng, phrasebook)
                self._pool[lesion.finding, lesion.side].append(words)

    def top(self, image: Any, finding: str, side: str, rng: np.random.Generator) -> float:
        """Return the largest score of some sentence about a finding; side "" is any side."""
        return float(np.nanmax(self.map_of(image, self.words(finding, side, rng))))

    def words(self, finding: str, side: str, rng: np.random.Generator) -> str:
        """Return some sentence about a finding; side "" is any side."""
        sides = [side] if side else sorted(s for f, s in self._pool if f == finding)
        words = self._pool[finding, sides[rng.integers(len(sides))]]
        return words[rng.integers(len(words))]

    def map_of(self, image: Any, sentence: str) -> NDArray[np.float32]:
        """Return the map of one sentence, (14, 14) float32, NaN outside the picture."""
        [query] = self._encoder.encode_sentences([sentence])
        return self._encoder.attend(image, query.features).scores.astype(np.float32)


@dataclass(slots=True)
class Tally:
    """What is gathered over all pictures.

    Attributes:
        absent: Finding -> largest scores of its sentences over pictures without it.
        steered: Finding -> whether the true side's sentence had the larger peak than the other side's.
    """

    hits: list[Hit] = field(default_factory=list)
    absent: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    steered: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))


def gather(encoder: Encoder, cases: Iterable[Case], phrasebook: str) -> Tally:
    """Ask every picture for what it shows, for what it does not show, and for the other side."""
    tally, asker = Tally(), Asker(encoder, phrasebook)
    for case in cases:
        rng = np.random.default_rng([_STREAM, case.seed])
        image = look(encoder, case)
        hits = hits_of(encoder, case, image)
        tally.hits += hits
        shown = {truth.lesion.finding for truth in case.truths}
        for finding in (f for f in FINDINGS if f not in shown):
            tally.absent[finding].append(asker.top(image, finding, "", rng))
        for truth, hit in zip(case.truths, hits, strict=True):
            other = {"left": "right", "right": "left"}.get(truth.lesion.side, "")
            sides = {t.lesion.side for t in case.truths if t.lesion.finding == hit.finding}
            if other and len(sides) == 1:
                tally.steered[hit.finding].append(hit.top > asker.top(image, hit.finding, other, rng))
    return tally


def area_under_curve(present: list[float], absent: list[float]) -> float:
    """Return the chance that a present one scores above an absent one, ties half; NaN without both."""
    if not present or not absent:
        return float("nan")
    difference = np.subtract.outer(np.array(present), np.array(absent))
    return float((difference > 0).mean() + 0.5 * (difference == 0).mean())


_GOODS: tuple[Callable[[Hit], bool | None], ...] = (
    lambda hit: hit.near,
    lambda hit: hit.centre,
    lambda hit: hit.overlap,
    lambda hit: hit.side,
)


def table(tally: Tally) -> str:
    """Write the tally as a Markdown table, local findings and their mean first."""
    rows = {finding: _row(tally, finding) for finding in FINDINGS}
    means = np.mean([rows[finding] for finding in LOCAL_FINDINGS], axis=0)
    counts = {f: sum(hit.finding == f for hit in tally.hits) for f in FINDINGS}
    lines = [
        "| finding | n | hit | centre | overlap | peak on the stated side | present over absent | side over side |",
        "|---|---|---|---|---|---|---|---|",
        _line("**mean of the six local findings**", sum(counts[f] for f in LOCAL_FINDINGS), list(means)),
    ]
    return "\n".join(lines + [_line(finding, counts[finding], rows[finding]) for finding in FINDINGS])


def _row(tally: Tally, finding: str) -> list[float]:
    tops = [hit.top for hit in tally.hits if hit.finding == finding]
    steered = tally.steered[finding]
    shares = [share(tally.hits, finding, good) for good in _GOODS]
    curve = area_under_curve(tops, tally.absent[finding])
    return [*shares, curve, float(np.mean(steered)) if steered else float("nan")]


def _line(name: str, count: int, values: list[float]) -> str:
    shown = ["" if np.isnan(value) else f"{value:.3f}" for value in values]
    return f"| {name} | {count} | " + " | ".join(shown) + " |"


def timing(encoder: Encoder, case: Case) -> str:
    """Say how long the three steps take on one thread, medians of 100 calls."""
    words = "There is a moderate left pleural effusion with adjacent atelectasis."
    image = look(encoder, case)
    [query] = encoder.encode_sentences([words])
    steps: dict[str, Callable[[], object]] = {
        "picture": lambda: look(encoder, case),
        "sentence": lambda: encoder.encode_sentences([words]),
        "map": lambda: encoder.attend(image, query.features),
    }
    return ", ".join(f"{name} {_median_ms(step):.2f} ms" for name, step in steps.items())


def _median_ms(step: Callable[[], object]) -> float:
    times = []
    for _ in range(100):
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
    return 1000 * float(np.median(times))


def write_card(text: str) -> None:
    """Replace the results section of the model card."""
    card = _CARD.read_text(encoding="utf-8")
    before, rest = card.split(_MARKS[0])
    after = rest.split(_MARKS[1])[1]
    _CARD.write_text(f"{before}{_MARKS[0]}\n\n{text}\n\n{_MARKS[1]}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=None)
    parser.add_argument("--phantoms", type=int, default=1000)
    parser.add_argument("--phrasebook", choices=["train", "held-out"], default="held-out")
    parser.add_argument("--equalise", action="store_true", help="equalise, as the sample's JPG files are")
    parser.add_argument("--card", action="store_true", help="write the tables into the model card")
    given = parser.parse_args()
    torch.set_num_threads(1)
    encoder = BundledEncoder(given.weights)
    texts = []
    for equalise in [True, False] if given.card else [given.equalise]:
        cases = fresh_cases(EVALUATION_SEEDS, given.phantoms, given.phrasebook, equalise=equalise)
        look = "equalised as the sample's JPG files" if equalise else "with their own grey scale"
        last = EVALUATION_SEEDS + given.phantoms - 1
        head = f"Phantoms of seeds {EVALUATION_SEEDS} to {last}, {look}, {given.phrasebook} phrasings:"
        texts.append(f"{head}\n\n{table(gather(encoder, cases, given.phrasebook))}")
    speed = timing(encoder, fresh_case(EVALUATION_SEEDS, given.phrasebook, given.equalise))
    texts.append(f"One thread, medians of 100 calls: {speed}.")
    print("\n\n".join(texts))
    if given.card:
        write_card("\n\n".join(texts))


if __name__ == "__main__":
    main()
