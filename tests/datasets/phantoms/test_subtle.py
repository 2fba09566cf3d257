"""Subtle forms are fainter and smaller than those of look 1, and words follow what is seen."""

from __future__ import annotations

import numpy as np
import pytest

from medcutmix_cli.datasets.phantoms import FINDINGS, anatomy, draw_phantom, paint
from medcutmix_cli.datasets.phantoms.subtle import (
    FADE,
    LARGE_DEGREES,
    LARGE_HEART,
    NORMAL_HEART,
    SUBTLE,
    normal_heart,
    soften,
)
from tests.docs import ROOT

SEEDS = range(120)


def lesions(finding, look=2):
    return [lesion for seed in SEEDS for lesion in draw_phantom(seed, [finding], look=look).lesions]


FAINTER = sorted(finding for finding, (low, high) in FADE.items() if low + high < 1.95)


def test_what_is_found_at_once_in_look_1_is_fainter_here():
    assert {"pleural_effusion", "edema", "consolidation", "mass"} <= set(FAINTER)


@pytest.mark.parametrize("finding", FAINTER)
def test_a_finding_of_look_2_is_fainter_on_the_average(finding):
    means = [
        np.mean([place.contrast for one in lesions(finding, look) for place in one.places]) for look in (1, 2)
    ]
    assert means[1] < means[0]


def test_every_finding_but_the_heart_has_its_fading_and_every_share_is_one():
    assert set(FADE) == set(FINDINGS) - {"cardiomegaly"}
    assert all(0 < low < high for low, high in FADE.values())
    assert set(SUBTLE) <= set(FADE)
    assert all(0 < share <= 1 for share in SUBTLE.values())


def test_the_heart_is_left_alone():
    phantom = draw_phantom(3, ["cardiomegaly"])
    assert soften(np.random.default_rng(0), phantom.patient, phantom.lesions[0]) is phantom.lesions[0]


def test_a_subtle_effusion_lies_below_the_dome_and_is_called_mild():
    low = []
    for seed in SEEDS:
        phantom = draw_phantom(seed, ["pleural_effusion"], look=2)
        for lesion in phantom.lesions:
            if all(place.y > anatomy.dome_y(phantom.patient, place.side) + 0.01 for place in lesion.places):
                low.append(lesion)
    assert abs(len(low) / len(SEEDS) - SUBTLE["pleural_effusion"]) < 0.15
    assert {lesion.severity for lesion in low} == {"mild"}


def test_nodules_are_still_nodules():
    assert all(20 <= lesion.size_mm <= 30 for lesion in lesions("nodule"))


@pytest.mark.parametrize("view", ["PA", "AP"])
def test_a_heart_is_called_large_beyond_what_is_normal_in_its_view(view):
    largest = NORMAL_HEART[view][2]
    patient = draw_phantom(0, []).patient
    rng = np.random.default_rng(0)
    assert max(normal_heart(rng, patient, view).heart_ratio for _ in range(200)) <= largest
    assert all(low > largest for low, _ in LARGE_HEART[view].values())
    for seed in SEEDS:
        for findings in ([], ["cardiomegaly"]):
            phantom = draw_phantom(seed, findings, look=2)
            if phantom.view == view:
                assert (phantom.patient.heart_ratio > largest) == bool(findings)


def test_most_large_hearts_are_mild_and_words_follow_the_size():
    found = lesions("cardiomegaly")
    mild = np.mean([lesion.severity == "mild" for lesion in found])
    assert abs(mild - LARGE_DEGREES["mild"]) < 0.15
    for seed in SEEDS:
        phantom = draw_phantom(seed, ["cardiomegaly"], look=2)
        low, high = LARGE_HEART[phantom.view][phantom.lesions[0].severity]
        assert low <= phantom.patient.heart_ratio <= high
        assert phantom.lesions[0].places[0].radius_x == phantom.patient.heart_ratio


def test_one_dome_is_high_in_some_bodies_without_a_finding():
    domes = [draw_phantom(seed, [], look=2).patient.left_dome for seed in SEEDS]
    plain = [draw_phantom(seed, []).patient.left_dome for seed in SEEDS]
    assert np.std(domes) > 1.5 * np.std(plain)


@pytest.mark.parametrize("finding", sorted(FINDINGS))
def test_what_is_subtle_is_still_in_the_picture(finding):
    seen = 0
    for seed in range(12):
        painted = paint(draw_phantom(seed, [finding], look=2), 128)
        seen += bool(painted.masks) and all(mask.any() for mask in painted.masks.values())
    assert seen >= 10


def test_the_page_has_the_ranges_and_shares_of_the_code():
    page = (ROOT / "docs" / "phantoms.md").read_text(encoding="utf-8")
    for finding, (low, high) in FADE.items():
        row = f"| {finding.replace('_', ' ')} | {low:.2f} to {high:.2f} | {100 * SUBTLE.get(finding, 0):.0f} % |"
        assert row in page
