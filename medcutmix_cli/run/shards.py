"""The shard schema with its version, and a writer that leaves a whole file or none. Knows no model.

A shard is one Parquet file. Its bytes depend on its rows and on `ShardOrigin` only: no time, host or uuid.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from medcutmix_cli.errors import ShardError
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.system.atomic_files import publish

SCHEMA_VERSION = 3
ROW_GROUP_ROWS = 32
"""Peak memory is one row group, about 3.3 times its bytes; readers want fewer than 100 rows of pictures."""

METADATA_KEY = b"medcutmix"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the schema: name, Arrow type and what it means (units, frame, order)."""

    name: str
    type: pa.DataType
    meaning: str


_LABELS = (
    f"14 values, CheXpert order ({', '.join(CHEXPERT)}): 1 present, 0 absent, -1 uncertain, NaN not said"
)
_PICTURE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
EDIT_TYPE = pa.struct(
    [
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("text", pa.string()),
        ("section", pa.string()),
        ("removed", pa.string()),
        ("source_start", pa.int32()),
        ("source_end", pa.int32()),
    ]
)
"""`records.Edit` as Arrow has it."""

ENTITY_TYPE = pa.struct(
    [
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("finding", pa.string()),
        ("assertion", pa.string()),
        ("side", pa.string()),
        ("section", pa.string()),
    ]
)
"""`records.Entity` as Arrow has it."""

_PLACEMENT = pa.struct(
    [
        (name, pa.int32())
        for name in ("source_height", "source_width", "canvas", "top", "left", "height", "width")
    ]
)


def _parent(letter: str, who: str) -> tuple[Column, ...]:
    return (
        Column(f"study_id_{letter}", pa.string(), f"study of the {who}"),
        Column(f"subject_id_{letter}", pa.string(), f"patient of the {who}"),
        Column(f"image_id_{letter}", pa.string(), f"picture of the {who} (dicom_id)"),
        Column(f"image_path_{letter}", pa.string(), "its path below the data set's root"),
        Column(f"view_{letter}", pa.string(), 'its ViewPosition, "" where unknown'),
        Column(f"report_{letter}", pa.string(), f"original report of the {who}"),
        Column(f"findings_{letter}", pa.string(), "its findings section, null where there is none"),
        Column(f"impression_{letter}", pa.string(), "its impression section, null where there is none"),
        Column(f"last_paragraph_{letter}", pa.string(), "its last paragraph, null where it has sections"),
        Column(f"comparison_{letter}", pa.string(), "its comparison section, null where there is none"),
        Column(f"indication_{letter}", pa.string(), "its indication section, null where there is none"),
        Column(f"prompted_{letter}", pa.bool_(), "its report was made from labels, for want of one"),
        Column(f"sentence_{letter}", pa.string(), 'the sentence the map was asked for, "" where none was'),
        Column(f"side_{letter}", pa.string(), "patient's side: left, right, bilateral, none"),
        Column(f"label_{letter}", pa.list_(pa.float32()), _LABELS),
        Column(
            f"map_{letter}", pa.list_(pa.float16()), "grid_h * grid_w raw scores, row by row, NaN outside"
        ),
        Column(f"mask_{letter}", pa.list_(pa.uint8()), "grid_h * grid_w, 1 = evidence"),
        Column(
            f"ground_p_{letter}",
            pa.float64(),
            "how often the map of a picture without the finding peaks as high, in (0, 1]; null without a gate",
        ),
        Column(f"placement_{letter}", _PLACEMENT, "where the original lies on the canvas, pixels, y down"),
    )


