from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from medcutmix_cli.configuration import registry
from medcutmix_cli.datasets.attribute_table import read_attribute_table
from medcutmix_cli.datasets.ids import published_id
from medcutmix_cli.datasets.label_table import label_use, read_label_table, with_labels
from medcutmix_cli.datasets.recognise import kind_around, open_dataset
from medcutmix_cli.errors import DatasetError, UsageError
from medcutmix_cli.planning.exclusions import read_excluded
from medcutmix_cli.records import Study
from tests.mimic_trees import Tree
from tests.nih_trees import write_nih
from tests.own_trees import rows_of, write_pairs, write_saved, write_tar
from tests.released_trees import WRITERS
from tests.trees import write_manifest

SHARED = Path(__file__).resolve().parents[2] / "../shared/data/covid-cxr"

KINDS = {
    "mimic-cxr": lambda folder: Tree().write(folder),
    "manifest": lambda folder: write_manifest(folder, 3),
    "nih-chestxray14": lambda folder: write_nih(folder),
    "hugging-face": lambda folder: write_saved(
        folder, {"train": rows_of(folder.with_name(f"{folder.name}-rows"), 3)}
    ),
    "text-folder": lambda folder: write_pairs(
        folder, rows_of(folder.with_name(f"{folder.name}-rows"), 3), "train/{subject}-{n}"
    ),
    "webdataset": lambda folder: (
        write_tar(folder / "train-0.tar", rows_of(folder.with_name(f"{folder.name}-rows"), 3)).parent
    ),
    **WRITERS,
}
"""A tree of every registered kind; what each kind keeps is in `medcutmix_cli.testing.datasets`."""


def test_there_is_a_tree_of_every_kind():
    assert set(KINDS) == set(registry.names("dataset"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_data_set_is_recognised_by_its_own_kind_only(tmp_path, kind):
    root = KINDS[kind](tmp_path / "a")
    assert open_dataset(root).kind == kind
    claims = [name for name in registry.names("dataset") if registry.load("dataset", name).recognises(root)]
    assert claims == [kind]


@pytest.mark.parametrize("kind", KINDS)
def test_the_provenance_is_the_same_in_another_place(tmp_path, kind):
    one, other = (open_dataset(KINDS[kind](tmp_path / name)).provenance() for name in ("a", "b"))
    assert one.keys() == other.keys()
    assert [key for key in one if key.endswith("sha256")]


LINE = 300
"""Characters of a hint that are read: some three lines."""


def test_nothing_recognised_names_the_place_and_every_kind_in_a_few_lines(tmp_path):
    with pytest.raises(DatasetError) as caught:
        open_dataset(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert all(name in caught.value.hint for name in registry.names("dataset"))
    assert "--dataset-kind NAME" in caught.value.hint
    assert len(caught.value.hint) < LINE


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_that_is_said_says_what_is_missing_for_it(tmp_path, kind):
    with pytest.raises(DatasetError) as caught:
        list(open_dataset(tmp_path, kind).studies())
    assert caught.value.where
    assert caught.value.hint


@pytest.mark.parametrize("kind", KINDS)
def test_a_data_set_one_folder_below_is_proposed(tmp_path, kind):
    (tmp_path / "notes.doc").touch()
    KINDS[kind](tmp_path / "below" / "mine")
    with pytest.raises(DatasetError) as caught:
        open_dataset(tmp_path / "below")
    assert "did you mean 'mine'" in caught.value.hint
    assert len(caught.value.hint) < LINE + 100


def test_two_kinds_in_one_folder_have_to_be_told_apart(tmp_path):
    write_manifest(Tree().write(tmp_path), 2)
    with pytest.raises(DatasetError, match="--dataset-kind"):
        open_dataset(tmp_path)
    assert open_dataset(tmp_path, "mimic-cxr").kind == "mimic-cxr"


def test_a_path_that_is_not_there_is_one_error(tmp_path):
    with pytest.raises(DatasetError, match="no such folder"):
        open_dataset(tmp_path / "nowhere")


def test_an_unknown_kind_or_option_gives_the_nearest(tmp_path):
    root = Tree().write(tmp_path)
    with pytest.raises(UsageError, match="did you mean 'mimic-cxr'"):
        open_dataset(root, "mimic-cr")
    with pytest.raises(UsageError, match="did you mean 'reports'"):
        open_dataset(root, reprots=root)
    assert open_dataset(root, reports=None).root == root


def test_real_manifest_is_read_with_a_column_mapping():
    if not SHARED.is_dir():
        pytest.skip("the shared data set covid-cxr is not here")
    columns = {"image": "path", "subject": "patientid", "report": "clinical_notes"}
    dataset = open_dataset(SHARED, columns=columns, split="train", views={"AP Supine": "AP", "L": "LATERAL"})
    studies = list(dataset.studies())
    assert len(studies) == 134
    assert all(dataset.resolve(study.images[0].path).is_file() for study in studies)
    assert {study.images[0].view for study in studies} <= {"PA", "AP", "LATERAL"}


def test_a_table_knows_the_set_around_it(tmp_path):
    root = WRITERS["padchest"](tmp_path)
    assert kind_around(next(root.glob("*.csv"))) == "padchest"
    assert kind_around(tmp_path / "0" / "t.csv") == ""


SPLIT = {"open-i", "padchest", "siim-acr", "vindr-cxr"}
"""Kinds without a split of their own."""


def first_study(kind, tmp_path):
    options = {"split": "train"} if kind in SPLIT else {}
    source = open_dataset(KINDS[kind](tmp_path / "set"), None, **options)
    return next(study for study in source.studies() if isinstance(study, Study) and study.images)


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("about", ["image", "study", "subject"])
@pytest.mark.parametrize("write", [str, published_id], ids=["as-written-by-this-program", "as-published"])
def test_ids_of_every_kind_are_understood_in_lists_and_tables(tmp_path, kind, about, write):
    study = first_study(kind, tmp_path)
    own = {"image": study.images[0].image_id, "study": study.study_id, "subject": study.subject_id}[about]
    listed, table = tmp_path / "ids.txt", tmp_path / "table.csv"
    listed.write_text(f"{write(own)}\n")
    assert read_excluded(str(listed)).match(study)
    table.write_text(f"{about}_id,site,Edema\n{write(own)},a,1\nanother,b,0\n")
    assert read_excluded(str(table)).match(study)
    attributes = read_attribute_table(table)
    assert attributes.key(study, study.images[0]) in attributes.rows


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_study_ids_of_every_kind_are_understood_in_a_table_of_labels(tmp_path, kind):
    study = first_study(kind, tmp_path)
    (tmp_path / "labels.csv").write_text(f"study_id,Edema\n{study.study_id},1\n")
    [found] = with_labels(
        [replace(study, prompted=False)], read_label_table(tmp_path / "labels.csv"), label_use("x")
    )
    assert found.labels == {"Edema": 1.0}
