"""Data sets as people bring them, made by the tests: Hugging Face folders, webdataset tars, pictures beside texts."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from medcutmix_cli.dry_run.dataset_check import DatasetCheck
from tests.trees import write_manifest


def _manifest_rows(folder: Path, studies: int) -> list[dict[str, object]]:
    """Write a manifest with its pictures; return its rows."""
    write_manifest(folder, studies)
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def rows_of(folder: Path, studies: int = 6) -> list[dict[str, object]]:
    """Return rows whose pictures are bytes."""
    rows = _manifest_rows(folder, studies)
    return [row | {"content": (folder / row["image"]).read_bytes()} for row in rows]


def table_of(rows: list[dict[str, object]], *, plain: bool = False) -> pa.Table:
    """Return rows as Hugging Face's `Image` feature has them, or with plain bytes; no column says the split."""
    keep = ("report", "subject", "study", "view")
    return pa.Table.from_pylist(
        [
            {"image": row["content"] if plain else {"bytes": row["content"], "path": row["image"]}}
            | {name: row[name] for name in keep}
            for row in rows
        ]
    )


def write_saved(folder: Path, splits: dict[str, list[dict[str, object]]], **how: object) -> Path:
    """Write what `DatasetDict.save_to_disk` writes, two record batches a file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dataset_dict.json").write_text(json.dumps({"splits": list(splits)}))
    for split, rows in splits.items():
        write_saved_split(folder / split, rows, split, **how)
    return folder


def write_saved_split(
    folder: Path, rows: list[dict[str, object]], split: str | None, *, plain: bool = False, **how: object
) -> Path:
    """Write what `Dataset.save_to_disk` writes."""
    folder.mkdir(parents=True, exist_ok=True)
    name, table = "data-00000-of-00001.arrow", table_of(rows, plain=plain)
    options = pa.ipc.IpcWriteOptions(**how)
    with (
        pa.OSFile(str(folder / name), "wb") as sink,
        pa.ipc.new_stream(sink, table.schema, options=options) as out,
    ):
        out.write_table(table, max_chunksize=max(1, len(rows) // 2))
    (folder / "dataset_info.json").write_text("{}")
    state = {"_data_files": [{"filename": name}], "_split": split, "_fingerprint": "f"}
    (folder / "state.json").write_text(json.dumps(state))
    return folder


def write_hub(folder: Path, splits: dict[str, list[dict[str, object]]]) -> Path:
    """Write Parquet files as a copy from the hub holds them."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for split, rows in splits.items():
        pq.write_table(table_of(rows), folder / "data" / f"{split}-00000-of-00001.parquet", row_group_size=2)
    return folder


def write_tar(
    path: Path, rows: list[dict[str, object]], fields: tuple[str, ...] = ("subject", "study", "view")
) -> Path:
    """Write a webdataset tar; without fields no member is JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for number, row in enumerate(rows):
            members = {"jpg": row["content"], "txt": str(row["report"]).encode()}
            if fields:
                members["json"] = json.dumps({name: row[name] for name in fields}).encode()
            for extension, content in members.items():
                info = tarfile.TarInfo(f"{number:05d}.{extension}")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return path


def write_pairs(folder: Path, rows: list[dict[str, object]], place: str = "{n}") -> Path:
    """Write pictures beside their texts; `place` has the name without suffix, by number and row."""
    for number, row in enumerate(rows):
        path = folder / place.format(n=number, **row)
        path.parent.mkdir(parents=True, exist_ok=True)
        Path(f"{path}.jpg").write_bytes(row["content"])
        Path(f"{path}.txt").write_text(str(row["report"]))
    return folder


def write_parquet(path: Path, table: pa.Table) -> Path:
    """Write one Parquet file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return path


def write_cells(folder: Path, studies: int = 24, **cells: object) -> Path:
    """Write a table of two studies a patient; a cell that is a function is asked with the number of its row."""
    rows = _manifest_rows(folder, studies)
    for number, row in enumerate(rows):
        row["subject"] = f"p{number // 2}"
        row |= {name: cell(number) if callable(cell) else cell for name, cell in cells.items()}
    path = folder / "manifest.jsonl"
    path.write_text(
        "".join(json.dumps({k: v for k, v in row.items() if v is not ...}) + "\n" for row in rows)
    )
    return path


def told_problems(check: DatasetCheck) -> list[str]:
    """Return what a check says is wrong, with what to do."""
    return [f"{problem.what} | {problem.hint}" for problem in check.problems]
