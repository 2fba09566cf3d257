from __future__ import annotations

import gzip
import re
import zipfile
from collections import Counter

import pytest

from medcutmix_cli.datasets.mimic_cxr import MimicCxr
from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.errors import DatasetError, UsageError
from medcutmix_cli.records import Drop, Image, Study
from tests.mimic_trees import METADATA, SPLIT, Tree, folder_of, write_csv


def outcome(dataset) -> dict[str, str]:
    """Study and image ids with what became of them."""
    return {
        found.study_id if isinstance(found, Study) else found.identifier: "study"
        if isinstance(found, Study)
        else f"{found.unit} {found.reason}"
        for found in dataset.studies()
    }


def test_studies_come_whole_and_in_order(tmp_path):
    one, two, three = MimicCxr(Tree().write(tmp_path)).studies()
    assert [one.study_id, two.study_id, three.study_id] == ["50000001", "50000002", "50000003"]
    assert (two.subject_id, two.split, three.split) == ("10000001", "train", "validate")
    folder = folder_of("10000001", "50000002")
    assert two.images == (Image("d1", f"{folder}/d1.jpg", "PA"), Image("d2", f"{folder}/d2.jpg", "LATERAL"))
    assert three.images[0].view == ""
    assert two.labels == {"Atelectasis": 1.0, "Cardiomegaly": 0.0, "Consolidation": -1.0}
    assert one.labels == three.labels == {}


@pytest.mark.parametrize(
    "table",
    [
        "mimic-cxr-jpg/mimic-cxr-2.0.0-metadata.csv.gz",
        "mimic-cxr-jpg/mimic-cxr-2.0.0-split.csv.gz",
        "mimic-cxr-jpg/mimic-cxr-2.0.0-chexpert.csv.gz",
        "mimic-cxr/cxr-study-list.csv.gz",
    ],
)
def test_ids_that_pandas_made_floats_are_those_of_folders_and_other_tables(tmp_path, table):
    dataset = MimicCxr(Tree(studies=[["10000001", "50000001", ""]]).write(tmp_path))
    whole, listed = list(dataset.studies()), list(dataset.listed_pictures())
    written = gzip.decompress((tmp_path / table).read_bytes()).decode()
    floats = re.sub(r"\b([15]000000\d)\b", r"\1.0", written)
    assert floats != written
    (tmp_path / table).write_bytes(gzip.compress(floats.encode()))
    assert list(dataset.studies()) == whole
    assert list(dataset.listed_pictures()) == listed


def test_report_text_is_untouched(tmp_path):
    assert next(MimicCxr(Tree().write(tmp_path)).studies()).report == " FINDINGS: One.\r\n"


@pytest.mark.parametrize("merged", [False, True], ids=["two-projects", "one-folder"])
@pytest.mark.parametrize("pictures", ["jpg", "dicom"])
@pytest.mark.parametrize("packed", [".zip", ".tar.gz", ".tgz", ".tar", "folder"])
def test_every_layout_gives_the_same_studies(tmp_path, merged, pictures, packed):
    dataset = open_dataset(Tree().write(tmp_path, pictures, packed, merged=merged))
    found = list(dataset.studies())
    assert [s.report.split()[1] for s in found] == ["One.", "Two.", "Three."]
    assert all(dataset.resolve(image.path).is_file() for s in found for image in s.images)
    assert dataset.provenance()["images"] == ("jpg" if pictures == "jpg" else "dcm")


@pytest.mark.parametrize("place", ["", "mimic-cxr-reports.zip"], ids=["project-root", "archive"])
def test_jpg_root_takes_reports_from_the_other_project(tmp_path, place):
    root = Tree().write(tmp_path)
    dataset = open_dataset(root / "mimic-cxr-jpg", reports=root / "mimic-cxr" / place)
    assert set(outcome(dataset).values()) == {"study"}


def test_dicom_root_takes_tables_from_the_other_project(tmp_path):
    root = Tree().write(tmp_path, "dicom")
    dataset = open_dataset(root / "mimic-cxr", tables=root / "mimic-cxr-jpg")
    first = next(dataset.studies())
    assert first.images[0].path.endswith(".dcm")
    assert dataset.resolve(first.images[0].path).is_file()


def test_the_root_of_the_reports_alone_is_answered_with_the_root_that_is_wanted(tmp_path):
    root = Tree().write(tmp_path)
    with pytest.raises(DatasetError) as caught:
        list(open_dataset(root / "mimic-cxr").studies())
    assert caught.value.hint.startswith("give the folder of MIMIC-CXR-JPG instead, and --reports ")
    assert str(root / "mimic-cxr") in caught.value.hint
    (root / "mimic-cxr-jpg" / "mimic-cxr-2.0.0-split.csv.gz").unlink()
    with pytest.raises(DatasetError) as caught:
        list(open_dataset(root / "mimic-cxr-jpg", reports=root / "mimic-cxr").studies())
    assert caught.value.hint.startswith("put it beside the other tables")


