"""Files of global embeddings, one vector a picture: Parquet (what `medcutmix embed` writes) or NPZ from elsewhere.

Both hold `image_id` (text) and `embedding` (vectors of one length). Knows no encoder and no pairing.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from medcutmix_cli.errors import UsageError
from medcutmix_cli.system.atomic_files import publish

Vectors = npt.NDArray[np.float32]

_MADE = "make one with: medcutmix embed DATASET FILE"
_HINT = "columns image_id (text) and embedding (vectors of one length), as `medcutmix embed` writes them"


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """One unit vector a picture.

    Attributes:
        row_of: image_id -> row of `vectors`.
        vectors: (pictures, d) float32, each of length 1, so that a product is a cosine.
    """

    row_of: Mapping[str, int]
    vectors: Vectors


def write_embeddings(
    path: Path, image_ids: Sequence[str], vectors: Vectors, metadata: Mapping[str, str]
) -> None:
    """Write embeddings to Parquet; whole or not at all.

    Args:
        path: A file; replaced if it is there.
        image_ids: In the order of `vectors`.
        vectors: (pictures, d) float32.
        metadata: Who made them; nothing of a report.
    """
    kind = pa.list_(pa.float32(), vectors.shape[1])
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel(), pa.float32()), type=kind)
    table = pa.table({"image_id": pa.array(list(image_ids), pa.string()), "embedding": column})
    with publish(path) as temporary:
        pq.write_table(table.replace_schema_metadata(dict(metadata)), temporary, compression="zstd")


def read_embeddings(path: Path) -> Embeddings:
    """Read a `.npz` or a Parquet file.

    Raises:
        UsageError: It cannot be read, has no such columns, names a picture twice or holds a vector without length.
    """
    try:
        if not path.exists():
            raise UsageError("the file of embeddings does not exist", where=str(path), hint=_MADE)
        image_ids, vectors = _npz(path) if path.suffix == ".npz" else _parquet(path)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException, zipfile.BadZipFile) as error:
        raise UsageError("the embeddings cannot be read", where=str(path), hint=_HINT) from error
    return _checked(image_ids, vectors, path)


def _npz(path: Path) -> tuple[list[str], Vectors]:
    with np.load(path, allow_pickle=False) as arrays:
        return [str(name) for name in arrays["image_id"]], np.asarray(arrays["embedding"], np.float32)


def _parquet(path: Path) -> tuple[list[str], Vectors]:
    with pq.ParquetFile(path) as file:
        table = file.read(["image_id", "embedding"]).combine_chunks()
    image_ids = [str(name) for name in table["image_id"].to_pylist()]
    column = table["embedding"].combine_chunks()
    lengths = column.value_lengths() if not pa.types.is_fixed_size_list(column.type) else None
    if column.null_count or (lengths is not None and len(lengths.unique()) > 1):
        raise ValueError("not one vector of one length a picture")
    values = column.flatten().to_numpy(zero_copy_only=False)
    return image_ids, np.asarray(values, np.float32).reshape(len(image_ids), -1)


def _checked(image_ids: list[str], vectors: Vectors, path: Path) -> Embeddings:
    row_of = {image_id: row for row, image_id in enumerate(image_ids)}
    if vectors.ndim != 2 or len(vectors) != len(image_ids):
        raise UsageError("the embeddings are not one vector a picture", where=str(path), hint=_HINT)
    if len(row_of) < len(image_ids):
        raise UsageError("the embeddings name a picture twice", where=str(path), hint="leave one of them")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not (np.isfinite(lengths) & (lengths > 0)).all():
        raise UsageError(
            "an embedding is zero or not a number",
            where=str(path),
            hint="leave such pictures out of the file",
        )
    return Embeddings(row_of, vectors / lengths)
