from medcutmix_cli import check_dataset
from tests.own_trees import told_problems
from tests.released_trees import write_open_i_csv


def test_a_table_of_a_published_set_leads_to_its_folder(tmp_path):
    table = write_open_i_csv(tmp_path) / "indiana_reports.csv"
    check = check_dataset(table)
    assert not check.ok
    assert (
        told_problems(check)[0]
        == f"this is a table of open-i, which is also read by its folder | give the folder instead: {tmp_path}"
    )
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "t.csv").write_text("a,b\n1,2\n")
    assert not any(
        "read by its folder" in line for line in told_problems(check_dataset(tmp_path / "own" / "t.csv"))
    )
