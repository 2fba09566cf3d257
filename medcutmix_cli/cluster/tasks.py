"""How the tasks of an array share the shards of a run. Knows no scheduler beyond the form of an array expression."""

from __future__ import annotations

from collections.abc import Iterable

MOST_TASKS = 1000
"""Slurm's MaxArraySize is 1001 unless a site says otherwise (slurm.conf), and the highest task number is below it."""


def default_tasks(shards: int) -> int:
    """Return how many tasks an array has where nobody said: one a shard, as far as Slurm takes them."""
    return max(1, min(shards, MOST_TASKS))


def retry_expression(missing: Iterable[int], num_tasks: int) -> str:
    """Return the array expression of the tasks that still have shards to render: "1-2,5-10".

    Args:
        missing: Numbers of the shards that are not complete.
        num_tasks: How many tasks share the shards; task r takes the shards k with `k mod num_tasks == r`.

    Returns:
        Ranges in rising order, as `sbatch --array` takes them; "" where nothing is missing.
    """
    ranges: list[tuple[int, int]] = []
    for task in sorted({shard % num_tasks for shard in missing}):
        if ranges and ranges[-1][1] == task - 1:
            ranges[-1] = (ranges[-1][0], task)
        else:
            ranges.append((task, task))
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)
