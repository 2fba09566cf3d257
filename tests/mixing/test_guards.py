from dataclasses import replace

import numpy as np
import pytest

from medcutmix_cli.attention import Soft, TopK
from medcutmix_cli.mixing.blends.alpha import Alpha
from medcutmix_cli.mixing.blends.feather import Feather
from medcutmix_cli.mixing.blends.hard import Hard
from medcutmix_cli.mixing.cut import Cut, Guards, RefusedCut, Strategies, draw_cut
from medcutmix_cli.mixing.guards import free_cells
from medcutmix_cli.mixing.movement import IN_ITS_PLACE
from medcutmix_cli.mixing.regions.in_place_donor import InPlaceDonor
from medcutmix_cli.mixing.regions.in_place_union import InPlaceUnion
from medcutmix_cli.mixing.regions.paste_to_target import PasteToTarget
from medcutmix_cli.mixing.views import NeighbourView
from medcutmix_cli.records import Side
from tests.builders import make_view

GRID = 14
STRICT = Guards(spare=False)


def hill(row, column, grid=GRID):
    y, x = np.mgrid[:grid, :grid]
    return (-np.hypot(y - row, x - column)).astype(np.float32)


def parent(seed, at, *neighbours):
    placed = tuple(NeighbourView(finding, scores, Side.NONE) for finding, scores in neighbours)
    return replace(blank(seed), scores=hill(*at), neighbours=placed)


def blank(seed, **placed):
    """Return a parent whose picture has nothing that looks like a letter."""
    view = make_view(seed, 224, GRID, **placed)
    return replace(view, pixels=np.full_like(view.pixels, 100 + seed))


def outcome(a, b, guards=STRICT, region=None):
    return draw_cut(a, b, Strategies(TopK(), region or InPlaceUnion(), Feather(), guards=guards))


@pytest.mark.parametrize(
    ("who", "finding", "name"),
    [
        ("recipient", "support_devices", "recipient-device-cut"),
        ("recipient", "mass", "recipient-finding-covered"),
        ("donor", "support_devices", "donor-device-pasted"),
        ("donor", "mass", "donor-finding-pasted"),
    ],
)
def test_what_must_stay_alone_is_refused_by_name(who, finding, name):
    under, away = (finding, hill(6, 6)), (finding, hill(11, 11))
    at = {"recipient": [], "donor": []}
    parents = {key: parent(n, (6, 6), *rows) for n, (key, rows) in enumerate(at.items())}
    assert isinstance(outcome(**as_pair(parents)), Cut)
    touched = {**parents, who: parent(7, (6, 6), under)}
    assert outcome(**as_pair(touched)) == RefusedCut(name)
    clear = {**parents, who: parent(7, (6, 6), away)}
    assert isinstance(outcome(**as_pair(clear)), Cut)


def as_pair(parents):
    return {"a": parents["recipient"], "b": parents["donor"]}


@pytest.mark.parametrize("who", [0, 1], ids=["recipient", "donor"])
def test_a_neighbour_without_a_map_guards_nothing(who):
    views = [parent(1, (6, 6)), parent(2, (6, 6))]
    empty = np.full((GRID, GRID), np.nan, np.float32)
    views[who] = parent(3, (6, 6), ("mass", empty), ("support_devices", empty))
    for guards in (STRICT, Guards()):
        assert isinstance(outcome(*views, guards), Cut)


def test_a_share_of_one_guards_nothing():
    a = parent(1, (6, 6), ("mass", hill(6, 6)), ("support_devices", hill(6, 6)))
    off = Guards(spare=False, neighbour_share=1, device_share=1)
    assert isinstance(outcome(a, parent(2, (6, 6)), off), Cut)


def test_a_peak_in_the_paste_is_refused_however_small_its_share():
    wide = hill(6, 6)
    wide[6, 6] = 5
    guards = Guards(spare=False, core=0.9, neighbour_share=0.9, device_share=0.9)
    assert outcome(parent(1, (6, 6), ("mass", wide)), parent(2, (6, 6)), guards) == RefusedCut(
        "recipient-finding-covered"
    )


