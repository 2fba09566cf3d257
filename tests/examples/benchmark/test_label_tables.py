"""The three tables in tiny trees, with the column names of their releases."""

from dataclasses import replace

import numpy as np
import pydicom
import pytest

from examples.benchmark.config import OBSERVED, read_config
from examples.benchmark.label_tables import prompts_by_name, read_table
from medcutmix_cli.datasets.sample import write_sample
from medcutmix_cli.errors import UsageError
from medcutmix_cli.findings import CHEXPERT
from tests.nih_trees import write_nih
from tests.trees import write_picture

WHOLE = replace(read_config(), canvas=112)


def label(cases, name, observation):
    return cases.labels[list(cases.ids).index(name), CHEXPERT.index(observation)]


def test_chexpert_keeps_frontal_pictures_and_says_what_is_blank(tmp_path):
    root = tmp_path / "CheXpert-v1.0-small"
    places = ("train/patient00001/study1/view1_frontal.jpg", "train/patient00001/study1/view2_lateral.jpg")
    for number, place in enumerate(places):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        write_picture(root / place, number)
    head = f"Path,Sex,Age,Frontal/Lateral,AP/PA,{','.join(CHEXPERT)}"
    said = {"Consolidation": "1.0", "Edema": "-1.0", "Pneumothorax": "0.0"}
    values = ",".join(said.get(name, "") for name in CHEXPERT)
    rows = [
        f"CheXpert-v1.0-small/{places[0]},Female,68,Frontal,AP,{values}",
        f"CheXpert-v1.0-small/{places[1]},Female,68,Lateral,,{values}",
    ]
    (root / "train.csv").write_text("\n".join([head, *rows]) + "\n")
    cases = read_table("chexpert", root / "train.csv", WHOLE)
    assert list(cases.ids) == [f"CheXpert-v1.0-small/{places[0]}"]
    found = dict(zip(CHEXPERT, cases.labels[0], strict=True))
    assert {name: value for name, value in found.items() if value == value} == {
        n: float(v) for n, v in said.items()
    }
    assert cases.attribute.tolist() == [True]


def test_nih_says_absent_of_what_it_does_not_name(tmp_path):
    root = write_nih(tmp_path, 12, images="images_{:03d}/images")
    cases = read_table("nih", root / "Data_Entry_2017_v2020.csv", WHOLE)
    assert len(cases) == 12
    assert cases.pictures.shape == (12, 64, 64)
    name = "00000001_000.png"
    assert (label(cases, name, "Pleural Effusion"), label(cases, name, "Edema")) == (1, 0)
    assert label(cases, "00000003_000.png", "Lung Lesion") == 1  # Mass|Effusion
    assert np.isnan(label(cases, name, "Support Devices"))
    assert set(cases.attribute.tolist()) == {True, False}


def test_rsna_has_one_case_for_several_boxes(tmp_path):
    write_sample(tmp_path / "sample", studies=3, image_format="dicom", height=96)
    files = sorted((tmp_path / "sample").rglob("*.dcm"))[:2]
    pictures = tmp_path / "rsna" / "stage_2_train_images"
    pictures.mkdir(parents=True)
    for name, file in zip("ab", files, strict=True):
        pydicom.dcmread(file).save_as(pictures / f"{name}.dcm")
    lines = ["patientId,x,y,width,height,Target", "a,1,2,3,4,1", "a,5,6,7,8,1", "b,,,,,0", "gone,,,,,0"]
    table = tmp_path / "rsna" / "stage_2_train_labels.csv"
    table.write_text("\n".join(lines) + "\n")
    cases = read_table("rsna", table, WHOLE)
    assert list(cases.ids) == ["a", "b"]
    assert [label(cases, name, "Lung Opacity") for name in "ab"] == [1, 0]


def test_a_table_without_its_pictures_says_so(tmp_path):
    (tmp_path / "t.csv").write_text("patientId,x,y,width,height,Target\na,,,,,0\n")
    with pytest.raises(UsageError, match="none of the pictures"):
        read_table("rsna", tmp_path / "t.csv", WHOLE)
    with pytest.raises(UsageError, match="no table of the kind"):
        read_table("padchest", tmp_path / "t.csv", WHOLE)


def test_every_observation_has_prompts_both_ways():
    prompts = prompts_by_name(OBSERVED)
    assert set(prompts) == set(OBSERVED)
    assert all(there and absent for there, absent in prompts.values())
