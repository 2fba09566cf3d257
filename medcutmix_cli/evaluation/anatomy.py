"""What is known of where the organs lie in a picture, on its canvas; who knows it is a source."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from medcutmix_cli.evaluation.mix_geometry import Mask
from medcutmix_cli.run.shards import Row

_KEPT = 256  # pictures: a picture's masks take 0.2 MB to 1.5 MB


@dataclass(frozen=True, slots=True)
class Anatomy:
    """One picture's organs, each (canvas, canvas) bool in the picture's own frame.

    Attributes:
        tissues: Name -> mask; "lung" is always there.
        unknown: Pixels of which nobody says what they are; none of them counts.
        lesions: Finding -> where it truly is, with the side of each; empty where nobody knows.
    """

    tissues: Mapping[str, Mask] = field(repr=False)
    unknown: Mask = field(repr=False)
    lesions: tuple[TrueLesion, ...] = field(repr=False, default=())


@dataclass(frozen=True, slots=True)
class TrueLesion:
    """Where one finding truly is, (canvas, canvas) bool; side as the generator has it."""

    finding: str
    side: str
    mask: Mask = field(repr=False)


class AnatomySource(Protocol):
    """Says where the organs of the parents of a row lie."""

    @property
    def knows_lesions(self) -> bool:
        """Whether the true lesions are known too."""

    def anatomy(self, row: Row, letter: str) -> Anatomy | str:
        """Return the anatomy of a parent ("a" or "b"), or the name of the reason why there is none."""


@dataclass(frozen=True, slots=True)
class AnatomyStore:
    """Keeps the anatomy of the pictures asked for last: a picture is in several pairs."""

    source: AnatomySource
    kept: OrderedDict[str, Anatomy | str] = field(default_factory=OrderedDict, repr=False)

    def get(self, row: Row, letter: str) -> Anatomy | str:
        """Return what the source says, asked once."""
        return self._once(row[f"image_id_{letter}"], lambda: self.source.anatomy(row, letter))

    def _once(self, key: str, ask: Callable[[], Anatomy | str]) -> Anatomy | str:
        if key not in self.kept:
            self.kept[key] = ask()
            if len(self.kept) > _KEPT:
                self.kept.popitem(last=False)
        return self.kept[key]
