"""The columns of a shard in plain words: what group each is of, its type, what it means, and what another lacks.

Reads footers only, of any schema version: also of one that this version cannot read the rows of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from medcutmix_cli.errors import RunError
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.run.column import ColumnGroup
from medcutmix_cli.run.columns import COLUMNS, SCHEMA_VERSION
from medcutmix_cli.run.shards import no_parquet, origin_of

_GROUPS = {column.name: column.group for column in COLUMNS}


@dataclass(frozen=True, slots=True)
class ColumnMeaning:
    """One column of a schema: its name, its type in plain words, what it means, and its group."""

    name: str
    type: str
    meaning: str
    group: ColumnGroup = ColumnGroup.OTHER


@dataclass(frozen=True, slots=True)
class SchemaView:
    """The columns of one shard, or of this version.

    Attributes:
        path: The shard; "" where this version's own schema is told.
        schema_version: Of the shard (of this version without one).
        this_version: What this medcutmix reads and writes.
        lacks: Columns of this version that the shard does not have.
        unknown: Columns of the shard that this version does not have.
        differs: Columns that both have with another type or meaning.
    """

    path: str
    schema_version: int
    this_version: int
    columns: tuple[ColumnMeaning, ...]
    lacks: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()

    @property
    def readable(self) -> bool:
        """Say whether this version reads the rows."""
        return self.schema_version == self.this_version and not self.lacks


def schema_view(path: str | Path | None = None) -> SchemaView:
    """Tell the columns of this version, or those of a shard with what differs.

    Args:
        path: A shard of any schema version, a run folder or a folder of shards (its first shard speaks for it);
            None for this version.

    Raises:
        RunError: There is no shard.
        ShardError: The file is no shard of medcutmix.
    """
    own = tuple(_meaning(c.name, c.type, c.meaning) for c in COLUMNS)
    if path is None:
        return SchemaView("", SCHEMA_VERSION, SCHEMA_VERSION, own)
    shard = _first_shard(Path(path))
    version, columns = _told(shard)
    known, theirs = {c.name: c for c in own}, {c.name: c for c in columns}
    return SchemaView(
        path=str(shard),
        schema_version=version,
        this_version=SCHEMA_VERSION,
        columns=columns,
        lacks=tuple(name for name in known if name not in theirs),
        unknown=tuple(name for name in theirs if name not in known),
        differs=tuple(name for name in known if name in theirs and known[name] != theirs[name]),
    )


def _first_shard(path: Path) -> Path:
    if path.is_file():
        return path
    found = sorted([*path.glob("part-*.parquet"), *path.glob("data/part-*.parquet")])
    if not found:
        hint = "leave the path out for the schema of this version"
        raise RunError("there is no shard here", where=str(path), hint=hint)
    return found[0]


def _told(shard: Path) -> tuple[int, tuple[ColumnMeaning, ...]]:
    try:
        schema = pq.read_schema(shard)
    except (OSError, pa.ArrowInvalid) as error:
        raise no_parquet(shard) from error
    origin = origin_of(schema.metadata, shard)
    columns = (_meaning(entry.name, entry.type, _said(entry)) for entry in schema)
    return int(origin.get("schema_version", 0)), tuple(columns)


def _said(entry: pa.Field) -> str:
    said: bytes = (entry.metadata or {}).get(b"meaning", b"")
    return said.decode()


def _meaning(name: str, kind: pa.DataType, meaning: str) -> ColumnMeaning:
    return ColumnMeaning(name, plain_type(kind), meaning, group_of(name))


def group_of(name: str) -> ColumnGroup:
    """Return the group of a column; `ColumnGroup.OTHER` where this version has no such column."""
    return _GROUPS.get(name, ColumnGroup.OTHER)


_WORDS = {"string": "text", "bool": "true or false", "binary": "bytes", "halffloat": "float16"}
_WORDS |= {"float": "float32", "double": "float64"}


def plain_type(kind: pa.DataType) -> str:
    """Return an Arrow type in plain words: "text", "list of float16", "struct of start int32, end int32"."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"list of {plain_type(kind.value_type)}"
    if pa.types.is_struct(kind):
        inner = (kind.field(number) for number in range(kind.num_fields))
        return "struct of " + ", ".join(f"{entry.name} {plain_type(entry.type)}" for entry in inner)
    return _WORDS.get(str(kind), str(kind))


def short_type(kind: str) -> str:
    """Return a type in plain words without the fields of its structs: "list of struct"."""
    before, struct, _ = kind.partition("struct of ")
    return f"{before}struct" if struct else kind


def brief(meaning: str) -> str:
    """Return a meaning without the names of the 14 observations, which are told once."""
    return meaning.replace(f" ({', '.join(CHEXPERT)})", "")


def twins(columns: Sequence[ColumnMeaning]) -> Iterator[tuple[ColumnMeaning, str]]:
    """Yield columns with the name of their twin, "" where there is none; a donor's twin is not told again."""
    names = {column.name for column in columns}
    for column in columns:
        stem, letter = column.name[:-2], column.name[-2:]
        paired = letter in ("_a", "_b") and {f"{stem}_a", f"{stem}_b"} <= names
        if not (paired and letter == "_b"):
            yield column, f"{stem}_b" if paired else ""
