import gzip

import pytest

from medcutmix_cli.datasets.label_table import label_use, read_label_table, with_labels
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.records import Drop
from tests.builders import make_study


def table(tmp_path, text, name="labels.csv"):
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


@pytest.mark.parametrize("name", ["labels.csv", "labels.csv.gz"])
def test_blank_cells_are_not_said(tmp_path, name):
    text = "subject_id,study_id,Edema,Pleural Effusion\n1,50000000,1.0,\n1,s50000001,-1.0,0.0\n"
    assert read_label_table(table(tmp_path, text, name)) == {
        "50000000": {"Edema": 1.0},
        "50000001": {"Edema": -1.0, "Pleural Effusion": 0.0},
    }


def test_cells_that_r_or_pandas_left_empty_are_not_said(tmp_path):
    path = table(tmp_path, "study_id,Edema,Pneumonia\n1,NA,1\n2,<NA>,NULL\n")
    assert read_label_table(path) == {"1": {"Pneumonia": 1.0}, "2": {}}


def test_airspace_opacity_is_lung_opacity(tmp_path):
    path = table(tmp_path, "study_id,Airspace Opacity\n1,1\n")
    assert read_label_table(path) == {"1": {"Lung Opacity": 1.0}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("study,Edema\n1,1\n", "'study_id' is missing", id="no-study-column"),
        pytest.param("study_id,Oedema\n1,1\n", "no column has the name", id="no-observation"),
        pytest.param("study_id,Edema\nNA,1\n", "a row has no study_id", id="an-id-that-is-missing"),
        pytest.param("study_id,Edema\n1,2\n", "none of 1, 0, -1", id="a-strange-value"),
        pytest.param("study_id,Edema\n1,1\ns1,0\n", "two rows", id="a-study-twice"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(tmp_path, text, message):
    with pytest.raises(DatasetError, match=message):
        read_label_table(table(tmp_path, text))


def test_a_table_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="does not exist") as caught:
        read_label_table(tmp_path / "no.csv")
    assert caught.value.where == str(tmp_path / "no.csv")


def test_the_table_replaces_the_labels_of_the_data_set():
    studies = [make_study(0, labels={"Edema": 1.0}), make_study(1), Drop("study", "s", "report-missing")]
    use = label_use("labels.csv")
    changed = list(with_labels(studies, {"50000000": {"Mass": 1.0}}, use))
    assert (use.matched, use.studies) == (1, 2)
    assert [getattr(study, "labels", None) for study in changed] == [{"Mass": 1.0}, {}, None]


def test_ids_that_pandas_made_floats_are_whole_again(tmp_path):
    assert set(read_label_table(table(tmp_path, "study_id,Edema\n50000000.0,1\n"))) == {"50000000"}


def test_a_table_without_a_row_for_any_study_is_refused():
    with pytest.raises(DatasetError, match="no row of the table of --label-table") as caught:
        list(with_labels([make_study(0)], {"7": {"Mass": 1.0}}, label_use("labels.csv")))
    assert caught.value.where == "labels.csv"
    assert "'50000000'; the table has '7'" in caught.value.hint
