"""`medcutmix evaluate`: the tables, the ids, the documents."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from medcutmix_cli.datasets.sample import write_sample
from tests.calls import medcutmix
from tests.run_folders import make_row, write_run
from tests.seam_runs import beside, write_seam_run

KEYS = {
    "disagreeing", "document", "macro_f1", "micro", "reports", "scores", "task", "uncertain", "without_report", "worst",
}  # fmt: skip
SCORE_KEYS = {"extra", "f1", "hits", "missed", "name", "positives", "precision", "recall"}


@pytest.fixture
def tables(tmp_path):
    texts, gold = tmp_path / "reports.csv", tmp_path / "gold.csv"
    texts.write_text("uid,findings\n1,Small effusion.\n2,A secret mass.\n")
    gold.write_text("filename,Effusion,Mass\nCXR1,1,0\nCXR2,1,0\n")
    return texts, gold


def test_scores_and_ids_are_shown_and_no_text(tables, capsys):
    texts, gold = tables
    assert medcutmix("evaluate", "reports", texts, "--gold", gold) == 0
    shown = capsys.readouterr().out
    assert "2 reports compared, 1 with a disagreement" in shown
    assert "CXR2" in shown
    assert "secret" not in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_json_is_one_document_with_known_keys(tables, capsys):
    texts, gold = tables
    assert medcutmix("evaluate", "reports", texts, "--gold", gold, "--json", "--worst", 1) == 0
    document = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert set(document) == KEYS
    assert set(document["micro"]) == SCORE_KEYS
    assert document["micro"]["f1"] == pytest.approx(2 / 3)
    assert document["worst"] == [{"identifier": "CXR2", "missed": ["Effusion"], "extra": []}]


def test_quiet_says_nothing(tables, capsys):
    assert medcutmix("evaluate", "reports", tables[0], "--gold", tables[1], "-q") == 0
    told = capsys.readouterr()
    assert told.out + told.err == ""


def test_a_missing_gold_is_a_usage_error(tables, capsys):
    assert medcutmix("evaluate", "reports", tables[0]) == 2
    assert "--gold" in capsys.readouterr().err


def test_help_of_the_part_has_examples(capsys):
    assert medcutmix("evaluate", "reports", "--help") == 0
    assert "medcutmix evaluate reports reports.csv --gold labels.csv" in capsys.readouterr().out


# --- evaluate maps

NIH = Path(__file__).resolve().parents[2] / "../shared/data/nih-chestxray14"
NOTE = "Trained on procedural phantoms: its maps on real pictures mean nothing."
MAP_KEYS = {
    "all_targets", "boxes", "boxes_read", "definitions", "device", "document", "dropped", "encoder", "findings", "kind",
    "mean", "noted", "pictures", "prompts", "scores", "settings", "targets",
}  # fmt: skip
ROW_KEYS = {"boxes", "chance", "cnr", "contrast", "miou", "name", "pictures", "pointing", "targets"}
ON_SAMPLE = ("--encoder", "bundled", "--device", "cpu", "--resamples", 100)


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory):
    return write_sample(
        tmp_path_factory.mktemp("maps") / "sample", 8, seed=5, height=320, workers=1
    ).directory


def test_maps_are_shown_with_chance_definitions_and_a_word_on_the_encoder(phantoms, capsys):
    assert medcutmix("evaluate", "maps", phantoms, "--boxes", phantoms / "boxes.csv", *ON_SAMPLE) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    for said in (
        "chance", "pointing", "CNR", "mIoU", "all targets", "mean of findings", "0 dropped", "arXiv 1608.00507",
        "arXiv 2204.09817", "no tolerance", "sigma 1.5/14", "95% percentile bootstrap", "There is",
        "Demonstration encoder 'bundled'",
    ):  # fmt: skip
        assert said in " ".join(shown.split()), said


def test_maps_as_json_are_one_document_whose_sums_hold(phantoms, tmp_path, capsys):
    boxes = tmp_path / "boxes.csv"
    boxes.write_text((phantoms / "boxes.csv").read_text() + "not-there,s1,mass,left,1,1,5,5,25\n")
    assert medcutmix("evaluate", "maps", phantoms, "--boxes", boxes, *ON_SAMPLE, "--json", "-q") == 0
    document = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert set(document) == MAP_KEYS
    assert all(set(row) == ROW_KEYS for row in (*document["findings"], document["mean"]))
    assert document["document"] == "map_evaluation"
    assert document["dropped"] == {"image-missing": 1}
    assert (
        document["boxes_read"]
        == document["boxes"] + 1
        == sum(row["boxes"] for row in document["findings"]) + 1
    )
    assert len(document["scores"]) == document["targets"]
    assert document["encoder"]["note"] == NOTE
    assert document["settings"]["smoothing"] == 1.5


def test_a_phrase_of_a_report_is_shown_nowhere(phantoms, tmp_path, capsys):
    picture = next(path for path in phantoms.rglob("*.jpg"))
    note = {"image_id": 1, "category_id": 1, "bbox": [50, 50, 99, 99], "label_text": "A whispered opacity"}
    image = {"id": 1, "path": picture.name, "width": 280, "height": 320}
    boxes = tmp_path / "boxes.json"
    category = {"id": 1, "name": "Lung Opacity"}
    boxes.write_text(json.dumps({"images": [image], "annotations": [note], "categories": [category]}))
    for last in ("--quiet", "--json", "--seed=1"):
        medcutmix("evaluate", "maps", phantoms, "--boxes", boxes, *ON_SAMPLE, last)
    told = capsys.readouterr()
    assert "whispered" not in told.out + told.err


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        pytest.param(["--encoder", "bundle"], 2, "did you mean 'bundled'", id="no-such-encoder"),
        pytest.param(["--precision", "fp8"], 2, "fp8", id="no-such-precision"),
        pytest.param(["--encoder-option", "fit=letterbox"], 2, "no option 'fit'", id="no-such-option"),
        pytest.param(["--boxes-kind", "vindr"], 2, "padchest-gr", id="no-such-kind"),
        pytest.param(["--interval", "95"], 2, "between 0 and 1", id="no-such-interval"),
        pytest.param(["--boxes", "none.csv"], 1, "none.csv", id="no-such-file"),
    ],
)
def test_what_cannot_be_measured_is_one_error(phantoms, capsys, changes, code, said):
    boxes = phantoms / "boxes.csv"
    assert medcutmix("evaluate", "maps", phantoms, "--boxes", boxes, *ON_SAMPLE, *changes) == code
    assert said in capsys.readouterr().err


@pytest.mark.skipif(not NIH.is_dir(), reason="../shared/data/nih-chestxray14 is not here")
def test_real_pictures_are_measured_and_the_note_is_shown(capsys):
    assert medcutmix("evaluate", "maps", NIH, "--boxes", NIH / "boxes.csv", *ON_SAMPLE) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert NOTE in shown
    assert "Pneumonia: There is pneumonia." in shown


# --- evaluate mixes

MIX_KEYS = {
    "anatomy", "document", "faults", "faulty", "figures", "left_out", "measured", "pairs", "settings", "written",
}  # fmt: skip


@pytest.fixture
def mixed(tmp_path):
    masks = tmp_path / "masks"
    masks.mkdir()
    grey = np.zeros((112, 112), np.uint8)
    grey[10:90, 10:50] = grey[10:90, 60:100] = 255
    for name in ("image0.png", "image1000.png"):
        assert cv2.imwrite(str(masks / name), grey)
    return write_run(tmp_path / "run", ([make_row(0), make_row(1)],), synthetic=False), masks


def test_mixes_are_shown_with_intervals_an_account_and_meanings(mixed, capsys):
    assert medcutmix("evaluate", "mixes", mixed[0], "--lungs", mixed[1], "--resamples", 20) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    for said in (
        "dice, median",
        "1.000",
        "2 written: 1 measured, 1 left out",
        "recipient-mask-missing",
        "95%",
    ):
        assert said in " ".join(shown.split()), said


def test_mixes_as_json_are_one_document(mixed, capsys):
    assert medcutmix("evaluate", "mixes", mixed[0], "--lungs", mixed[1], "--json", "-q") == 0
    document = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert set(document) == MIX_KEYS
    assert document["document"] == "mix_evaluation"
    assert document["pairs"][0]["measures"]["dice"] == {"value": 1.0, "pixels": pytest.approx(12800)}
    assert document["figures"][0]["estimate"] == {"value": 1.0, "low": None, "high": None}


def test_of_mixes_without_anatomy_the_reports_are_judged(mixed, capsys):
    assert medcutmix("evaluate", "mixes", mixed[0]) == 0
    shown = capsys.readouterr().out
    assert "of 2 with a fault that the critic sees" in shown
    assert "--lungs FOLDER" in shown


# --- evaluate detect

DETECT_KEYS = {
    "document", "findings", "learned", "left_out", "scores", "settings", "strategies", "trained", "written",
}  # fmt: skip
BRIEFLY = ("--epochs", 1, "--folds", 2, "--resamples", 20)


@pytest.fixture
def seams(tmp_path, monkeypatch):
    run = write_seam_run(tmp_path, 10, square=True)
    monkeypatch.setattr("medcutmix_cli.evaluation.detect.open_run_dataset", beside(run))
    return run


def test_areas_are_shown_by_strategy_and_finding(seams, tmp_path, capsys):
    assert medcutmix("evaluate", "detect", seams, *BRIEFLY, "--saliency", tmp_path / "seen") == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    for said in (
        "same-finding",
        "pleural_effusion",
        "AUC",
        "10 written: 10 looked at",
        "5 pairs of other patients",
    ):
        assert said in " ".join(shown.split()), said
    assert len(list((tmp_path / "seen").iterdir())) == 10


def test_areas_as_json_are_one_document(seams, capsys):
    assert medcutmix("evaluate", "detect", seams, *BRIEFLY, "--json", "-q") == 0
    document = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert set(document) == DETECT_KEYS
    assert document["trained"] == {"folds": 2, "epochs": 1, "max_pairs": 300}
    assert len(document["scores"]) == document["written"] == 10


def test_one_fold_is_a_usage_error(seams, capsys):
    assert medcutmix("evaluate", "detect", seams, "--folds", 1) == 2
    assert "folds" in capsys.readouterr().err


def test_a_sound_lexicon_ends_well_and_quietly(tmp_path, capsys):
    path = tmp_path / "my.toml"
    path.write_text(
        '[[finding]]\nid = "bend"\nterms = ["bent spine"]\n'
        '[[test]]\nsentence = "A bent spine."\nfindings = { bend = "present" }\n'
    )
    assert medcutmix("evaluate", "lexicon", path) == 0
    assert "1 phrase and 1 test tried, 0 problems" in capsys.readouterr().out
    assert medcutmix("evaluate", "lexicon", path, "--quiet") == 0
    assert capsys.readouterr().out == ""


def test_a_flaw_of_a_lexicon_is_shown_with_its_line_and_is_an_exit_code(tmp_path, capsys):
    path = tmp_path / "my.toml"
    path.write_text('[[finding]]\nid = "bend"\nterms = ["Bent-spine"]\n')
    assert medcutmix("evaluate", "lexicon", path) == 4
    shown = capsys.readouterr().out
    for word in ("3", "never", "[[finding]]", "terms", "Bent-spine"):
        assert word in shown
    assert medcutmix("evaluate", "lexicon", path, "--json") == 4
    document = json.loads(capsys.readouterr().out)
    assert (document["document"], document["ok"]) == ("lexicon_evaluation", False)
    assert document["problems"][0]["flaw"] == "never"
