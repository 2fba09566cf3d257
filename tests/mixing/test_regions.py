import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from medcutmix_cli.mixing.region_rule import ParentEvidence
from medcutmix_cli.mixing.regions.in_place_donor import InPlaceDonor
from medcutmix_cli.mixing.regions.in_place_union import InPlaceUnion
from medcutmix_cli.mixing.regions.paste_to_target import PasteToTarget
from medcutmix_cli.mixing.shifts import IN_PLACE, Shift
from medcutmix_cli.records import Side
from tests.builders import make_placement

strengths = arrays(np.float32, (4, 4), elements=st.floats(0, 1, width=16))


def evidence(strength, side=Side.NONE, **placed):
    return ParentEvidence(np.asarray(strength, dtype=np.float32), side, make_placement(**placed))


def spot(row, column, size=2, grid=14):
    strength = np.zeros((grid, grid), dtype=np.float32)
    strength[row : row + size, column : column + size] = 1
    return strength


@given(strengths, strengths)
def test_the_union_holds_where_either_mask_does(a, b):
    joined = InPlaceUnion().join(evidence(a), evidence(b))
    assert np.array_equal(joined.strength >= 0.5, (a >= 0.5) | (b >= 0.5))
    assert joined.strength.dtype == np.float32
    assert joined.shift == IN_PLACE


@given(strengths, strengths)
def test_in_place_donor_knows_nothing_of_the_recipient(a, b):
    joined = InPlaceDonor().join(evidence(a), evidence(b))
    assert np.array_equal(joined.strength, b)
    assert joined.strength is not b
    assert joined.shift == IN_PLACE


@pytest.mark.parametrize(
    "rule", [InPlaceUnion(), InPlaceDonor(), PasteToTarget()], ids=["union", "donor", "target"]
)
def test_hard_masks_stay_hard(rule):
    a, b = np.eye(4, dtype=np.float32), np.eye(4, dtype=np.float32)[::-1]
    assert set(np.unique(rule.join(evidence(a), evidence(b)).strength)) == {0, 1}


@given(*[st.integers(5, 7)] * 4)
def test_a_moved_donor_lies_where_the_recipients_evidence_is(row_a, column_a, row_b, column_b):
    joined = PasteToTarget().join(evidence(spot(row_a, column_a)), evidence(spot(row_b, column_b)))
    assert not joined.rejected
    assert np.array_equal(joined.strength, spot(row_a, column_a))
    assert joined.shift == Shift(row_a - row_b, column_a - column_b)


def test_a_donor_is_not_moved_where_the_recipient_has_no_place():
    donor = spot(3, 4)
    joined = PasteToTarget().join(evidence(np.zeros((14, 14))), evidence(donor))
    assert np.array_equal(joined.strength, donor)
    assert joined.shift == IN_PLACE


def test_a_quarter_of_the_canvas_is_as_far_as_a_donor_is_moved():
    near = PasteToTarget().join(evidence(spot(6, 2)), evidence(spot(6, 5)))
    far = PasteToTarget().join(evidence(spot(6, 2)), evidence(spot(6, 6)))
    assert (near.rejected, far.rejected) == ("", "moved-too-far")


@pytest.mark.parametrize("who", ["recipient", "donor"])
@pytest.mark.parametrize(
    ("side", "allowed"), [(Side.LEFT, slice(7, 14)), (Side.RIGHT, slice(0, 7))], ids=["left", "right"]
)
def test_a_moved_donor_never_crosses_the_midline_of_a_stated_side(who, side, allowed):
    column = 6 if side is Side.LEFT else 4
    sides = {"recipient": Side.NONE, "donor": Side.NONE, who: side}
    target = evidence(spot(5, column, 4), sides["recipient"])
    joined = PasteToTarget().join(target, evidence(spot(6, column, 4), sides["donor"]))
    assert not joined.rejected
    half = np.zeros((14, 14), dtype=bool)
    half[:, allowed] = True
    assert joined.strength.any()
    assert not joined.strength[~half].any()


def test_a_donor_that_would_mostly_lie_across_the_midline_is_refused():
    joined = PasteToTarget().join(evidence(spot(6, 3, 4), Side.LEFT), evidence(spot(6, 5, 4), Side.LEFT))
    assert joined.rejected == "moved-too-far"


def test_a_moved_donor_is_clipped_to_the_recipients_picture():
    recipient = evidence(spot(6, 2), left=24, width=64)
    joined = PasteToTarget().join(recipient, evidence(spot(6, 4, 3)))
    assert not joined.strength[:, :3].any()


@pytest.mark.parametrize("farthest", [-0.1, 1.1, float("nan")])
def test_a_distance_must_be_a_share_of_the_canvas(farthest):
    with pytest.raises(ValueError, match="farthest"):
        PasteToTarget(farthest)
