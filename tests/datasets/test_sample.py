"""The sample data set is a MIMIC-CXR tree: whole or absent, and always the same bytes."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import re
import zipfile
from pathlib import Path

import cv2
import pydicom
import pytest

from medcutmix_cli.datasets import sample
from medcutmix_cli.datasets.mimic_cxr import MimicCxr
from medcutmix_cli.datasets.phantoms.sampling import study_files
from medcutmix_cli.datasets.sample import read_boxes, write_sample
from medcutmix_cli.errors import DatasetError, RunError, UsageError
from medcutmix_cli.records import Study
from medcutmix_cli.system.storage_errors import _HINTS

STUDIES = 14
HEIGHT = 96


def make_sample(directory: Path, image_format: str = "jpg", **options) -> sample.SampleSummary:
    settings = {"studies": STUDIES, "image_format": image_format, "seed": 3, "height": HEIGHT} | options
    return write_sample(directory, **settings)


def digest(directory: Path) -> dict[str, str]:
    files = (path for path in sorted(directory.rglob("*")) if path.is_file())
    return {str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def table(directory: Path, name: str) -> list[dict[str, str]]:
    text = gzip.decompress((directory / name).read_bytes()).decode()
    return list(csv.DictReader(text.splitlines()))


@pytest.fixture(scope="module")
def jpg_sample(tmp_path_factory):
    directory = tmp_path_factory.mktemp("sample") / "jpg"
    return make_sample(directory)


@pytest.fixture(scope="module")
def dicom_sample(tmp_path_factory):
    directory = tmp_path_factory.mktemp("sample") / "dicom"
    return make_sample(directory, "dicom")


def test_the_jpg_tree_has_every_part_of_the_real_ones(jpg_sample):
    names = {path.name for path in jpg_sample.directory.iterdir()}
    assert names == {
        "files",
        "IMAGE_FILENAMES",
        "SAMPLE.json",
        "boxes.csv",
        "cxr-record-list.csv.gz",
        "cxr-study-list.csv.gz",
        "mimic-cxr-2.0.0-chexpert.csv.gz",
        "mimic-cxr-2.0.0-metadata.csv.gz",
        "mimic-cxr-2.0.0-split.csv.gz",
        "mimic-cxr-reports.zip",
    }


def test_every_listed_picture_is_there_under_its_patient_and_study(jpg_sample):
    root = jpg_sample.directory
    listed = (root / "IMAGE_FILENAMES").read_text().split()
    pattern = r"files/p1\d/p1\d{7}/s5\d{7}/[0-9a-f]{8}(-[0-9a-f]{8}){4}\.jpg"
    assert all(re.fullmatch(pattern, name) and (root / name).is_file() for name in listed)
    assert len(listed) == jpg_sample.images == len(list(root.rglob("*.jpg")))


def test_tables_reports_and_summary_agree(jpg_sample):
    root = jpg_sample.directory
    metadata, split = (
        table(root, "mimic-cxr-2.0.0-metadata.csv.gz"),
        table(root, "mimic-cxr-2.0.0-split.csv.gz"),
    )
    labels, studies = table(root, "mimic-cxr-2.0.0-chexpert.csv.gz"), table(root, "cxr-study-list.csv.gz")
    assert {row["dicom_id"] for row in metadata} == {row["dicom_id"] for row in split}
    assert len(labels) == len(studies) == STUDIES == sum(jpg_sample.splits.values())
    with zipfile.ZipFile(root / "mimic-cxr-reports.zip") as archive:
        assert sorted(archive.namelist()) == sorted(row["path"] for row in studies)
        assert all(b"FINAL REPORT" in archive.read(name) for name in archive.namelist())
    image = cv2.imread(str(next(root.rglob(f"{metadata[0]['dicom_id']}.jpg"))), cv2.IMREAD_UNCHANGED)
    assert image.shape == (int(metadata[0]["Rows"]), int(metadata[0]["Columns"]))


def test_every_box_lies_in_a_frontal_picture_with_its_mask(jpg_sample):
    sizes = {
        row["dicom_id"]: (int(row["Rows"]), int(row["Columns"]))
        for row in table(jpg_sample.directory, "mimic-cxr-2.0.0-metadata.csv.gz")
    }
    boxes = read_boxes(jpg_sample.directory)
    assert len(boxes) == jpg_sample.boxes > 0
    for box in boxes:
        height, width = sizes[box.dicom_id]
        assert box.x + box.width <= width
        assert box.y + box.height <= height
        assert box.mask(height, width).any()


def test_dicom_files_carry_the_ids_of_their_path_and_half_are_inverted(dicom_sample):
    files = sorted(dicom_sample.directory.rglob("*.dcm"))
    kinds = {}
    for path in files:
        dataset = pydicom.dcmread(path)
        assert path.parts[-2:-1] == (f"s{dataset.StudyID}",)
        assert path.parts[-3] == f"p{dataset.PatientID}"
        assert dataset.pixel_array.max() < 4096
        kinds[dataset.StudyID] = dataset.PhotometricInterpretation
    assert len(files) == dicom_sample.images
    assert sorted(kinds.values()) == ["MONOCHROME1"] * (STUDIES // 2) + ["MONOCHROME2"] * (STUDIES // 2)


def test_both_formats_show_the_same_studies(jpg_sample, dicom_sample):
    for name in ("mimic-cxr-2.0.0-metadata.csv.gz", "mimic-cxr-reports.zip", "boxes.csv"):
        assert (jpg_sample.directory / name).read_bytes() == (dicom_sample.directory / name).read_bytes()


def test_the_program_reads_its_own_sample(jpg_sample, dicom_sample):
    for summary in (jpg_sample, dicom_sample):
        dataset = MimicCxr(summary.directory)
        studies = list(dataset.studies())
        assert dataset.synthetic
        assert len(studies) == STUDIES
        assert all(isinstance(study, Study) for study in studies)
        assert all(dataset.resolve(image.path).is_file() for study in studies for image in study.images)


def test_the_same_arguments_give_the_same_bytes_with_any_number_of_workers(tmp_path):
    make_sample(tmp_path / "one", workers=1)
    make_sample(tmp_path / "three", workers=3)
    assert digest(tmp_path / "one") == digest(tmp_path / "three")


def test_another_seed_gives_other_patients(tmp_path, jpg_sample):
    make_sample(tmp_path / "other", seed=4)
    assert not set(digest(tmp_path / "other")) & {
        name for name in digest(jpg_sample.directory) if name.endswith(".jpg")
    }


def test_writing_the_same_sample_again_leaves_it_alone(jpg_sample):
    before = {path: path.stat().st_mtime_ns for path in jpg_sample.directory.rglob("*")}
    again = make_sample(jpg_sample.directory)
    assert not again.written
    assert again.findings == jpg_sample.findings
    assert {path: path.stat().st_mtime_ns for path in jpg_sample.directory.rglob("*")} == before


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "empty").mkdir()
    assert make_sample(tmp_path / "empty", studies=1).written


def spoil_by_a_stranger(root: Path) -> None:
    root.mkdir()
    (root / "notes.txt").write_text("mine")


def spoil_by_other_arguments(root: Path) -> None:
    make_sample(root, studies=1, seed=8)


def spoil_by_a_missing_picture(root: Path) -> None:
    make_sample(root, studies=2)
    next(root.rglob("*.jpg")).unlink()


def spoil_by_a_file(root: Path) -> None:
    root.write_text("a file")


@pytest.mark.parametrize(
    "spoil",
    [spoil_by_a_stranger, spoil_by_other_arguments, spoil_by_a_missing_picture],
    ids=lambda one: one.__name__,
)
def test_a_folder_that_holds_something_else_is_refused_and_left_alone(tmp_path, spoil):
    spoil(tmp_path / "root")
    before = digest(tmp_path / "root")
    with pytest.raises(DatasetError, match="sample"):
        make_sample(tmp_path / "root", studies=2)
    assert digest(tmp_path / "root") == before


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    spoil_by_a_file(tmp_path / "root")
    with pytest.raises(DatasetError, match="sample"):
        make_sample(tmp_path / "root")


def test_of_two_processes_the_slower_finds_the_sample_and_leaves_nothing(tmp_path):
    def overtake(*_told):
        if not (tmp_path / "s").exists():
            write_sample(tmp_path / "s", studies=2, height=128)

    slower = write_sample(tmp_path / "s", studies=2, height=128, progress=overtake)
    assert slower == write_sample(tmp_path / "s", studies=2, height=128)
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_of_two_processes_with_other_settings_the_slower_is_told_so(tmp_path):
    def overtake(*_told):
        if not (tmp_path / "s").exists():
            write_sample(tmp_path / "s", studies=2, height=128, seed=1)

    with pytest.raises(DatasetError):
        write_sample(tmp_path / "s", studies=2, height=128, progress=overtake)
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


@pytest.mark.parametrize("number", sorted(_HINTS))
def test_a_full_disk_leaves_nothing_behind_and_is_told_as_everywhere(tmp_path, monkeypatch, number):
    def no_space(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(study_files, "write_boxes", no_space)
    with pytest.raises(RunError) as caught:
        make_sample(tmp_path / "root", studies=2)
    assert caught.value.what == f"cannot write: {os.strerror(number).lower()}"
    assert (caught.value.where, caught.value.hint) == (str(tmp_path / "root"), _HINTS[number])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"image_format": "png"}, "unknown image format 'png'"),
        ({"studies": 0}, "studies must be at least 1, not 0"),
        ({"seed": -1}, "seed must be at least 0, not -1"),
        ({"height": 20}, "height must be at least 64, not 20"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(tmp_path, option, message):
    with pytest.raises(UsageError, match=message):
        write_sample(tmp_path / "root", **option)
    assert list(tmp_path.iterdir()) == []


def test_the_marker_says_that_no_patient_is_in_it(jpg_sample):
    marker = json.loads((jpg_sample.directory / "SAMPLE.json").read_text())
    assert marker["what"] == "procedural phantoms, no patient"
    assert marker["settings"] == {
        "studies": STUDIES,
        "image_format": "jpg",
        "seed": 3,
        "height": HEIGHT,
        "prose": 2,
        "look": 1,
        "correlations": None,
    }


def test_look_2_is_written_with_its_table_and_its_prose(tmp_path):
    first = make_sample(tmp_path / "first", look=2)
    marker = json.loads((first.directory / "SAMPLE.json").read_text())
    assert (first.look, first.prose) == (2, 3)
    assert dict(marker["settings"]["correlations"]["prevalence"])["mass"] == 0.12
    again = make_sample(tmp_path / "first", look=2)
    assert not again.written
    make_sample(tmp_path / "second", look=2, workers=3)
    assert digest(tmp_path / "first") == digest(tmp_path / "second")
    assert make_sample(tmp_path / "third", look=2, prose=2).prose == 2


def test_a_table_decides_what_is_in_the_sample(tmp_path):
    path = tmp_path / "table.toml"
    path.write_text("[prevalence]\npleural_effusion = 1.0\nmass = 0.0\n")
    found = make_sample(tmp_path / "sample", look=2, correlations=path)
    assert (found.findings["pleural_effusion"], found.findings["mass"]) == (STUDIES, 0)
    path.write_text("[prevalence]\nmass = 0.5\n")
    with pytest.raises(DatasetError, match="in use"):
        make_sample(tmp_path / "sample", look=2, correlations=path)


def test_a_table_of_another_site_tells_reports_its_way(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text("[prose]\nshort = 1.0\ntypo = 1.0\n")
    texts = []
    for number, table_file in enumerate((None, path)):
        root = make_sample(tmp_path / str(number), look=2, correlations=table_file).directory
        with zipfile.ZipFile(root / "mimic-cxr-reports.zip") as archive:
            texts.append(" ".join(archive.read(name).decode() for name in sorted(archive.namelist())))
    assert texts[1].count(" w/") + texts[1].count("WNL") > texts[0].count(" w/") + texts[0].count("WNL")


def test_look_1_knows_no_table(tmp_path):
    (tmp_path / "table.toml").write_text("")
    with pytest.raises(UsageError, match="independent"):
        make_sample(tmp_path / "sample", correlations=tmp_path / "table.toml")
    with pytest.raises(UsageError, match="unknown look 3"):
        make_sample(tmp_path / "sample", look=3)


def test_progress_ends_at_the_asked_number(tmp_path):
    calls = []
    write_sample(tmp_path / "sample", studies=3, height=64, progress=lambda *call: calls.append(call))
    assert calls == [("drawing", 1, 3), ("drawing", 2, 3), ("drawing", 3, 3)]
