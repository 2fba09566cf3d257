from dataclasses import replace

import numpy as np
import pytest

from medcutmix_cli.attention import NoGate, TopK
from medcutmix_cli.images import decode_picture
from medcutmix_cli.images.canvas import Canvas
from medcutmix_cli.mixing.blends.hard import Hard
from medcutmix_cli.mixing.cut import RefusedCut, Strategies
from medcutmix_cli.mixing.picture_facts import picture_facts
from medcutmix_cli.mixing.regions.in_place_union import InPlaceUnion
from medcutmix_cli.records import MixedSample
from medcutmix_cli.rendering.calibration import Calibration
from medcutmix_cli.rendering.sample import MixRules
from tests.builders import make_pair, make_placement

GRID, CANVAS = 7, 112


@pytest.fixture
def rules():
    strategies = Strategies(TopK(), InPlaceUnion(), Hard())
    return MixRules(strategies, NoGate(), Calibration("", {}), lambda w: w.area, "png", 0, (GRID, GRID))


def picture(level):
    pixels = np.full((CANVAS, CANVAS), level, np.uint8)
    placement = make_placement(CANVAS)
    return Canvas(pixels, placement), picture_facts(pixels, placement)


def scores():
    y, x = np.mgrid[:GRID, :GRID]
    return -np.hypot(y - 3.001, x - 2.0003)


def views(rules, pair):
    return [
        rules.view(pair, parent, picture(level), scores())
        for parent, level in ((pair.recipient, 90), (pair.donor, 160))
    ]


def test_a_map_is_rounded_to_what_is_stored_before_anything_is_decided(rules):
    seen = views(rules, make_pair())[0].scores
    assert np.array_equal(seen, seen.astype(np.float16).astype(np.float32))


def test_a_parent_that_is_not_asked_has_a_map_of_the_runs_grid_that_says_nothing(rules):
    pair = make_pair()
    view = rules.view(pair, pair.recipient, picture(90), None)
    assert not view.asked
    assert view.scores.shape == (GRID, GRID)
    assert np.isnan(view.scores).all()


def test_a_sample_has_the_named_weight_and_the_picture_of_its_cut(rules):
    sample = rules.mix(make_pair(), *views(rules, make_pair()))
    assert isinstance(sample, MixedSample)
    assert sample.lam == sample.weights.area
    assert sample.features is None
    assert decode_picture(sample.picture).shape == (CANVAS, CANVAS)


def test_features_are_asked_for_by_the_cut(rules):
    pair, asked = make_pair(), []
    sample = rules.mix(pair, *views(rules, pair), lambda cut: asked.append(cut))
    assert asked == [sample.cut]


def test_a_pair_without_evidence_is_refused_by_name(rules):
    pair = make_pair()
    weak = [replace(view, grounded=False) for view in views(rules, pair)]
    assert rules.mix(pair, *weak) == RefusedCut("recipient-weak-evidence")
