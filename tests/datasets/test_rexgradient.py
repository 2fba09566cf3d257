import json
from collections import Counter

import pytest

from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.records import Drop
from medcutmix_cli.reports.sections import split_sections
from tests.released_trees import sections_of, write_rexgradient


def change(root, split="train", **cells):
    """Change cells of the first study of a split."""
    path = root / "metadata" / f"{split}_metadata_view_position.json"
    known = json.loads(path.read_text())
    first = next(iter(known))
    known[first] |= cells
    path.write_text(json.dumps(known))


def test_a_study_has_its_pictures_views_and_sections(tmp_path):
    dataset = open_dataset(write_rexgradient(tmp_path))
    studies = list(dataset.studies())
    assert Counter(study.split for study in studies) == {"train": 6, "validate": 1, "test": 1}
    first = studies[0]
    assert {image.view for image in first.images} == {"PA", "LATERAL"}
    assert all(dataset.resolve(image.path).is_file() for study in studies for image in study.images)
    found = {
        section.name: first.report[section.start : section.end] for section in split_sections(first.report)
    }
    assert found == sections_of(0)


@pytest.mark.parametrize("place", ["images", "images/deid_png"])
def test_the_archive_may_be_unpacked_below_another_folder(tmp_path, place):
    root = write_rexgradient(tmp_path)
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    (root / "deid_png").rename(root / "moved")
    (root / place).mkdir()
    (root / "moved").rename(root / place / "deid_png")
    dataset = open_dataset(root)
    assert all(dataset.resolve(image.path).is_file() for study in dataset.studies() for image in study.images)


def test_one_split_suffices(tmp_path):
    root = write_rexgradient(tmp_path)
    (root / "metadata" / "train_metadata_view_position.json").unlink()
    assert Counter(study.split for study in open_dataset(root).studies()) == {"validate": 1, "test": 1}


def test_a_study_without_pictures_or_words_is_a_drop_by_name(tmp_path):
    root = write_rexgradient(tmp_path)
    change(root, ImagePath=None)
    change(root, "valid", Findings=None, Impression=float("nan"))
    dropped = {entry.reason for entry in open_dataset(root).studies() if isinstance(entry, Drop)}
    assert dropped == {"image-path-missing", "report-empty"}


def test_metadata_of_another_kind_are_an_error_without_what_they_say(tmp_path):
    root = write_rexgradient(tmp_path)
    path = root / "metadata" / "train_metadata_view_position.json"
    path.write_text('{"a": ["Mr Someone"]}')
    with pytest.raises(DatasetError, match="study 1") as caught:
        list(open_dataset(root).studies())
    assert "Someone" not in str(caught.value)
    path.write_text("[]")
    with pytest.raises(DatasetError, match="no JSON object"):
        list(open_dataset(root).studies())
