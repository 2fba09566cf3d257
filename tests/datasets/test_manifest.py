from __future__ import annotations

import csv
import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medcutmix_cli.datasets.manifest import Manifest
from medcutmix_cli.datasets.tables import fingerprint
from medcutmix_cli.errors import DatasetError, UsageError
from medcutmix_cli.images.picture_parts import open_picture
from medcutmix_cli.records import Drop, Study

ROWS = [
    {"image": "b.png", "report": "Two.", "subject": "p2", "study": "s2", "split": "test", "view": "pa"},
    {"image": "a1.png", "report": "One.", "subject": "p1", "study": "s1", "split": "train", "view": "PA"},
    {"image": "a2.png", "report": "One.", "subject": "p1", "study": "s1", "split": "train", "view": ""},
]


def write(folder, rows, suffix: str = ".csv"):
    path = folder / f"manifest{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
        return path
    if suffix.startswith(".jsonl"):
        content = "".join(json.dumps(row) + "\n" for row in rows)
    else:
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        content = text.getvalue()
    path.write_bytes(gzip.compress(content.encode()) if suffix.endswith(".gz") else content.encode())
    return path


def changed(row: int, **values):
    return [{**entry, **(values if number == row else {})} for number, entry in enumerate(ROWS)]


def without(*columns: str):
    return [{key: value for key, value in row.items() if key not in columns} for row in ROWS]


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".parquet"])
@pytest.mark.parametrize("by_folder", [True, False], ids=["folder", "file"])
def test_every_format_gives_the_same_studies(tmp_path, suffix, by_folder):
    path = write(tmp_path, ROWS, suffix)
    one, two = Manifest(tmp_path if by_folder else path).studies()
    assert (one.study_id, one.subject_id, one.split, one.report) == ("s1", "p1", "train", "One.")
    assert [(i.image_id, i.path, i.view) for i in one.images] == [
        ("a1.png", "a1.png", "PA"),
        ("a2.png", "a2.png", ""),
    ]
    assert two.images[0].view == "PA"


def test_paths_are_below_the_folder_of_the_table_or_absolute(tmp_path):
    dataset = Manifest(write(tmp_path, ROWS))
    assert dataset.resolve("a1.png") == tmp_path / "a1.png"
    assert str(dataset.resolve("/elsewhere/a1.png")) == "/elsewhere/a1.png"


def test_columns_are_mapped_and_views_and_splits_translated(tmp_path):
    rows = [{"path": "x.png", "note": "One.", "patient": 7, "part": "val", "position": "AP Supine"}]
    columns = {"image": "path", "report": "note", "subject": "patient", "split": "part", "view": "position"}
    path = write(tmp_path, rows, ".parquet")
    (study,) = Manifest(
        path, columns=columns, splits={"val": "validate"}, views={"AP Supine": "AP"}
    ).studies()
    assert (study.subject_id, study.split, study.images[0].view) == ("7", "validate", "AP")


def test_without_a_study_column_every_image_is_a_study(tmp_path):
    write(tmp_path, without("study"))
    assert [s.study_id for s in Manifest(tmp_path).studies()] == ["a1.png", "a2.png", "b.png"]


def test_ids_that_a_blank_made_floats_are_whole_again(tmp_path):
    rows = [{**ROWS[0], "subject": 12.0}, {**ROWS[1], "subject": None}]
    write(tmp_path, rows, ".parquet")
    dropped, study = sorted(Manifest(tmp_path).studies(), key=lambda s: isinstance(s, Study))
    assert study.subject_id == "12"
    assert dropped == Drop("study", "s1", "subject-missing")


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".jsonl", ".parquet"])
def test_a_patient_whose_id_became_a_float_in_some_rows_is_one_patient(tmp_path, suffix):
    rows = [
        {**row, "subject": subject, "study": study, "report": "One."}
        for row, subject, study in zip(ROWS, ("12.0", "12", "12"), ("7", "8.0", "8"), strict=True)
    ]
    write(tmp_path, rows, suffix)
    found = list(Manifest(tmp_path, splits={"test": "train"}).studies())
    assert [(s.subject_id, s.study_id, len(s.images)) for s in found] == [("12", "7", 1), ("12", "8", 2)]


def test_reports_are_read_from_files_untouched(tmp_path):
    (tmp_path / "r.txt").write_bytes(b"One.\r\n")
    rows = [
        {**without("report")[1], "report_path": "r.txt"},
        {**without("report")[0], "report_path": "no.txt"},
    ]
    write(tmp_path, rows)
    assert [getattr(s, "report", "") or s.reason for s in Manifest(tmp_path).studies()] == [
        "One.\r\n",
        "report-missing",
    ]


