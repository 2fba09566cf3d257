"""The frozen list of pictures that the evidence gate is calibrated on, `nulls.parquet`. Private as the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from medcutmix_cli.errors import RunError
from medcutmix_cli.records import NullPicture
from medcutmix_cli.system.arrow_errors import ARROW_ERRORS
from medcutmix_cli.system.atomic_files import publish

NULLS_SCHEMA = pa.schema([(entry.name, pa.string()) for entry in fields(NullPicture)])


def write_nulls(path: Path, nulls: Sequence[NullPicture]) -> None:
    """Write the list; an empty one is written too."""
    table = pa.Table.from_pylist([asdict(null) for null in nulls], schema=NULLS_SCHEMA)
    with publish(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", write_page_checksum=True)


def read_nulls(path: Path) -> list[NullPicture]:
    """Read the list back.

    Raises:
        RunError: It is missing or damaged.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            rows = file.read().to_pylist()
    except ARROW_ERRORS as error:
        hint = "make it again: remove the run folder and run the same command"
        raise RunError(
            "the plan has no readable list of null pictures", where=str(path), hint=hint
        ) from error
    return [NullPicture(**row) for row in rows]
