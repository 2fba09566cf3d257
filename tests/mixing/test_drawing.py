"""What of each parent's evidence is exchanged where pictures are registered: it comes, and leaves, whole enough."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from medcutmix_cli.attention import Region, widen
from medcutmix_cli.mixing.anatomy_rules import anatomy_table
from medcutmix_cli.mixing.blends.feather import Feather
from medcutmix_cli.mixing.blends.hard import Hard
from medcutmix_cli.mixing.cut import Cut, Guards, RefusedCut, Strategies, draw_cut
from medcutmix_cli.mixing.drawing import arriving_share, least_shares, leaving_share
from medcutmix_cli.mixing.movement import movement_of
from medcutmix_cli.mixing.picture_facts import picture_facts
from medcutmix_cli.mixing.regions.in_place_donor import InPlaceDonor
from medcutmix_cli.mixing.regions.in_place_union import InPlaceUnion
from medcutmix_cli.mixing.views import View
from medcutmix_cli.records import MapTarget
from medcutmix_cli.registration.alignments.elastic import ElasticAlignment
from tests.thoraxes import CANVAS, phantom_chest

GRID = (28, 28)
SEEDS = range(6)
FLUID = sorted(anatomy_table().pleural_findings)
AIR = ["consolidation", "mass", "nodule", "pneumothorax"]


class WholeMap:
    """A mask rule that takes all of a map above 0, and reaches as far."""

    graded = False

    def select(self, scores, target, placement):
        return Region(scores > 0)


@cache
def facts_of(seed):
    return picture_facts(phantom_chest(seed).pixels, phantom_chest(seed).placement)


def view_of(seed, finding, mark, asked=True):
    """Return a phantom whose map is above 0 in the cells that `mark` says of its anatomy."""
    chest, facts = phantom_chest(seed), facts_of(seed)
    nothing, target = np.zeros(GRID, np.float32), MapTarget(finding)
    view = View(chest.pixels, chest.placement, nothing, target, asked=asked, facts=facts)
    return replace(view, scores=mark(view.look().anatomy(GRID)).astype(np.float32))


def base(anatomy):
    """Mark the lower third of the right lung, and the upper half of the recess below it."""
    return (anatomy.leftness < -3) & (anatomy.upper_pleura >= 0.5) & (anatomy.height > 0.67)


def deep(anatomy):
    """Mark what lies behind the diaphragm alone."""
    return (anatomy.leftness < -3) & (anatomy.pleura >= 0.5) & (anatomy.lungs < 0.5) & (anatomy.height > 1)


def middle(anatomy):
    return (anatomy.leftness > 3) & (anatomy.lungs >= 0.5) & (np.abs(anatomy.height - 0.5) < 0.12)


class GradedMap(WholeMap):
    """The same, and says that what it cuts has no edge."""

    graded = True


HALF = Guards(border=0, markers=False, changed_share=0.5)


def draw(recipient, donor, region=None, guards=HALF, rule=None, blend=None):
    rules = Strategies(
        rule or WholeMap(),
        region or InPlaceUnion(),
        blend or Hard(),
        guards=guards,
        alignment=ElasticAlignment(),
    )
    return draw_cut(recipient, donor, rules)


@pytest.mark.parametrize("fluid", FLUID)
@pytest.mark.parametrize("air", AIR)
def test_what_leaves_the_base_leaves_although_what_comes_cannot_lie_there(fluid, air):
    drawn = 0
    for seed in SEEDS:
        recipient, donor = view_of(seed, fluid, base), view_of(seed + 7, air, middle)
        cut = draw(recipient, donor)
        if isinstance(cut, Cut):
            lung = movement_of(cut, CANVAS).move_values(donor.look().anatomy(GRID).lungs) >= 0.5
            assert leaving_share(cut.mask_a, cut.mask) >= 0.5
            assert lung[cut.mask & cut.mask_a].all()
            drawn += 1
        else:
            assert cut == RefusedCut("recipient-evidence-left-out")
    assert drawn > 1


@pytest.mark.parametrize("fluid", FLUID)
@pytest.mark.parametrize("air", AIR)
def test_what_lies_behind_the_diaphragm_stays_and_the_pair_is_refused(fluid, air):
    for seed in SEEDS:
        cut = draw(view_of(seed, fluid, deep), view_of(seed + 7, air, middle))
        assert cut == RefusedCut("recipient-evidence-left-out")


@pytest.mark.parametrize("air", AIR)
def test_what_comes_keeps_to_its_own_home_although_fluid_leaves_below(air):
    for seed in SEEDS:
        donor = view_of(seed + 7, air, lambda anatomy: middle(anatomy) | deep(anatomy))
        cut = draw(
            view_of(seed, "pleural_effusion", base),
            donor,
            guards=Guards(border=0, donor_share=0, changed_share=0),
        )
        if isinstance(cut, Cut):
            own = draw(view_of(seed, "pleural_effusion", base), view_of(seed + 7, air, middle))
            assert isinstance(own, Cut)
            assert not (cut.mask & ~own.mask).any()


def test_fluid_for_fluid_is_exchanged_in_the_upper_recess_as_before():
    for seed in SEEDS:
        cut = draw(view_of(seed, "pleural_effusion", base), view_of(seed + 7, "pleural_effusion", base))
        assert isinstance(cut, Cut)
        assert leaving_share(cut.mask_a, cut.mask) >= 0.5


def test_a_region_that_is_the_donors_alone_leaves_the_recipients_evidence_where_it_is():
    recipient, donor = view_of(0, "pleural_effusion", deep), view_of(7, "mass", middle)
    assert isinstance(draw(recipient, donor, InPlaceDonor()), Cut)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_how_much_must_leave_can_be_said(share):
    recipient, donor = view_of(0, "pleural_effusion", deep), view_of(7, "mass", middle)
    cut = draw(recipient, donor, guards=Guards(border=0, recipient_share=share, changed_share=0))
    assert isinstance(cut, Cut) == (share == 0)


def test_a_host_without_evidence_has_nothing_that_must_leave():
    host = view_of(0, "none", lambda anatomy: np.zeros(GRID, dtype=bool), asked=False)
    assert isinstance(draw(host, view_of(7, "mass", middle)), Cut)
    assert leaving_share(np.zeros(GRID, dtype=bool), np.ones(GRID, dtype=bool)) == 1


@pytest.mark.parametrize("blend", [Feather(), Hard()], ids=["feather", "hard"])
@pytest.mark.parametrize("finding", ["mass", "consolidation", "pneumothorax", "pleural_effusion"])
def test_what_a_warp_lays_between_cells_comes_as_whole_as_its_rule_cuts_it(blend, finding):
    host = view_of(0, "none", lambda anatomy: np.zeros(GRID, dtype=bool), asked=False)
    mark, drawn = base if finding in FLUID else middle, 0
    for seed in SEEDS:
        cut = draw(host, view_of(seed + 7, finding, mark), blend=blend)
        if isinstance(cut, Cut):
            assert (cut.weights[cut.mask] == 1).all()
            between = movement_of(cut, CANVAS).move_values(cut.mask_b.astype(np.float32))[cut.mask]
            assert ((between > 0) & (between < 1)).any()  # the warp does lay some between
            drawn += 1
    assert drawn


def test_a_graded_mask_stays_as_soft_as_a_warp_makes_it():
    host = view_of(0, "none", lambda anatomy: np.zeros(GRID, dtype=bool), asked=False)
    drawn = [
        draw(host, view_of(seed + 7, "mass", middle), rule=GradedMap(), blend=Feather()) for seed in SEEDS
    ]
    assert any((cut.weights[cut.mask] < 1).any() for cut in drawn if isinstance(cut, Cut))


CHANGES = {
    "the same finding": ("mass", True, "mass", False),
    "another finding": ("pneumothorax", True, "mass", True),
    "a host without one": ("none", False, "mass", True),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("said", [0.0, 0.5, 1.0])
def test_more_must_come_and_leave_where_a_label_hangs_on_it(name, said):
    finding, asked, given, changes = CHANGES[name]
    recipient, donor = view_of(0, finding, middle, asked), view_of(7, given, middle)
    least = least_shares(recipient, donor, Guards(donor_share=0.5, recipient_share=0.4, changed_share=said))
    assert least == ((max(0.5, said), max(0.4, said)) if changes else (0.5, 0.4))


@pytest.mark.parametrize("changed", [0.5, 0.75, 0.95])
def test_what_is_written_holds_what_a_changed_label_asks_for(changed):
    shares = []
    for seed in SEEDS:
        for one, mark in (("mass", middle), ("pneumothorax", middle), ("pleural_effusion", base)):
            recipient, donor = view_of(seed, one, mark), view_of(seed + 7, "consolidation", middle)
            cut = draw(recipient, donor, guards=Guards(border=0, markers=False, changed_share=changed))
            if isinstance(cut, Cut):
                shares.append(arriving_share(cut.mask_b, cut.mask, movement_of(cut, CANVAS)))
                shares.append(leaving_share(cut.mask_a, cut.mask))
    assert shares
    assert min(shares) >= changed


@pytest.mark.parametrize("rings", [0, 1, 2])
@pytest.mark.parametrize("name", CHANGES)
def test_a_ring_goes_with_the_evidence_where_a_label_hangs_on_it(name, rings):
    """It lies beside what goes without it, no further than it is wide, and in lungs; elsewhere there is none."""
    finding, asked, given, changes = CHANGES[name]
    wider = 0
    for seed in SEEDS:
        recipient, donor = view_of(seed, finding, middle, asked), view_of(seed + 7, given, middle)
        plain, cut = (draw(recipient, donor, guards=ringed(k)) for k in (0, rings))
        assert isinstance(plain, Cut)
        assert isinstance(cut, Cut)
        assert not (plain.mask & ~cut.mask).any()
        reach = widen(plain.mask.astype(np.float32), 2 * rings) > 0  # a warp may stretch it to twice
        assert not (cut.mask & ~reach).any()
        assert (recipient.look().anatomy(GRID).lungs >= 0.5)[cut.mask].all()
        assert (cut.mask_a == plain.mask_a).all()
        assert (cut.mask_b == plain.mask_b).all()
        wider += int(cut.mask.sum() > plain.mask.sum())
    assert (wider > len(SEEDS) / 2) == (changes and rings > 0)
    assert wider == 0 or (changes and rings > 0)


@pytest.mark.parametrize("who", [0, 1])
@pytest.mark.parametrize("beside", ["support_devices", "cardiomegaly"])
def test_no_ring_is_laid_where_a_device_may_lie_in_it(who, beside):
    wider = 0
    for seed in SEEDS:
        views = [view_of(seed, "none", lambda anatomy: np.zeros(GRID, dtype=bool), asked=False)]
        views.append(view_of(seed + 7, "mass", middle))
        views[who] = replace(views[who], beside=frozenset({beside}))
        plain, cut = (draw(*views, guards=ringed(rings)) for rings in (0, 1))
        wider += int(cut.mask.sum() > plain.mask.sum())
    assert (wider > 0) == (beside != "support_devices")


def test_what_has_no_edge_gets_no_ring():
    host = view_of(0, "none", lambda anatomy: np.zeros(GRID, dtype=bool), asked=False)
    plain, cut = (
        draw(host, view_of(7, "mass", middle), guards=ringed(k), rule=GradedMap(), blend=Feather())
        for k in (0, 2)
    )
    assert (plain.mask == cut.mask).all()


def ringed(rings):
    return Guards(border=0, markers=False, changed_share=0.5, changed_margin=rings)
