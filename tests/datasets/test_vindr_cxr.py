from collections import Counter

import pytest

from medcutmix_cli.datasets.labelled_pictures import SpokenLabels
from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.datasets.vindr_cxr import VindrCxr, agree_labels
from medcutmix_cli.errors import DatasetError, UsageError
from tests.released_trees import write_csv, write_pictures, write_vindr


def readings(*said):
    return [frozenset(own) for own in said]


@pytest.mark.parametrize(
    ("said", "readers", "wanted"),
    [
        pytest.param([["Pneumonia"]] * 3, 2, SpokenLabels(("Pneumonia",)), id="all-agree"),
        pytest.param(
            [["Pneumonia"], ["Pneumonia"], ["Edema"]], 2, SpokenLabels(("Pneumonia",)), id="two-of-three"
        ),
        pytest.param(
            [["Pneumonia"], ["Edema"], []], 2, SpokenLabels(problem="labels-missing"), id="nobody-agrees"
        ),
        pytest.param(
            [["Pneumonia"], ["Edema"], []], 1, SpokenLabels(("Edema", "Pneumonia")), id="one-suffices"
        ),
        pytest.param([["Pneumonia"]], 2, SpokenLabels(("Pneumonia",)), id="a-consensus"),
        pytest.param([["No finding"]] * 3, 2, SpokenLabels(("No Finding",)), id="normal"),
        pytest.param(
            [["No finding"], ["No finding"], ["Edema"]],
            2,
            SpokenLabels(problem="labels-contradictory"),
            id="normal-but-one-saw-something",
        ),
        pytest.param(
            [["Nodule/Mass"]] * 3, 2, SpokenLabels(problem="label-has-no-prompt"), id="nodule-or-mass"
        ),
    ],
)
def test_a_label_counts_that_enough_readers_gave(said, readers, wanted):
    assert agree_labels(readings(*said), readers) == wanted


def test_both_tables_are_splits_and_every_picture_is_pa(tmp_path):
    studies = list(open_dataset(write_vindr(tmp_path)).studies())
    assert Counter(study.split for study in studies) == {"train": 3, "test": 1}
    assert {image.view for study in studies for image in study.images} == {"PA"}
    assert {tuple(study.labels) for study in studies} == {("Cardiomegaly",)}


def test_one_table_suffices(tmp_path):
    root = write_vindr(tmp_path)
    (root / "annotations" / "image_labels_train.csv").unlink()
    assert [study.split for study in open_dataset(root).studies()] == ["test"]


def test_the_table_of_children_is_not_this_one(tmp_path):
    write_csv(tmp_path / "image_labels_train.csv", ["image_id", "rad_ID", "No finding", "Bronchitis"], [])
    assert not VindrCxr.recognises(tmp_path)


def test_a_value_that_is_no_label_is_an_error_with_its_place(tmp_path):
    root = write_vindr(tmp_path)
    path = root / "annotations" / "image_labels_test.csv"
    path.write_text(path.read_text().replace("image3,0", "image3,maybe"))
    with pytest.raises(DatasetError, match="Aortic enlargement"):
        list(open_dataset(root).studies())


def test_nobody_is_no_reader(tmp_path):
    write_pictures(tmp_path, ["a.png"])
    with pytest.raises(UsageError, match="readers"):
        VindrCxr(tmp_path, readers=0)
