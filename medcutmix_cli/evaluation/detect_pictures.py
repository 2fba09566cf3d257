"""Pairs as the detector sees them: the stored picture, and the recipient's own, read and stored in the same way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import ImageError
from medcutmix_cli.evaluation.folds import Patients
from medcutmix_cli.images import decode_picture, encode_picture, read_canvas
from medcutmix_cli.records import PictureRules
from medcutmix_cli.rendering.rows import row_pixels
from medcutmix_cli.run.columns import check_names
from medcutmix_cli.run.contents import Contents, read_columns
from medcutmix_cli.run.shards import Row, read_rows
from medcutmix_cli.seeds import stable_hash

Pixels = npt.NDArray[np.uint8]

COLUMNS = check_names(
    *(
        "pair_id",
        "image",
        "strategy",
        "finding",
        "subject_id_a",
        "subject_id_b",
        "image_path_a",
        "placement_a",
    )
)
"""What is read of each row."""


@dataclass(frozen=True, slots=True)
class SeenPair:
    """One pair of pictures.

    Attributes:
        patients: The recipient's and the donor's.
        mixed: (canvas, canvas) uint8 as stored (likewise original: the recipient's own).
    """

    pair_id: str
    strategy: str
    finding: str
    patients: Patients
    mixed: Pixels = field(repr=False)
    original: Pixels = field(repr=False)


@dataclass(frozen=True, slots=True)
class PairPictures:
    """Reads the pictures of pairs; counts those that cannot be, by reason.

    Attributes:
        resolve: Finds the file of a picture.
        reading: How files become grey.
        image_format: How mixed pictures are stored: originals go through it too, or its traces would tell them apart.
    """

    resolve: Callable[[str], Path]
    reading: PictureRules
    image_format: str
    left_out: Counter[str] = field(default_factory=Counter)

    def pairs(
        self, contents: Contents, limit: int, seed: int, progress: Progress | None
    ) -> Iterator[SeenPair]:
        """Yield at most `limit` pairs (0: all), chosen by seed and id, in the run's order."""
        chosen = self._choose(contents, limit, seed)
        done = 0
        for head in contents.heads:
            for row in read_rows(head.path, COLUMNS):
                if row["pair_id"] not in chosen:
                    continue
                try:
                    yield self._pair(row)
                except ImageError as error:
                    self.left_out[error.reason] += 1
                done += 1
                if progress:
                    progress("comparing", done, len(chosen))

    def _choose(self, contents: Contents, limit: int, seed: int) -> Set[str]:
        """Choose pairs; one whose picture was kept is no mix, unless a run keeps them all (the control)."""
        rows = read_columns(contents, ("pair_id", "image_mode"))
        changed = [row["pair_id"] for row in rows if row["image_mode"] != "keep"]
        eligible = changed or [row["pair_id"] for row in rows]
        ordered = sorted(eligible, key=lambda pair_id: stable_hash("detect", seed, pair_id))
        chosen = ordered[: limit or None]
        self.left_out["picture-kept"] += len(rows) - len(eligible)
        self.left_out["not-chosen"] += len(eligible) - len(chosen)
        return frozenset(chosen)

    def _pair(self, row: Row) -> SeenPair:
        canvas = row["placement_a"]["canvas"]
        own = read_canvas(self.resolve(row["image_path_a"]), canvas, self.reading).pixels
        return SeenPair(
            pair_id=row["pair_id"],
            strategy=row["strategy"],
            finding=row["finding"],
            patients=(row["subject_id_a"], row["subject_id_b"]),
            mixed=row_pixels(row),
            original=decode_picture(encode_picture(own, self.image_format)),
        )
