import json
from pathlib import Path

import pytest

from medcutmix_cli import check_dataset
from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.datasets.released_table import (
    ReleasedTable,
    find_file,
    first_place,
    list_pictures,
    place_of,
    read_object,
)
from medcutmix_cli.errors import DatasetError, UsageError
from medcutmix_cli.records import Study
from tests.released_trees import WITHOUT_SPLIT, WITHOUT_VIEW, WRITERS, write_open_i_csv, write_pictures


def options_of(kind):
    """Return what must be said of a tree so that it can be mixed."""
    views = {"maps": {"view:Frontal": "PA"}} if kind == "open-i" else {}
    split = {"split_all": "train"} if kind in WITHOUT_SPLIT else {}
    return split | views | ({"view_all": "PA"} if kind in WITHOUT_VIEW else {})


def told(check):
    return [f"{problem.what} | {problem.hint}" for problem in check.problems]


@pytest.mark.parametrize("kind", WRITERS)
def test_a_published_tree_is_recognised_and_can_be_mixed_with_what_the_check_says(tmp_path, kind):
    root = WRITERS[kind](tmp_path)
    check = check_dataset(root, **options_of(kind))
    assert (check.kind, check.ok) == (kind, True)
    assert check.usable > 0
    assert not check.undecoded
    assert {use.why for use in check.columns} == {"as published"}
    assert not check.unused


@pytest.mark.parametrize("kind", WITHOUT_SPLIT)
def test_a_set_without_splits_is_never_given_one_unasked(tmp_path, kind):
    root = WRITERS[kind](tmp_path)
    check = check_dataset(root)
    assert not check.ok
    assert any("'split' is missing" in line and "--split-all train" in line for line in told(check))
    with pytest.raises(DatasetError, match="--split-all train"):
        list(open_dataset(root).studies())


@pytest.mark.parametrize("kind", sorted(set(WRITERS) - set(WITHOUT_SPLIT)))
def test_a_published_split_stays_as_it_is(tmp_path, kind):
    studies = [entry for entry in open_dataset(WRITERS[kind](tmp_path)).studies() if isinstance(entry, Study)]
    assert "train" in {study.split for study in studies}
    assert len({study.split for study in studies}) > 1


@pytest.mark.parametrize("kind", WRITERS)
def test_columns_of_a_published_set_are_not_named(tmp_path, kind):
    root = WRITERS[kind](tmp_path)
    with pytest.raises(UsageError, match="are known and are not named"):
        open_dataset(root, columns={"subject": "x"})


@pytest.mark.parametrize("kind", WRITERS)
def test_a_tree_without_pictures_is_one_error_that_says_what_to_unpack(tmp_path, kind):
    root = WRITERS[kind](tmp_path)
    for path in sorted(root.rglob("*")):
        if path.suffix in (".png", ".dcm", ".dicom"):
            path.unlink()
    with pytest.raises(DatasetError, match=r"no picture of the tables.*unpack"):
        list(open_dataset(root, split="train").studies())


@pytest.mark.parametrize("kind", WRITERS)
def test_every_published_role_is_one_that_the_rows_have(tmp_path, kind):
    dataset = open_dataset(WRITERS[kind](tmp_path))
    assert isinstance(dataset, ReleasedTable)
    (source,) = dataset.sources()
    assert set(source.columns) <= set(dataset.published)
    assert not any("\n" in name for name in dataset.published.values())


@pytest.mark.parametrize("kind", [kind for kind in WRITERS if kind in ("padchest", "vindr-cxr", "siim-acr")])
def test_pictures_with_labels_make_prompts_and_say_so(tmp_path, kind):
    dataset = open_dataset(WRITERS[kind](tmp_path), split="train" if kind in WITHOUT_SPLIT else "")
    studies = [entry for entry in dataset.studies() if isinstance(entry, Study)]
    assert studies
    assert all(study.prompted and study.labels for study in studies)
    assert any("--unpaired PATH --unpaired-as donor" in remark.hint for remark in dataset.remarks())