def test_another_findings_core_is_spared_before_anything_is_refused():
    a = parent(1, (6, 5), ("mass", hill(6, 8)))
    b = parent(2, (6, 5))
    assert outcome(a, b) == RefusedCut("recipient-finding-covered")
    cut = outcome(a, b, Guards())
    assert isinstance(cut, Cut)
    free = free_cells(a, b, Guards(), IN_ITS_PLACE)
    assert not free[6, 8]
    assert free[6, 5]
    assert not cut.weights[~free].any()


def test_a_region_lies_at_the_edge_where_both_pictures_are_as_black_and_nowhere_else():
    a, b = parent(1, (6, 6)), parent(2, (6, 6))
    region = np.ones((GRID, GRID), dtype=bool)
    assert free_cells(a, b, Guards(), IN_ITS_PLACE, region).all()
    assert not free_cells(a, b, Guards(edge=False), IN_ITS_PLACE, region)[0].any()
    assert not free_cells(a, b, Guards(), IN_ITS_PLACE)[0].any()
    pixels = b.pixels.copy()
    pixels[:, -6:] = 0  # a third of a cell of collimation
    collimated = replace(b, pixels=pixels)
    free = free_cells(a, collimated, Guards(), IN_ITS_PLACE, region)
    assert not free[:, -1].any()
    assert free[:, :-1].all()
    assert free_cells(replace(a, pixels=pixels), collimated, Guards(), IN_ITS_PLACE, region).all()


@pytest.mark.parametrize("who", [0, 1], ids=["recipient", "donor"])
@pytest.mark.parametrize("beside", [2, 3], ids=["crossing the evidence", "beside it"])
def test_the_region_goes_round_a_device(who, beside):
    views = [parent(1, (6, 5)), parent(2, (6, 5))]
    views[who] = parent(1 + who, (6, 5), ("support_devices", hill(6, 5 + beside)))
    assert isinstance(outcome(*views), RefusedCut)
    cut = outcome(*views, Guards())
    assert isinstance(cut, Cut)
    assert cut.mask[6, 5 - beside]
    assert not cut.weights[6, 5 + beside]


def test_a_device_upon_all_of_the_evidence_is_still_refused():
    a = parent(1, (6, 5), ("support_devices", hill(6, 5)))
    assert outcome(a, parent(2, (6, 5)), Guards()) == RefusedCut("donor-evidence-left-out")


def test_a_device_that_nothing_is_left_out_for_is_refused():
    a = parent(1, (6, 5), ("support_devices", hill(6, 7)))
    assert outcome(a, parent(2, (6, 5)), STRICT) == RefusedCut("recipient-device-cut")
    for off in (Guards(spare=False, device_share=1), Guards(device_share=1)):
        cut = outcome(a, parent(2, (6, 5)), off)
        assert isinstance(cut, Cut)
        assert cut.mask[6, 7]


@pytest.mark.parametrize(("finding", "spared"), [("support_devices", False), ("mass", True)])
def test_a_map_is_needed_of_what_is_spared_or_limited(finding, spared):
    unlimited = {"device_share": 1, "neighbour_share": 1}
    assert Guards(**unlimited).need_map(finding) == spared
    assert Guards(spare=False).need_map(finding)
    assert not Guards(spare=False, **unlimited).need_map(finding)


def test_the_guards_of_a_parent_that_was_not_asked_hold():
    a = parent(1, (6, 6), ("support_devices", hill(6, 6)))
    host = replace(a, scores=np.full_like(a.scores, np.nan), asked=False)
    assert outcome(host, parent(2, (6, 6))) == RefusedCut("recipient-device-cut")


def test_a_moved_donors_neighbour_is_looked_for_where_it_came_from():
    a, target = parent(1, (6, 4)), PasteToTarget()
    near = parent(2, (6, 7), ("mass", hill(6, 7)))
    elsewhere = parent(2, (6, 7), ("mass", hill(12, 1)))
    assert outcome(a, near, region=target) == RefusedCut("donor-finding-pasted")
    assert isinstance(outcome(a, elsewhere, region=target), Cut)


