"""One training pair as tensors, and batches of them. Knows no file and no model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict, overload

import numpy as np
import torch

from medcutmix_cli.errors import UsageError
from medcutmix_cli.images import decode_picture
from medcutmix_cli.mixing.views import Pixels
from medcutmix_cli.run.columns import check_names
from medcutmix_cli.run.shards import Row

BASIC = check_names("image", "report", "label_w", "lam")
"""What a pair is read with unless other columns are asked for."""

DTYPES = ("float32", "uint8")


class MixedPair(TypedDict, total=False):
    """One pair; a key is there where its column was asked for.

    Attributes:
        image: (1, canvas, canvas) float32 in [0, 1], or uint8 in [0, 255]; bright = radio-opaque.
        report: The mixed report.
        label_w: (14,) float32 soft targets in CheXpert order, NaN where nothing is said.
        lam: () float32, the run's named weight: the recipient's share.
        row: All columns that were read but the picture, where any beyond these four was: the recipe. Lists of
            numbers are flat numpy arrays; the other helpers of this package take it as it is.
    """

    image: torch.Tensor
    report: str
    label_w: torch.Tensor
    lam: torch.Tensor
    row: Row


def check_dtype(dtype: str) -> str:
    """Return the dtype.

    Raises:
        UsageError: It is neither float32 nor uint8.
    """
    if dtype not in DTYPES:
        raise UsageError(f"pictures come as {' or '.join(DTYPES)}, not {dtype!r}")
    return dtype


def picture_tensor(pixels: Pixels, dtype: str = "float32") -> torch.Tensor:
    """Return (1, height, width): uint8 as it is, or float32 `x / 255`."""
    grey = torch.from_numpy(np.array(pixels))[None]
    return grey if check_dtype(dtype) == "uint8" else grey.float() / 255


def to_pair(row: Row, dtype: str = "float32") -> MixedPair:
    """Turn a row into tensors; the picture is decoded only where it was read."""
    pair: MixedPair = {}
    if "image" in row:
        pair["image"] = picture_tensor(decode_picture(row["image"]["bytes"]), dtype)
    if "report" in row:
        pair["report"] = row["report"]
    if "label_w" in row:
        pair["label_w"] = torch.tensor(np.asarray(row["label_w"], np.float32))
    if "lam" in row:
        pair["lam"] = torch.tensor(row["lam"], dtype=torch.float32)
    if not set(row) <= set(BASIC):
        pair["row"] = {name: value for name, value in row.items() if name != "image"}
    return pair


class MixedBatch(TypedDict, total=False):
    """Several pairs; a key is there where its column was asked for. n: how many they are.

    Attributes:
        image: (n, 1, canvas, canvas), as in `MixedPair`.
        report: n mixed reports.
        label_w: (n, 14) float32 soft targets in CheXpert order, NaN where nothing is said.
        lam: (n,) float32.
        row: n recipes.
    """

    image: torch.Tensor
    report: list[str]
    label_w: torch.Tensor
    lam: torch.Tensor
    row: list[Row]


@overload
def collate(pairs: Sequence[MixedPair]) -> MixedBatch: ...
@overload
def collate(pairs: Sequence[Mapping[str, object]]) -> Mapping[str, object]: ...


def collate(pairs: Sequence[Mapping[str, object]]) -> Mapping[str, object]:
    """Make a batch: tensors of one shape are stacked, all else becomes a list (reports, rows, other ragged tensors).

    A `DataLoader` needs it (`collate_fn=collate`) as soon as there are rows: their nulls have no default.

    Raises:
        UsageError: A pair has other keys than the first, as one of a data set of your own beside mixes; or pictures of
            another size, as those of two runs may be; or these are batches, and no pairs.
    """
    _check_pairs(pairs)
    for pair in pairs:
        _check_keys(pairs[0], pair)
    _check_sizes([pair["image"] for pair in pairs if "image" in pair])
    return {key: _joined([pair[key] for pair in pairs]) for key in pairs[0]}


def _check_pairs(pairs: Sequence[object]) -> None:
    if not all(isinstance(pair, Mapping) for pair in pairs):
        raise UsageError(
            f"a batch is made of pairs, not of {type(pairs[0]).__name__}s",
            hint="a stream that makes batches goes to DataLoader(batch_size=None); what a transform returns is "
            "a dict, or needs a collate_fn of your own",
        )


def _check_keys(first: Mapping[str, object], pair: Mapping[str, object]) -> None:
    other = sorted(first.keys() ^ pair.keys())
    if other:
        raise UsageError(
            f"pairs of one batch have different keys: {', '.join(other)} not in all of them",
            hint="give originals of your own the keys of MixedPair; or see loader.MixShareSampler",
        )


def _check_sizes(pictures: Sequence[object]) -> None:
    shapes = {tuple(picture.shape) for picture in pictures if isinstance(picture, torch.Tensor)}
    if len(shapes) > 1:
        raise UsageError(
            f"pictures of one batch have different sizes: {' and '.join(map(str, sorted(shapes)))}",
            hint="bring them to one size in transform=, or read runs of one --canvas",
        )


def _joined(values: list[object]) -> object:
    tensors = [value for value in values if isinstance(value, torch.Tensor)]
    same = len(tensors) == len(values) and len({tensor.shape for tensor in tensors}) == 1
    return torch.stack(tensors) if same else values
