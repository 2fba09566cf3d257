"""A Hugging Face data set on disk, without `datasets`: what `save_to_disk` wrote, or the Parquet files of a hub copy.

`save_to_disk` writes `dataset_info.json`, `state.json` and Arrow streams, in a folder for each split where there are
several (`dataset_dict.json`). A copy from the hub holds `data/train-00000-of-00002.parquet`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from medcutmix_cli.datasets.class_labels import class_names, with_class_names
from medcutmix_cli.datasets.embedded_pictures import EmbeddedPicture, PictureCell, is_picture_type
from medcutmix_cli.datasets.manifest import TableSource, table_sha256
from medcutmix_cli.datasets.row_source import FileSource, Row, RowSource
from medcutmix_cli.datasets.split_names import split_named
from medcutmix_cli.datasets.table_dataset import TableDataset
from medcutmix_cli.datasets.tables import fingerprint
from medcutmix_cli.errors import DatasetError, cause
from medcutmix_cli.images.picture_parts import range_part
from medcutmix_cli.system.arrow_errors import ARROW_ERRORS
from medcutmix_cli.system.regular_files import check_regular, read_regular

_DICT, _INFO, _STATE = "dataset_dict.json", "dataset_info.json", "state.json"
_MOST_BYTES = 1 << 24  # of a list of files


@dataclass(frozen=True, slots=True)
class HuggingFace(TableDataset):
    """A folder that `save_to_disk` wrote, or one of Parquet files named after their splits.

    Columns are found and mapped as those of a table. The split is that of the folder or file.
    """

    kind: ClassVar[str] = "hugging-face"
    looks_for: ClassVar[str] = f"{_DICT}, {_INFO} with {_STATE}, or data/train-*.parquet"

    @classmethod
    def recognises(cls, root: Path) -> bool:
        """Tell whether `root` has the files of `save_to_disk`, or Parquet files of splits."""
        saved = (root / _DICT).is_file() or ((root / _INFO).is_file() and (root / _STATE).is_file())
        return saved or any(split_named(path.name) for path in _parquet_files(root))

    def sources(self) -> Sequence[RowSource]:
        """Return the files, in the order of their names.

        Raises:
            DatasetError: There is none, or a list of them is damaged.
        """
        saved = [source for folder in self._saved() for source in _arrow_files(folder, self.root)]
        tables = [] if saved else _parquet_files(self.root)
        found: list[RowSource] = [
            *saved,
            *(TableSource(path, self.root, _known(split_named(path.name))) for path in tables),
        ]
        if not found:
            raise DatasetError(
                "the data set has no file", where=str(self.root), hint=f"looked for {self.looks_for}"
            )
        return found

    def provenance(self) -> dict[str, str | int]:
        """Return sizes of all files and sha256 of what describes them."""
        told: dict[str, str | int] = {"kind": self.kind}
        for folder in self._saved():
            name = (folder / _STATE).relative_to(self.root).as_posix()
            told[f"{name}:sha256"] = fingerprint(folder / _STATE)
        for source in self.sources():
            path = self.root / source.name
            told[f"{source.name}:bytes"] = path.stat().st_size
            if path.suffix == ".parquet":
                told[f"{source.name}:sha256"] = table_sha256(path)
        return told

    def _saved(self) -> list[Path]:
        if (self.root / _DICT).is_file():
            names = _json(self.root / _DICT).get("splits", [])
            return [self.root / str(name) for name in names]
        return [self.root] if (self.root / _STATE).is_file() else []


def _parquet_files(root: Path) -> list[Path]:
    return sorted(path for folder in (root, root / "data") for path in folder.glob("*.parquet"))


def _arrow_files(folder: Path, root: Path) -> list[ArrowSource]:
    state = _json(folder / _STATE)
    split = split_named(folder.name if folder != root else str(state.get("_split") or ""))
    names = [str(entry.get("filename", "")) for entry in state.get("_data_files", [])]
    return [ArrowSource(folder / name, root, _known(split)) for name in names]


def _known(split: str) -> dict[str, str]:
    return {"split": split} if split else {}


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(read_regular(path, _MOST_BYTES))
    except (OSError, ValueError) as error:
        what = f"the file cannot be read ({cause(error)})"
        raise DatasetError(what, where=str(path), hint="save the data set again") from error
    if not isinstance(found, dict):
        raise DatasetError("the file is no JSON object", where=str(path), hint="save the data set again")
    return found


@dataclass(frozen=True)
class ArrowSource(FileSource):
    """One Arrow stream as rows; its pictures are found by their bytes' places and not read."""

    @property
    def columns(self) -> list[str]:
        """The columns of the stream."""
        return list(self._schema.names)

    @property
    def pictures(self) -> frozenset[str]:
        """Columns whose pictures lie in the stream."""
        return frozenset(entry.name for entry in self._schema if is_picture_type(entry.type))

    @cached_property
    def _schema(self) -> pa.Schema:
        try:
            check_regular(self.path)
            with pa.memory_map(str(self.path)) as mapped, pa.ipc.open_stream(mapped) as reader:
                return reader.schema
        except ARROW_ERRORS as error:
            raise _damaged(self.path, error) from error

    def rows(self, columns: list[str]) -> Iterator[tuple[int, Row]]:
        """Yield the rows (see `RowSource`)."""
        try:
            yield from enumerate(self._rows(columns), start=1)
        except ARROW_ERRORS as error:
            raise _damaged(self.path, error) from error

    def _rows(self, columns: list[str]) -> Iterator[Row]:
        pictures = [name for name in columns if name in self.pictures]
        others = [name for name in columns if name in self.columns and name not in pictures]
        empty, names = dict.fromkeys(columns), class_names(self._schema)
        with pa.memory_map(str(self.path)) as mapped:
            start = mapped.read_buffer().address
            mapped.seek(0)
            with pa.ipc.open_stream(mapped) as reader:
                for batch in reader:
                    found = {name: _places(batch.column(name), start, mapped.size()) for name in pictures}
                    for at, row in enumerate(batch.select(others).to_pylist() or [{}] * batch.num_rows):
                        plain = with_class_names(row, names, self.name)
                        yield {**empty, **plain, **{name: cells[at] for name, cells in found.items()}}