def test_wget_of_physionet_is_recognised(tmp_path):
    tree = Tree().write(tmp_path / "t")
    below = tmp_path / "physionet.org" / "files"
    for project, version in (("mimic-cxr-jpg", "2.1.0"), ("mimic-cxr", "2.0.0")):
        (below / project).mkdir(parents=True)
        (tree / project).rename(below / project / version)
    assert set(outcome(open_dataset(tmp_path)).values()) == {"study"}


def test_where_both_projects_have_pictures_jpg_is_taken_unless_said(tmp_path):
    Tree().write(tmp_path, "dicom")
    root = Tree().write(tmp_path, "jpg")
    assert next(MimicCxr(root).studies()).images[0].path.endswith(".jpg")
    assert next(MimicCxr(root, images="dicom").studies()).images[0].path.endswith(".dcm")


def change(name: str, row: int, column: int, value: str):
    def apply(tree: Tree) -> None:
        getattr(tree, name)[row][column] = value

    return apply


def add(name: str, row: list[str]):
    return lambda tree: getattr(tree, name).append(row)


def report(name: str, text: bytes | None):
    def apply(tree: Tree) -> None:
        tree.reports.pop(name) if text is None else tree.reports.update({name: text})

    return apply


ONE, TWO, THREE = "50000001", "50000002", "50000003"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param(report("10000001/50000001", b" \n\t\n"), {ONE: "study report-empty"}, id="blank-report"),
        pytest.param(report("10000001/50000001", None), {ONE: "study report-missing"}, id="no-report"),
        pytest.param(report("10000001/50000001", b"\xff"), {ONE: "study report-unreadable"}, id="not-utf-8"),
        pytest.param(change("split", 2, 3, "dev"), {ONE: "study split-unknown"}, id="unknown-split"),
        pytest.param(change("split", 2, 3, ""), {ONE: "study split-missing"}, id="blank-split"),
        pytest.param(lambda t: t.split.pop(2), {ONE: "study split-missing"}, id="no-split-row"),
        pytest.param(change("split", 0, 3, "dev"), {"d1": "image split-unknown"}, id="one-image-of-two"),
        pytest.param(
            change("split", 0, 3, "test"),
            {ONE: "study subject-in-several-splits", TWO: "study split-contradictory"},
            id="study-in-two-splits",
        ),
        pytest.param(
            change("split", 2, 3, "test"),
            {ONE: "study subject-in-several-splits", TWO: "study subject-in-several-splits"},
            id="patient-in-two-splits",
        ),
        pytest.param(change("split", 2, 1, TWO), {ONE: "study tables-contradict"}, id="tables-disagree"),
        pytest.param(
            add("split", ["d9", TWO, "10000001", "train"]),
            {"d9": "image image-missing-in-tables"},
            id="image-without-metadata",
        ),
        pytest.param(
            add("split", ["d9", "50000009", "10000009", "train"]),
            {"50000009": "study image-missing-in-tables"},
            id="study-without-metadata",
        ),
        pytest.param(
            add("metadata", ["d1", "10000001", TWO, "PA", "9"]),
            {"d1": "image duplicate-row"},
            id="same-row-twice",
        ),
        pytest.param(
            add("metadata", ["d3", "10000002", THREE, "PA", "9"]),
            {ONE: "study duplicate-id", "d3": "image duplicate-id"},
            id="one-image-id-in-two-studies",
        ),
        pytest.param(
            add("labels", ["10000001", TWO, *[""] * 14]),
            {TWO: "study labels-contradictory"},
            id="labels-disagree",
        ),
        pytest.param(
            add("labels", ["10000009", "50000009", *[""] * 14]),
            {"50000009": "study study-without-images"},
            id="labels-of-no-study",
        ),
        pytest.param(
            add("studies", ["10000009", "50000009", "x"]),
            {"50000009": "study study-without-images"},
            id="listed-without-images",
        ),
        pytest.param(
            add("labels", ["10000002", ONE, *[""] * 14]),
            {ONE: "study study-of-several-subjects"},
            id="labels-give-the-study-to-another-patient",
        ),
        pytest.param(
            change("metadata", 2, 1, "10000002"),
            {TWO: "study study-of-several-subjects"},
            id="study-of-two-patients",
        ),
    ],
)
def test_nothing_vanishes_without_its_name(tmp_path, changed, expected):
    tree = Tree()
    changed(tree)
    found = outcome(MimicCxr(tree.write(tmp_path)))
    assert {key: value for key, value in found.items() if value != "study"} == expected
    assert set(found) == {ONE, TWO, THREE} | set(expected)


