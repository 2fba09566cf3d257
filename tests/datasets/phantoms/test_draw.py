"""Phantoms are drawn from their seed alone, and hold what was asked for."""

from __future__ import annotations

import pytest

from medcutmix_cli.datasets.phantoms import DEVICE_KINDS, FINDINGS, LOCAL_FINDINGS, draw_phantom

SEEDS = range(400)


def test_the_same_seed_gives_the_same_phantom():
    assert draw_phantom(7) == draw_phantom(7)
    assert draw_phantom(7) != draw_phantom(8)


def test_about_three_in_ten_are_healthy():
    healthy = sum(not draw_phantom(seed).lesions for seed in SEEDS)
    assert 0.23 <= healthy / len(SEEDS) <= 0.35


def test_the_others_have_one_to_three_findings():
    counts = {len({lesion.finding for lesion in draw_phantom(seed).lesions}) for seed in SEEDS}
    assert counts == {0, 1, 2, 3}


def test_every_finding_and_every_device_occurs():
    lesions = [lesion for seed in SEEDS for lesion in draw_phantom(seed).lesions]
    assert {lesion.finding for lesion in lesions} == set(FINDINGS)
    assert {lesion.kind for lesion in lesions if lesion.finding == "support_devices"} == set(DEVICE_KINDS)


@pytest.mark.parametrize("finding", LOCAL_FINDINGS)
def test_a_local_finding_occurs_on_either_side(finding):
    sides = {draw_phantom(seed, [finding]).lesions[0].side for seed in range(30)}
    assert {"left", "right"} <= sides <= {"left", "right", "bilateral"}


@pytest.mark.parametrize("finding", FINDINGS)
def test_what_is_asked_for_is_there_and_nothing_else(finding):
    for seed in range(20):
        assert {lesion.finding for lesion in draw_phantom(seed, [finding]).lesions} == {finding}


def test_nothing_asked_for_is_a_healthy_phantom():
    assert draw_phantom(3, []).lesions == ()


def test_an_unknown_finding_is_refused_by_name():
    with pytest.raises(ValueError, match="hairball"):
        draw_phantom(0, ["hairball"])


def test_a_pneumothorax_has_its_lung_for_itself():
    for seed in range(200):
        lesions = [one for one in draw_phantom(seed).lesions if one.finding in LOCAL_FINDINGS]
        sides = [place.side for one in lesions if one.finding == "pneumothorax" for place in one.places]
        others = {place.side for one in lesions if one.finding != "pneumothorax" for place in one.places}
        assert not others.intersection(sides)


def test_one_body_keeps_its_sex_and_its_vessels_from_study_to_study():
    first, second = (draw_phantom(seed, [], body_seed=5).patient for seed in (1, 2))
    assert (first.sex, first.age, first.anatomy_seed) == (second.sex, second.age, second.anatomy_seed)


def test_cardiomegaly_means_a_heart_wider_than_half_the_thorax():
    for seed in range(20):
        assert draw_phantom(seed, ["cardiomegaly"]).patient.heart_ratio > 0.5
        assert draw_phantom(seed, []).patient.heart_ratio < 0.5