def test_report_paths_may_lie_below_another_folder(tmp_path):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "r.txt").write_text("One.")
    write(tmp_path, [{**without("report")[0], "report_path": "r.txt"}])
    assert next(Manifest(tmp_path, reports=tmp_path / "texts").studies()).report == "One."


@pytest.mark.parametrize(
    ("rows", "suffix"),
    [
        pytest.param([{**ROWS[0], "Edema": "1.0", "Fracture": "", "Pneumonia": "-1"}], ".csv", id="columns"),
        pytest.param(
            [{**ROWS[0], "labels": {"Edema": 1, "Pneumonia": -1.0, "Fracture": None}}], ".jsonl", id="object"
        ),
        pytest.param([{**ROWS[0], "labels": '{"Edema": 1, "Pneumonia": -1}'}], ".csv", id="json-in-a-cell"),
    ],
)
def test_labels_come_from_columns_or_from_one_of_them(tmp_path, rows, suffix):
    write(tmp_path, rows, suffix)
    assert next(Manifest(tmp_path).studies()).labels == {"Edema": 1.0, "Pneumonia": -1.0}


@pytest.mark.parametrize(
    ("rows", "dropped"),
    [
        pytest.param(changed(0, report=" "), Drop("study", "s2", "report-empty"), id="blank-report"),
        pytest.param(changed(0, split="val"), Drop("study", "s2", "split-unknown"), id="unknown-split"),
        pytest.param(changed(0, split=""), Drop("study", "s2", "split-missing"), id="blank-split"),
        pytest.param(changed(0, subject=""), Drop("study", "s2", "subject-missing"), id="blank-subject"),
        pytest.param(changed(0, study=""), Drop("study", "row 1", "study-id-missing"), id="blank-study"),
        pytest.param(changed(0, image=""), Drop("study", "s2", "image-path-missing"), id="blank-path"),
        pytest.param(
            changed(2, report="Other."), Drop("study", "s1", "report-contradictory"), id="two-reports"
        ),
        pytest.param(changed(2, image="a1.png"), Drop("image", "a1.png", "duplicate-id"), id="image-twice"),
        pytest.param(
            changed(2, subject="p9"), Drop("study", "s1", "study-of-several-subjects"), id="two-patients"
        ),
        pytest.param(changed(0, subject="p1"), Drop("study", "s2", "subject-in-several-splits"), id="leak"),
    ],
)
def test_nothing_vanishes_without_its_name(tmp_path, rows, dropped):
    write(tmp_path, rows)
    assert dropped in list(Manifest(tmp_path).studies())


@pytest.mark.parametrize("column", ["image", "subject", "split"])
def test_a_missing_column_is_one_error_with_what_was_found(tmp_path, column):
    write(tmp_path, [{**row, f"{column}s": "x"} for row in without(column)])
    with pytest.raises(DatasetError) as caught:
        list(Manifest(tmp_path).studies())
    assert all(
        word in str(caught.value)
        for word in (f"'{column}'", f"nearest is '{column}s'", "columns found", "manifest.csv")
    )


def test_a_table_without_reports_is_one_error(tmp_path):
    write(tmp_path, without("report"))
    with pytest.raises(DatasetError, match="'report'"):
        list(Manifest(tmp_path).studies())


def test_a_split_for_all_has_to_be_said(tmp_path):
    write(tmp_path, without("split"))
    assert {s.split for s in Manifest(tmp_path, split="train").studies()} == {"train"}
    with pytest.raises(UsageError, match="no split 'val'"):
        Manifest(tmp_path, split="val")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"columns": {"picture": "path"}}, "there is no role 'picture'", id="unknown-role"),
        pytest.param({"columns": "path"}, "columns must map names to names", id="no-mapping"),
        pytest.param({"views": {"a": 1}}, "views must map names to names", id="no-name"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(tmp_path, options, message):
    with pytest.raises(UsageError, match=message):
        Manifest(tmp_path, **options)


def test_a_mapped_column_that_is_not_there_is_one_error(tmp_path):
    write(tmp_path, ROWS)
    with pytest.raises(DatasetError, match="'nots' is missing"):
        list(Manifest(tmp_path, columns={"report": "nots"}).studies())


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        pytest.param("manifest.csv", b"image,subject,report,split\na,b\n", "line 2", id="short-row"),
        pytest.param("manifest.csv", b"image,subject,report,split\na,b,c,d,e\n", "line 2", id="long-row"),
        pytest.param("manifest.csv", b"\xff\xfe", "UTF-8", id="not-utf-8"),
        pytest.param("manifest.jsonl", b'{"image": "a"\n', "line 1", id="broken-json"),
        pytest.param("manifest.jsonl", b"[1]\n", "line 1", id="no-object"),
        pytest.param("manifest.parquet", b"PAR1 no", "Parquet", id="not-parquet"),
        pytest.param(
            "manifest.csv",
            b'image,subject,report,split,labels\na,b,c,train,"{""Flu"": 1}"\n',
            "row 1",
            id="labels",
        ),
        pytest.param(
            "manifest.csv", b"image,subject,report,split,Edema\na,b,c,train,yes\n", "row 1", id="label-value"
        ),
    ],
)
def test_a_damaged_table_is_one_error_that_says_where(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match=says):
        list(Manifest(tmp_path).studies())


