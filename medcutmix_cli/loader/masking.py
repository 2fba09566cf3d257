"""What XLIP hides (arXiv 2407.19546): the patches that answer most, and the tokens that name a finding.

AttMIM hides image features that respond strongly to the text, EntMLM the entities of the text. The order of
patches and the spans of entities are stored; the ratio is the trainer's. Knows no tokenizer and no model.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from medcutmix_cli.attention import read_energy
from medcutmix_cli.errors import UsageError
from medcutmix_cli.loader.manifold import Grid, area_average
from medcutmix_cli.loader.rows import require
from medcutmix_cli.mixing.ranks import Rank, rank_of
from medcutmix_cli.rendering.rows import row_grid
from medcutmix_cli.run.columns import check_names
from medcutmix_cli.run.shards import Row
from medcutmix_cli.seeds import stable_generator

ATTMIM = check_names("pair_id", "attmim_rank", "grid_h", "grid_w")
"""The columns that a mask of the mix needs."""

ATTMIM_PARENTS = check_names("pair_id", "map_a", "map_b", "grid_h", "grid_w")
"""The columns that a mask of a parent needs."""

TIED_CELLS = 8
"""A longer end of a rank in reading order is no chance (1 of 9! orders): these cells answer nothing, and are equal."""

ENTITIES = check_names("pair_id", "report", "entities")
"""The columns that a mask of entities needs."""


def attmim_rank(row: Row, which: str = "mix", energy: str = "softmax", *, seed: int = 0) -> Rank:
    """Return the rank of each cell, 0 = strongest, (grid_h, grid_w) uint16.

    Cells that answer nothing come last, in an order drawn from `seed` and the row's id. They are all cells of a study
    as it is and of a strategy without maps, and those outside the paste where the recipient has no map: the shard has
    them in reading order, by which the top of every such picture would be hidden.

    Args:
        row: Read with `ATTMIM`, or with `ATTMIM_PARENTS` for a parent.
        which: "mix", "a" (the recipient's own picture) or "b" (the donor's).
        energy: How a parent's map is read: the run's `mixing.energy`. The mix was ranked by it already.
        seed: Of the order of cells that answer nothing; the epoch, for instance.

    Raises:
        UsageError: No sentence was asked of that parent, so that it has no map to rank.
    """
    names = ("attmim_rank",) if which == "mix" else (f"map_{_letter(which)}",)
    require(row, ("pair_id", *names, "grid_h", "grid_w"), "an AttMIM mask")
    rank = _stored_rank(row) if which == "mix" else _rank_of_parent(row, which, energy)
    return _untied(rank, stable_generator(seed, "attmim", which, row["pair_id"]))


def _stored_rank(row: Row) -> Rank:
    return np.array(row["attmim_rank"], np.uint16).reshape(row["grid_h"], row["grid_w"])


def _rank_of_parent(row: Row, which: str, energy: str) -> Rank:
    scores = row_grid(row, f"map_{which}")
    if not np.isfinite(scores).any():
        raise UsageError(
            f"parent {which} of this row has no map",
            where=str(row["pair_id"]),
            hint="only rows of a mode with maps have them: see image_mode",
        )
    return rank_of(read_energy(scores, energy))


def _untied(rank: Rank, rng: np.random.Generator) -> Rank:
    """Draw the order of the last cells of a rank where they stand in reading order."""
    order = np.argsort(rank, axis=None)
    falls = np.flatnonzero(np.diff(order) < 0)
    first = int(falls[-1]) + 1 if len(falls) else 0
    if order.size - first <= TIED_CELLS:
        return rank
    untied = rank.copy()
    untied.flat[order[first:]] = first + rng.permutation(order.size - first)
    return untied


def _letter(which: str) -> str:
    if which not in ("a", "b"):
        raise UsageError(f"a picture is mix, a or b, not {which!r}")
    return which


def attmim_mask(
    row_or_rank: Row | Rank,
    ratio: float,
    grid: Grid | None = None,
    *,
    strongest: bool = True,
    which: str = "mix",
    energy: str = "softmax",
    seed: int = 0,
) -> torch.Tensor:
    """Say which patches to hide.

    On another grid than the recipe's, the order is averaged by area (a cell counts `cells - rank`) and ranked
    again. Masks are nested: what is hidden at one ratio is hidden at every larger one. Of a study as it is, which has
    no map, any patches are hidden, as masked modelling without attention does.

    Args:
        row_or_rank: A row, or a rank as `attmim_rank` returns it.
        ratio: Share of patches to hide, in [0, 1].
        grid: (grid_h, grid_w) of the trainer's patches; by default the recipe's own.
        strongest: Hide those that answer most; otherwise those that answer least.
        which: For a row: "mix", "a" or "b".
        energy: For a row's parent: how its map is read.
        seed: For a row: of the order of cells that answer nothing (`attmim_rank`).

    Returns:
        (grid_h, grid_w) bool, True = hidden, `floor(ratio * grid_h * grid_w + 0.5)` of them.

    Raises:
        UsageError: A parent without a map, as the recipient of a study as it is, has nothing to hide it by.
    """
    rank = (
        attmim_rank(row_or_rank, which, energy, seed=seed) if isinstance(row_or_rank, dict) else row_or_rank
    )
    if rank.ndim != 2:
        raise UsageError(f"a rank has a grid_h and a grid_w, this one is {rank.shape}")
    resized = rank if grid in (None, rank.shape) else _resized(rank, grid or rank.shape)
    count = _rounded(ratio, resized.size)
    hidden = resized < count if strongest else resized >= resized.size - count
    return torch.from_numpy(np.asarray(hidden))


def _resized(rank: Rank, grid: tuple[int, ...]) -> Rank:
    order = rank.size - rank.astype(np.float64)
    # Rounded: the sums of two equal cells may differ in their last bit, and ties go to the first in reading order.
    return rank_of(np.round(area_average(order, (grid[0], grid[1])), 6))


def _rounded(ratio: float, count: int) -> int:
    if not 0 <= ratio <= 1:
        raise UsageError(f"a ratio lies in [0, 1], not {ratio}")
    return int(np.floor(ratio * count + 0.5))


def entity_mask(
    row: Row,
    offsets: Sequence[Sequence[int]] | torch.Tensor | npt.NDArray[Any],
    *,
    findings: Collection[str] | None = None,
    assertions: Collection[str] | None = None,
    sections: Collection[str] | None = None,
    ratio: float = 1.0,
    seed: int = 0,
    start: int = 0,
) -> torch.Tensor:
    """Say which tokens of the mixed report are part of the words that name a finding.

    Args:
        row: Read with the columns `ENTITIES`.
        offsets: N pairs (start, end) of one text, a fast tokenizer's `offset_mapping`: characters, as Python
            counts them, of the text as it is stored (line breaks included). (0, 0), as special tokens have it,
            is never hidden.
        findings: Lexicon ids to hide; by default all.
        assertions: "present", "absent", "uncertain", "resolved"; by default all.
        sections: Names of sections to hide in; by default all.
        ratio: Share of the chosen entities to hide, whole entities each, in [0, 1].
        seed: Of the choice where `ratio` < 1; the epoch, for instance. Choices are nested in `ratio`.
        start: Where the tokenized text begins in the report, where only a part of it was tokenized.

    Returns:
        (N,) bool, True = hidden: every token that has a character in common with a chosen entity.

    Raises:
        UsageError: Offsets run beyond the report: they are of another text.
    """
    require(row, ENTITIES, "a mask of entities")
    spans = np.asarray(offsets, dtype=np.int64).reshape(-1, 2)
    if spans.size and (spans.min() < 0 or spans.max() + start > len(row["report"])):
        raise UsageError(
            "these offsets run beyond the report: are they of another text?",
            where=row["pair_id"],
            hint='tokenize row["report"] as it is, or say start=',
        )
    chosen = _chosen(row["entities"], {"finding": findings, "assertion": assertions, "section": sections})
    order = stable_generator(seed, "entity-mask", row["pair_id"]).permutation(len(chosen))
    taken = [chosen[k] for k in order[: _rounded(ratio, len(chosen))]]
    return torch.from_numpy(_touched(spans, [(e["start"] - start, e["end"] - start) for e in taken]))


def _chosen(entities: list[Row], rules: Mapping[str, Collection[str] | None]) -> list[Row]:
    return [e for e in entities if all(kept is None or e[key] in kept for key, kept in rules.items())]


def _touched(spans: npt.NDArray[np.int64], words: list[tuple[int, int]]) -> npt.NDArray[np.bool_]:
    """Say which (N, 2) spans have a character in common with any of the words."""
    touched = np.zeros(len(spans), dtype=np.bool_)
    for first, last in words:
        touched |= np.maximum(spans[:, 0], first) < np.minimum(spans[:, 1], last)
    return touched
