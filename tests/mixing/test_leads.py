from dataclasses import replace

import cv2
import numpy as np
import pytest

from medcutmix_cli.attention import TopK
from medcutmix_cli.mixing.blends.feather import Feather
from medcutmix_cli.mixing.cut import Cut, Strategies, draw_cut, pixel_weights
from medcutmix_cli.mixing.guards import DEVICES
from medcutmix_cli.mixing.leads import find_leads
from medcutmix_cli.mixing.markers import find_markers
from medcutmix_cli.mixing.movement import movement_of
from medcutmix_cli.mixing.picture_facts import picture_facts
from medcutmix_cli.mixing.regions.in_place_union import InPlaceUnion
from medcutmix_cli.mixing.views import View
from medcutmix_cli.records import MapTarget, Side
from medcutmix_cli.registration.alignments.elastic import ElasticAlignment
from medcutmix_cli.registration.alignments.none import NoAlignment
from tests.thoraxes import phantom_chest, real_chests

CANVAS, GRID = 448, (28, 28)
SEEDS = range(6)
GREY = 40
"""Levels above what lies under it; a letter is 64 above what lies beside it."""

COURSES = {
    "upright": ((0.45, 0.1), (0.5, 0.5), (0.4, 0.85)),
    "to the middle": ((0.1, 0.25), (0.5, 0.5), (0.9, 0.75)),
    "bent to the middle": ((0.1, 0.3), (0.8, 0.3), (0.8, 0.85)),
    "a little outwards": ((0.7, 0.15), (0.6, 0.5), (0.5, 0.9)),
}
"""Three places each of a line: shares of the width of a lung from its own side of the patient, and of its height."""

RIB = ((0.95, 0.3), (0.5, 0.35), (0.05, 0.6))


def half_lung(chest, side):
    """Return the lung on one half of a picture: its box (left, top, right, bottom)."""
    middle = CANVAS // 2
    lung = chest.lungs.copy()
    lung[:, middle:] &= side is Side.LEFT
    lung[:, :middle] &= side is Side.RIGHT
    rows, columns = np.nonzero(lung)
    return columns.min(), rows.min(), columns.max(), rows.max()


def with_lead(chest, course, side=Side.RIGHT, grey=GREY):
    """Draw a grey line over a lung, bent by the middle of three places; returns the chest, and where the line is."""
    left, top, right, bottom = half_lung(chest, side)
    at = [(x if side is Side.RIGHT else 1 - x, y) for x, y in course]
    one, two, three = (np.array([left + x * (right - left), top + y * (bottom - top)]) for x, y in at)
    t = np.linspace(0, 1, 40)[:, None]
    points = (1 - t) ** 2 * one + 2 * t * (1 - t) * two + t**2 * three
    ink = np.zeros_like(chest.pixels)
    cv2.polylines(ink, [np.rint(points).astype(np.int32)], False, (255,), 3, cv2.LINE_AA)
    soft = cv2.GaussianBlur(ink, (0, 0), 0.8).astype(np.float32) / 255
    pixels = np.clip(chest.pixels + grey * soft, 0, 255).astype(np.uint8)
    return replace(chest, pixels=pixels), ink > 128


def leads_of(chest):
    return find_leads(chest.pixels, chest.registered().pose)


def shares_found(course, grey=GREY):
    """Return the share of each drawn line that is found."""
    for seed in SEEDS:
        for side in (Side.RIGHT, Side.LEFT):
            wired, truth = with_lead(phantom_chest(seed, CANVAS), course, side, grey)
            yield leads_of(wired)[truth].mean()


@pytest.mark.parametrize("course", COURSES)
def test_a_grey_lead_is_found(course):
    assert np.mean(list(shares_found(COURSES[course]))) > 0.6


@pytest.mark.parametrize("course", COURSES)
def test_a_grey_lead_is_too_dark_to_be_found_as_letters_are(course):
    for seed in SEEDS:
        wired, truth = with_lead(phantom_chest(seed, CANVAS), COURSES[course])
        assert find_markers(wired.pixels, wired.placement).lines[truth].mean() < 0.1


