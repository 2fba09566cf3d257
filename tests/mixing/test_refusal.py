"""Which cells are marked of a pair that a rule refused."""

from dataclasses import replace

import numpy as np
import pytest

from medcutmix_cli.attention import TopK
from medcutmix_cli.mixing.blends.feather import Feather
from medcutmix_cli.mixing.cut import Guards, RefusedCut, Strategies, draw_cut
from medcutmix_cli.mixing.refusal import mark_refusal
from medcutmix_cli.mixing.regions.in_place_donor import InPlaceDonor
from medcutmix_cli.mixing.regions.in_place_union import InPlaceUnion
from medcutmix_cli.records import MapTarget, Side
from tests.mixing.test_guards import blank, hill, parent

STRICT = Strategies(TopK(), InPlaceUnion(), Feather(), guards=Guards(spare=False))


def refusal(a, b, strategies=STRICT):
    refused = draw_cut(a, b, strategies)
    assert isinstance(refused, RefusedCut)
    return refused.reason, mark_refusal(refused, a, b, strategies)


@pytest.mark.parametrize("finding", ["support_devices", "mass"])
@pytest.mark.parametrize("who", ["recipient", "donor"])
def test_what_would_be_covered_or_brought_along_lies_in_region_and_neighbour(who, finding):
    parents = {"recipient": parent(1, (6, 6)), "donor": parent(2, (6, 6))}
    parents[who] = parent(3, (6, 6), (finding, hill(7, 7)))
    reason, marks = refusal(parents["recipient"], parents["donor"])
    assert reason.startswith(who)
    broken = marks.broken["recipient"]
    assert broken.any()
    assert not (broken & ~(marks.neighbours[who] & marks.region)).any()
    assert finding.replace("_", " ") in marks.details[0]


def test_a_neighbour_of_which_only_a_share_is_touched_says_how_much():
    wide = replace(STRICT, guards=Guards(spare=False, core=0.4))
    reason, marks = refusal(parent(1, (6, 6), ("mass", hill(6, 10))), parent(2, (6, 6)), wide)
    assert reason == "recipient-finding-covered"
    share = marks.broken["recipient"].sum() / marks.neighbours["recipient"].sum()
    cells = f"(the {marks.neighbours['recipient'].sum()} highest cells of its map)"
    assert f"% of the recipient's mass {cells} lies in the region; 20% may" in marks.details[0]
    assert f"{share:.0%}" in marks.details[0]


@pytest.mark.parametrize(("side", "at"), [(Side.LEFT, (6, 3)), (Side.RIGHT, (6, 10))])
def test_of_a_mask_on_the_wrong_side_the_cells_there_are_marked(side, at):
    wrong = replace(blank(1), scores=hill(*at), target=MapTarget("mass", side))
    reason, marks = refusal(wrong, parent(2, (6, 6)))
    assert reason == "recipient-mask-wrong-side"
    assert marks.broken["recipient"].any()
    assert not (marks.broken["recipient"] & ~marks.evidence[0]).any()
    columns = np.nonzero(marks.broken["recipient"])[1]
    assert (columns < 7).all() if side is Side.LEFT else (columns >= 7).all()
    assert str(side) in marks.details[0]


def test_of_a_mask_of_a_wrong_size_all_is_marked_and_the_size_is_said():
    large = Strategies(TopK(min_area=0.39, max_area=0.4), InPlaceUnion(), Feather())
    reason, marks = refusal(parent(1, (6, 6)), parent(2, (6, 6)), large)
    assert reason == "recipient-mask-too-small"
    assert np.array_equal(marks.broken["recipient"], marks.evidence[0])
    assert "mask takes" in marks.details[0]
    assert not marks.region.any()


def test_evidence_that_would_not_come_is_marked_outside_the_region():
    a = parent(1, (6, 6))
    letters = np.full_like(a.pixels, 100)
    rule = Strategies(TopK(), InPlaceDonor(), Feather(), guards=Guards(border=5, edge=False))
    reason, marks = refusal(replace(a, pixels=letters), parent(2, (4, 4)), rule)
    assert reason == "donor-evidence-left-out"
    assert np.array_equal(marks.broken["recipient"], marks.evidence[1] & ~marks.region)
    assert "50% must" in marks.details[0]


def test_evidence_that_would_not_leave_is_marked_outside_the_region():
    a, b = parent(1, (6, 10)), replace(blank(2, left=0, width=128), scores=hill(6, 3))
    rule = Strategies(TopK(border=0, min_area=0.0), InPlaceUnion(), Feather())
    reason, marks = refusal(a, b, rule)
    assert reason == "recipient-evidence-left-out"
    assert marks.broken["recipient"].any()
    assert np.array_equal(marks.broken["recipient"], marks.evidence[0] & ~marks.region)
    assert "of the recipient's evidence would leave; 50% must" in marks.details[0]


def test_weak_evidence_shows_the_masks_that_would_have_been_and_says_how_weak():
    weak = replace(parent(1, (6, 6)), grounded=False, ground_p=0.31)
    reason, marks = refusal(weak, parent(2, (6, 6)))
    assert reason == "recipient-weak-evidence"
    assert all(mask.any() for mask in marks.evidence)
    assert marks.broken == {}
    assert "0.3100" in marks.details[0]


def test_nothing_that_is_marked_decides_anything():
    a, b = parent(1, (6, 6), ("mass", hill(6, 6))), parent(2, (6, 6))
    assert draw_cut(a, b, STRICT) == RefusedCut("recipient-finding-covered")
    assert "regions" not in repr(draw_cut(a, b, STRICT))
