from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.datasets.attribute_table import (
    _Thirds,
    read_attribute_table,
    short_name,
    short_names,
    with_attributes,
)
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.planning.targets import TargetNames, known_values, read_targets
from medcutmix_cli.reports.lexicon import finding_ids
from tests.builders import make_study


def table(tmp_path, text, name="attributes.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def said(path, number=0):
    study = make_study(number)
    table = read_attribute_table(path)
    use = replace(table.use(), studies=1, matched=1)  # one without a row is no error where others have one
    [(study, _)] = with_attributes([(study, study.images[0])], table, use)
    return dict(study.attributes)


@pytest.mark.parametrize("key", ["study_id,s50000000,s50000001", "study_id,50000000,50000001"])
@pytest.mark.parametrize("about", ["study", "subject", "image"])
def test_a_row_is_about_a_study_a_patient_or_a_picture(tmp_path, key, about):
    ids = {
        "study": key,
        "subject": "subject_id,p10000000,10000001",
        "image": "dicom_id,image0,image1.jpg",
    }[about].split(",")
    path = table(tmp_path, f"{ids[0]},Sex\n{ids[1]},F\n{ids[2]},M\n")
    assert said(path) == {"sex": "f"}
    assert said(path, 1) == {"sex": "m"}
    assert said(path, 2) == {}


def test_the_column_that_says_most_exactly_what_a_row_is_about_counts(tmp_path):
    path = table(tmp_path, "subject_id,study_id,dicom_id,site\n1,1,image0,a\n1,1,image1,b\n")
    assert (said(path), said(path, 1)) == ({"site": "a"}, {"site": "b"})


def test_ages_are_groups(tmp_path):
    rows = "".join(f"image{n},{age}\n" for n, age in enumerate([3, 18, 39, 40, 79, 80, 101]))
    path = table(tmp_path, f"dicom_id,Patient Age\n{rows}")
    assert [said(path, n)["patient-age"] for n in range(7)] == [
        "0-17",
        "18-39",
        "18-39",
        "40-59",
        "60-79",
        "80+",
        "80+",
    ]


def test_ages_may_be_written_as_in_dicom_and_the_table_be_that_of_nih(tmp_path):
    path = table(tmp_path, "Image Index,Patient ID,Patient Age\nimage0.png,1,058Y\nimage1.png,2,017Y\n")
    assert [said(path, n)["patient-age"] for n in range(2)] == ["40-59", "0-17"]


def test_many_numbers_are_thirds(tmp_path):
    rows = "".join(f"image{n},{n / 10}\n" for n in range(30))
    path = table(tmp_path, f"dicom_id,exposure\n{rows}")
    assert [said(path, n)["exposure"] for n in (0, 9, 10, 19, 20, 29)] == [
        *("low", "low", "middle", "middle", "high", "high")
    ]


def test_what_tells_studies_apart_one_by_one_is_left_out_by_name(tmp_path):
    rows = "".join(f"image{n},words {n},same,{'a' if n % 2 else ''}\n" for n in range(30))
    found = read_attribute_table(table(tmp_path, f"dicom_id,note,kind,half\n{rows}"))
    assert found.values == {}
    assert found.left_out == {"note": "too-many-values", "kind": "one-value", "half": "one-value"}


@pytest.mark.parametrize("finding", sorted(finding_ids()))
@pytest.mark.parametrize(
    "write", [str, str.upper, lambda name: name.replace("_", " ").title()], ids=["id", "upper", "words"]
)
def test_a_column_called_as_a_finding_does_not_take_its_place(tmp_path, finding, write):
    column = write(finding)
    found = read_attribute_table(table(tmp_path, f"dicom_id,{column},site\nimage0,1,a\nimage1,0,b\n"))
    assert found.values == {"site": ("a", "b")}
    assert list(found.left_out.values()) == ["names-a-finding"]
    [target] = read_targets([f"mass@{finding}=present:5"], TargetNames(values=known_values(found.values)))
    assert target.where == ((finding, "present"),)


def test_every_value_is_known_by_its_attribute(tmp_path):
    path = table(tmp_path, "dicom_id,Sex,site\nimage0,M,b\nimage1,F,a\nimage2,,a\n")
    assert read_attribute_table(path).values == {"sex": ("f", "m"), "site": ("a", "b")}


@pytest.mark.parametrize("blank", ["", "NA", "<NA>", "#N/A", "None"])
def test_a_blank_cell_is_not_known(tmp_path, blank):
    path = table(tmp_path, f"dicom_id,sex\nimage0,{blank}\nimage1,F\nimage2,M\n")
    assert said(path) == {}


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        pytest.param("who,sex\n1,F\n", "a.csv", "no column says which", id="no-ids"),
        pytest.param(
            "study_id,sex\n1,F\n1,M\n", "a.csv", "two rows of one study_id differ", id="contradiction"
        ),
        pytest.param("study_id,sex\n,F\n", "a.csv", "a row has no study_id", id="blank-id"),
        pytest.param("study_id,sex\n1,F\n", "a.txt", "come from a table", id="no-table"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(tmp_path, text, name, message):
    with pytest.raises(DatasetError, match=message) as caught:
        read_attribute_table(table(tmp_path, text, name))
    assert name in caught.value.where


@pytest.mark.parametrize("text", ["Patient Age", "patient_age", " Patient  Age "])
def test_a_name_is_typed_in_one_way(text):
    assert short_name(text) == "patient-age"


@pytest.mark.parametrize("cells", [("-1", "0", "1"), ("HIV", "HIV+", "HIV-"), ("-0.5", "0.5", "0-5")])
def test_a_sign_tells_values_apart(tmp_path, cells):
    rows = "".join(f"image{n},{cell}\n" for n, cell in enumerate(cells))
    path = table(tmp_path, f"dicom_id,risk\n{rows}")
    assert len({said(path, n)["risk"] for n in range(3)}) == 3


def test_a_negative_number_is_typed_as_it_stands(tmp_path):
    path = table(tmp_path, "dicom_id,risk\nimage0,-1\nimage1,1\n")
    names = TargetNames(values=known_values(read_attribute_table(path).values))
    [target] = read_targets(["consolidation@risk=-1:+5"], names)
    assert (target.where, target.amount) == ((("risk", "-1"),), "5")


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        (("Ward 1", "Ward 2"), ("ward-1", "ward-2")),
        (("St. Mary's (ICU)", "b"), ("st-mary's-(icu)", "b")),
        (("1.5", "2"), ("1-5", "2")),
        (("058Y", "017Y"), ("58", "17")),
        (("a b", "a/b", "a-b"), ("a%20b", "a%2fb", "a-b")),
        (("058Y", "58"), ("058y", "58")),
        (("...", "a"), ("%2e%2e%2e", "a")),
    ],
)
def test_a_name_is_short_where_it_is_the_only_one(texts, names):
    assert tuple(short_names(texts)[text] for text in texts) == names