COLUMNS: tuple[Column, ...] = (
    Column("pair_id", pa.string(), "16 hex digits; a hash of what the pair is"),
    Column("image", _PICTURE, "mixed picture, 8-bit grey, canvas x canvas pixels: PNG, JPEG or WebP"),
    Column("report", pa.string(), "mixed report"),
    Column("findings", pa.string(), "its findings section, null where there is none"),
    Column("impression", pa.string(), "its impression section, null where there is none"),
    Column("last_paragraph", pa.string(), "its last paragraph, null where it has sections"),
    Column("comparison", pa.string(), "its comparison section, null where there is none"),
    Column("indication", pa.string(), "its indication section, null where there is none"),
    Column("impression_consistent", pa.bool_(), "its findings and impression say the same of every finding"),
    Column("entities", pa.list_(ENTITY_TYPE), "findings named in report[start:end]; offsets in code points"),
    Column("finding", pa.string(), 'lexicon id of what came in, "" where nothing did'),
    Column("finding_a", pa.string(), 'lexicon id of what left, "" where nothing did'),
    Column("split", pa.string(), "train, validate or test; both parents are of it"),
    Column("strategy", pa.string(), "name of the pairing strategy"),
    Column("image_mode", pa.string(), "attended, soft, keep, box or average"),
    Column("lam", pa.float64(), "the run's named weight: the recipient's share, in [0, 1]"),
    Column("lam_img_area", pa.float64(), "1 - mean pixel weight over the recipient's picture"),
    Column("lam_img_mass", pa.float64(), "mass_kept_a / (mass_kept_a + mass_got_b)"),
    Column("lam_img_transmix", pa.float64(), "share of the composed attention on the recipient's pixels"),
    Column("mass_kept_a", pa.float64(), "recipient's attention outside the paste"),
    Column("mass_got_b", pa.float64(), "donor's attention inside the paste"),
    Column("lam_txt_tokens", pa.float64(), "recipient's share of the mixed report's tokens"),
    Column("lam_txt_sents", pa.float64(), "recipient's share of its sentences"),
    Column("lam_txt_entities", pa.float64(), "recipient's share of its finding mentions"),
    Column("label_mixed", pa.list_(pa.float32()), f"what the mixed report says; {_LABELS}"),
    Column("label_given", pa.list_(pa.float32()), f"what the inserted sentences say; {_LABELS}"),
    Column("label_w", pa.list_(pa.float32()), "soft target in [0, 1] per observation, NaN not said"),
    Column("edits", pa.list_(EDIT_TYPE), "report_a[start:end] became text; offsets in code points"),
    Column("grid_h", pa.int16(), "rows of maps and masks; the grid covers the whole canvas"),
    Column("grid_w", pa.int16(), "columns of maps and masks"),
    Column("mask", pa.list_(pa.uint8()), "the pasted region, grid_h * grid_w"),
    Column("weights", pa.list_(pa.float16()), "donor weights on the grid, in [0, 1]"),
    Column("interpolation", pa.string(), "how weights are brought to pixels: bilinear or nearest"),
    Column("gain", pa.float32(), "intensity match of the donor: gain * x + offset"),
    Column("offset", pa.float32(), "see gain; grey levels"),
    Column("shift_y", pa.int32(), "canvas pixels that the donor was moved down before it was pasted"),
    Column("shift_x", pa.int32(), "canvas pixels that the donor was moved to the right"),
    Column("attmim_rank", pa.list_(pa.uint16()), "rank of each cell by the mix's own energy, 0 = strongest"),
    Column(
        "features", pa.list_(pa.float16()), "mixed patch features, grid_h * grid_w * feature_dim, or null"
    ),
    Column("feature_dim", pa.int16(), "length of one cell's feature, null without features"),
    *_parent("a", "recipient"),
    *_parent("b", "donor"),
)


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
    if kind.equals(_PICTURE):
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


_COMPRESSION = {"image.bytes": "none", "image.path": "none"}
_NOT_IN_A_DICTIONARY = {"image", "report", "findings", "impression", "map", "weights"}


def _leaves(schema: pa.Schema) -> list[str]:
    """Return the Parquet path of every leaf column."""
    return [path for entry in schema for path in _leaf_paths(entry.name, entry.type)]


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
        return write_rows(temporary, rows, origin)


def write_rows(path: Path, rows: Iterable[Row], origin: ShardOrigin) -> int:
    """Write rows as `write_shard` does, to a file that is put in place by whoever asked for it."""
    schema = arrow_schema(origin)
    written = 0
    with _writer(path, schema) as writer:
        for group in _grouped(rows, ROW_GROUP_ROWS):
            writer.write_table(pa.Table.from_pylist(group, schema=schema), row_group_size=ROW_GROUP_ROWS)
            written += len(group)
    return written


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    leaves = _leaves(schema)
    return pq.ParquetWriter(
        path,
        schema,
        compression={leaf: _COMPRESSION.get(leaf, "zstd") for leaf in leaves},
        use_dictionary=[leaf for leaf in leaves if leaf.split(".")[0] not in _NOT_IN_A_DICTIONARY],
        write_page_checksum=True,
        write_statistics=["pair_id", "finding", "split", "study_id_a", "study_id_b"],
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


def read_head(path: Path) -> ShardHead:
    """Read a shard's footer and check that it is one of ours.

    Raises:
        ShardError: No Parquet file, or not written by medcutmix, or of another schema version.
    """
    try:
        footer = pq.read_metadata(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise ShardError("this is no readable Parquet file", where=str(path)) from error
    said = (footer.metadata or {}).get(METADATA_KEY)
    if said is None:
        raise ShardError("this Parquet file was not written by medcutmix", where=str(path))
    origin: dict[str, Any] = json.loads(said)
    _check_version(origin, path)
    names = tuple(footer.schema.to_arrow_schema().names)
    return ShardHead(path, footer.num_rows, footer.num_row_groups, names, origin)


def _check_version(origin: dict[str, Any], path: Path) -> None:
    version = origin.get("schema_version")
    if version != SCHEMA_VERSION:
        raise ShardError(
            f"shard schema {version}, but this medcutmix reads schema {SCHEMA_VERSION}",
            where=str(path),
            hint="read it with the version that wrote it, or render it again",
        )


def read_rows(path: Path, columns: Sequence[str] | None = None) -> Iterator[Row]:
    """Yield the rows of a shard in order, one row group in memory; page checksums are verified.

    Raises:
        ShardError: A page is damaged.
    """
    read_head(path)
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for group in range(file.num_row_groups):
                yield from file.read_row_group(group, columns=columns).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise ShardError("a page of this shard is damaged", where=str(path)) from error


def sha256(path: Path) -> str:
    """Hash a file, 64 hex digits."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
