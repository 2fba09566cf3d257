import gzip

import pytest

from medcutmix_cli.errors import DatasetError
from medcutmix_cli.inspection.split_rules import Membership, SplitProof, read_split_table
from tests.run_folders import make_row

MIMIC = "dicom_id,study_id,subject_id,split\nimage0,s0,p0,train\nimage1000,s1000,p1000,train\n"


def table(tmp_path, text):
    (tmp_path / "split.csv").write_text(text)
    return read_split_table(tmp_path / "split.csv")


def rules(proof, *rows):
    return [problem.rule for row in rows for problem in proof.problems(row)]


def test_rows_of_two_patients_of_one_split_are_right():
    assert rules(SplitProof(), make_row(0), make_row(1)) == []


def test_a_patient_is_never_in_two_splits_whatever_the_plan_says():
    assert rules(SplitProof(), make_row(0), make_row(0, split="test")) == ["patient-split", "patient-split"]


def test_a_patient_that_gives_in_one_split_and_receives_in_another_is_found():
    assert rules(SplitProof(), make_row(0), make_row(5, split="test", subject_id_b="p0")) == ["patient-split"]


def test_a_pair_of_one_patient_is_found():
    assert rules(SplitProof(), make_row(0, subject_id_b="p0")) == ["patient"]


def test_the_split_file_of_mimic_proves_rows(tmp_path):
    assert rules(SplitProof(table(tmp_path, MIMIC)), make_row(0)) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(MIMIC.replace("p0,train", "p0,test"), id="another-split"),
        pytest.param(MIMIC.replace("p1000,", "p7,"), id="another-patient"),
        pytest.param(MIMIC.replace("s1000,", "s7,"), id="unknown-study"),
    ],
)
def test_a_row_that_the_split_file_contradicts_is_found(tmp_path, text):
    assert rules(SplitProof(table(tmp_path, text)), make_row(0)) == ["split-file"]


def test_a_split_has_the_names_that_others_give_it(tmp_path):
    found = table(tmp_path, "study,split\ns0,val\ns1,Train\n")
    assert found.rows == {"s0": Membership("", "validate"), "s1": Membership("", "train")}


def test_pictures_are_looked_up_where_studies_are_not_told(tmp_path):
    found = table(tmp_path, "image_id,split\nimage0,train\nimage1000,test\n")
    assert rules(SplitProof(found), make_row(0)) == ["split-file"]


def test_a_split_file_that_tears_a_patient_apart_is_told(tmp_path):
    found = table(tmp_path, "study,subject,split\ns0,p0,train\ns1,p0,test\ns2,p2,test\n")
    assert found.torn == ("p0",)


def test_a_patient_whose_id_became_a_float_in_one_row_is_torn_apart_as_well(tmp_path):
    found = table(tmp_path, "study_id,subject_id,split\n1.0,7.0,train\n2,7,test\n")
    assert found.torn == ("7",)
    assert found.rows == {"1": Membership("7", "train"), "2": Membership("7", "test")}


def test_a_gzipped_table_is_read(tmp_path):
    (tmp_path / "split.csv.gz").write_bytes(gzip.compress(MIMIC.encode()))
    assert len(read_split_table(tmp_path / "split.csv.gz").rows) == 2


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("study_id,subject_id\ns0,p0\n", id="no-split"),
        pytest.param("subject_id,split\np0,train\n", id="no-id"),
        pytest.param("study,split\ns0,train\ns0,test\n", id="two-splits-of-one-study"),
        pytest.param("", id="empty"),
    ],
)
def test_a_table_that_proves_nothing_is_refused(tmp_path, text):
    with pytest.raises(DatasetError):
        table(tmp_path, text)
