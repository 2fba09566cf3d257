"""Pictures that are no files of their own: a part of a tar or Arrow file, a cell of a Parquet table.

Such a picture has a path all the same, which names the file and the place in it: `a.tar#1536+20480` is 20,480 bytes
from byte 1,536 on (of its content, where it is gzipped), `a.parquet#image:17` the cell of column `image` in row 17,
counted from 0. Whoever opens a picture comes through here.
"""

from __future__ import annotations

import errno
import re
import zlib
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote, unquote

from medcutmix_cli.images.gzip_places import read_gzipped

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_RANGE = re.compile(r"(?P<file>.+\.(?:tar|tar\.gz|tgz|arrow))#(?P<offset>\d+)\+(?P<length>\d+)")
_CELL = re.compile(r"(?P<file>.+\.parquet)#(?P<column>[^/:#]+):(?P<row>\d+)")

_MOST_KEPT = 1 << 27
"""Bytes of a row group of pictures that are held in memory; of a larger one each picture is read by itself."""

_GROUPS_KEPT = 4
_LOCKS = tuple(Lock() for _ in range(16))


def range_part(offset: int, length: int) -> str:
    """Return the place of a picture that is a run of bytes, to be put behind the file's name."""
    return f"#{offset}+{length}"


def cell_part(column: str, row: int) -> str:
    """Return the place of a picture that is a cell; rows are counted from 0."""
    return f"#{quote(column, safe='')}:{row}"


def file_of(path: Path) -> Path:
    """Return the file on disk in which a picture lies: itself, where it is a file of its own."""
    found = _match(path)
    return Path(found["file"]) if found else path


def open_picture(path: Path, buffering: int = -1) -> BinaryIO:
    """Open a picture for reading, from wherever its bytes are.

    Args:
        path: A file, or the path of a part.
        buffering: As `open` takes it; only of files.

    Raises:
        FileNotFoundError: There is no such file, or no picture at that place of it.
        OSError: Anything else that the storage says.
    """
    found = _match(path)
    if found is None:
        return path.open("rb", buffering=buffering)
    if found.re is _RANGE:
        return BytesIO(_bytes_at(Path(found["file"]), int(found["offset"]), int(found["length"])))
    return BytesIO(_cell(Path(found["file"]), unquote(found["column"]), int(found["row"])))


def size_of(path: Path) -> int:
    """Return how many bytes a picture has."""
    if _match(path) is None:
        return path.stat().st_size
    with open_picture(path) as content:
        return content.seek(0, 2)


def _match(path: Path) -> re.Match[str] | None:
    text = str(path)
    return (_RANGE.fullmatch(text) or _CELL.fullmatch(text)) if "#" in text else None


def _bytes_at(file: Path, offset: int, length: int) -> bytes:
    if file.suffix in (".gz", ".tgz"):
        return _unpacked(file, offset, length)
    with file.open("rb", buffering=0) as whole:
        whole.seek(offset)
        return whole.read(length)


def _unpacked(file: Path, offset: int, length: int) -> bytes:
    try:
        return read_gzipped(file, offset, length)
    except zlib.error as error:
        raise OSError(errno.EIO, "the gzipped file is damaged", str(file)) from error


@dataclass(frozen=True, slots=True)
class _PictureTable:
    """A Parquet file as it was written last: what is kept of it counts for no later one."""

    file: Path
    written: int

    def open(self) -> pq.ParquetFile:
        import pyarrow.parquet as parquet

        return parquet.ParquetFile(self.file)


def _cell(file: Path, column: str, row: int) -> bytes:
    """Return the bytes of one cell; the row group they lie in stays in memory for its neighbours."""
    from pyarrow import ArrowException

    table = _PictureTable(file, file.stat().st_mtime_ns)
    try:
        found = _picture_bytes(_value(table, column, row))
    except (LookupError, ArrowException) as error:
        raise FileNotFoundError(errno.ENOENT, "no such picture", str(file)) from error
    if not found:
        raise FileNotFoundError(errno.ENOENT, "no such picture", str(file))
    return found


def _value(table: _PictureTable, column: str, row: int) -> Any:
    starts = _starts(table)
    if row >= starts[-1]:
        raise LookupError(row)
    group = bisect_right(starts, row) - 1
    if _group_bytes(table, column, group) > _MOST_KEPT:
        return _alone(table, column, group, row - starts[group])
    with _LOCKS[group % len(_LOCKS)]:
        values = _group(table, column, group)
    return values[row - starts[group]]


@lru_cache(maxsize=1024)
def _starts(table: _PictureTable) -> tuple[int, ...]:
    """Return the first row of each row group, and the number of rows."""
    with table.open() as file:
        groups = (file.metadata.row_group(k).num_rows for k in range(file.num_row_groups))
        return tuple(accumulate(groups, initial=0))


@lru_cache(maxsize=4096)
def _group_bytes(table: _PictureTable, column: str, group: int) -> int:
    with table.open() as file:
        chunks = file.metadata.row_group(group)
        leaves = (chunks.column(k) for k in range(chunks.num_columns))
        own = (leaf for leaf in leaves if leaf.path_in_schema.split(".")[0] == column)
        return sum(leaf.total_uncompressed_size for leaf in own)


@lru_cache(maxsize=_GROUPS_KEPT)
def _group(table: _PictureTable, column: str, group: int) -> Any:
    with table.open() as file:
        return file.read_row_group(group, columns=[column]).column(0)


def _alone(table: _PictureTable, column: str, group: int, within: int) -> Any:
    """Read one cell of a large row group, a few rows at a time."""
    with table.open() as file:
        for batch in file.iter_batches(batch_size=8, row_groups=[group], columns=[column]):
            if within < batch.num_rows:
                return batch.column(0)[within]
            within -= batch.num_rows
    raise LookupError(within)


def _picture_bytes(scalar: Any) -> bytes:
    value = scalar.as_py()
    return (value.get("bytes") if isinstance(value, dict) else value) or b""
