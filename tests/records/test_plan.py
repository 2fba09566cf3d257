from dataclasses import replace

import pytest

from medcutmix_cli.records import Guarantee, TargetOutcome

WHOLE = Guarantee(nulls=200, reaching=4, alpha=0.05, confidence=0.97, wanted=0.95)
OUTCOME = TargetOutcome("mass:8", "train", have=3, wanted=8, planned=2, hosts=9, donors=9)


@pytest.mark.parametrize(
    ("changes", "refused", "whole"),
    [
        pytest.param({}, False, True, id="more confidence than was asked for"),
        pytest.param({"confidence": 0.7}, False, False, id="less confidence"),
        pytest.param({"reaching": -1, "confidence": 0.0}, True, False, id="too few nulls"),
        pytest.param({"reaching": -1, "wanted": 0.0}, True, False, id="too few nulls and nothing asked for"),
    ],
)
def test_a_guarantee_is_whole_refused_or_in_part(changes, refused, whole):
    guarantee = replace(WHOLE, **changes)
    assert (guarantee.refused, guarantee.whole) == (refused, whole)


def test_a_cell_lacks_what_originals_and_pairs_do_not_fill():
    assert OUTCOME.cell == "train/mass:8"
    assert OUTCOME.missing == 3
    assert replace(OUTCOME, planned=7).missing == 0