def test_two_manifests_in_one_folder_are_one_error(tmp_path):
    write(tmp_path, ROWS)
    write(tmp_path, ROWS, ".jsonl")
    with pytest.raises(DatasetError, match="one manifest is wanted"):
        list(Manifest(tmp_path).studies())


def embedded(folder, names=("a.png", "b.png", "c.png"), **columns):
    rows = [
        {**row, "image": {"bytes": bytes([n]) * 9, "path": name}, **{k: v[n] for k, v in columns.items()}}
        for n, (row, name) in enumerate(zip(ROWS, names, strict=True))
    ]
    return write(folder, rows, ".parquet")


def test_pictures_that_stand_in_the_table_are_read_where_they_stand(tmp_path):
    dataset = Manifest(embedded(tmp_path))
    images = {image.image_id: image.path for study in dataset.studies() for image in study.images}
    assert images == {
        name: f"manifest.parquet#image:{n}" for n, name in enumerate(("a.png", "b.png", "c.png"))
    }
    with open_picture(dataset.resolve(images["b.png"])) as file:
        assert file.read() == bytes([1]) * 9


@pytest.mark.parametrize("names", [("a.png",) * 3, (None, "b.png", "c.png"), (None,) * 3])
def test_names_that_tell_no_pictures_apart_are_no_ids(tmp_path, names):
    studies = list(Manifest(embedded(tmp_path, names)).studies())
    assert [image.image_id for study in studies for image in study.images] == [
        "manifest.parquet#image:1",
        "manifest.parquet#image:2",
        "manifest.parquet#image:0",
    ]


def test_the_ids_of_pictures_in_a_table_may_have_a_column(tmp_path):
    path = embedded(tmp_path, ("a",) * 3, image_id=("x", "y", "z"))
    ids = [image.image_id for study in Manifest(path).studies() for image in study.images]
    assert ids == ["y", "z", "x"]


def test_no_byte_of_a_picture_is_ever_an_id(tmp_path):
    path = write(
        tmp_path, [{**row, "subject": {"bytes": b"\x89PNG", "path": None}} for row in ROWS], ".parquet"
    )
    with pytest.raises(DatasetError, match=r"'subject' holds .*manifest.parquet, row 1") as caught:
        list(Manifest(path).studies())
    assert "PNG" not in str(caught.value)


def test_findings_and_impression_may_have_columns_of_their_own(tmp_path):
    texts = [{"findings": "Clear.", "impression": ""}, {"findings": "", "impression": "IMPRESSION: None."}]
    rows = [
        {**row, **text, "study": ""} for row, text in zip(without("report", "study")[:2], texts, strict=True)
    ]
    write(tmp_path, [{k: v for k, v in row.items() if k != "study"} for row in rows])
    assert [study.report for study in Manifest(tmp_path).studies()] == [
        "IMPRESSION: None.",
        "FINDINGS: Clear.",
    ]


def test_values_are_mapped_by_role(tmp_path):
    write(tmp_path, changed(0, split="valid", view="Frontal"))
    maps = {"split:valid": "validate", "view:Frontal": "pa"}
    study = list(Manifest(tmp_path, maps=maps).studies())[-1]
    assert (study.split, study.images[0].view) == ("validate", "PA")


@pytest.mark.parametrize(
    "maps", [{"valid": "validate"}, {"splits:valid": "validate"}, {"split:valid": "dev"}]
)
def test_a_map_of_what_there_is_not_is_refused(tmp_path, maps):
    with pytest.raises(UsageError):
        Manifest(tmp_path, maps=maps)


def test_the_hash_of_a_table_of_pictures_is_that_of_its_footer(tmp_path):
    told = Manifest(embedded(tmp_path)).provenance()
    assert (
        told["manifest.parquet:sha256"]
        != Manifest(embedded(tmp_path, ("a", "b", "c"))).provenance()["manifest.parquet:sha256"]
    )
    assert told["manifest.parquet:sha256"] != fingerprint(tmp_path / "manifest.parquet")