CELLS = st.text(st.sampled_from("aA1-+ _,:=@/.%2efY"), min_size=1).filter(str.strip)


@given(st.sets(CELLS | st.text(min_size=1).filter(str.strip), min_size=2, max_size=8))
def test_texts_that_differ_have_names_that_differ_and_can_be_typed(texts):
    names = short_names(texts)
    assert len(set(names.values())) == len({" ".join(text.lower().split()) for text in texts})
    known = TargetNames(values=known_values({"site": tuple(names.values())}))
    for name in names.values():
        [target] = read_targets([f"consolidation@site={name}:+5"], known)
        assert target.where == (("site", name),)


def test_a_column_that_is_called_like_another_is_left_out_by_name(tmp_path):
    path = table(tmp_path, "dicom_id,Sex,sex,a b,a_b\nimage0,F,x,1,2\nimage1,M,y,3,4\n")
    found = read_attribute_table(path)
    assert found.left_out == {"sex": "same-name"}
    assert found.values == {"sex": ("f", "m"), "a%20b": ("1", "3"), "a%5fb": ("2", "4")}


@pytest.mark.parametrize("key", ["study_id,50000000.0", "subject_id,10000000.0", "subject_id,p10000000"])
def test_an_id_that_pandas_made_a_float_is_whole_again(tmp_path, key):
    about, _, identifier = key.partition(",")
    path = table(tmp_path, f"{about},sex\n{identifier},F\n2.0,M\n")
    assert said(path) == {"sex": "f"}


