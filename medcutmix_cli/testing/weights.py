"""What every weight keeps: the recipient's share, of whatever is counted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from medcutmix_cli.records import ImageWeights
from medcutmix_cli.testing.contract import Check
from medcutmix_cli.testing.expectation import expect

_Weight = Callable[[ImageWeights], float]


def lies_between_0_and_1(weight: _Weight) -> None:
    """Whatever the weights are, the share lies in [0, 1] and is a float."""
    rng = np.random.default_rng(0)
    for values in rng.random((200, 5)):
        found = weight(ImageWeights(*map(float, values)))
        expect(isinstance(found, float), "a weight is a float")
        expect(0 <= found <= 1, "a weight lies in [0, 1]")


def is_all_or_nothing_at_the_ends(weight: _Weight) -> None:
    """Nothing pasted leaves the recipient whole; everything pasted leaves nothing of it."""
    expect(weight(ImageWeights(1.0, 1.0, 1.0, 1.0, 0.0)) == 1, "nothing pasted: the share must be 1")
    expect(weight(ImageWeights(0.0, 0.0, 0.0, 0.0, 1.0)) == 0, "everything pasted: the share must be 0")


CHECKS: tuple[Check, ...] = (lies_between_0_and_1, is_all_or_nothing_at_the_ends)
