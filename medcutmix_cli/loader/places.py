"""Which rows of an epoch's order are whose: of this rank, of this worker. Knows no row and no order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import distributed
from torch.utils.data import get_worker_info

from medcutmix_cli.errors import UsageError


@dataclass(frozen=True, slots=True)
class RowRange:
    """Rows `start` to `end` (exclusive) of an epoch's order."""

    start: int
    end: int

    @property
    def rows(self) -> int:
        """How many they are."""
        return self.end - self.start

    def part(self, number: int, count: int) -> RowRange:
        """Return part `number` of `count`; the parts cover the span, and differ by one row at most."""
        starts = (self.start + self.rows * place // count for place in (number, number + 1))
        return RowRange(*starts)

    def equal_part(self, number: int, count: int) -> RowRange:
        """Return part `number` of `count` that are all as long; up to `count - 1` rows at the end are in none."""
        return RowRange(self.start, self.end - self.rows % count).part(number, count)

    def parts(self, count: int) -> list[RowRange]:
        """Return all parts of `count`, in order."""
        return [self.part(number, count) for number in range(count)]


def check_place(rank: int | None, world_size: int | None) -> tuple[int, int] | None:
    """Return a rank with the number of ranks; None where neither was given.

    Raises:
        UsageError: There is no such rank, or one of the two is not given.
    """
    if rank is None and world_size is None:
        return None
    if rank is None or world_size is None or not 0 <= rank < world_size:
        raise UsageError(
            f"there is no rank {rank} of {world_size}", hint="give both, 0 <= rank < world_size, or neither"
        )
    return rank, world_size


def own_place(given: tuple[int, int] | None) -> tuple[int, int]:
    """Return rank and number of ranks: as given, else of `torch.distributed` where it is initialised, else 0 of 1."""
    if given is not None:
        return given
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def worker_place() -> tuple[int, int]:
    """Return the number of this `DataLoader` worker and how many there are; 0 of 1 in the process itself."""
    worker = get_worker_info()
    return (worker.id, worker.num_workers) if worker else (0, 1)


def turns_done(ends: Sequence[int], batches: int, number: int) -> int:
    """Return how many of the first batches came from worker `number`: a `DataLoader` takes one of each in turn.

    Args:
        ends: How many batches each worker makes in an epoch.
        batches: That came, of all workers.
        number: Of the worker.
    """
    turns = sorted((turn, worker) for worker, end in enumerate(ends) for turn in range(end))
    return sum(worker == number for _, worker in turns[:batches])
