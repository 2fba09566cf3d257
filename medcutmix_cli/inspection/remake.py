"""Make the rows of a shard again from its plan, the parents' pictures and the stored maps, and compare every column.

What is written is taken from `MixedSample`s by `COLUMNS`; so is what is made again here. A new column is therefore
compared without a word said of it, unless it is declared `from_encoder`. Knows no encoder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import LOSSLESS, Canvas, decode_picture, encode_picture, read_canvas
from medcutmix_cli.mixing.cut import RefusedCut
from medcutmix_cli.mixing.picture_facts import PictureFacts, picture_facts
from medcutmix_cli.mixing.views import View
from medcutmix_cli.records import MAPPED_MODES, Pair, Parent, PictureRules
from medcutmix_cli.rendering.rows import replay_pixels, row_pixels, to_row
from medcutmix_cli.rendering.sample import MixRules
from medcutmix_cli.run.columns import COLUMNS
from medcutmix_cli.run.problem import Problem
from medcutmix_cli.run.shards import Row, gives_nothing

_SCHEMA = pa.schema([pa.field(column.name, column.type) for column in COLUMNS])
_KEPT_PICTURES = 64  # a canvas of 512 and its facts: some 2 MB
_PICTURE = "image"


def remade_columns(*, maps: bool) -> tuple[str, ...]:
    """Return the columns that a deep check makes again, in order.

    Args:
        maps: Whether the encoder is asked as well.
    """
    return tuple(column.name for column in COLUMNS if maps or not column.from_encoder)


def compared_columns(*, maps: bool) -> list[str]:
    """Return those of them whose values must be the same; the picture is compared by what its recipe gives."""
    return [name for name in remade_columns(maps=maps) if name != _PICTURE]


def as_stored(row: Row) -> Row:
    """Return a row as it comes back from a shard: each value rounded to the type of its column."""
    read: list[Row] = pa.Table.from_pylist([row], schema=_SCHEMA).to_pylist()
    return read[0]


def differing_columns(made: Row, stored: Row, columns: Sequence[str]) -> tuple[list[str], bool]:
    """Compare two rows as they come from a shard; NaN is equal to NaN.

    Returns:
        The columns that differ, and whether all of them do within rounding.
    """
    names = [name for name in columns if not _same(made[name], stored[name])]
    return names, bool(names) and all(_is_close(made[name], stored[name]) for name in names)


def difference_problem(pair_id: str, names: Sequence[str], *, rounding: bool) -> Problem:
    """Name the columns that came out otherwise."""
    often = "; no more than rounding: was it written on another kind of processor?" if rounding else ""
    detail = f"made again, other values come out in {', '.join(names)}{often}"
    return Problem(pair_id, "remade", detail)


def _same(made: Any, stored: Any) -> bool:
    if isinstance(made, list) and isinstance(stored, list):
        whole = made == stored  # at once, where no NaN is in it
        return whole or (len(made) == len(stored) and all(map(_same, made, stored)))
    if isinstance(made, dict) and isinstance(stored, dict):
        return made.keys() == stored.keys() and all(_same(made[key], stored[key]) for key in made)
    if made is None or stored is None or isinstance(made, str | bytes):
        return bool(made == stored)
    return bool(made == stored or (made != made and stored != stored))


def _is_close(made: Any, stored: Any) -> bool:
    try:
        own, other = np.asarray(made, np.float64), np.asarray(stored, np.float64)
    except (TypeError, ValueError):
        return False
    return own.shape == other.shape and bool(np.allclose(own, other, rtol=2e-3, atol=1e-4, equal_nan=True))


@dataclass(frozen=True, slots=True, eq=False)
class Remaker:
    """Makes rows of one run again.

    Attributes:
        resolve: Turns `Parent.image_path` into the file as it lies now.
        canvas: Side of the run's canvas, pixels.
        reading: How files become grey.
        read: Decodes a picture by its path in the plan; remembers the last ones.
    """

    rules: MixRules
    resolve: Callable[[str], Path]
    canvas: int
    reading: PictureRules
    read: Callable[[str], tuple[Canvas, PictureFacts]]

    @classmethod
    def of(
        cls, rules: MixRules, resolve: Callable[[str], Path], canvas: int, reading: PictureRules
    ) -> Remaker:
        """Make one that reads pictures from where they are."""

        @lru_cache(_KEPT_PICTURES)
        def read(path: str) -> tuple[Canvas, PictureFacts]:
            seen = read_canvas(resolve(path), canvas, reading)
            return seen, picture_facts(seen.pixels, seen.placement)

        return cls(rules, resolve, canvas, reading, read)

    def compare(self, pair: Pair, stored: Row) -> Iterator[Problem]:
        """Make one row again and name the columns in which it differs."""
        try:
            views = self._view(pair, pair.recipient, stored, "a"), self._donor_view(pair, stored)
        except ImageError as error:
            yield Problem(pair.pair_id, "parent", f"a parent cannot be read: {error.reason}")
            return
        except ValueError:
            yield Problem(pair.pair_id, "map", "a stored map has not the run's grid")
            return
        recipient = replace(views[0], spared=self._spared(pair, stored))
        sample = self.rules.mix(pair, recipient, views[1])
        if isinstance(sample, RefusedCut):
            yield Problem(pair.pair_id, "remade", f"made again, the pair is rejected: {sample.reason}")
            return
        made = as_stored(to_row(sample))
        unasked = [f"map_{letter}" for letter, view in zip("ab", views, strict=True) if not view.asked]
        names, rounding = differing_columns(made, stored, [*compared_columns(maps=False), *unasked])
        if names:
            yield difference_problem(pair.pair_id, names, rounding=rounding)
        if made[_PICTURE] != stored[_PICTURE] and not self._same_pixels(views, stored):
            what = "the picture rebuilt from the recipe differs from the stored one"
            yield Problem(pair.pair_id, "pixels", what)

    def _view(self, pair: Pair, parent: Parent, stored: Row, letter: str) -> View:
        """Return a parent as the mix saw it, by its stored map; raises ImageError, or ValueError for a map."""
        scores = None
        if parent.sentence:
            scores = np.array(stored[f"map_{letter}"], np.float32).reshape(self.rules.grid)
        return self.rules.view(pair, parent, self.read(parent.image_path), scores)

    def _donor_view(self, pair: Pair, stored: Row) -> View:
        """Return the donor; one that gives nothing, and cannot be read, was the recipient's picture then."""
        try:
            return self._view(pair, pair.donor, stored, "b")
        except ImageError:
            if not gives_nothing(pair):
                raise
            return self.rules.view(pair, pair.donor, self.read(pair.recipient.image_path), None)

    def _spared(self, pair: Pair, stored: Row) -> npt.NDArray[np.bool_] | None:
        """Return the cells that neighbours kept out of the paste: no map of theirs is stored, so those of weight 0."""
        guards = self.rules.strategies.guards
        neighbours = (*pair.recipient.neighbours, *pair.donor.neighbours)
        watched = any(guards.need_map(neighbour.finding) for neighbour in neighbours)
        weights = np.array(stored["weights"], np.float32)
        if not (guards.spare and watched and pair.image_mode in MAPPED_MODES):
            return None
        if weights.size != self.rules.grid[0] * self.rules.grid[1]:
            return None  # the comparison will name it
        return np.asarray(weights.reshape(self.rules.grid) == 0, dtype=np.bool_)

    def _same_pixels(self, views: tuple[View, View], stored: Row) -> bool:
        """Say whether the stored picture is what its own recipe gives: bytes may be another library's."""
        if stored[_PICTURE]["path"] is not None:
            return False
        try:
            rebuilt = replay_pixels(stored, views[0].pixels, views[1].pixels)
            if self.rules.image_format not in LOSSLESS:
                rebuilt = decode_picture(encode_picture(rebuilt, self.rules.image_format))
            return np.array_equal(rebuilt, row_pixels(stored))
        except (ValueError, TypeError, ImageError):  # a recipe that cannot be read is named by its columns
            return False
