"""Phantoms are drawn from their seed alone, and hold what was asked for."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace

import numpy as np
import pytest

from medcutmix_cli.datasets.phantoms import DEVICE_KINDS, FINDINGS, LOCAL_FINDINGS, draw_phantom
from medcutmix_cli.datasets.phantoms.correlations import Confounder, built_in

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


def test_look_1_stays_as_it_was():
    drawn = [asdict(draw_phantom(seed)) for seed in range(20)]
    for one in drawn:
        assert one.pop("mimics") == ()
    assert hashlib.sha256(repr(drawn).encode()).hexdigest()[:16] == "371740d45088ff60"


def test_the_same_seed_and_table_give_the_same_phantom_of_look_2():
    assert (
        draw_phantom(7, look=2) == draw_phantom(7, look=2) == draw_phantom(7, look=2, correlations=built_in())
    )
    assert draw_phantom(7, look=2) != draw_phantom(8, look=2)


def test_look_2_shows_everything_in_any_company():
    phantoms = [draw_phantom(seed, look=2) for seed in SEEDS]
    lesions = [lesion for phantom in phantoms for lesion in phantom.lesions]
    assert {lesion.finding for lesion in lesions} == set(FINDINGS)
    assert {lesion.kind for lesion in lesions if lesion.finding == "support_devices"} == set(DEVICE_KINDS)
    assert any(not phantom.lesions for phantom in phantoms)
    assert max(len({lesion.finding for lesion in phantom.lesions}) for phantom in phantoms) > 3


@pytest.mark.parametrize("finding", FINDINGS)
def test_look_2_holds_what_is_asked_for_and_nothing_else(finding):
    for seed in range(20):
        assert {one.finding for one in draw_phantom(seed, [finding], look=2).lesions} == {finding}


def test_one_body_stays_itself_in_look_2():
    first, second = (draw_phantom(seed, [], body_seed=5, look=2).patient for seed in (1, 2))
    assert (first.sex, first.age, first.anatomy_seed) == (second.sex, second.age, second.anatomy_seed)


@pytest.mark.parametrize("given", ["device:pacemaker", "view:AP", "exposure:poor"])
def test_a_confounder_is_seen_in_the_phantom(given):
    table = replace(built_in(), confounders=(Confounder("consolidation", given, 1.0, 0.0),))
    tilts = {True: [], False: []}
    for seed in range(150):
        phantom = draw_phantom(seed, look=2, correlations=table)
        there = any(lesion.finding == "consolidation" for lesion in phantom.lesions)
        tilts[there].append(abs(phantom.exposure.tilt_x))
        if given == "device:pacemaker":
            assert there == any(lesion.kind == "pacemaker" for lesion in phantom.lesions)
        if given == "view:AP":
            assert there == (phantom.view == "AP") == phantom.exposure.portable
    if given == "exposure:poor":
        assert np.mean(tilts[True]) > 2 * np.mean(tilts[False])


def test_another_site_takes_other_pictures_of_the_same_studies():
    far = replace(built_in(), site=replace(built_in().site, noise=3.0, scatter=1.5, gamma=0.7, zoom=0.9))
    for seed in range(20):
        here, there = draw_phantom(seed, look=2), draw_phantom(seed, look=2, correlations=far)
        assert there.exposure.noise == pytest.approx(3 * here.exposure.noise)
        assert there.exposure.gamma == pytest.approx(0.7 * here.exposure.gamma)
        assert there.exposure.zoom == pytest.approx(0.9 * here.exposure.zoom)
        assert (here.lesions, here.patient) == (there.lesions, there.patient)
