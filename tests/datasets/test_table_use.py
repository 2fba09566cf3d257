import pytest

from medcutmix_cli.datasets.table_use import TableUse
from medcutmix_cli.errors import DatasetError


def used(matched, studies):
    return TableUse("--attributes", "t.csv", "s1", studies, matched)


def test_few_rows_are_told_and_enough_are_not():
    assert used(5, 10).problem == used(0, 0).problem == ""
    assert used(4, 10).problem.startswith("4 of 10 studies have a row in the table of --attributes")


def test_the_first_id_that_was_looked_up_is_the_example():
    use = TableUse("--attributes", "t.csv")
    use.note("s1", matched=False)
    use.note("s2", matched=True)
    assert (use.wanted, use.studies, use.matched) == ("s1", 2, 1)


def test_a_table_for_nobody_is_refused_and_no_study_is_no_matter():
    used(0, 0).require_match(["x"])
    TableUse("--attributes", "", "s1", 10).require_match([])
    used(1, 10).require_match(["x"])
    with pytest.raises(DatasetError, match="one of 10 studies") as caught:
        used(0, 10).require_match(["x"])
    assert caught.value.hint.endswith("for example 's1'; the table has 'x'")
    with pytest.raises(DatasetError, match="no row") as caught:
        used(0, 10).require_match([])
    assert caught.value.hint.endswith("the table has no row")