def test_shares_take_whole_patients_for_other_splits_by_a_hash(tmp_path):
    root = write_open_i_csv(tmp_path, 60)
    plain = {study.study_id for study in open_dataset(root, split="train").studies()}
    options = {"split": "train", "validate_share": 0.2, "test_share": 0.3}
    splits = {study.study_id: study.split for study in open_dataset(root, **options).studies()}
    again = {study.study_id: study.split for study in open_dataset(root, **options).studies()}
    assert splits == again
    assert splits.keys() == plain
    counts = {name: list(splits.values()).count(name) for name in ("train", "validate", "test")}
    assert counts["validate"] in range(4, 22)
    assert counts["test"] in range(8, 30)
    assert counts["train"] > 15


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"validate_share": 1.0}, id="all"),
        pytest.param({"test_share": -0.1}, id="less-than-none"),
        pytest.param({"validate_share": 0.5, "test_share": 0.5}, id="nobody-to-train-on"),
    ],
)
def test_shares_that_make_no_sense_are_refused(tmp_path, options):
    with pytest.raises(UsageError, match=r"from 0 to below 1|nobody to train on"):
        open_dataset(write_open_i_csv(tmp_path, 1), split="train", **options)


def test_pictures_are_found_by_name_anywhere_and_png_counts_first(tmp_path):
    write_pictures(tmp_path, ["a/1.dcm", "b/1.png", "b/2.dicom", "c/x.txt.png"])
    (tmp_path / "note.txt").write_text("no picture")
    assert list_pictures(tmp_path) == {"1": "b/1.png", "2": "b/2.dicom", "x.txt": "c/x.txt.png"}


def test_the_first_place_that_has_a_picture_of_the_table_counts(tmp_path):
    write_pictures(tmp_path, ["PNG/train/1.png"])
    places = (("", ".png"), ("PNG", ".png"))
    assert first_place(tmp_path, places, ["train/0.jpg", "train/1.jpg"]) == ("PNG", ".png")
    assert place_of("train/1.jpg", "PNG", ".png") == "PNG/train/1.png"
    assert place_of("train/1.jpg", "", "") == "train/1.jpg"
    with pytest.raises(DatasetError, match="no picture of the tables"):
        first_place(tmp_path, places, ["train/2.jpg"])


def test_a_table_may_be_gzipped(tmp_path):
    assert find_file(tmp_path, "t.csv") is None
    (tmp_path / "t.csv.gz").write_bytes(b"")
    assert find_file(tmp_path, "s.csv", "t.csv") == tmp_path / "t.csv.gz"


@pytest.mark.parametrize("text", ["[1]", "{", ""])
def test_what_is_no_object_is_named_without_what_it_says(text):
    with pytest.raises(DatasetError, match=r"no JSON object.*here"):
        read_object(text, "here")
    assert read_object(json.dumps({"a": 1}), "here") == {"a": 1}


def test_a_picture_that_lacks_is_a_drop_by_name(tmp_path):
    root = write_open_i_csv(tmp_path, 3)
    for path in Path(root, "images").rglob("2_*"):
        path.unlink()
    entries = list(open_dataset(root, split="train").studies())
    assert [(e.unit, e.identifier, e.reason) for e in entries if not isinstance(e, Study)] == [
        ("study", "2", "image-missing")
    ]


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "one-picture-less"])
def test_no_advice_on_a_published_set_is_an_option_that_it_refuses(tmp_path, kind, whole):
    folder = WRITERS[kind](tmp_path)
    pictures = sorted(path for path in folder.rglob("*") if path.suffix in (".png", ".dcm", ".dicom"))
    assert len(pictures) > 1
    if not whole:
        pictures[-1].unlink()
    for said in ({}, {"split_all": "train"}, {"split_all": "train", "view_all": "PA"}):
        problems = check_dataset(folder, **said).problems
        assert not [problem.hint for problem in problems if "--column" in problem.hint]
