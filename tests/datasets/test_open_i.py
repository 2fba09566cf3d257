import dataclasses
import shutil
from pathlib import Path

import pytest

from medcutmix_cli import check_dataset
from medcutmix_cli.datasets.open_i import OpenI, read_xml
from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.errors import DatasetError, UsageError
from medcutmix_cli.records import Drop, Study
from medcutmix_cli.reports.sections import split_sections
from tests.released_trees import (
    sections_of,
    write_csv,
    write_open_i_csv,
    write_open_i_xml,
    write_pictures,
    write_projections,
)

REAL = Path(__file__).resolve().parents[2] / "../shared/data/open-i"


def entries_of(root, **options):
    return list(open_dataset(root, split="train", **options).studies())


def test_a_study_has_both_pictures_and_all_sections(tmp_path):
    first = entries_of(write_open_i_csv(tmp_path))[0]
    assert (first.study_id, first.subject_id) == ("1", "1")
    assert {image.view for image in first.images} == {"FRONTAL", "LATERAL"}
    assert [image.image_id for image in first.images] == ["1_IM-0001-1001", "1_IM-0001-2002"]
    found = {
        section.name: first.report[section.start : section.end] for section in split_sections(first.report)
    }
    assert found == sections_of(1)


@pytest.mark.parametrize("pictures", ["NLMCXR_png", "images", "png/CXR"])
def test_both_forms_give_the_same_studies(tmp_path, pictures):
    tables = entries_of(write_open_i_csv(tmp_path / "csv"))
    root = write_open_i_xml(tmp_path / "xml", pictures=pictures)
    write_projections(root)
    reports = entries_of(root)

    def anywhere(study):
        images = tuple(dataclasses.replace(image, path="") for image in study.images)
        return dataclasses.replace(study, images=images)

    assert [anywhere(study) for study in reports] == [anywhere(study) for study in tables]


def test_of_both_forms_the_tables_are_read_unless_it_is_said(tmp_path):
    root = write_open_i_csv(write_open_i_xml(tmp_path, 4), 2)
    assert len(entries_of(root)) == 2
    assert len(entries_of(root, form="xml")) == 4
    with pytest.raises(UsageError, match="did you mean 'xml'"):
        OpenI(root, form="xlm")


def test_without_a_table_of_views_nobody_guesses_which_picture_is_frontal(tmp_path):
    root = write_open_i_xml(tmp_path)
    assert {image.view for study in entries_of(root) for image in study.images} == {""}
    check = check_dataset(root, split_all="train")
    assert not check.ok
    assert any("indiana_projections.csv" in problem.hint for problem in check.problems)
    assert check_dataset(root, split_all="train", maps={"view:": "PA"}).usable == 6


def test_frontal_is_mapped_only_when_it_is_said(tmp_path):
    root = write_open_i_csv(tmp_path)
    check = check_dataset(root, split_all="train")
    assert not check.ok
    assert any("--map view:Frontal=PA" in problem.hint for problem in check.problems)
    assert check_dataset(root, split_all="train", maps={"view:Frontal": "AP"}).usable == 6


def test_what_the_tables_do_not_agree_on_is_dropped_by_name(tmp_path):
    root = write_open_i_csv(tmp_path, 5)
    header = (root / "indiana_reports.csv").read_text().splitlines()[0].split(",")
    blank = ["", "", "", "Cough.", "None.", "", ""]
    write_csv(
        root / "indiana_reports.csv", header, [["1", *blank], ["2", *blank[:-1], "Clear."], ["9", *blank]]
    )
    dropped = {(entry.identifier, entry.reason) for entry in entries_of(root) if isinstance(entry, Drop)}
    assert dropped == {
        ("1", "report-empty"),
        ("3", "report-missing"),
        ("4", "report-missing"),
        ("5", "report-missing"),
        ("9", "image-path-missing"),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("<eCitation>", "no readable XML", id="torn"),
        pytest.param("<eCitation/>", "no uId", id="another-xml"),
    ],
)
def test_an_xml_that_is_no_report_is_named_without_its_text(tmp_path, text, message):
    (tmp_path / "1.xml").write_text(text)
    with pytest.raises(DatasetError, match=message) as caught:
        read_xml(tmp_path / "1.xml")
    assert "1.xml" in str(caught.value)


def real(tmp_path, *names):
    """Link the real reports beside a few made-up pictures of their names."""
    if not (REAL / "indiana_reports.csv").is_file():
        pytest.skip("the reports of Open-i are not here")
    for name in names:
        (tmp_path / name).symlink_to(REAL / name)
    return tmp_path


def test_the_real_tables_are_read_whole(tmp_path):
    root = real(tmp_path, "indiana_reports.csv", "indiana_projections.csv")
    lines = (REAL / "indiana_projections.csv").read_text().splitlines()[1:401]
    write_pictures(root, [f"images/{line.split(',')[1]}" for line in lines])
    entries = entries_of(root)
    studies = [entry for entry in entries if isinstance(entry, Study)]
    reasons = {entry.reason for entry in entries if isinstance(entry, Drop)}
    assert len(studies) > 120
    assert reasons <= {"image-missing", "report-missing", "report-empty", "image-path-missing"}
    assert all(split_sections(study.report) for study in studies)
    assert {image.view for study in studies for image in study.images} == {"FRONTAL", "LATERAL"}


def test_the_real_xml_says_what_the_real_table_says(tmp_path):
    root = real(tmp_path, "indiana_reports.csv", "indiana_projections.csv", "ecgen-radiology")
    files = sorted((REAL / "ecgen-radiology").glob("*.xml"))
    images = [image for path in files for image in read_xml(path)[2]]
    assert len(files) > 50
    write_pictures(root, [f"NLMCXR_png/CXR{image}.png" for image in images])
    tables = {e.study_id: e.report for e in entries_of(root) if isinstance(e, Study)}
    reports = {e.study_id: e.report for e in entries_of(root, form="xml") if isinstance(e, Study)}
    both = tables.keys() & reports.keys()
    assert len(both) > 40
    same = [uid for uid in both if tables[uid].split() == reports[uid].split()]
    assert len(same) >= 0.95 * len(both)


def test_a_moved_tree_has_the_same_provenance(tmp_path):
    root = write_open_i_xml(tmp_path / "a", 2)
    shutil.copytree(root, tmp_path / "b")
    assert open_dataset(root).provenance() == open_dataset(tmp_path / "b").provenance()
    assert open_dataset(root).provenance()["kind"] == "open-i"
