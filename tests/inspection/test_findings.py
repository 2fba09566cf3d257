from medcutmix_cli.inspection.findings import Findings
from medcutmix_cli.run.problem import Problem


def test_a_file_is_told_of_once_where_the_first_says_why():
    found = Findings()
    found.add_once(Problem("plan.parquet", "damaged", "it cannot be read"))
    found.add_once(Problem("plan.parquet", "plan", "its shards are not those that run.json counts"))
    assert [problem.rule for problem in found.problems] == ["damaged"]


def test_a_file_is_whole_unless_a_problem_names_it_or_one_that_begins_like_it():
    found = Findings([Problem("plan-refill-1.parquet", "damaged", "it cannot be read")])
    assert not found.is_whole("plan")
    assert found.is_whole("run.json")