def test_what_runs_as_a_rib_does_is_no_lead():
    assert max(shares_found(RIB)) < 0.1


def test_a_noisy_picture_without_a_thorax_has_no_lead():
    grain = np.random.default_rng(1).normal(120, 6, (CANVAS, CANVAS))
    pose = phantom_chest(0, CANVAS).registered().pose
    assert not find_leads(np.clip(grain, 0, 255).astype(np.uint8), pose).any()


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_plain_picture_has_no_lead(level):
    pose = phantom_chest(0, CANVAS).registered().pose
    assert not find_leads(np.full((CANVAS, CANVAS), level, np.uint8), pose).any()


@pytest.mark.parametrize("canvas", [112, 224, 896])
def test_the_size_of_the_canvas_makes_little_difference(canvas):
    for seed in SEEDS:
        wired, _ = with_lead(phantom_chest(seed, CANVAS), COURSES["upright"])
        small = cv2.resize(wired.pixels, (canvas, canvas), interpolation=cv2.INTER_AREA)
        found = find_leads(small, wired.registered().pose)
        assert found.shape == small.shape
        if canvas > 112:
            assert abs(int(found.any()) - int(leads_of(wired).any())) <= 1


def test_few_radiographs_are_taken_to_have_a_lead_and_drawn_ones_are_found():
    chests = real_chests(CANVAS)
    plain = [leads_of(chest) for chest in chests]
    assert np.mean([found.any() for found in plain]) < 0.3
    wired = [with_lead(chest, COURSES["upright"]) for chest in chests]
    assert np.mean([leads_of(chest)[truth].mean() for chest, truth in wired]) > 0.6


def parents(seed, finding="consolidation"):
    """Return two phantoms that have most evidence in the right lung, the donor with a lead across it; and the lead."""
    recipient, donor = (phantom_chest(seed + n, CANVAS) for n in (0, 20))
    wired, truth = with_lead(donor, COURSES["upright"])
    return [
        View(c.pixels, c.placement, evidence(c), MapTarget(finding, Side.RIGHT)) for c in (recipient, wired)
    ], truth


def evidence(chest):
    left, top, right, bottom = np.array(half_lung(chest, Side.RIGHT)) * GRID[0] / CANVAS
    rows, columns = np.indices(GRID)
    far = np.hypot(
        (columns - (left + right) / 2) / (right - left), (rows - (top + bottom) / 2) / (bottom - top)
    )
    return (-4 * far).astype(np.float32)


STRATEGIES = Strategies(
    TopK(fraction=0.15, max_area=1), InPlaceUnion(), Feather(), alignment=ElasticAlignment()
)


def shares_pasted(strategies=STRATEGIES, finding="consolidation"):
    """Return how much of the donor's lead comes, of the pairs that are drawn: the mean weight of its pixels."""
    for seed in SEEDS:
        views, truth = parents(seed, finding)
        cut = draw_cut(*views, strategies)
        if isinstance(cut, Cut):
            share = pixel_weights(cut, views[0].placement, views[1].placement)
            yield share[movement_of(cut, CANVAS).move_labels(truth)].mean()


def test_a_grey_lead_of_the_donor_does_not_come():
    assert np.mean(list(shares_pasted())) < 0.2


def test_it_comes_where_devices_are_exchanged_or_nothing_is_guarded():
    bare = replace(STRATEGIES, guards=replace(STRATEGIES.guards, markers=False))
    assert np.mean(list(shares_pasted(bare))) > 0.4
    assert np.mean(list(shares_pasted(finding=DEVICES))) > 0.4


def test_no_lead_is_looked_for_where_pictures_are_not_registered():
    views, _ = parents(0)
    asked = []
    facts = replace(picture_facts(views[1].pixels, views[1].placement), leads=lambda: asked.append(1))
    draw_cut(views[0], replace(views[1], facts=facts), replace(STRATEGIES, alignment=NoAlignment()))
    assert asked == []
