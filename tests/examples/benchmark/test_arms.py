from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.benchmark import arms
from examples.benchmark.arms import (
    excluded,
    extra_rows,
    filled,
    rare,
    rare_findings,
    said_labels,
    targets,
    worded,
)
from examples.benchmark.cases import Chunk, Probes, originals
from examples.benchmark.config import Arm, StudySet, read_config
from medcutmix_cli.errors import UsageError
from medcutmix_cli.findings import CHEXPERT

DEVICE = StudySet("device", finding="consolidation", attribute="pacemaker", positives=1)
NOTHING = Probes(np.zeros(0, np.intp), np.zeros(0, np.str_), np.zeros((0, 8, 8), np.bool_))


def cases(having, attribute, **others):
    labels = np.full((len(having), 14), np.nan, np.float32)
    labels[:, CHEXPERT.index("Consolidation")] = having
    for name, values in others.items():
        labels[:, CHEXPERT.index(name)] = values
    names = [f"s{number}" for number in range(len(having))]
    return originals(names, [np.zeros((8, 8), np.uint8)] * len(names), names, labels, attribute)


def chunk(train, left_out=()):
    return Chunk(Path(), Path, left_out, "t.csv", train, train, NOTHING, {}, {})


@given(st.integers(1, 30), st.integers(1, 60))
def test_rows_are_cut_or_repeated_evenly(count, wanted):
    chosen = filled(count, wanted, "x")
    times = np.bincount(chosen, minlength=count)
    assert len(chosen) == wanted
    assert times.max() - times.min() <= 1


def test_oversampling_takes_half_of_each_rare_cell():
    train = cases([1, 1, 1, 0, 0, 0], [True, True, False, True, False, False])
    chosen = list(rare(train, DEVICE, 10))
    assert set(chosen) == {2, 3}
    assert abs(chosen.count(2) - chosen.count(3)) <= 2


def test_where_nothing_goes_with_the_finding_oversampling_takes_the_finding():
    train = cases([1, 0, 0, 1], [False] * 4)
    assert set(rare(train, StudySet("rare", finding="consolidation", positives=2), 20)) == {0, 3}


def test_without_a_finding_rare_ones_are_drawn_more_often():
    train = cases([1] + [0] * 9, [False] * 10, Edema=[0] + [1] * 9)
    chosen = rare(train, StudySet("ordinary"), 900)
    assert 350 < (chosen == 0).sum() < 550  # 1 / 1 of 1 / 1 + 9 / 9


def test_a_rare_cell_without_a_study_is_an_error():
    with pytest.raises(UsageError, match="no training study has Consolidation"):
        rare(cases([1, 0], [True, False]), DEVICE, 4)


def test_studies_of_other_chunks_are_left_out(tmp_path):
    train = cases([1, 0], [True, True])
    assert Path(excluded(chunk(train, ("p9", "p7")), tmp_path / "x")).read_text().split() == ["p9", "p7"]
    assert excluded(chunk(train), tmp_path / "x") is None


def test_the_rare_cell_of_a_set_is_the_target():
    train = cases([1, 0], [True, True])
    assert targets(DEVICE, train, 9) == ["consolidation@pacemaker=no:+9"]
    assert targets(replace(DEVICE, attribute=""), train, 9) == ["consolidation:+9"]


@pytest.mark.parametrize("value", [1.0, 0.0, -1.0, np.nan])
@pytest.mark.parametrize("state", ["present", "absent", "uncertain", "not-said", "never-denied"])
def test_what_may_have_come_with_a_doubt_is_no_zero(value, state):
    """A loss that counts silence as 0 would deny an atelectasis that an opacity may be."""
    (label,) = said_labels({"label_mixed": [value], "label_state": [state]})
    assert np.array_equal(label, -1.0 if state == "uncertain" else value, equal_nan=True)


def test_rare_findings_share_the_rows_where_a_set_names_none():
    train = cases([1] * 4, [False] * 4, **{"Pleural Effusion": 1, "Lung Lesion": 1})
    assert targets(StudySet("ordinary"), train, 9) == ["atelectasis:+5", "pneumothorax:+5"]


def test_the_rarer_half_of_findings_is_targeted_where_a_set_names_none():
    train = cases(
        [1] * 4, [False] * 4, **{"Pleural Effusion": 1, "Pneumothorax": [1, 0, 0, 0], "Lung Lesion": 1}
    )
    assert rare_findings(train) == ["atelectasis", "pneumothorax"]


def test_options_speak_of_the_sets_own_finding_and_attribute():
    given = {"target": ["{finding}@{attribute}=no"], "attributes": "{attributes}", "pairs_per_study": 2}
    found = worded(given, DEVICE, chunk(cases([1], [True])))
    assert found == {"target": ["consolidation@pacemaker=no"], "attributes": "t.csv", "pairs_per_study": 2}


def test_all_rows_of_a_run_may_be_taken_instead_of_as_many_as_others_have(monkeypatch):
    several = Arm("x", options={"pairing": ["identity", "mixgen"]}, every=True, negatives="labels", share=0.5)
    train = cases([1, 0, 0], [False] * 3)
    monkeypatch.setattr(arms, "mixed_rows", lambda *_: (train, None))
    extra = extra_rows(read_config(), DEVICE, several, chunk(train), Path())
    assert len(extra.material.extra) == extra.distinct == 3  # not a quarter of three studies
    assert (extra.material.share, extra.material.negatives) == (0.5, "labels")
