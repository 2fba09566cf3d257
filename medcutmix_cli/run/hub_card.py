"""What stands above the data card for the Hugging Face hub and `load_dataset`: licence, tags, size, features.

https://huggingface.co/docs/hub/datasets-cards. YAML, in which JSON stands as it is.
"""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from medcutmix_cli.run.columns import COLUMNS, PICTURE

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_LARGEST = "1M<n<10M"
_TAGS = ("medical", "radiology", "chest-x-ray", "data-augmentation", "image-text", "medcutmix")
_TASKS = ("image-to-text", "zero-shot-image-classification", "image-classification")
_DTYPES = {"double": "float64", "float": "float32", "halffloat": "float16"}


def front_matter(rows: int, *, synthetic: bool) -> str:
    """Return the block of YAML between its two lines of dashes.

    Args:
        rows: That are written.
        synthetic: Whether no patient is in them; otherwise the terms of the source hold, whatever they are.
    """
    name = "procedural-phantoms-free-to-share" if synthetic else "terms-of-the-source-data-set"
    said = {
        "license": "other",
        "license_name": name,
        "language": ["en"],
        "pretty_name": "Mixed image-report pairs",
        "tags": [*_TAGS, *(["phantom"] if synthetic else [])],
        "task_categories": list(_TASKS),
        "size_categories": [size_category(rows)],
        "annotations_creators": ["machine-generated"],
    }
    lines = [f"{key}: {json.dumps(value)}" for key, value in said.items()]
    configs = ["configs:", "- config_name: default", "  data_files: data/*.parquet"]
    return "\n".join(["---", *lines, *configs, "dataset_info:", "  features:", *_feature_lines(), "---"])


def size_category(rows: int) -> str:
    """Return the hub's word for so many rows."""
    return next((name for most, name in _SIZES if rows < most), _LARGEST)


def _feature_lines() -> list[str]:
    return [f"  - {json.dumps({'name': column.name, **_feature(column.type)})}" for column in COLUMNS]


def _feature(kind: pa.DataType) -> dict[str, Any]:
    """Return the type of a column as a data card has it."""
    if kind.equals(PICTURE):
        return {"dtype": "image"}
    if pa.types.is_list(kind):
        inner = _feature(kind.value_type)
        return {"list": next(iter(inner.values()))}
    if pa.types.is_struct(kind):
        fields = (kind.field(k) for k in range(kind.num_fields))
        return {"struct": [{"name": entry.name, **_feature(entry.type)} for entry in fields]}
    return {"dtype": _DTYPES.get(str(kind), str(kind))}
