"""Tissues and true lesions of phantoms, as the generator has them, on the canvas of a row's parents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np

from medcutmix_cli.datasets.sample import Box, read_boxes
from medcutmix_cli.datasets.sample_tissues import SampleTissues
from medcutmix_cli.evaluation.anatomy import Anatomy, TrueLesion
from medcutmix_cli.evaluation.mix_geometry import to_canvas_mask
from medcutmix_cli.records import Placement
from medcutmix_cli.rendering.rows import row_placement
from medcutmix_cli.run.shards import Row


@dataclass(frozen=True, slots=True)
class PhantomAnatomy:
    """The phantoms of one sample data set."""

    tissues: SampleTissues
    boxes: Mapping[str, list[Box]] = field(repr=False)

    @classmethod
    def of(cls, root: Path) -> Self:
        """Open a sample data set.

        Raises:
            DatasetError: It is none.
        """
        boxes: dict[str, list[Box]] = defaultdict(list)
        for box in read_boxes(root):
            boxes[box.dicom_id].append(box)
        return cls(SampleTissues.of(root), dict(boxes))

    @property
    def knows_lesions(self) -> bool:
        """Say yes."""
        return True

    def anatomy(self, row: Row, letter: str) -> Anatomy | str:
        """Return tissues and lesions of a parent, or "not-of-the-sample"."""
        picture = row[f"image_id_{letter}"]
        painted = self.tissues.paint(row[f"study_id_{letter}"], picture)
        if painted is None:
            return "not-of-the-sample"
        placement = row_placement(row, letter)
        tissues = {name: to_canvas_mask(mask, placement) for name, mask in painted.items()}
        lesions = tuple(_lesion(box, placement) for box in self.boxes.get(picture, ()))
        return Anatomy(tissues, np.zeros_like(tissues["lung"]), lesions)


def _lesion(box: Box, placement: Placement) -> TrueLesion:
    mask = box.mask(placement.source_height, placement.source_width)
    return TrueLesion(box.finding, box.side, to_canvas_mask(mask, placement))
