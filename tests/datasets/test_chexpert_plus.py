import json
from collections import Counter

import pytest

from medcutmix_cli.datasets.chexpert_plus import PLACES
from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.findings import CHEXPERT
from tests.released_trees import write_chexpert_plus


@pytest.mark.parametrize(("place", "suffix"), PLACES, ids=[f"{p or 'root'}{s}" for p, s in PLACES])
def test_every_form_of_the_pictures_gives_the_same_studies(tmp_path, place, suffix):
    dataset = open_dataset(write_chexpert_plus(tmp_path, place=place, suffix=suffix))
    studies = list(dataset.studies())
    assert [study.study_id for study in studies] == [
        f"patient{n // 2:05d}/study{n % 2 + 1}" for n in range(6)
    ]
    assert all(dataset.resolve(image.path).suffix == suffix for s in studies for image in s.images)
    assert all(dataset.resolve(image.path).is_file() for study in studies for image in study.images)


def test_views_and_splits_are_said_in_our_words(tmp_path):
    studies = list(open_dataset(write_chexpert_plus(tmp_path)).studies())
    assert Counter(study.split for study in studies) == {"train": 4, "validate": 2}
    assert {image.image_id.rpartition("/")[2]: image.view for image in studies[0].images} == {
        "view1_frontal": "AP",
        "view2_lateral": "LATERAL",
    }
    assert len({study.subject_id for study in studies}) == 3


def test_labels_are_those_of_the_whole_report_where_they_are_there(tmp_path):
    root = write_chexpert_plus(tmp_path)
    folder = root / "chexbert_labels"
    folder.mkdir()
    said = {"path_to_image": "train/patient00000/study1/view1_frontal.jpg", "Edema": 1.0, "Fracture": -1.0}
    lines = [
        {**dict.fromkeys(CHEXPERT), **said},
        {**said, "path_to_image": said["path_to_image"].replace("view1_frontal", "view2_lateral")},
    ]
    (folder / "impression_fixed.json").write_text(json.dumps(said | {"Edema": 0.0}))
    first = next(iter(open_dataset(root).studies()))
    assert first.labels == {"Edema": 0.0, "Fracture": -1.0}
    (folder / "report_fixed.json").write_text("\n".join(map(json.dumps, lines)))
    first = next(iter(open_dataset(root).studies()))
    assert first.labels == {"Edema": 1.0, "Fracture": -1.0}
    assert "report_fixed.json:sha256" in open_dataset(root).provenance()


def test_damaged_labels_are_an_error_with_their_line(tmp_path):
    root = write_chexpert_plus(tmp_path)
    (root / "report_fixed.json").write_text("{}\n[]\n")
    with pytest.raises(DatasetError, match=r"report_fixed\.json, line 2"):
        list(open_dataset(root).studies())
