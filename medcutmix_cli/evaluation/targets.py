"""What is asked of a map: boxes of one picture and one phrase put together, and the sentence that asks for them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from medcutmix_cli.evaluation.boxes import SHARES, BoxNote
from medcutmix_cli.evaluation.gold import plain_name
from medcutmix_cli.evaluation.grounding import Rectangle, rectangle
from medcutmix_cli.records import Placement
from medcutmix_cli.reports.lexicon import finding_ids, label_of
from medcutmix_cli.seeds import stable_hash

_SAID = {
    "edema": "pulmonary edema",
    "fibrosis": "pulmonary fibrosis",
    "fracture": "a fracture",
    "hernia": "a hernia",
    "infiltrate": "pulmonary opacity",
    "mass": "a pulmonary mass",
    "nodule": "a pulmonary nodule",
    "opacity": "pulmonary opacity",
    "support_devices": "a support device",
}
"""Lexicon id -> words of the prompt, where they are not those of the id."""


@dataclass(frozen=True, slots=True)
class Target:
    """All boxes of one picture, finding and phrase: one region to be found, as in the evaluation of MS-CXR.

    Attributes:
        sentence: What the encoder is asked; may be report text, so it is never shown.
        prompted: Whether the sentence was made from the finding's name.
    """

    picture: str
    finding: str
    sentence: str = field(repr=False)
    prompted: bool
    boxes: tuple[BoxNote, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PlacedBoxes:
    """The boxes of one target as pixels of its picture; `dropped` counts those that are not, by reason."""

    boxes: tuple[Rectangle, ...]
    dropped: Counter[str]


def prompt(finding: str) -> str:
    """Return the sentence that asks for a finding by its name in the lexicon, in ChestX-ray14, or any other."""
    ids = {plain_name(name): name for name in finding_ids()}
    ids |= {plain_name(label): name for name, label in label_of("nih").items()}
    words = plain_name(finding)
    known = ids.get(words, "")
    return f"There is {_SAID.get(known) or known.replace('_', ' ') or words}."


def group(boxes: Iterable[BoxNote]) -> list[Target]:
    """Put boxes together, in the order of picture, finding and phrase."""
    groups: dict[tuple[str, str, str], list[BoxNote]] = defaultdict(list)
    for box in boxes:
        groups[box.picture, box.finding, box.phrase].append(box)
    return [
        Target(picture, finding, phrase or prompt(finding), not phrase, tuple(own))
        for (picture, finding, phrase), own in sorted(groups.items())
    ]


def choose_pictures(pictures: Iterable[str], limit: int, seed: int) -> list[str]:
    """Return at most `limit` pictures (0: all) in the order of their names, chosen by seed and name."""
    names = sorted(pictures)
    if not limit:
        return names
    return sorted(sorted(names, key=lambda name: stable_hash("maps-picture", seed, name))[:limit])


def place(target: Target, placement: Placement) -> PlacedBoxes:
    """Bring the boxes of a target to its picture's own pixels, whatever size it was drawn on."""
    placed, dropped = [], Counter[str]()
    for box in target.boxes:
        found = _placed(box, placement)
        if isinstance(found, str):
            dropped[found] += 1
        else:
            placed.append(found)
    return PlacedBoxes(tuple(placed), dropped)


def _placed(box: BoxNote, placement: Placement) -> Rectangle | str:
    """Return the pixels of a box, or the name under which it is dropped."""
    numbers: Sequence[float] = (box.x, box.y, box.width, box.height)
    if not (all(map(math.isfinite, numbers)) and box.width > 0 and box.height > 0):
        return "box-without-area"
    height, width = placement.source_height, placement.source_width
    across = down = 1.0
    if box.frame:
        if not (box.frame.width > 0 and box.frame.height > 0):
            return "picture-without-size"
        across, down = width / box.frame.width, height / box.frame.height
        # Another shape: the picture was cropped or turned since, so that its boxes lie elsewhere.
        if box.frame != SHARES and abs(across / down - 1) > 0.02:
            return "picture-of-other-shape"
    x, y, wide, tall = (n * scale for n, scale in zip(numbers, (across, down, across, down), strict=True))
    return rectangle(x, y, wide, tall, placement) or "box-outside-picture"
