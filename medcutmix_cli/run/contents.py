"""Where the rows of a path lie: in a run folder, a folder of shards or a lone shard. Reads footers and columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from medcutmix_cli.errors import RunError
from medcutmix_cli.run.columns import COLUMNS
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import RunRecord, read_run
from medcutmix_cli.run.shards import METADATA_KEY, ShardHead, no_parquet, page_damage, read_head
from medcutmix_cli.system.arrow_errors import ARROW_ERRORS
from medcutmix_cli.system.near_paths import near_path


@dataclass(frozen=True, slots=True)
class Contents:
    """Where the rows of a path are.

    Attributes:
        heads: The footer of each shard, in order.
        record: run.json, None where the shards lie without their run.
    """

    path: Path
    kind: str
    heads: tuple[ShardHead, ...]
    record: RunRecord | None

    @property
    def rows(self) -> int:
        """Rows of all shards."""
        return sum(head.rows for head in self.heads)


def open_contents(path: str | Path) -> Contents:
    """Find the shards at a path and read their footers.

    Raises:
        RunError: There is neither run nor shard.
    """
    root = Path(path)
    if root.is_file():
        return Contents(root, "shard", (read_head(root),), _run_around(root))
    if not root.exists():
        raise RunError(
            "there is no such file or folder",
            where=str(path),
            hint=near_path(root) or "is the path right? a run folder, or a shard in RUN/data",
        )
    folder = RunFolder(root)
    shards = [] if folder.is_run() else [path for path in sorted(root.glob("*.parquet")) if _is_shard(path)]
    if shards:
        return Contents(root, "shards", tuple(read_head(s) for s in shards), _run_around(shards[0]))
    record = read_run(folder)
    complete = (folder.shard_file(k) for k in range(len(record.shards)) if folder.state_file(k).is_file())
    return Contents(root, "run", tuple(read_head(shard) for shard in complete), record)


def _is_shard(path: Path) -> bool:
    """Say whether a file is one of ours, by its name or, where somebody renamed it, by its footer."""
    if re.fullmatch(r"part-\d+", path.stem):
        return True
    try:
        return METADATA_KEY in (pq.read_metadata(path).metadata or {})
    except ARROW_ERRORS as error:
        raise no_parquet(path) from error


def read_columns(contents: Contents, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Return some columns of all rows, in order."""
    rows: list[dict[str, Any]] = read_table(contents.heads, columns).to_pylist()
    return rows


def _run_around(shard: Path) -> RunRecord | None:
    """Return the run a shard lies in, None where it was taken out of it."""
    folder = RunFolder(shard.absolute().parent.parent)
    inside = shard.absolute().parent.name == "data" and folder.is_run()
    record = read_run(folder) if inside else None
    same = record and record.fingerprint == read_head(shard).origin.get("fingerprint")
    return record if same else None


def read_table(heads: Sequence[ShardHead], columns: Sequence[str]) -> pa.Table:
    """Return some columns of all rows of some shards, in order.

    Raises:
        ShardError: A page is damaged.
    """
    wanted = pa.schema([pa.field(c.name, c.type) for c in COLUMNS if c.name in columns])
    tables = [wanted.empty_table()]
    for head in heads:
        try:
            with pq.ParquetFile(head.path, page_checksum_verification=True) as file:
                table = file.read(list(columns))
        except ARROW_ERRORS as error:
            raise page_damage(head.path) from error
        tables.append(table.select(wanted.names).replace_schema_metadata(None).cast(wanted))
    return pa.concat_tables(tables)
