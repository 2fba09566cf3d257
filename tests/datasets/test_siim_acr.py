import pytest

from medcutmix_cli import check_dataset
from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.datasets.siim_acr import SiimAcr
from medcutmix_cli.records import Drop, Study
from tests.released_trees import write_csv, write_siim


@pytest.mark.parametrize("table", ["stage_2_train.csv", "train-rle.csv"])
def test_a_picture_with_outlines_has_a_pneumothorax_and_one_without_only_denies_it(tmp_path, table):
    entries = list(open_dataset(write_siim(tmp_path, table=table), split="train", view="AP").studies())
    studies = [entry for entry in entries if isinstance(entry, Study)]
    assert len(studies) == 4
    assert all(study.labels == {"Pneumothorax": 1.0} for study in studies)
    assert {study.images[0].view for study in studies} == {"AP"}
    assert {entry.reason for entry in entries if isinstance(entry, Drop)} == {"label-only-denies"}


def test_the_check_says_that_the_view_is_to_be_said(tmp_path):
    check = check_dataset(write_siim(tmp_path), split_all="train")
    assert not check.ok
    hints = [problem.hint for problem in check.problems if "no view is said in 4 rows" in problem.what]
    assert len(hints) == 1
    assert "--view-all PA or --view-all AP" in hints[0]


def test_a_table_of_this_name_with_other_columns_is_another_set(tmp_path):
    write_csv(tmp_path / "stage_2_train.csv", ["patientId", "Target"], [])
    assert not SiimAcr.recognises(tmp_path)