def test_every_study_has_exactly_one_outcome(tmp_path):
    tree = Tree()
    tree.split[0][3] = "dev"
    tree.metadata.append(["d1", "10000001", TWO, "PA", "9"])
    tree.reports.pop("10000001/50000001")
    tree.labels.append(["10000009", "50000009", *[""] * 14])
    found = [
        f.study_id if isinstance(f, Study) else f.identifier
        for f in MimicCxr(tree.write(tmp_path)).studies()
        if isinstance(f, Study) or f.unit == "study"
    ]
    assert Counter(found) == dict.fromkeys((ONE, TWO, THREE, "50000009"), 1)


def test_dicom_outside_the_record_list_is_named(tmp_path):
    root = Tree().write(tmp_path, "dicom")
    path = root / "mimic-cxr" / "cxr-record-list.csv.gz"
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    path.write_bytes(gzip.compress("\n".join(line for line in lines if ",d1," not in line).encode()))
    assert Drop("image", "d1", "image-missing-in-tables") in list(MimicCxr(root).studies())


def test_a_report_twice_in_the_archive_is_named(tmp_path):
    root = Tree().write(tmp_path)
    with zipfile.ZipFile(root / "mimic-cxr" / "mimic-cxr-reports.zip", "a") as archive:
        archive.writestr("copy/s50000001.txt", "other")
    assert outcome(MimicCxr(root))[ONE] == "study report-duplicate"


def test_a_damaged_entry_of_the_archive_is_named(tmp_path):
    tree = Tree()
    tree.reports["10000001/50000001"] = bytes(range(32, 127)) * 20
    root = tree.write(tmp_path)
    path = root / "mimic-cxr" / "mimic-cxr-reports.zip"
    content = bytearray(path.read_bytes())
    content[80:90] = b"\xff" * 10
    path.write_bytes(content)
    assert outcome(MimicCxr(root))[ONE] == "study report-unreadable"


@pytest.mark.parametrize(
    ("missing", "names"),
    [
        pytest.param(
            "mimic-cxr-jpg/mimic-cxr-2.0.0-metadata.csv.gz",
            ["metadata", "MIMIC-CXR-JPG", "tables"],
            id="metadata",
        ),
        pytest.param(
            "mimic-cxr-jpg/mimic-cxr-2.0.0-split.csv.gz", ["split", "MIMIC-CXR-JPG", "tables"], id="split"
        ),
        pytest.param(
            "mimic-cxr/mimic-cxr-reports.zip",
            ["mimic-cxr-reports.zip", "MIMIC-CXR ", "--reports"],
            id="reports",
        ),
        pytest.param("mimic-cxr-jpg/files", ["picture", "MIMIC-CXR-JPG", "images"], id="pictures"),
    ],
)
def test_a_missing_part_is_one_error_that_says_where_to_get_it(tmp_path, missing, names):
    root = Tree().write(tmp_path)
    (root / missing).rename(tmp_path / "elsewhere")
    with pytest.raises(DatasetError) as caught:
        list(MimicCxr(root).studies())
    assert all(name in str(caught.value) for name in names), str(caught.value)


def test_labels_may_be_missing_unless_asked_for(tmp_path):
    root = Tree().write(tmp_path)
    (root / "mimic-cxr-jpg" / "mimic-cxr-2.0.0-chexpert.csv.gz").unlink()
    assert set(outcome(MimicCxr(root)).values()) == {"study"}
    with pytest.raises(DatasetError, match="negbio"):
        list(MimicCxr(root, labels="negbio").studies())


@pytest.mark.parametrize("option", ["reports", "tables"])
def test_an_option_that_points_nowhere_is_refused(tmp_path, option):
    with pytest.raises(DatasetError, match=option):
        MimicCxr(Tree().write(tmp_path), **{option: tmp_path / "nowhere"})


