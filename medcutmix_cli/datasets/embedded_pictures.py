"""Pictures that a table holds itself: which columns do, and where each picture lies. Reads no pixel.

As Hugging Face writes them: a struct of `bytes` and `path`, or plain bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from medcutmix_cli.images.picture_parts import cell_part


@dataclass(frozen=True, slots=True)
class EmbeddedPicture:
    """A picture inside of a file.

    Attributes:
        part: Where it is, behind the file's name (see `images.picture_parts`).
        name: What the table calls it, "" where it has no name.
    """

    part: str
    name: str = ""


PictureCell = EmbeddedPicture | str | None
"""A picture that is there, the path of one that is not, or nothing."""


def is_bytes(kind: pa.DataType) -> bool:
    """Tell whether a column's type is raw bytes."""
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind))


def is_picture_type(kind: pa.DataType) -> bool:
    """Tell whether a column's type is one in which pictures are embedded."""
    if not pa.types.is_struct(kind):
        return is_bytes(kind)
    names = {kind.field(k).name for k in range(kind.num_fields)}
    return "bytes" in names and names <= {"bytes", "path"} and is_bytes(kind.field("bytes").type)


def read_embedded(file: pq.ParquetFile, column: str) -> list[PictureCell]:
    """Return what each row of a column of pictures holds. The pictures themselves are not read.

    Raises:
        ArrowException: The file is damaged.
    """
    kind = file.schema_arrow.field(column).type
    struct = pa.types.is_struct(kind)
    named = struct and kind.get_field_index("path") >= 0
    names = _names(file, column) if named else [""] * file.metadata.num_rows
    there = _there(file, f"{column}.bytes" if struct else column)
    return [
        EmbeddedPicture(cell_part(column, row), name) if full else name or None
        for row, (full, name) in enumerate(zip(there, names, strict=True))
    ]


def _names(file: pq.ParquetFile, column: str) -> list[str]:
    cells = file.read(columns=[f"{column}.path"]).column(0).to_pylist()
    return [(cell or {}).get("path") or "" for cell in cells]


def _there(file: pq.ParquetFile, leaf: str) -> Iterator[bool]:
    """Tell of each row whether it holds bytes: by the counts of a row group, where they tell it of all its rows."""
    for group in range(file.num_row_groups):
        chunks = file.metadata.row_group(group)
        own = next(
            chunks.column(k) for k in range(chunks.num_columns) if chunks.column(k).path_in_schema == leaf
        )
        nulls = own.statistics.null_count if own.statistics and own.statistics.has_null_count else None
        if nulls in (0, chunks.num_rows):
            yield from [nulls == 0] * chunks.num_rows
        else:
            yield from _looked_at(file, group, leaf)


def _looked_at(file: pq.ParquetFile, group: int, leaf: str) -> Iterator[bool]:
    for batch in file.iter_batches(batch_size=64, row_groups=[group], columns=[leaf]):
        cells = batch.column(0)
        inner = cells.flatten()[0] if pa.types.is_struct(cells.type) else cells
        yield from inner.is_valid().to_pylist()
