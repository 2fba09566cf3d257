"""The detector on runs: hard squares are found, untouched pictures are not, and nothing of the file tells."""

from dataclasses import replace

import cv2
import pytest

from medcutmix_cli.errors import DatasetError
from medcutmix_cli.evaluation import DetectSettings, IntervalSettings, evaluate_detect
from medcutmix_cli.evaluation import detect as module
from tests.run_folders import CANVAS, make_row, write_run
from tests.seam_runs import beside, write_seam_run

HOW = DetectSettings(folds=2, epochs=8)
DRAWN = IntervalSettings(resamples=100)


@pytest.fixture(scope="module")
def squares(tmp_path_factory):
    return write_seam_run(tmp_path_factory.mktemp("squares"), 36, square=True)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    return write_seam_run(tmp_path_factory.mktemp("untouched"), 36, square=False)


def detect(monkeypatch, run, how=HOW, **more):
    monkeypatch.setattr(module, "open_run_dataset", beside(run))
    return evaluate_detect(run, trained=how, settings=DRAWN, **more)


def test_hard_squares_are_found(squares, monkeypatch, tmp_path):
    found = detect(monkeypatch, squares, saliency=tmp_path / "seen")
    (row,) = found.strategies
    assert row.name == "same-finding"
    assert row.auc.value > 0.9
    assert (found.written, len(found.scores), found.left_out) == (36, 36, {})
    assert [score.pair_id for score in found.scores] == [f"{n:016x}" for n in range(36)]
    written = sorted((tmp_path / "seen").iterdir())
    surest = max(found.scores, key=lambda score: score.mixed)
    assert len(written) == module.SHOWN
    assert written[0].name == f"01-{surest.pair_id}.png"
    assert cv2.imread(str(written[0])).shape == (CANVAS, 3 * CANVAS, 3)


def test_untouched_pictures_stay_at_chance(untouched, monkeypatch):
    (row,) = detect(monkeypatch, untouched).strategies
    assert row.auc.low < 0.5 < row.auc.high


def test_the_same_run_gives_the_same_scores(squares, monkeypatch):
    how, seen = replace(HOW, epochs=1, max_pairs=12), []
    first = detect(monkeypatch, squares, how, progress=lambda *step: seen.append(step))
    assert first == detect(monkeypatch, squares, how)
    assert first.left_out == {"not-chosen": 24}
    assert seen[:2] == [("comparing", 1, 12), ("comparing", 2, 12)]
    assert seen[-1] == ("training", 2, 2)


def test_a_kept_picture_is_no_mix_where_others_are_mixed(squares, monkeypatch):
    rows = [
        make_row(n, image_path_a=f"{n}.png", image_mode="keep" if n % 2 else "attended") for n in range(12)
    ]
    how = replace(HOW, epochs=1)
    out = write_run(squares.parent / "half", (rows,))
    assert detect(monkeypatch, out, how).left_out == {"picture-kept": 6}
    kept = write_run(squares.parent / "all", ([{**row, "image_mode": "keep"} for row in rows],))
    assert detect(monkeypatch, kept, how).left_out == {}


def test_a_picture_that_is_gone_is_counted(squares, monkeypatch):
    rows = [make_row(n, image_path_a="none.png" if n == 5 else f"{n}.png") for n in range(6)]
    out = write_run(squares.parent / "gone", (rows,))
    assert detect(monkeypatch, out, replace(HOW, epochs=1)).left_out == {"image-missing": 1}


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_pairs_are_an_error(squares, monkeypatch, count):
    out = write_run(
        squares.parent / f"few{count}", ([make_row(n, image_path_a=f"{n}.png") for n in range(count)],)
    )
    with pytest.raises(DatasetError, match="too few"):
        detect(monkeypatch, out)