def _places(array: pa.Array, start: int, size: int) -> list[PictureCell]:
    """Return what each cell of a column of pictures holds, by where its bytes are in a file of `size` at `start`."""
    struct = pa.types.is_struct(array.type)
    inner = dict(zip((entry.name for entry in array.type), array.flatten(), strict=True)) if struct else {}
    content = inner.get("bytes", array)
    names = inner["path"].to_pylist() if "path" in inner else [None] * len(array)
    valid = content.is_valid().to_pylist()
    ends, begin = _ends(content, start)
    if len(ends) and any(valid) and not 0 <= begin <= begin + int(ends[-1]) <= size:
        raise pa.ArrowInvalid("the stream is compressed")
    return [
        EmbeddedPicture(range_part(begin + int(a), int(b - a)), name or "") if there else name or None
        for a, b, there, name in zip(ends[:-1], ends[1:], valid, names, strict=True)
    ]


def _ends(content: pa.Array, start: int) -> tuple[np.ndarray[Any, Any], int]:
    """Return where cells begin and end (cells + 1 numbers), and the place in the file they are counted from."""
    _, offsets, values = content.buffers()
    kind = np.int64 if pa.types.is_large_binary(content.type) else np.int32
    ends = np.frombuffer(offsets, kind)[content.offset : content.offset + len(content) + 1]
    return ends, (values.address - start) if values is not None else 0


def _damaged(path: Path, error: Exception) -> DatasetError:
    what = f"the Arrow file cannot be read ({cause(error)})"
    return DatasetError(what, where=str(path), hint="save it again, uncompressed, with save_to_disk")
