"""Which rows of some shards are originals, and which are mixes of them. Reads no picture, and knows no order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any

from medcutmix_cli.errors import RunError, UsageError
from medcutmix_cli.loader.rows import RowGroup, read_groups
from medcutmix_cli.run.columns import check_names
from medcutmix_cli.run.contents import open_contents
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.plan_file import read_shard
from medcutmix_cli.run.shards import UNMIXED, Row, is_unmixed, read_head

_COLUMNS = check_names("pair_id", "study_id_a", "prompted_a", "split", *UNMIXED)

MAKE_ORIGINALS = "make them: medcutmix augment DATASET ORIGINALS --pairing identity --unmixed keep"

Numbers = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class RowKinds:
    """The numbers of rows, by row group in the order of the shards.

    Attributes:
        originals: One row of each study that is there as it is.
        mixes: Rows in which something is mixed, and those by which a target repeats a study (`no-...`).
        left_out: Rows of other splits, and further ones of studies as they are, which a run with `--unmixed keep` has
            beside its originals.
    """

    originals: Numbers
    mixes: Numbers
    left_out: int


def find_kinds(groups: Iterable[RowGroup], split: str = "train") -> RowKinds:
    """Tell originals from mixes of one split.

    Raises:
        UsageError: There is no original, no mix, or a study was mixed that is not there as it is.
        RunError: Pictures of some shards have another canvas or format.
    """
    listed = list(groups)
    _check_pictures(dict.fromkeys(group.path for group in listed))
    kept: set[str] = set()
    mixed: set[str] = set()
    originals, mixes, count = [], [], 0
    for start, asked, rows in _read(listed):
        kinds = [_kind(row, asked, kept) if row["split"] == split else "left out" for row in rows]
        count += len(kinds)
        originals.append(tuple(start + k for k, kind in enumerate(kinds) if kind == "original"))
        mixes.append(tuple(start + k for k, kind in enumerate(kinds) if kind == "mix"))
        told = zip(rows, kinds, strict=True)
        # A study without a report of its own need not be there as it is.
        mixed |= {row["study_id_a"] for row, kind in told if kind == "mix" and not row["prompted_a"]}
    _check_studies(kept, mixed, any(mixes))
    left_out = count - sum(map(len, originals)) - sum(map(len, mixes))
    return RowKinds(tuple(originals), tuple(mixes), left_out)


def _read(groups: list[RowGroup]) -> Iterator[tuple[int, frozenset[str], list[Row]]]:
    """Yield the number of the first row of each group, the ids that targets asked for in its shard, and its rows."""
    start = 0
    for shard, of_one in groupby(groups, key=lambda group: group.path):
        asked = _asked_for(shard)
        for table in read_groups(list(of_one), _COLUMNS):
            yield start, asked, table.to_pylist()
            start += table.num_rows


def only_rows(groups: Sequence[RowGroup], numbers: Numbers) -> list[RowGroup]:
    """Return the row groups with those of their rows that are numbered; groups without one are left out."""
    starts = accumulate((group.rows for group in groups), initial=0)
    listed = zip(groups, starts, numbers, strict=False)
    return [_only(group, [row - start for row in rows]) for group, start, rows in listed if rows]


def _only(group: RowGroup, places: Sequence[int]) -> RowGroup:
    """Keep some of the wanted rows of a group."""
    stored = places if group.kept is None else [group.kept[place] for place in places]
    return replace(group, rows=len(stored), kept=tuple(stored))


def _kind(row: Row, asked: frozenset[str], kept: set[str]) -> str:
    """Name what a row is; of a study as it is, take down that it is there."""
    if not is_unmixed(row) or row["pair_id"] in asked:
        return "mix"
    if row["study_id_a"] in kept:
        return "left out"
    kept.add(row["study_id_a"])
    return "original"


def _asked_for(shard: Path) -> frozenset[str]:
    """Return the ids of rows in a target's cell, which the plan alone says; none where there is no plan."""
    record = open_contents(shard).record
    number = re.fullmatch(r"part-(\d+)", shard.stem)
    if record is None or number is None or not record.counts.get("goals"):
        return frozenset()
    plan = RunFolder(shard.parent.parent).plan_file
    pairs = read_shard(plan, int(number[1]), ("pair_id", "cells")).to_pylist()
    return frozenset(pair["pair_id"] for pair in pairs if pair["cells"])


def _check_studies(kept: set[str], mixed: set[str], any_mix: bool) -> None:
    if not kept:
        raise UsageError("no study of this split is there as it is, to be an original", hint=MAKE_ORIGINALS)
    if not any_mix:
        raise UsageError(
            "no mix of this split is there, to take a share", hint='name both: ["ORIGINALS", "RUN"]'
        )
    lacking = sorted(mixed - kept)
    if lacking:
        raise UsageError(
            f"{len(lacking)} studies were mixed that are not there as they are",
            where=f"study {lacking[0]}",
            hint=f'name both, ["ORIGINALS", "RUN"]; {MAKE_ORIGINALS}',
        )


def _check_pictures(shards: Iterable[Path]) -> None:
    """Hold the canvas and the format of pictures together."""
    first: tuple[Path, Any] | None = None
    for shard in shards:
        how = read_head(shard).origin["settings"].get("image", {})
        said = {name: how.get(name) for name in ("canvas", "format")}
        first = first or (shard, said)
        if said != first[1]:
            raise RunError(
                f"pictures are {_named(first[1])} there, and {_named(said)} here",
                where=f"{first[0]}, {shard}",
                hint="a network could tell mixes from originals by that: give both one --canvas and --image-format",
            )


def _named(said: dict[str, Any]) -> str:
    return f"{said['format']} of {said['canvas']} pixels"
