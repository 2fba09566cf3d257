"""Maps that any other model has made, looked up by picture and sentence. Runs no network, knows no pixel.

The file is Parquet or .npz, as `map_files` says. Which maps a run needs is known once it is planned, and the plan
does not depend on the encoder: plan with any (`medcutmix plan ... --encoder bundled`) in a scratch folder, list the
maps with `needed_maps`, make them, and run `medcutmix augment ... --encoder precomputed --weights maps.parquet`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from medcutmix_cli.encoders.base import Attention, EncoderCard, Picture, Query
from medcutmix_cli.encoders.geometry import WHOLE_CANVAS, canvas_grid, picture_window, to_canvas
from medcutmix_cli.encoders.map_files import MapFile, open_maps
from medcutmix_cli.encoders.once import OnceTable
from medcutmix_cli.errors import EncoderError, RunError
from medcutmix_cli.records import Placement
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.system.arrow_errors import ARROW_ERRORS

NEEDED = ("image_id", "image_path", "sentence")
"""Columns of `needed_maps`."""

_PARENTS = ("recipient", "donor")


@dataclass(frozen=True, slots=True)
class KnownImage:
    """What is kept of a picture: who it is, and where it lies on its canvas."""

    image_id: str
    placement: Placement


@dataclass(frozen=True, slots=True)
class Precomputed:
    """Maps from a file; a picture and sentence without one are counted as "map-missing".

    It computes nothing, so there is no device, precision or batch to choose.

    Attributes:
        weights: The file of maps.
    """

    weights: Path | None = None

    @property
    def card(self) -> EncoderCard:
        """Say who made the maps (opens and checks the file)."""
        maps = self._maps
        origin = maps.origin
        return EncoderCard(
            name="precomputed",
            weights_sha256=maps.sha256,
            grid=_grid(maps),
            map_kind=origin.map_kind,
            demonstration=False,
            licence=origin.licence or "unknown: the file of maps does not say",
            note=f"Maps from a file, made by {origin.model or 'a model that the file does not name'}.",
        )

    @property
    def device(self) -> str:
        """Say where it runs: nowhere but here."""
        return "cpu"

    @property
    def batch(self) -> int:
        """Say how many pictures it wants at once."""
        return 1

    @property
    def _maps(self) -> MapFile:
        if self.weights is None:
            raise EncoderError(
                "no file of maps was given",
                where="precomputed",
                hint="--weights maps.parquet; medcutmix_cli.encoders.precomputed.needed_maps lists what it must hold",
            )
        return _opened(self.weights)

    def encode_images(self, pictures: Sequence[Picture]) -> list[KnownImage]:
        """Note which pictures they are; their pixels are not looked at."""
        return [KnownImage(picture.image_id, picture.placement) for picture in pictures]

    def encode_sentences(self, sentences: Sequence[str]) -> list[Query]:
        """Hand the sentences on: they are the keys."""
        return [Query(sentence) for sentence in sentences]

    def attend(self, image: KnownImage, sentence: str) -> Attention:
        """Look the map up and bring it to the grid of the card; all NaN and "map-missing" where there is none."""
        maps = self._maps
        grid = _grid(maps)
        found = maps.find(image.image_id, sentence)
        if found is None:
            return Attention(np.full(grid, np.nan, np.float16), missing="map-missing")
        window = WHOLE_CANVAS if found.frame == "canvas" else picture_window(image.placement)
        return to_canvas(found.scores, window, image.placement, grid)


def _grid(maps: MapFile) -> tuple[int, int]:
    """Return the grid of the canvas that loses no peak of any map in the file."""
    fits = {"canvas": "letterbox", "picture": "published"}
    sides = [[canvas_grid(side, fits[frame]) for side in grid] for frame, grid in maps.grids.items()]
    return max(height for height, _ in sides), max(width for _, width in sides)


def needed_maps(run: Path) -> pa.Table:
    """List the maps that a planned run asks its encoder for.

    They are those of the sentences of its pairs, of those in reserve too, of the sentences about their neighbours
    (other findings and devices of either parent, which guards look after), and of the gate's null pictures.

    Args:
        run: Run folder that `medcutmix plan` (or `augment`) wrote, with any encoder.

    Returns:
        Table of strings `image_id`, `image_path` (below the data set's root) and `sentence`, each row once, in
        the order of the plan: rows of one picture lie close together. It holds report text, so it is private.

    Raises:
        RunError: There is no plan that can be read.
    """
    folder = RunFolder(Path(run))
    parts = [_questions(folder.plan_file)]
    if folder.reserve_file.is_file():
        parts.append(_questions(folder.reserve_file))
    if folder.nulls_file.is_file():
        parts.append(_read(folder.nulls_file, NEEDED))
    return pa.concat_tables(parts).group_by(NEEDED, use_threads=False).aggregate([])


def _questions(plan: Path) -> pa.Table:
    """Return what both parents of each pair ask for, as `rendering.pair.asked_sentences` does; they take turns."""
    pairs = _read(plan, [f"{who}.{name}" for who in _PARENTS for name in (*NEEDED, "neighbours")])
    parents = [pairs[who].combine_chunks() for who in _PARENTS]
    rows = pa.table({n: pa.concat_arrays([own.field(n) for own in parents]) for n in NEEDED})
    beside = pa.concat_arrays([own.field("neighbours") for own in parents])
    turns = np.arange(2 * len(pairs)).reshape(2, -1).T.ravel()
    rows, beside = rows.take(pa.array(turns)), beside.take(pa.array(turns))
    owner = pc.list_parent_indices(beside)
    neighbours = rows.take(owner).set_column(2, "sentence", pc.list_flatten(beside).field("sentence"))
    order = np.argsort(np.concatenate([np.arange(len(rows)), owner.to_numpy()]), kind="stable")
    asked = pa.concat_tables([rows, neighbours]).take(pa.array(order))
    return asked.filter(pc.not_equal(asked["sentence"], ""))  # a parent that only receives is asked nothing


def _read(path: Path, columns: Sequence[str]) -> pa.Table:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            return file.read(list(columns), use_threads=False)
    except ARROW_ERRORS as error:
        hint = "make one with `medcutmix plan DATASET RUN --encoder bundled`"
        raise RunError("the run folder has no plan that can be read", where=str(path), hint=hint) from error


_OPENED: OnceTable[tuple[Path, int, int], MapFile] = OnceTable()


def _opened(path: Path) -> MapFile:
    """Open a file once per process; one that was written anew is opened again."""
    try:
        state = path.stat()
    except OSError as error:
        raise EncoderError(
            "there is no such file of maps",
            where=str(path),
            hint="give a .parquet or .npz file with --weights",
        ) from error
    key = (path, state.st_size, state.st_mtime_ns)
    return _OPENED.get(key, lambda: open_maps(path))
