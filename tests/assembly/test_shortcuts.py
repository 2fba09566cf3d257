import csv

import pytest

from medcutmix_cli import find_shortcuts
from medcutmix_cli.errors import DatasetError, UsageError
from tests.builders import make_report

CONSOLIDATION = "There is consolidation at the right base."


def write_confounded(folder, a=30, b=3, c=3, d=30):
    """Write a manifest: with finding and AP, finding and PA, AP alone, PA alone; its pictures are never opened."""
    folder.mkdir()
    kinds = [(CONSOLIDATION, "AP")] * a + [(CONSOLIDATION, "PA")] * b + [("", "AP")] * c + [("", "PA")] * d
    with (folder / "manifest.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["image", "subject", "study", "split", "view", "report"])
        for n, (sentence, view) in enumerate(kinds):
            report = make_report(*filter(None, [sentence or "The lungs are clear."]))
            table.writerow([f"{n}.jpg", f"p{n}", f"s{n}", "train", view, report])
    return folder


def test_a_view_that_goes_with_a_finding_is_found_without_a_picture(tmp_path):
    found = find_shortcuts(write_confounded(tmp_path / "in"))
    strongest = found.clear[0]
    assert (strongest.finding, strongest.attribute, strongest.value) == ("consolidation", "view", "AP")
    assert strongest.target == "consolidation@view=PA"
    assert (found.studies, found.dropped, found.correction) == (66, {}, "Bonferroni")


def test_columns_of_a_table_are_compared_as_well(tmp_path):
    source = write_confounded(tmp_path / "in", 15, 15, 15, 15)
    rows = "".join(f"s{n},{'f' if n < 30 else 'm'},note {n}\n" for n in range(60))
    table = tmp_path / "people.csv"
    table.write_text(f"study_id,sex,note\n{rows}")
    found = find_shortcuts(source, attributes=table)
    assert [(pair.attribute, pair.value) for pair in found.clear if pair.finding == "consolidation"] == [
        ("sex", "f")
    ]
    assert found.columns_left_out == {"note": "too-many-values"}


def test_only_what_a_plan_would_mix_is_counted(tmp_path):
    found = find_shortcuts(write_confounded(tmp_path / "in"), splits=("validate",))
    assert (found.studies, found.pairs, found.dropped) == (0, (), {"split-not-mixed:train": 66})


def test_an_option_that_there_is_not_is_refused(tmp_path):
    with pytest.raises(UsageError):
        find_shortcuts(write_confounded(tmp_path / "in"), nonsense=1)


def test_a_table_of_few_studies_is_told_and_one_of_none_is_refused(tmp_path):
    source = write_confounded(tmp_path / "in", 15, 15, 15, 15)
    table = tmp_path / "people.csv"
    table.write_text("study_id,sex\ns1,f\ns2,m\n")
    assert "2 of 60 studies have a row" in find_shortcuts(source, attributes=table).warnings[0]
    table.write_text("study_id,sex\n1001,f\n1002,m\n")
    with pytest.raises(DatasetError, match="no row of the table of --attributes"):
        find_shortcuts(source, attributes=table)
    table.write_text("study_id,Edema\n1001,1\n")
    with pytest.raises(DatasetError, match="no row of the table of --label-table"):
        find_shortcuts(source, label_table=table)


def test_a_view_that_a_table_says_of_some_studies_is_the_view_of_all(tmp_path):
    source = write_confounded(tmp_path / "in")
    table = tmp_path / "views.csv"
    rows = "".join(f"s{n},{'' if n % 2 else 'AP' if n < 30 or 33 <= n < 36 else 'PA'}\n" for n in range(66))
    table.write_text(f"study_id,view\n{rows}")
    found = find_shortcuts(source, attributes=table)
    assert {pair.value for pair in found.pairs if pair.attribute == "view"} == {"AP"}
    assert found.pairs == find_shortcuts(source).pairs
