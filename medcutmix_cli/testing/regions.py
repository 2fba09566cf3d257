"""What every region rule keeps."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from medcutmix_cli.attention import TopK
from medcutmix_cli.mixing.region_rule import ParentEvidence, RegionRule
from medcutmix_cli.records import MapTarget, Side
from medcutmix_cli.testing.contract import Check
from medcutmix_cli.testing.expectation import expect, expect_name, expect_unchanged, expect_unit
from medcutmix_cli.testing.inputs import made_maps


def _parents() -> Iterator[tuple[ParentEvidence, ParentEvidence]]:
    """Yield recipient and donor: both asked, one of them, on stated sides and on none."""
    evidence = [
        ParentEvidence(TopK().select(scores, MapTarget(), placement).strength, side, placement)
        for side in Side
        for scores, placement in made_maps()
    ]
    nothing = ParentEvidence(np.zeros_like(evidence[0].strength), Side.NONE, evidence[0].placement)
    yield from pairwise(evidence)
    yield nothing, evidence[0]
    yield evidence[0], nothing


def joins_on_the_recipients_grid(rule: RegionRule) -> None:
    """The strength has the recipient's shape and lies in [0, 1], float32."""
    for recipient, donor in _parents():
        joined = rule.join(recipient, donor)
        expect(joined.strength.shape == recipient.strength.shape, "the region: the recipient's shape")
        expect(joined.strength.dtype == np.float32, "the region: float32")
        expect_unit(joined.strength, "the region's strength")


def moves_by_whole_cells(rule: RegionRule) -> None:
    """The donor is moved by whole cells, and stays within reach of the grid."""
    for recipient, donor in _parents():
        shift, grid = rule.join(recipient, donor).shift, recipient.strength.shape
        expect(isinstance(shift.rows, int) and isinstance(shift.columns, int), "shifts are whole cells")
        expect(abs(shift.rows) < grid[0] and abs(shift.columns) < grid[1], "the donor left the picture")


def refuses_by_name_alone(rule: RegionRule) -> None:
    """A region is refused by a name that can be counted."""
    for recipient, donor in _parents():
        joined = rule.join(recipient, donor)
        if joined.rejected:
            expect_name(joined.rejected)


def leaves_the_evidence_as_it_is(rule: RegionRule) -> None:
    """The same parents give the same region, and are left as they were; a region is no view of theirs."""
    for recipient, donor in _parents():
        before = recipient.strength.copy(), donor.strength.copy()
        first = rule.join(recipient, donor).strength
        again = rule.join(recipient, donor).strength
        expect(np.array_equal(first, again), "the same parents gave two regions")
        first[:] = 0.25
        expect_unchanged(before[0], recipient.strength, "the recipient's evidence")
        expect_unchanged(before[1], donor.strength, "the donor's evidence")


CHECKS: tuple[Check, ...] = (
    joins_on_the_recipients_grid,
    moves_by_whole_cells,
    refuses_by_name_alone,
    leaves_the_evidence_as_it_is,
)