def test_studies_with_a_row_are_counted_and_none_is_an_error(tmp_path):
    studies = [(study, study.images[0]) for study in map(make_study, range(3))]
    found = read_attribute_table(table(tmp_path, "study_id,sex\n50000001,F\n50000009,M\n"))
    use = found.use()
    list(with_attributes(studies, found, use))
    assert (use.matched, use.studies) == (1, 3)
    assert "1 of 3 studies have a row in the table of --attributes" in use.problem
    with pytest.raises(DatasetError, match="no row of the table of --attributes") as caught:
        list(with_attributes(studies[:1], found, found.use()))
    assert caught.value.where == str(tmp_path / "attributes.csv")
    assert "'50000000'; the table has '50000001'" in caught.value.hint


@pytest.mark.parametrize(
    ("column", "cells", "values"),
    [
        ("view", ("AP", "pa"), ("AP", "PA")),
        ("View", ("ap", "swimmer"), ("AP", "swimmer")),
        ("device", ("1", "0"), ("no", "yes")),
        ("Device", ("Yes", "no"), ("no", "yes")),
        ("projection", ("AP", "PA"), ("ap", "pa")),
    ],
)
def test_a_view_or_device_is_called_as_studies_call_it(tmp_path, column, cells, values):
    path = table(tmp_path, f"dicom_id,{column}\nimage0,{cells[0]}\nimage1,{cells[1]}\n")
    assert read_attribute_table(path).values == {column.lower(): values}


def grouped(tmp_path, numbers, column="exposure"):
    rows = "".join(f"image{n},{number}\n" for n, number in enumerate(numbers))
    found = read_attribute_table(table(tmp_path, f"dicom_id,{column}\n{rows}"))
    return [dict(found.rows[f"image{n}"]).get(column, "") for n in range(len(numbers))], found


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param([0] * 60 + list(range(1, 31)), id="most-are-the-least"),
        pytest.param(list(range(1, 31)) + [99] * 60, id="most-are-the-greatest"),
        pytest.param([*range(15), *[50] * 60, *range(60, 75)], id="most-are-between"),
        pytest.param([0] * 300 + list(range(1, 22)), id="nearly-all-are-the-least"),
    ],
)
def test_many_numbers_of_which_one_is_frequent_are_three_groups(tmp_path, numbers):
    groups, _ = grouped(tmp_path, numbers)
    assert set(groups) == {"low", "middle", "high"}
    assert len({(number, group) for number, group in zip(numbers, groups, strict=True)}) == len(set(numbers))
    order = ["low", "middle", "high"]
    at = [order.index(group) for _, group in sorted(zip(numbers, groups, strict=True))]
    assert at == sorted(at)


@given(st.lists(st.integers(0, 40) | st.just(0) | st.just(40), min_size=2).filter(lambda n: len(set(n)) > 1))
def test_two_different_numbers_are_in_two_groups_and_equal_ones_in_one(numbers):
    thirds = _Thirds.of(list(map(float, numbers)))
    groups = {number: thirds.name(str(number)) for number in numbers}
    assert groups[min(numbers)] == "low"
    assert groups[max(numbers)] == "high"
    assert len(set(groups.values())) == min(3, len(set(numbers)))


@pytest.mark.parametrize(
    ("column", "cells"), [("x", [f"1.{'0' * n}" for n in range(30)]), ("age", [61, 62, 63])]
)
def test_numbers_that_make_one_group_are_left_out_by_name(tmp_path, column, cells):
    _, found = grouped(tmp_path, cells, column)
    assert (found.values, found.left_out) == ({}, {column: "one-value"})
