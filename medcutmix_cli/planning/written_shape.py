"""The shape of what was written: added up from the state files, as a plan's is from its pairs.

Rendering rejects pairs and refills bring others, so that a plan says little of the rows in the end. Of shards whose
state files count nothing, since an earlier version wrote them, a few columns are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from medcutmix_cli.errors import ShardError
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.pairing.traits import name_traits
from medcutmix_cli.planning.shape import with_written
from medcutmix_cli.records import Assertion, Side
from medcutmix_cli.run.columns import check_names
from medcutmix_cli.run.contents import read_table
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.row_counts import RowCounts, to_row_counts
from medcutmix_cli.run.run_record import read_run
from medcutmix_cli.run.shape import SetShape
from medcutmix_cli.run.shard_state import ShardState
from medcutmix_cli.run.shards import count_unmixed, read_head
from medcutmix_cli.run.status import RunStatus, add_up, read_states

_READ = check_names(
    *("finding", "finding_a", "image_mode", "study_id_a", "study_id_b", "label_mixed", "view_a", "entities")
)


def written_status(folder: RunFolder) -> RunStatus:
    """Add up a run, with the shape of its written rows once every shard is complete; before, the plan's.

    The plan's is told too where a shard is to be read and cannot be, or is of another version: `verify` names it, and
    the sums of a run need no shard.

    Raises:
        RunError: There is no run, or one of its small files cannot be read.
    """
    record = read_run(folder)
    states = read_states(folder, record)
    status = add_up(folder, record, states)
    if status.missing or status.shape is None:
        return status
    try:
        complete = (state for state in states if state is not None)
        return replace(status, shape=written_shape(folder, status.shape, complete))
    except ShardError:
        return status


def written_shape(folder: RunFolder, plan: SetShape, states: Iterable[ShardState]) -> SetShape:
    """Count the rows of complete shards against the originals that a plan has counted.

    Raises:
        ShardError: A shard that is to be read is damaged or of another version.
    """
    total, kept, uncounted = RowCounts(), 0, list[ShardState]()
    for state in states:
        counts = to_row_counts(state.counts)
        if counts.rows == state.written:
            total.merge(counts)
            kept += state.unmixed
        else:
            uncounted.append(state)
    rows = read_table([read_head(folder.shard_file(state.shard)) for state in uncounted], _READ)
    for row in _counted_as(rows):
        total.add(*row)
    return with_written(plan, total, kept + count_unmixed(rows))


def _counted_as(rows: pa.Table) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Yield what `RowCounts.add` takes of each row."""
    ids = (rows[name].to_pylist() for name in ("finding", "study_id_a", "study_id_b"))
    return zip(*ids, _traits(rows), strict=True)


def _traits(rows: pa.Table) -> list[tuple[str, ...]]:
    """Return the traits of each row; those of rows that are alike in what decides them are worked out once."""
    labels = pc.list_flatten(rows["label_mixed"]).to_numpy().reshape(-1, len(CHEXPERT))
    views = rows["view_a"].combine_chunks().dictionary_encode()
    alike = _Alike(
        np.ascontiguousarray(labels, np.float32), views.indices.to_numpy(), _present_sides(rows["entities"])
    )
    names, first, which = views.dictionary.to_pylist(), *alike.groups()
    told = [
        name_traits(labels[row].tolist(), names[alike.views[row]], _sides_of(int(alike.sides[row])))
        for row in first
    ]
    return [told[group] for group in which]


@dataclass(frozen=True, slots=True)
class _Alike:
    """What decides the traits of rows.

    Attributes:
        labels: (rows, 14) float32.
        views: (rows,) index of the view's name.
        sides: (rows,) int64, a bit for each side that a present finding has, in the order of `Side`.
    """

    labels: npt.NDArray[np.float32]
    views: npt.NDArray[np.integer[Any]]
    sides: npt.NDArray[np.int64]

    def groups(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Return the first row of each group of rows that are alike, and the group of each row."""
        words = self.labels.view(np.int32)  # bytes, since NaN is no equal of itself
        keys = np.column_stack([words, self.views.astype(np.int32), self.sides.astype(np.int32)])
        packed = np.ascontiguousarray(keys).view(np.dtype((np.void, keys.dtype.itemsize * keys.shape[1])))
        _, first, which = np.unique(packed.ravel(), return_index=True, return_inverse=True)
        return first, which


_SIDES = tuple(Side)


def _present_sides(entities: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Return the sides of the findings that each row has, as bits."""
    lists = entities.combine_chunks()
    named, rows = pc.list_flatten(lists), pc.list_parent_indices(lists)
    there = pc.equal(pc.struct_field(named, "assertion"), str(Assertion.PRESENT))
    places = pc.index_in(
        pc.struct_field(named, "side").filter(there), pa.array([str(side) for side in _SIDES])
    )
    sides = np.zeros(len(lists), np.int64)
    np.bitwise_or.at(sides, rows.filter(there).to_numpy(), 1 << places.to_numpy())
    return sides


def _sides_of(bits: int) -> list[Side]:
    return [side for place, side in enumerate(_SIDES) if bits >> place & 1]
