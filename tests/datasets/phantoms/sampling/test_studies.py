"""Patients, studies and ids of the sample are drawn once, and never collide."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

import pytest

from medcutmix_cli.datasets.phantoms.sampling.studies import draw_studies, with_pictures

STUDIES = draw_studies(600, seed=4)


def test_the_asked_number_of_studies_is_drawn():
    assert len(STUDIES) == 600
    assert draw_studies(600, seed=4) == STUDIES
    assert draw_studies(600, seed=5) != STUDIES


def test_ids_are_unique_and_shaped_like_the_real_ones():
    assert len({study.study_id for study in STUDIES}) == 600
    assert all(re.fullmatch(r"files/p1\d/p1\d{7}/s5\d{7}", study.folder) for study in STUDIES)


def test_no_patient_is_in_two_splits():
    splits = defaultdict(set)
    for study in STUDIES:
        splits[study.subject_id].add(study.split)
    assert all(len(found) == 1 for found in splits.values())


def test_splits_are_about_80_10_10():
    counts = Counter(study.split for study in STUDIES)
    assert set(counts) == {"train", "validate", "test"}
    assert 0.74 <= counts["train"] / 600 <= 0.82


def test_patients_have_one_to_three_studies_on_different_days():
    dates = defaultdict(list)
    for study in STUDIES:
        dates[study.subject_id].append(study.date)
    assert {len(days) for days in dates.values()} == {1, 2, 3}
    assert all(len(set(days)) == len(days) for days in dates.values())


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_tiny_sample_still_trains(count):
    studies = draw_studies(count, seed=0)
    assert len(studies) == count
    assert "train" in {study.split for study in studies}


def test_half_of_the_studies_are_inverted():
    assert sum(study.inverted for study in STUDIES) == 300


def test_only_pa_studies_have_lateral_views_and_some_views_are_unknown():
    pa = [with_pictures(study, "PA", 4) for study in STUDIES]
    ap = [with_pictures(study, "AP", 4) for study in STUDIES]
    assert {len(study.pictures) for study in pa} == {1, 2}
    assert {len(study.pictures) for study in ap} == {1}
    views = Counter(picture.view for study in pa + ap for picture in study.pictures)
    assert set(views) == {"PA", "AP", "LATERAL", "LL", ""}
    assert 0.01 < views[""] / views.total() < 0.08


def test_dicom_ids_are_five_groups_of_eight_and_unique():
    ids = [picture.dicom_id for study in STUDIES for picture in with_pictures(study, "PA", 4).pictures]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{8}){4}", one) for one in ids)
