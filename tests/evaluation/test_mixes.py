"""A whole run against masks, and against the generator of its phantoms."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

import medcutmix_cli
from medcutmix_cli.datasets.sample import write_sample
from medcutmix_cli.errors import DatasetError, RunError
from medcutmix_cli.evaluation import IntervalSettings, evaluate_mixes
from medcutmix_cli.evaluation.anatomy import AnatomyStore
from medcutmix_cli.evaluation.lung_masks import LungMasks
from tests.run_folders import make_row, write_run

QUICK = IntervalSettings(resamples=20)


def lungs(top=10):
    grey = np.zeros((112, 112), np.uint8)
    grey[top : top + 80, 10:50] = grey[top : top + 80, 60:100] = 255
    return grey


@pytest.fixture
def run(tmp_path):
    keep = make_row(4, weights=[0.0] * 16)
    out = write_run(tmp_path / "out", ([make_row(0), make_row(1)], [make_row(2), make_row(3), keep]))
    masks = tmp_path / "masks"
    masks.mkdir()
    for number, grey in ((0, lungs()), (1000, lungs()), (1, lungs()), (1001, lungs(26)), (3, lungs() * 0)):
        assert cv2.imwrite(str(masks / f"{number}.png"), grey)
    return out, masks


def test_every_written_pair_is_measured_or_left_out_by_name(run):
    out, masks = run
    found = evaluate_mixes(out, lungs=masks, settings=QUICK)
    assert found.written == 5
    assert found.left_out == {"nothing-pasted": 1, "recipient-mask-empty": 1, "recipient-mask-missing": 1}
    assert found.written == found.measured + sum(found.left_out.values())
    assert [pair.measures["dice"].value for pair in found.pairs] == pytest.approx([1.0, 0.8])
    assert {figure.name: figure.pairs for figure in found.figures}["dice, median"] == 2


def test_the_same_run_gives_the_same_figures(run):
    out, masks = run
    seen = []
    first = evaluate_mixes(out, lungs=masks, settings=QUICK, progress=lambda *step: seen.append(step))
    assert first == evaluate_mixes(out, lungs=masks, settings=QUICK)
    assert seen == [("comparing", n, 5) for n in range(1, 6)]
    other = evaluate_mixes(out, lungs=masks, settings=replace(QUICK, seed=1))
    assert [f.estimate.value for f in other.figures] == [f.estimate.value for f in first.figures]


def test_without_masks_and_phantoms_the_reports_alone_are_judged(tmp_path):
    good = make_row(0)
    bad = make_row(1, report=make_row(1)["report"] + " FINDINGS: Large left pleural effusion is.")
    out = write_run(tmp_path / "out", ([good, bad],), synthetic=False)
    found = evaluate_mixes(out)
    assert (found.anatomy, found.measured, found.left_out) == ("none", 0, {"no-anatomy": 2})
    assert found.faulty == 1
    assert found.faults["shape-dangling"] == 1


def test_masks_of_no_picture_are_an_error(run, tmp_path):
    (tmp_path / "other").mkdir()
    with pytest.raises(DatasetError, match="recipient-mask-missing 4"):
        evaluate_mixes(run[0], lungs=tmp_path / "other")
    with pytest.raises(RunError):
        evaluate_mixes(tmp_path / "no-run", lungs=run[1])


def test_a_picture_is_read_once(run, monkeypatch):
    asked = []

    def note(self, row, letter):
        asked.append(row[f"image_id_{letter}"])
        return "mask-missing"

    monkeypatch.setattr(LungMasks, "anatomy", note)
    store = AnatomyStore(LungMasks.below(run[1]))
    for _ in range(2):
        assert store.get(make_row(0), "a") == "mask-missing"
    assert asked == ["image0"]


@pytest.fixture(scope="module")
def phantom_run(tmp_path_factory):
    root = tmp_path_factory.mktemp("mixes")
    write_sample(root / "sample", 40, seed=2, height=128, workers=1)
    options = {"gate": "none", "encoder": "bundled", "canvas": 112, "workers": 1}
    medcutmix_cli.augment(root / "sample", root / "run", **options)
    return root


def test_phantoms_need_no_masks(phantom_run):
    found = evaluate_mixes(phantom_run / "run", settings=QUICK)
    assert found.anatomy == "phantoms"
    assert found.measured == found.written > 0
    values = {figure.name: figure.estimate.value for figure in found.figures}
    assert 0.5 < values["dice, median"] < 1
    assert values["lung on lung"] == pytest.approx(1 - values["lung overwritten"], abs=0.2)
    assert {"heart overwritten", "bone overwritten", "donor's mask, IoU", "region, IoU"} <= set(values)


def test_phantoms_that_have_moved_are_found_where_they_are(phantom_run, tmp_path):
    moved = tmp_path / "moved"
    (phantom_run / "sample").rename(moved)
    try:
        assert evaluate_mixes(phantom_run / "run", dataset=moved, settings=QUICK).measured > 0
        with pytest.raises(DatasetError):
            evaluate_mixes(phantom_run / "run", settings=QUICK)
    finally:
        moved.rename(phantom_run / "sample")