@pytest.mark.parametrize("options", [{"images": "png"}, {"labels": "chexbert"}])
def test_an_option_value_that_makes_no_sense_is_refused(tmp_path, options):
    with pytest.raises(UsageError, match="makes no sense"):
        MimicCxr(tmp_path, **options)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"dicom_id,study_id,subject_id,spilt\n", ["'split'", "'spilt'"], id="wrong-column"),
        pytest.param(b"", ["'subject_id'"], id="empty"),
        pytest.param(b"dicom_id,study_id,subject_id,split\nd1,5\n", ["line 2"], id="short-row"),
        pytest.param(
            b"dicom_id,study_id,subject_id,split\nd1,,1,train\n", ["row 1", "empty id"], id="empty-id"
        ),
        pytest.param(b"dicom_id,study_id,subject_id,split\n\xff,5,1,train\n", ["UTF-8"], id="not-utf-8"),
    ],
)
def test_a_wrong_table_is_one_error_that_names_it(tmp_path, content, says):
    root = Tree().write(tmp_path)
    (root / "mimic-cxr-jpg" / "mimic-cxr-2.0.0-split.csv.gz").write_bytes(gzip.compress(content))
    with pytest.raises(DatasetError) as caught:
        list(MimicCxr(root).studies())
    assert all(word in str(caught.value) for word in [*says, "mimic-cxr-2.0.0-split.csv.gz"]), str(
        caught.value
    )


def test_a_label_of_another_value_is_one_error(tmp_path):
    tree = Tree()
    tree.labels[0][2] = "yes"
    with pytest.raises(DatasetError, match="none of 1, 0, -1"):
        list(MimicCxr(tree.write(tmp_path)).studies())


@pytest.mark.parametrize("cut", [30, 0], ids=["cut-short", "not-gzip"])
def test_a_broken_gzip_is_one_error(tmp_path, cut):
    root = Tree().write(tmp_path)
    path = root / "mimic-cxr-jpg" / "mimic-cxr-2.0.0-metadata.csv.gz"
    path.write_bytes(path.read_bytes()[:cut] if cut else b"PK")
    with pytest.raises(DatasetError, match="cannot be read"):
        list(MimicCxr(root).studies())


def test_two_versions_of_a_table_are_one_error(tmp_path):
    root = Tree().write(tmp_path)
    write_csv(root / "mimic-cxr-jpg" / "mimic-cxr-2.1.0-split.csv", SPLIT, [])
    with pytest.raises(DatasetError, match="several"):
        list(MimicCxr(root).studies())


def test_plain_csv_of_another_version_is_read(tmp_path):
    tree = Tree()
    root = tree.write(tmp_path)
    (root / "mimic-cxr-jpg" / "mimic-cxr-2.0.0-metadata.csv.gz").unlink()
    write_csv(root / "mimic-cxr-jpg" / "mimic-cxr-2.1.0-metadata.csv", METADATA, tree.metadata)
    assert set(outcome(MimicCxr(root)).values()) == {"study"}


@pytest.mark.parametrize("content", [b"no archive", b""], ids=["other-content", "empty"])
@pytest.mark.parametrize("name", ["r.zip", "r.tar.gz", "r.csv"])
def test_an_archive_that_is_none_is_one_error(tmp_path, name, content):
    root = Tree().write(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match="archive"):
        list(MimicCxr(root, reports=tmp_path / name).studies())


def test_the_order_of_rows_decides_nothing(tmp_path):
    tree = Tree()
    first = list(MimicCxr(tree.write(tmp_path / "a")).studies())
    tree.metadata.reverse()
    tree.split.reverse()
    assert list(MimicCxr(tree.write(tmp_path / "b")).studies()) == first


def test_provenance_changes_with_a_table_and_holds_no_path(tmp_path):
    tree = Tree()
    before = MimicCxr(tree.write(tmp_path / "a")).provenance()
    assert MimicCxr(tree.write(tmp_path / "b", packed=".zip")).provenance().keys() == before.keys()
    assert not any(str(tmp_path) in str(value) for value in before.values())
    tree.metadata[0][3] = "PA"
    assert MimicCxr(tree.write(tmp_path / "c")).provenance() != before


def test_only_a_marked_tree_is_synthetic(tmp_path):
    root = Tree().write(tmp_path)
    assert not MimicCxr(root).synthetic
    (root / "SAMPLE.json").write_text("{}")
    assert MimicCxr(root).synthetic


def test_no_error_or_record_shows_report_text(tmp_path):
    assert "Two" not in repr(list(MimicCxr(Tree().write(tmp_path)).studies()))


def test_folders_are_listed_once_not_for_every_picture(tmp_path, monkeypatch):
    """A listing takes as long as a picture where the storage is slow."""
    dataset = MimicCxr(Tree().write(tmp_path) / "mimic-cxr-jpg", reports=tmp_path / "mimic-cxr")
    first = dataset.resolve("files/1.jpg")
    monkeypatch.setattr(type(dataset.layout), "pictures", None)
    assert dataset.resolve("files/2.jpg").parent == first.parent
