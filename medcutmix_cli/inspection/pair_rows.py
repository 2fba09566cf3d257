"""Rows of shards by their position, with the row group read last kept: who wants the next row asks for the same one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from medcutmix_cli.errors import ShardError
from medcutmix_cli.run.columns import COLUMNS
from medcutmix_cli.run.shards import page_damage
from medcutmix_cli.system.arrow_errors import ARROW_ERRORS


class PairRows:
    """Reads rows; holds one row group at most.

    Args:
        picture: Whether to read the mixed pictures too.
    """

    def __init__(self, *, picture: bool) -> None:
        self._columns = [column.name for column in COLUMNS if picture or column.name != "image"]
        self._shard: Path | None = None
        self._start = 0
        self._group: pa.Table | None = None

    def row(self, shard: Path, at: int) -> dict[str, Any]:
        """Return the row at a position in a shard.

        Raises:
            ShardError: The shard is damaged.
        """
        if self._group is None or shard != self._shard or not 0 <= at - self._start < self._group.num_rows:
            self._group, self._start = self._read_group(shard, at)
            self._shard = shard
        found: dict[str, Any] = self._group.slice(at - self._start, 1).to_pylist()[0]
        return found

    def _read_group(self, shard: Path, at: int) -> tuple[pa.Table, int]:
        """Return the row group that holds a position, and the position of its first row."""
        try:
            with pq.ParquetFile(shard, page_checksum_verification=True) as file:
                start = 0
                for group in range(file.num_row_groups):
                    end = start + file.metadata.row_group(group).num_rows
                    if at < end:
                        return file.read_row_group(group, columns=self._columns), start
                    start = end
        except ARROW_ERRORS as error:
            raise page_damage(shard) from error
        raise ShardError(
            "the shard is shorter than its footer says",
            where=str(shard),
            hint="medcutmix verify RUN names it; remove its files, and `render` makes it again",
        )
