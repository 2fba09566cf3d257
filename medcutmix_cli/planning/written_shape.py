"""The shape of what was written: counted from a few columns of the shards, as a plan's is from its pairs.

Rendering rejects pairs and refills bring others, so that a plan says little of the rows in the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

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
from medcutmix_cli.run.shape import SetShape
from medcutmix_cli.run.shards import count_unmixed, read_head
from medcutmix_cli.run.status import RunStatus

_READ = check_names(
    *("finding", "finding_a", "image_mode", "study_id_a", "study_id_b", "label_mixed", "view_a", "entities")
)


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """A written row in what a shape asks of it (see `shape.ShapedRow`)."""

    finding: str
    recipient_study: str
    donor_study: str
    traits: tuple[str, ...]


def tell_written_shape(folder: RunFolder, status: RunStatus) -> RunStatus:
    """Return the sums of a run with the shape of its written rows, once every shard is complete; before, the plan's.

    The plan's is told too where a shard cannot be read, or is of another version: `verify` names it, and the sums of
    a run need no shard.
    """
    if status.missing or status.shape is None:
        return status
    try:
        return replace(status, shape=written_shape(folder, status.shape, status.shards))
    except ShardError:
        return status


def written_shape(folder: RunFolder, plan: SetShape, shards: int) -> SetShape:
    """Count the rows of all shards against the originals that a plan has counted.

    Raises:
        ShardError: A shard is damaged or of another version.
    """
    heads = [read_head(folder.shard_file(shard)) for shard in range(shards)]
    rows = read_table(heads, _READ)
    return with_written(plan, list(_written_rows(rows)), count_unmixed(rows))


def _written_rows(rows: pa.Table) -> Iterator[WrittenRow]:
    labels = pc.list_flatten(rows["label_mixed"]).to_numpy().reshape(-1, len(CHEXPERT))
    traits = map(name_traits, labels.tolist(), rows["view_a"].to_pylist(), _present_sides(rows["entities"]))
    ids = (rows[name].to_pylist() for name in ("finding", "study_id_a", "study_id_b"))
    return map(WrittenRow, *ids, traits)


def _present_sides(entities: pa.ChunkedArray) -> list[list[Side]]:
    """Return the sides of the findings that each row has."""
    lists = entities.combine_chunks()
    named, rows = pc.list_flatten(lists), pc.list_parent_indices(lists)
    there = pc.equal(pc.struct_field(named, "assertion"), str(Assertion.PRESENT))
    sides: list[list[Side]] = [[] for _ in range(len(lists))]
    for row, side in zip(
        rows.filter(there).to_pylist(), pc.struct_field(named, "side").filter(there).to_pylist(), strict=True
    ):
        sides[row].append(Side(side))
    return sides
