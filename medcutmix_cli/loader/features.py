"""The frozen encoder's mixed patch features of a row, where the run stored them."""

from __future__ import annotations

import numpy as np
import torch

from medcutmix_cli.errors import UsageError
from medcutmix_cli.loader.rows import require
from medcutmix_cli.run.columns import check_names
from medcutmix_cli.run.shards import Row

FEATURES = check_names("features", "feature_dim", "grid_h", "grid_w")
"""The columns that features need."""


def row_features(row: Row) -> torch.Tensor:
    """Return the features of each cell, (grid_h, grid_w, feature_dim) float32; they are stored as float16.

    Raises:
        UsageError: The run stored none.
    """
    require(row, FEATURES, "features")
    if row["features"] is None:
        raise UsageError(
            "this run stored no features",
            where=str(row.get("pair_id", "")),
            hint="render it with --features, and an encoder that has patch features",
        )
    values = np.array(row["features"], dtype=np.float32)
    return torch.from_numpy(values.reshape(row["grid_h"], row["grid_w"], row["feature_dim"]))
