from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.cluster.tasks import default_tasks, retry_expression


def read_back(expression):
    """Return the tasks of an array expression, in its order."""
    tasks = []
    for part in expression.split(",") if expression else []:
        first, _, last = part.partition("-")
        tasks += range(int(first), int(last or first) + 1)
    return tasks


@given(missing=st.sets(st.integers(0, 5000)), num_tasks=st.integers(1, 1200))
def test_read_back_it_gives_exactly_the_tasks_that_have_shards_left(missing, num_tasks):
    tasks = read_back(retry_expression(missing, num_tasks))
    assert tasks == sorted({shard % num_tasks for shard in missing})


@given(missing=st.sets(st.integers(0, 200)), num_tasks=st.integers(1, 60))
def test_no_two_ranges_could_be_one(missing, num_tasks):
    tasks = read_back(retry_expression(missing, num_tasks))
    breaks = sum(after - before > 1 for before, after in pairwise(tasks))
    assert retry_expression(missing, num_tasks).count(",") == breaks


@pytest.mark.parametrize(
    ("missing", "num_tasks", "expression"),
    [
        pytest.param([], 4, "", id="nothing-is-left"),
        pytest.param(range(12), 4, "0-3", id="all"),
        pytest.param([1, 2, *range(5, 11)], 100, "1-2,5-10", id="ranges"),
        pytest.param([3], 100, "3", id="one"),
        pytest.param([13, 3], 10, "3", id="two-shards-of-one-task"),
    ],
)
def test_tasks_are_written_as_ranges(missing, num_tasks, expression):
    assert retry_expression(missing, num_tasks) == expression


@pytest.mark.parametrize(("shards", "tasks"), [(0, 1), (7, 7), (1000, 1000), (5000, 1000)])
def test_there_are_never_more_tasks_than_slurm_takes(shards, tasks):
    assert default_tasks(shards) == tasks