def test_a_donor_whose_evidence_would_mostly_stay_behind_is_refused():
    a = blank(1, left=0, width=96)
    b = replace(blank(2), scores=hill(6, 8))
    only_donor = Strategies(TopK(border=0, min_area=0.0), InPlaceDonor(), Feather())
    assert draw_cut(a, b, only_donor) == RefusedCut("donor-evidence-left-out")


def test_a_recipient_whose_evidence_would_mostly_stay_is_refused():
    """The donor has no picture there: the text would no longer speak of what the picture still shows."""
    a, b = parent(1, (6, 10)), replace(blank(2, left=0, width=128), scores=hill(6, 3))
    rule = Strategies(TopK(border=0, min_area=0.0), InPlaceUnion(), Feather())
    assert draw_cut(a, b, rule) == RefusedCut("recipient-evidence-left-out")
    unasked = replace(rule, guards=Guards(recipient_share=0))
    assert isinstance(draw_cut(a, b, unasked), Cut)
    assert isinstance(draw_cut(replace(a, asked=False), b, rule), Cut)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"border": -1},
        {"core": 0.0},
        {"neighbour_share": 1.1},
        {"device_share": -0.1},
        {"donor_share": 2.0},
        {"recipient_share": -1},
        {"changed_share": 1.5},
        {"changed_margin": -1},
    ],
    ids=str,
)
def test_guards_refuse_shares_that_are_none(nonsense):
    with pytest.raises(ValueError, match="border must be"):
        Guards(**nonsense)


def with_spared(cut, *views):
    """Return the parents as whoever has no map of their neighbours sees them: the cells of weight 0 are left out."""
    recipient, donor = (replace(view, neighbours=()) for view in views)
    return replace(recipient, spared=cut.weights == 0), donor


RULES = {
    "hard": Strategies(TopK(), InPlaceUnion(), Hard()),
    "feather": Strategies(TopK(), InPlaceUnion(), Feather()),
    "alpha": Strategies(TopK(), InPlaceUnion(), Alpha()),
    "soft": Strategies(Soft(), InPlaceUnion(), Feather()),
    "donor": Strategies(TopK(), InPlaceDonor(), Feather()),
    "moved": Strategies(TopK(), PasteToTarget(), Feather()),
}


@pytest.mark.parametrize("name", RULES)
def test_a_cut_is_drawn_again_without_the_maps_of_neighbours_by_the_cells_it_left_out(name):
    rng, drawn = np.random.default_rng(5), 0
    for number in range(60):
        places = [tuple(rng.integers(2, GRID - 2, 2)) for _ in range(4)]
        views = [
            parent(number, places[0], ("mass", hill(*places[1]))),
            parent(number + 100, places[2], ("support_devices", hill(*places[3]))),
        ]
        cut = draw_cut(*views, RULES[name], rng=np.random.default_rng(number))
        if isinstance(cut, RefusedCut):
            continue
        drawn += 1
        again = draw_cut(*with_spared(cut, *views), RULES[name], rng=np.random.default_rng(number))
        assert isinstance(again, Cut)
        assert np.array_equal(again.weights, cut.weights)
        assert np.array_equal(again.mask, cut.mask)
        assert (again.gain, again.offset) == (cut.gain, cut.offset)
    assert drawn > 5


def test_a_cell_that_somebody_took_out_of_the_weights_alone_is_missing_in_the_mask_drawn_again():
    views = parent(1, (6, 6), ("mass", hill(11, 11))), parent(2, (6, 6))
    cut = draw_cut(*views, RULES["hard"])
    weights = cut.weights.copy()
    weights[tuple(np.argwhere(weights > 0)[0])] = 0
    again = draw_cut(*with_spared(replace(cut, weights=weights), *views), RULES["hard"])
    assert not np.array_equal(again.mask, cut.mask)
