"""A plugin of medcutmix to start from: a mask rule, an encoder and a data set, one entry-point line each."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np

from medcutmix_cli.attention import CellRule, cells_inside
from medcutmix_cli.encoders.base import Attention, EncoderCard, Query
from medcutmix_cli.records import Drop, Image, Study


@dataclass(frozen=True, slots=True)
class Above(CellRule):
    """Take the cells that score at least `level` of the way up from the median of the map (0) to its peak (1)."""

    level: float = 0.3

    def check(self):
        """Refuse what is no part of the way."""
        if not 0 <= self.level <= 1:
            raise ValueError("level must be in [0, 1]")

    def strengths(self, scores, usable):
        """Return 1 where a cell is taken, 0 elsewhere."""
        low, peak = np.quantile(scores[usable], [0.5, 1]) if usable.any() else (0, 0)
        return (usable & (scores >= low + self.level * (peak - low))).astype(np.float32)


@dataclass(frozen=True)
class Brightness:
    """A toy encoder: how much brighter a cell is than its mirror image, whatever the sentence says."""

    device: str = "cpu"
    batch: int = 1

    @property
    def card(self):
        return EncoderCard("brightness", "0" * 64, (14, 14), "untrained-local", True, "Apache-2.0", "A toy.")

    def encode_images(self, pictures):
        """Return the mean grey of each cell less that of its mirror image, NaN where the picture is not."""
        grid = (14, 14)
        cells = [cv2.resize(p.pixels, grid, interpolation=cv2.INTER_AREA) / 16 for p in pictures]
        inside = [cells_inside(p.placement, grid) for p in pictures]
        return [np.where(i, c - c[:, ::-1], np.nan) for i, c in zip(inside, cells, strict=True)]

    def encode_sentences(self, sentences):
        return [Query(None) for _ in sentences]

    def attend(self, image, sentence):
        return Attention(image.astype(np.float16))


@dataclass(frozen=True)
class TxtFolder:
    """PATIENT_STUDY.png beside PATIENT_STUDY.txt in a folder `cases`, one frontal picture a study."""

    root: Path
    kind: ClassVar[str] = "txt-folder"
    looks_for: ClassVar[str] = "a folder cases/ with .png and .txt"
    synthetic: ClassVar[bool] = False

    @classmethod
    def recognises(cls, root):
        return (root / "cases").is_dir()

    def studies(self):
        """Yield studies by patient and study; one without a report is left out by name."""
        for path in sorted((self.root / "cases").glob("*_*.png"), key=lambda p: p.stem.split("_")):
            (patient, study), text = path.stem.split("_", 1), path.with_suffix(".txt")
            picture = Image(path.stem, f"cases/{path.name}", "PA")
            if text.is_file():
                yield Study(study, patient, "train", (picture,), text.read_text())
            else:
                yield Drop("study", study, "report-missing")

    def resolve(self, image_path):
        return self.root / image_path

    def provenance(self):
        return {"pictures": len(list((self.root / "cases").glob("*.png")))}
