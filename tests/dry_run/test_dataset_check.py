import json
from itertools import combinations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medcutmix_cli import check_dataset
from medcutmix_cli.dry_run import dataset_check
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.planning.exclusions import read_excluded
from medcutmix_cli.terminal.checks import check_view
from tests.own_trees import rows_of, told_problems, write_cells, write_pairs, write_parquet, write_tar
from tests.terminal.printing import printed
from tests.trees import write_manifest

TEXT = "There is a small right pleural effusion of Mr Someone."


def test_a_good_table_has_no_problem(tmp_path):
    check = check_dataset(write_cells(tmp_path))
    assert told_problems(check) == []
    assert check.ok
    assert (check.kind, check.rows, check.studies, check.patients, check.usable) == (
        "manifest",
        24,
        24,
        12,
        24,
    )
    assert (check.decoded, check.undecoded, check.dropped) == (16, (), ())
    assert {use.role: use.why for use in check.columns}["subject"] == "its name"


def test_all_that_is_missing_is_one_list(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    check = check_dataset(tmp_path / "t.csv")
    assert not check.ok
    assert [line.partition("'")[2].partition("'")[0] for line in told_problems(check)] == [
        "image",
        "subject",
        "report",
        "split",
    ]


def test_reports_without_text_and_missing_views_are_told(tmp_path):
    lines = told_problems(
        check_dataset(write_cells(tmp_path, 8, report=lambda n: "" if n < 2 else "Clear.", view=...))
    )
    assert any(line.startswith("no study can be mixed") for line in lines)
    assert any("no view is said in 8 rows" in line and "--view-all PA" in line for line in lines)
    assert any("2 studies are left out: report-empty" in line for line in lines)
    assert check_dataset(tmp_path / "manifest.jsonl", view_all="AP").usable == 6


def test_pictures_in_the_table_are_decoded_too(tmp_path):
    rows = [json.loads(line) for line in write_cells(tmp_path, 8).read_text().splitlines()]
    for row in rows:
        row["image"] = {"bytes": (tmp_path / row["image"]).read_bytes(), "path": None}
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    check = check_dataset(tmp_path / "t.parquet")
    assert (told_problems(check), check.decoded) == ([], 8)


def test_a_data_set_without_tables_of_its_own_is_checked_as_well(tmp_path):
    with pytest.raises(DatasetError):
        check_dataset(tmp_path)


ODD = {"jpg": "image", "befund": "report", "pat_nr": "subject", "part": "split"}
"""Column that says nothing by its name -> the role that it has."""


def odd_table(folder, roles, **cells):
    """Write a table in which some roles are columns of other names."""
    rows = [json.loads(line) for line in write_cells(folder, **cells).read_text().splitlines()]
    names = {role: name for name, role in ODD.items() if role in roles}
    for row in rows:
        row["bits"] = 1
    path = folder / "odd.jsonl"
    path.write_text("".join(json.dumps({names.get(k, k): v for k, v in row.items()}) + "\n" for row in rows))
    return path


SUBSETS = [subset for n in range(1, 5) for subset in combinations(sorted(ODD.values()), n)]


@pytest.mark.parametrize("roles", SUBSETS, ids="+".join)
def test_what_is_wrong_beyond_a_missing_column_is_in_the_same_list(tmp_path, roles):
    """Whatever columns are missing, what the others say is told, as it holds with what looks like them."""
    path = odd_table(
        tmp_path,
        roles,
        view=lambda n: "Lat" if n % 4 == 0 else "PA",
        study=lambda n: [TEXT] if n == 3 else f"s{n}",
    )
    check = check_dataset(path)
    lines = told_problems(check)
    names = {role: name for name, role in ODD.items()}
    for role in roles:
        assert any(f"--column {role}={names[role]}, which looks like it" in line for line in lines)
    further = [line for line in lines if line.startswith("with ")]
    assert all(f"--column {role}={names[role]}" in further[0] for role in roles)
    assert all(line.startswith("with these columns: ") for line in further[1:])
    assert any("the view 'Lat' is not known: 6 rows" in line for line in further)
    assert any("the column 'study' holds a list" in line for line in further)
    assert "Someone" not in str(check)
    assert not check.ok
    said = check_dataset(path, columns={role: names[role] for role in roles})
    assert {line.partition(": ")[2] for line in further} == set(told_problems(said))


def test_with_no_column_of_the_split_the_rest_is_looked_at_as_well(tmp_path):
    lines = told_problems(
        check_dataset(write_cells(tmp_path, split=..., view=lambda n: "Lat" if n == 3 else "PA"))
    )
    assert any(line.startswith("with --split-all train: the view 'Lat'") for line in lines)


def test_where_nothing_looks_like_a_role_nothing_is_assumed(tmp_path):
    lines = told_problems(check_dataset(write_cells(tmp_path, image=..., view="Lat")))
    assert not [line for line in lines if line.startswith("with ")]
    assert (
        "columns found: report, subject, study, split, view; name the one: --column image=COLUMN" in lines[0]
    )


def test_of_two_columns_that_mean_the_same_the_one_that_is_proposed_is_looked_at(tmp_path):
    path = write_cells(tmp_path, subject=..., patient=lambda n: f"p{n}", PatientID=lambda n: f"p{n // 2}")
    further = [line for line in told_problems(check_dataset(path)) if line.startswith("with ")]
    assert [line[: len("with --column subject=patient: each of 24")] for line in further] == [
        "with --column subject=patient: each of 24"
    ]


@pytest.mark.parametrize("lacking", [(), ("image",), ("split", "subject")], ids="+".join)
def test_views_of_a_column_that_only_looks_like_them_are_told_as_well(tmp_path, lacking):
    path = odd_table(tmp_path, lacking, view=..., q7=lambda n: ("PA", "AP", "PA", "Odd")[n % 4])
    lines = told_problems(check_dataset(path))
    (line,) = [line for line in lines if "the view 'Odd' is not known: 6 rows" in line]
    assert line.startswith(("with --column view=q7", "with these columns: "))
    assert next(one for one in lines if one.startswith("with ")).startswith("with --column view=q7")
    assert any("--column view=q7" in one and not one.startswith("with") for one in lines)


ALONE = {
    "paths": {"image": lambda rows: [f"{n}.jpg" for n in range(len(rows))]},
    "embedded": {"image": lambda rows: [{"bytes": row["content"], "path": None} for row in rows]},
    "embedded-with-names": {
        "image": lambda rows: [{"bytes": row["content"], "path": row["image"]} for row in rows]
    },
    "bytes": {"image": lambda rows: [row["content"] for row in rows]},
}


@pytest.mark.parametrize("kind", sorted(ALONE))
@pytest.mark.parametrize("name", ["image", "img", "scan_of_chest"])
@pytest.mark.parametrize("files", [1, 2])
def test_without_patients_each_picture_is_one_only_if_that_is_said(tmp_path, kind, name, files):
    rows = rows_of(tmp_path, 24)
    cells = ALONE[kind]["image"](rows)
    columns = {name: cells, "text": [row["report"] for row in rows], "view": ["PA"] * len(rows)}
    whole = pa.Table.from_pydict(columns)
    for number in range(files):
        write_parquet(
            tmp_path / f"train-{number}.parquet",
            whole[number * 12 : (number + 1) * 12] if files > 1 else whole,
        )
    where = tmp_path / "train-0.parquet" if files == 1 else tmp_path / "hub"
    if files > 1:
        where.mkdir()
        for number in range(files):
            (tmp_path / f"train-{number}.parquet").rename(where / f"train-{number}.parquet")
        for picture in tmp_path.glob("*.jpg"):
            picture.rename(where / picture.name)
    lines = told_problems(check_dataset(where, split_all="train"))
    hint = next(line for line in lines if "'subject' is missing" in line)
    assert f"--column subject={name} counts each" in hint
    assert "may then be paired" in hint
    said = {"subject": name} | ({"image": name} if name == "scan_of_chest" else {})
    check = check_dataset(where, columns=said, split_all="train")
    assert (check.studies, check.patients, check.usable, check.decoded) == (24, 24, 24, 16)
    assert [line[:14] for line in told_problems(check)] == ["each of 24 stu"]


def test_a_study_can_be_its_own_patient_with_all_of_its_pictures(tmp_path):
    path = write_cells(tmp_path, subject=..., study=lambda n: f"s{n // 2}", report="Clear.")
    check = check_dataset(path, columns={"subject": "study"})
    assert (check.studies, check.patients, check.images) == (12, 12, 24)


@pytest.mark.parametrize(
    ("reason", "spoil"),
    [
        ("image-missing", lambda picture: None),
        ("image-not-a-file", lambda picture: picture.mkdir()),
        ("image-empty", lambda picture: picture.touch()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_study_without_a_file_of_its_picture_is_not_fit_and_is_named_beyond_the_sample(
    tmp_path, monkeypatch, reason, spoil
):
    path = write_cells(tmp_path)
    for number in (2, 5, 7):
        (tmp_path / f"{number}.jpg").unlink()
        spoil(tmp_path / f"{number}.jpg")
    monkeypatch.setattr(dataset_check, "PICTURES", 1)
    monkeypatch.setattr(dataset_check, "COMPARED", 1)
    check = check_dataset(path)
    assert (check.usable, check.studies, check.dropped, check.ok) == (21, 24, ((reason, 3),), True)
    (line,) = told_problems(check)
    assert line.startswith(f"3 studies are left out: {reason}: s0002, s0005, s0007")
    monkeypatch.setattr(dataset_check, "MOST_STUDIES", 8)
    assert any(
        f"left out (of the first 8): {reason}: s" in line for line in told_problems(check_dataset(path))
    )


def test_a_missing_picture_of_a_split_that_is_not_mixed_is_told_too(tmp_path):
    path = write_cells(tmp_path, split=lambda n: "test" if n < 4 else "train")
    (tmp_path / "1.jpg").unlink()
    check = check_dataset(path)
    assert (check.usable, check.dropped) == (20, (("split-not-mixed:test", 4),))
    assert told_problems(check)[0].startswith(
        "1 of 24 pictures that were compared cannot be read: image-missing"
    )


@pytest.mark.parametrize(
    ("most", "told"), [(8, "2 of 8 pictures that were tried"), (1, "that were compared")]
)
def test_the_studies_of_pictures_that_cannot_be_read_are_named(tmp_path, monkeypatch, most, told):
    monkeypatch.setattr(dataset_check, "PICTURES", most)
    path = write_cells(tmp_path, 8, study=lambda n: f"study{n}")
    for number in (4, 6):
        (tmp_path / f"{number}.jpg").write_bytes(b"GIF89a")
    [line] = [line for line in told_problems(check_dataset(path)) if told in line]
    assert "image-format-unknown: study4, study6" in line


def test_of_a_sample_and_a_comparison_the_one_that_saw_more_is_told(tmp_path, monkeypatch):
    path = write_cells(tmp_path, 8)
    (tmp_path / "4.jpg").write_bytes(b"GIF89a")
    assert len(told_problems(check_dataset(path))) == 1
    monkeypatch.setattr(dataset_check, "PICTURES", 2)
    (tmp_path / "5.jpg").write_bytes(b"GIF89a")
    assert any(
        line.startswith("2 of 8 pictures that were compared cannot be read: image-format-unknown")
        for line in told_problems(check_dataset(path))
    )


@pytest.mark.parametrize("beside", ["manifest", "text-folder", "webdataset"])
def test_a_table_that_only_lies_beside_a_data_set_is_not_said_to_be_of_it(tmp_path, beside):
    rows = rows_of(tmp_path / "rows", 4)
    write = {
        "manifest": lambda: write_cells(tmp_path),
        "text-folder": lambda: write_pairs(tmp_path, rows),
        "webdataset": lambda: write_tar(tmp_path / "a.tar", rows),
    }
    write[beside]()
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    assert not any("read by its folder" in line for line in told_problems(check_dataset(tmp_path / "t.csv")))


@pytest.mark.parametrize(("listed", "ok"), [("p1\nnobody\n", True), ("nobody\n", False)])
def test_excluded_ids_that_are_nobodys_are_told(tmp_path, listed, ok):
    path = write_cells(tmp_path / "set")
    (tmp_path / "ids.txt").write_text(listed)
    check = check_dataset(path, exclude_ids=tmp_path / "ids.txt")
    [line] = told_problems(check)
    assert "ids of --exclude-ids match no study" in line
    assert check.ok is ok


def test_cells_as_r_leaves_them_empty_are_no_report_and_no_patient(tmp_path):
    path = write_cells(
        tmp_path, report=lambda n: "NA" if n < 4 else TEXT, subject=lambda n: "NA" if n == 9 else n // 2
    )
    assert dict(check_dataset(path).dropped) == {"report-empty": 4, "subject-missing": 1}


def test_columns_with_names_of_observations_are_told_as_labels(tmp_path):
    cells = {"Pneumonia": 1, "Pleural Effusion": 0, "note": "x"}
    check = check_dataset(write_cells(tmp_path, **cells))
    labels = [(use.column, use.why) for use in check.columns if use.role == "labels"]
    assert labels == [("Pneumonia", "its name"), ("Pleural Effusion", "its name")]
    assert check.unused == ("note",)
    shown = " ".join(printed(check_view(check)).split())
    assert "labels Pneumonia, Pleural Effusion by its name" in shown
    assert "not used note" in shown


def test_the_list_of_excluded_ids_is_read_once(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        dataset_check, "read_excluded", lambda path: (seen.append(path), read_excluded(path))[1]
    )
    (tmp_path / "ids.txt").write_text("s0000\n")
    source = write_cells(tmp_path)
    dataset_check.check_dataset(source, exclude_ids=tmp_path / "ids.txt")
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("rows", "hint"),
    [
        pytest.param('"a\nb"', "mend what else is wrong here first", id="a-bad-column-is-told"),
        pytest.param("", "is the data set empty?", id="no-row"),
    ],
)
def test_a_set_is_asked_whether_it_is_empty_only_where_nothing_else_is_told(tmp_path, rows, hint):
    line = f"a.png,{rows},There is a small left pleural effusion.,PA,train\n" if rows else ""
    (tmp_path / "table.csv").write_text(f"image,patient,report,view,split\n{line}")
    problems = check_dataset(tmp_path / "table.csv").problems
    assert [one.hint for one in problems if one.what == "no study can be mixed"] == [hint]
    assert (len(problems) > 1) == bool(rows)


@pytest.mark.parametrize("broken", range(1, 9))
def test_a_reason_is_told_once_of_pictures_that_were_tried_and_compared(tmp_path, monkeypatch, broken):
    source = write_manifest(tmp_path / "in", studies=8)
    monkeypatch.setattr(dataset_check, "PICTURES", 4)
    pictures = sorted(source.rglob("*.jpg"))[:broken]
    for picture in pictures:
        picture.write_bytes(b"no picture")
    told = [one.unreadable for one in check_dataset(source).problems if one.unreadable]
    assert len(told) == len(set(told))
