import pytest

from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.datasets.text_folder import TextFolder
from medcutmix_cli.records import Drop
from tests.datasets.test_hugging_face import pictures
from tests.own_trees import rows_of, write_pairs


@pytest.mark.parametrize(
    ("place", "split", "patients"),
    [
        ("{n}", "train", ["0", "1", "2", "3"]),
        ("valid/{n}", "validate", ["valid/0", "valid/1", "valid/2", "valid/3"]),
        ("test/{subject}/{n}", "test", ["p0", "p1", "p2", "p3"]),
        ("{subject}/a/{n}", "train", ["p0", "p1", "p2", "p3"]),
    ],
)
def test_the_tree_says_split_and_patient(tmp_path, place, split, patients):
    rows = rows_of(tmp_path / "rows", 4)
    root = write_pairs(tmp_path / "pairs", rows, place)
    dataset = TextFolder(root, split="train", view="PA")
    found = pictures(dataset)
    assert [one[3] for one in found.values()] == patients
    assert {one[0] for one in found.values()} == {split}
    assert [(one[1], one[2]) for one in found.values()] == [(row["content"], row["report"]) for row in rows]


def test_it_is_recognised_where_pairs_lie_at_the_top_or_in_splits(tmp_path):
    rows = rows_of(tmp_path / "rows", 2)
    assert open_dataset(write_pairs(tmp_path / "a", rows)).kind == "text-folder"
    assert open_dataset(write_pairs(tmp_path / "b", rows, "train/{n}")).kind == "text-folder"
    assert not TextFolder.recognises(write_pairs(tmp_path / "c", rows, "cases/{n}"))


def test_a_picture_without_its_text_is_left_out_by_name(tmp_path):
    root = write_pairs(tmp_path / "pairs", rows_of(tmp_path / "rows", 2))
    (root / "1.txt").unlink()
    assert Drop("study", "1", "report-empty") in list(TextFolder(root, split="train").studies())


def test_provenance_knows_another_text(tmp_path):
    root = write_pairs(tmp_path / "pairs", rows_of(tmp_path / "rows", 2))
    before = TextFolder(root).provenance()
    (root / "1.txt").write_text("Other.")
    assert TextFolder(root).provenance() != before
