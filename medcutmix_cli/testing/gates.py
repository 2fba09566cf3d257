"""What every evidence gate keeps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from medcutmix_cli.attention import Gate
from medcutmix_cli.testing.contract import Check
from medcutmix_cli.testing.expectation import expect
from medcutmix_cli.testing.inputs import made_maps

_NULLS = np.sort(np.random.default_rng(0).normal(0, 1, 200)).astype(np.float16).astype(np.float32)
_PEAKS = (-9.0, -1.0, 0.0, 0.5, 1.0, 2.0, 9.0)


def asks_for_enough_pictures(gate: Gate) -> None:
    """With as many pictures as it asks for, something can be kept; `min_nulls` is the fewest."""
    least = gate.min_nulls()
    expect(0 <= least <= gate.pictures, "min_nulls must lie between 0 and the pictures it asks for")
    expect(gate.max_nulls_reaching(least) >= 0, "with min_nulls nulls nothing could be kept")
    expect(least == 0 or gate.max_nulls_reaching(least - 1) < 0, "min_nulls is not the fewest")


def reduces_a_map_to_a_number_that_grows_with_it(gate: Gate) -> None:
    """A map that is higher everywhere has a statistic that is no lower; NaN is left out."""
    for scores, placement in made_maps():
        low, high = (gate.statistic(scores + np.float32(by), placement) for by in (0, 2))
        expect(isinstance(low, float) and not np.isnan(low), "a map with scores has a statistic, a float")
        expect(high >= low, "a higher map has a lower statistic")
        expect(gate.statistic(scores, placement) == low, "the same map gave two statistics")


def counts_nulls_that_reach_the_peak(gate: Gate) -> None:
    """P lies in (0, 1] and falls as the peak rises; NaN where the gate compares nothing."""
    found = [gate.p_value(peak, _NULLS) for peak in _PEAKS]
    if all(np.isnan(p) for p in found):
        return
    expect(all(0 < p <= 1 for p in found), "p must lie in (0, 1]")
    expect(all(later <= earlier for earlier, later in pairwise(found)), "p must not rise with the peak")


def keeps_what_few_enough_nulls_reach(gate: Gate) -> None:
    """`keeps` says what `max_nulls_reaching` says."""
    for count in (0, 1, 20, 59, 200):
        nulls = _NULLS[:: max(1, 200 // count)][:count] if count else _NULLS[:0]
        for peak in _PEAKS:
            few = int(np.count_nonzero(~(nulls < peak))) <= gate.max_nulls_reaching(nulls.size)
            expect(gate.keeps(peak, nulls) == few, "keeps and max_nulls_reaching say different things")


def guarantees_what_it_keeps(gate: Gate) -> None:
    """A guarantee, if there is one, is about as many nulls as were asked for and may reach a peak that is kept."""
    for count in (0, 1, 20, 59, 200):
        found = gate.guarantee(count)
        if found is not None:
            told = (found.nulls, found.reaching) == (count, gate.max_nulls_reaching(count))
            expect(told, "the guarantee and max_nulls_reaching say different things")
            expect(0 <= found.confidence <= 1 and 0 < found.alpha < 1, "alpha and confidence are shares")


CHECKS: tuple[Check, ...] = (
    asks_for_enough_pictures,
    reduces_a_map_to_a_number_that_grows_with_it,
    counts_nulls_that_reach_the_peak,
    keeps_what_few_enough_nulls_reach,
    guarantees_what_it_keeps,
)
