import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.benchmark.cases import originals
from examples.benchmark.config import StudySet
from examples.benchmark.outcomes import auc, calibration, findings_auc, on_cells
from medcutmix_cli.findings import CHEXPERT

CONSOLIDATION = CHEXPERT.index("Consolidation")
EFFUSION = CHEXPERT.index("Pleural Effusion")


def cases(consolidation, attribute, effusion=None):
    labels = np.full((len(consolidation), 14), np.nan, np.float32)
    labels[:, CONSOLIDATION] = consolidation
    if effusion is not None:
        labels[:, EFFUSION] = effusion
    names = [f"s{number}" for number in range(len(labels))]
    return originals(names, [np.zeros((8, 8), np.uint8)] * len(names), names, labels, attribute)


@given(
    st.lists(st.integers(0, 6), min_size=5, max_size=20), st.lists(st.integers(0, 6), min_size=5, max_size=20)
)
def test_auc_is_the_share_of_pairs_in_order_ties_counting_half(having, others):
    pairs = [(a > b) + (a == b) / 2 for a in having for b in others]
    scores = np.array([*having, *others], np.float64)
    positive = np.arange(len(scores)) < len(having)
    assert auc(scores, positive) == pytest.approx(np.mean(pairs))


def test_there_is_no_auc_of_four():
    assert np.isnan(auc(np.arange(9.0), np.arange(9) < 4))
    assert auc(np.arange(10.0), np.arange(10) >= 5) == 1.0


def test_a_model_that_looks_at_the_attribute_only_is_wrong_wherever_they_disagree():
    studies = StudySet("s", finding="consolidation", attribute="device", positives=1)
    finding, attribute = np.repeat([1, 1, 0, 0], 6), np.tile(np.repeat([1, 0], 6), 2)
    found = findings_auc({"Consolidation": attribute * 1.0}, cases(finding, attribute), studies, "supervised")
    assert found["supervised.target"] == 0.5
    assert found["supervised.disagree"] == 0.0


def test_uncertain_and_unknown_labels_are_left_out():
    finding = np.array([1] * 5 + [0] * 5 + [-1, np.nan])
    scores = np.array([1.0] * 5 + [0.0] * 5 + [-9, 9])
    found = findings_auc({"Consolidation": scores}, cases(finding, [False] * 12), StudySet("s"), "k")
    assert found == {"k.Consolidation": 1.0, "k.mean": 1.0}


def test_the_other_findings_are_told_apart_from_the_sets_own():
    studies = StudySet("s", finding="consolidation", positives=3)
    several = cases([1] * 5 + [0] * 5, [False] * 10, effusion=[0] * 5 + [1] * 5)
    scores = np.array([1.0] * 5 + [0.0] * 5)
    found = findings_auc({"Consolidation": scores, "Pleural Effusion": scores}, several, studies, "k")
    assert (found["k.target"], found["k.others"], found["k.mean"]) == (1.0, 0.0, 0.5)


def test_calibration_by_hand():
    chances = np.full((4, 14), 0.25, np.float32)
    found = calibration(chances, cases([1, 0, 0, 0], [False] * 4))  # 0.25 said, 0.25 true
    assert found["calibration.ece"] == pytest.approx(0)
    assert found["calibration.brier"] == pytest.approx((0.75**2 + 3 * 0.25**2) / 4)
    assert calibration(chances, cases([1, 1, 1, 1], [False] * 4))["calibration.ece"] == pytest.approx(0.75)


def test_a_cell_holds_a_mask_where_one_pixel_of_it_does():
    masks = np.zeros((1, 8, 8), np.bool_)
    masks[0, 3, 4] = True
    assert np.flatnonzero(on_cells(masks, 4)[0]).tolist() == [1 * 4 + 2]
