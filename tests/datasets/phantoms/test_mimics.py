"""Mimics change the picture and nothing else: no mask, no report, no label."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from medcutmix_cli.datasets.phantoms import draw_phantom, paint, write_report
from medcutmix_cli.datasets.phantoms.mimics import SHARES, draw_mimics
from medcutmix_cli.datasets.phantoms.records import Mimic

HEALTHY = draw_phantom(2, [])


@pytest.mark.parametrize("kind", SHARES)
@pytest.mark.parametrize("strength", [0.0, 1.0], ids=["faint", "strong"])
def test_a_mimic_is_seen_in_the_picture_and_told_nowhere(kind, strength):
    mimic = Mimic(kind, "left", 0.5, strength, 7)
    with_it = replace(HEALTHY, mimics=(mimic,))
    plain, painted = paint(HEALTHY, 128), paint(with_it, 128)
    assert np.abs(painted.image - plain.image).max() > 0.01
    assert painted.masks == {}
    assert write_report(with_it, prose=3) == write_report(HEALTHY, prose=3)


@pytest.mark.parametrize("kind", ["nipple", "granuloma", "scar"])
def test_a_mimic_lies_on_its_side(kind):
    changed = {}
    for side in ("left", "right"):
        with_it = replace(HEALTHY, mimics=(Mimic(kind, side, 0.5, 1.0, 7),))
        changed[side] = np.abs(paint(with_it, 128).image - paint(HEALTHY, 128).image)
    middle = changed["left"].shape[1] // 2
    assert changed["left"][:, middle:].sum() > changed["left"][:, :middle].sum()  # the left is image right
    assert changed["right"][:, middle:].sum() < changed["right"][:, :middle].sum()


def test_every_kind_is_drawn_about_as_often_as_said():
    drawn = [draw_mimics(np.random.default_rng(seed), "PA") for seed in range(800)]
    for kind, share in SHARES.items():
        assert abs(np.mean([any(m.kind == kind for m in one) for one in drawn]) - share) < 0.06


def test_folds_leads_and_crowding_are_commoner_in_ap():
    counts = {
        view: sum(
            m.kind in ("fold", "lead", "crowding")
            for seed in range(400)
            for m in draw_mimics(np.random.default_rng(seed), view)
        )
        for view in ("PA", "AP")
    }
    assert counts["AP"] > 1.2 * counts["PA"]


def test_a_phantom_of_look_1_has_none():
    assert all(draw_phantom(seed).mimics == () for seed in range(20))
    assert any(draw_phantom(seed, look=2).mimics for seed in range(20))


def test_what_mimics_have_follows_neither_findings_nor_table():
    assert draw_phantom(5, [], look=2).mimics == draw_phantom(5, ["mass"], look=2).mimics
