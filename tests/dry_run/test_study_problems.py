from collections import Counter

import pytest

from medcutmix_cli import check_dataset
from medcutmix_cli.dry_run.study_problems import problems_of_studies
from tests.own_trees import told_problems, write_cells


def test_a_patient_in_every_row_makes_the_patient_rule_void(tmp_path):
    assert any(
        "patient of its own" in line
        for line in told_problems(check_dataset(write_cells(tmp_path, subject=lambda n: f"p{n}")))
    )
    few = check_dataset(write_cells(tmp_path / "few", 12, subject=lambda n: f"p{n}"))
    assert told_problems(few) == []


def test_what_somebody_chose_is_no_problem_and_a_reason_is_told_once(tmp_path):
    path = write_cells(
        tmp_path, 8, split=lambda n: "test" if n < 2 else "train", view=lambda n: "" if n == 4 else "PA"
    )
    check = check_dataset(path)
    assert dict(check.dropped) == {"split-not-mixed:test": 2, "view-unknown": 1}
    assert [line.partition(" |")[0] for line in told_problems(check)] == [
        "no view is said in 1 row, which is left out"
    ]


def test_a_file_that_is_not_there_is_told_with_the_folder_and_without_its_name(tmp_path, monkeypatch):
    path = write_cells(tmp_path / "in", 8, image=lambda n: f"Someone/{n}.jpg")
    for monkey in (tmp_path, tmp_path / "in"):
        monkeypatch.chdir(monkey)
        check = check_dataset(path.relative_to(monkey))
        (line,) = [line for line in told_problems(check) if line.startswith("8 studies are left out")]
        assert "image-missing: s0000, s0001, s0002, s0003, s0004 and 3 more; relative" in line
        assert f"relative paths are looked for in {tmp_path / 'in'} |" in line
        assert "Someone" not in str(check)


def test_a_report_that_is_not_there_is_told_with_its_folder(tmp_path):
    path = write_cells(tmp_path / "in", 8, report=..., report_path="Someone.txt")
    check = check_dataset(path, reports=tmp_path)
    assert any(
        line.startswith("8 studies are left out: report-missing: s0000, s0001, ")
        and f"relative paths are looked for in {tmp_path} |" in line
        for line in told_problems(check)
    )
    assert "Someone" not in str(check)


@pytest.mark.parametrize(
    ("usable", "dropped", "said"),
    [
        pytest.param(3, {"report-empty": 1}, ["1 study is left out: report-empty"], id="one of them"),
        pytest.param(3, {"report-empty": 1200}, ["1,200 studies are left out: report-empty"], id="many"),
        pytest.param(3, {"split-not-mixed:test": 2, "told": 1}, [], id="chosen, or told elsewhere"),
        pytest.param(0, {}, ["no study can be mixed"], id="nothing is there"),
    ],
)
def test_a_reason_is_told_unless_somebody_chose_it_or_it_is_told_elsewhere(usable, dropped, said):
    found = list(problems_of_studies(usable, Counter(dropped), {"told"}, str.upper, otherwise="look"))
    assert [problem.what for problem in found] == said
    assert [problem.grave for problem in found] == [not usable] * len(found)


def test_where_nothing_can_be_mixed_the_commonest_reasons_say_what_to_try():
    dropped = Counter({"view-unknown": 5, "report-empty": 4, "image-missing": 1})
    first, *_others = problems_of_studies(0, dropped, (), str.upper, otherwise="look")
    assert first.hint == "VIEW-UNKNOWN; REPORT-EMPTY"
