"""The shard schema, and a writer that leaves a whole file or none. Knows no model.

A shard is one Parquet file. Its bytes depend on its rows and on `ShardOrigin` only: no time, host or uuid.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from medcutmix_cli.errors import ShardError
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.run.column import Column
from medcutmix_cli.run.columns import COLUMNS, PICTURE, SCHEMA_VERSION
from medcutmix_cli.system.arrow_errors import ARROW_ERRORS
from medcutmix_cli.system.atomic_files import publish

ROW_GROUP_ROWS = 32
"""Peak memory is one row group, about 3.3 times its bytes; readers want fewer than 100 rows of pictures."""

METADATA_KEY = b"medcutmix"

Row = dict[str, Any]


AS_IT_IS = "study as it is"
"""What is said of a row in which nothing is mixed."""


UNMIXED = {"image_mode": "keep", "finding": "", "finding_a": ""}
"""What a row says that is a study as it is, which no finding came into or left (see `planning.originals`)."""


def is_unmixed(row: Mapping[str, Any]) -> bool:
    """Say whether a row is a study as it is."""
    return all(row[name] == said for name, said in UNMIXED.items())


def gives_nothing(pair: object) -> bool:
    """Say whether a pair, or a view of one, is its recipient as it is, whose donor is there in name only.

    Args:
        pair: Has the names of `UNMIXED` as attributes.
    """
    return is_unmixed({name: getattr(pair, name) for name in UNMIXED})


def unmixed_rows(rows: pa.Table) -> pa.ChunkedArray:
    """Say of each row of a table whether it is a study as it is."""
    kept, came, left = (pc.equal(rows[name], said) for name, said in UNMIXED.items())
    return pc.and_(kept, pc.and_(came, left))


def count_unmixed(rows: pa.Table) -> int:
    """Count the rows of a table that are studies as they are."""
    return pc.sum(unmixed_rows(rows)).as_py() or 0


@dataclass(frozen=True, slots=True)
class WrittenCount:
    """How many rows were written, and how many of them are studies as they are."""

    rows: int = 0
    unmixed: int = 0

    def plus(self, group: Iterable[Row]) -> WrittenCount:
        """Count further rows."""
        unmixed = [is_unmixed(row) for row in group]
        return WrittenCount(self.rows + len(unmixed), self.unmixed + sum(unmixed))


@dataclass(frozen=True, slots=True)
class ShardOrigin:
    """What is said once for a whole shard, in its metadata.

    Attributes:
        fingerprint: Of the run: settings, sources and weights.
        encoder: `EncoderCard` as a dict.
        settings: The semantic settings.
        terms: One sentence on the terms the rows are under.
        synthetic: Whether the source is procedural, with no patient in it.
    """

    fingerprint: str
    encoder: dict[str, Any]
    settings: dict[str, Any]
    terms: str
    synthetic: bool


def _feature(kind: pa.DataType) -> Any:
    """Translate one Arrow type to the Hugging Face features JSON (`datasets` 2 to 5 read this form)."""
    if pa.types.is_list(kind):
        return [_feature(kind.value_type)]
    if kind.equals(PICTURE):
        return {"_type": "Image"}
    if pa.types.is_struct(kind):
        return {kind.field(i).name: _feature(kind.field(i).type) for i in range(kind.num_fields)}
    names = {"double": "float64", "float": "float32", "halffloat": "float16"}
    return {"dtype": names.get(str(kind), str(kind)), "_type": "Value"}


def arrow_schema(origin: ShardOrigin) -> pa.Schema:
    """Return the schema with its metadata; the key `huggingface` makes `load_dataset` return PIL pictures."""
    fields = [pa.field(c.name, c.type, metadata={"meaning": c.meaning}) for c in COLUMNS]
    features = {c.name: _feature(c.type) for c in COLUMNS}
    said = {"schema_version": SCHEMA_VERSION, "label_order": list(CHEXPERT), **asdict(origin)}
    metadata = {
        METADATA_KEY: json.dumps(said, sort_keys=True).encode(),
        b"huggingface": json.dumps({"info": {"features": features}}).encode(),
    }
    return pa.schema(fields, metadata=metadata)


def _leaves(columns: Iterable[Column[Any]]) -> list[str]:
    """Return the Parquet path of every leaf of some columns."""
    return [path for column in columns for path in _leaf_paths(column.name, column.type)]


def _leaf_paths(path: str, kind: pa.DataType) -> list[str]:
    if pa.types.is_list(kind):
        return _leaf_paths(f"{path}.list.element", kind.value_type)
    if pa.types.is_struct(kind):
        inner = [kind.field(i) for i in range(kind.num_fields)]
        return [leaf for entry in inner for leaf in _leaf_paths(f"{path}.{entry.name}", entry.type)]
    return [path]


def write_shard(target: Path, rows: Iterable[Row], origin: ShardOrigin) -> int:
    """Write rows as they come, at most one row group in memory; the file appears whole or not at all.

    Returns:
        How many rows were written.
    """
    with publish(target) as temporary:
        return write_rows(temporary, rows, origin).rows


def write_rows(path: Path, rows: Iterable[Row], origin: ShardOrigin) -> WrittenCount:
    """Write rows as `write_shard` does, to a file that is put in place by whoever asked for it."""
    schema = arrow_schema(origin)
    written = WrittenCount()
    with _writer(path, schema) as writer:
        for group in _grouped(rows, ROW_GROUP_ROWS):
            writer.write_table(pa.Table.from_pylist(group, schema=schema), row_group_size=ROW_GROUP_ROWS)
            written = written.plus(group)
    return written


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        path,
        schema,
        compression={leaf: column.compression for column in COLUMNS for leaf in _leaves([column])},
        use_dictionary=_leaves(column for column in COLUMNS if column.dictionary),
        write_page_checksum=True,
        write_statistics=_leaves(column for column in COLUMNS if column.statistics),
        store_schema=True,
    )


def _grouped(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    group: list[Row] = []
    for row in rows:
        group.append(row)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


@dataclass(frozen=True, slots=True)
class ShardHead:
    """What the footer of a shard says."""

    path: Path
    rows: int
    row_groups: int
    columns: tuple[str, ...]
    origin: dict[str, Any]


def read_head(path: str | Path) -> ShardHead:
    """Read a shard's footer and check that it is one of ours.

    Raises:
        ShardError: Gone, no Parquet file, not written by medcutmix, or of another schema version.
    """
    path = Path(path)
    if not path.exists():
        hint = "was it moved or renamed? put it back, or name the folder where the shards lie"
        raise ShardError("this shard is gone", where=str(path), hint=hint)
    try:
        footer = pq.read_metadata(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise no_parquet(path) from error
    origin = origin_of(footer.metadata, path)
    _check_version(origin, path)
    names = tuple(footer.schema.to_arrow_schema().names)
    return ShardHead(path, footer.num_rows, footer.num_row_groups, names, origin)


def origin_of(metadata: Mapping[bytes, bytes] | None, path: Path) -> dict[str, Any]:
    """Return what the key-value metadata of a shard says of where it comes from.

    Raises:
        ShardError: The file was not written by medcutmix.
    """
    said = (metadata or {}).get(METADATA_KEY)
    if said is None:
        what, hint = "this Parquet file was not written by medcutmix", f"name a shard of a run: {_SHARD}"
        raise ShardError(what, where=str(path), hint=hint)
    origin: dict[str, Any] = json.loads(said)
    return origin


_SHARD = "RUN/data/part-00000.parquet"


def no_parquet(path: Path) -> ShardError:
    """Return the error of a file that is no Parquet file, or is not whole."""
    hint = f"name a shard of a run, and a whole one: {_SHARD}"
    return ShardError("this is no readable Parquet file", where=str(path), hint=hint)


def page_damage(path: Path) -> ShardError:
    """Return the error of a shard of which a page cannot be read."""
    hint = "medcutmix verify RUN names it; remove its files, and `render` makes it again"
    return ShardError("a page of this shard is damaged", where=str(path), hint=hint)


def _check_version(origin: dict[str, Any], path: Path) -> None:
    version = origin.get("schema_version")
    if version != SCHEMA_VERSION:
        raise ShardError(
            f"shard schema {version}, but this medcutmix reads schema {SCHEMA_VERSION}",
            where=str(path),
            hint="read it with the version that wrote it, or render it again",
        )


def read_rows(path: str | Path, columns: Sequence[str] | None = None) -> Iterator[Row]:
    """Yield the rows of a shard in order, one row group in memory; page checksums are verified.

    Raises:
        ShardError: Gone, no shard of this version, or a page of it is damaged.
    """
    path = read_head(path).path
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for group in range(file.num_row_groups):
                yield from file.read_row_group(group, columns=columns).to_pylist()
    except ARROW_ERRORS as error:
        raise page_damage(path) from error
