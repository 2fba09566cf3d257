"""How a check says that a contract is broken."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt


class BrokenContractError(AssertionError):
    """A part does not keep what its kind promises; the message says what, in a sentence."""


def expect(kept: object, sentence: str) -> None:
    """Raise where something is not kept.

    Raises:
        BrokenContractError: `kept` is false.
    """
    if not kept:
        raise BrokenContractError(sentence)


def expect_name(name: str) -> None:
    """Raise where a reason is no name that can be counted: lower case words with hyphens."""
    expect(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name), f"{name!r} is no name like 'mask-too-small'")


def expect_unit(values: npt.NDArray[np.floating[Any]], what: str) -> None:
    """Raise where values leave [0, 1] or are NaN."""
    expect(bool(np.all((values >= 0) & (values <= 1))), f"{what} must lie in [0, 1], without NaN")


def expect_unchanged(before: npt.NDArray[np.generic], after: npt.NDArray[np.generic], what: str) -> None:
    """Raise where an input was written to."""
    same = np.array_equal(before, after, equal_nan=before.dtype.kind == "f")
    expect(same, f"{what} was given and must not be changed")
