"""How many pairs each cell gets, from which group of hosts and of donors: numbers alone, no study.

Hosts that can serve the same cells are one group, likewise donors, so that the work grows with the kinds of studies,
not with their number. Cells are filled side by side, the emptiest first; where a cell finds all its hosts taken, cells
that have others move over (augmenting paths, as in maximum flow), so that scarce hosts and donors go where nothing else
will do. A pair counts in every cell that it lies in.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

Group = frozenset[int]
"""The cells, by number, that a host or donor can serve."""

_STEPS = 32
"""Steps in which a cell is filled: side by side with the others, not one after the other."""


@dataclass(slots=True)
class Supply:
    """Hosts or donors, in groups, and how many of each group serve which cell.

    Attributes:
        capacity: Group -> how often its members may serve.
        also: Cell -> the cells that ask for what is given for it, itself among them.
        served: Cell -> group -> how often.
    """

    capacity: Mapping[Group, int]
    also: Mapping[int, Group]
    served: dict[int, dict[Group, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    _used: dict[Group, int] = field(default_factory=lambda: defaultdict(int))
    _order: dict[int, list[Group]] = field(default_factory=dict)

    def place(self, cell: int, amount: int) -> int:
        """Serve a cell up to `amount` times more; others move over where they can. Returns how often."""
        placed = 0
        while placed < amount:
            path = self._free_path(cell)
            if not path:
                break
            placed += self._move(cell, path, amount - placed)
        return placed

    def take_back(self, cell: int, amount: int) -> None:
        """Serve a cell `amount` times less."""
        for group in reversed(self._groups(cell)):
            freed = min(amount, self.served[cell][group])
            self.served[cell][group] -= freed
            self._used[group] -= freed
            amount -= freed

    def _groups(self, cell: int) -> list[Group]:
        """Return the groups that can serve a cell: those first that serve few others, and more than one at once."""
        if cell not in self._order:
            also = self.also[cell]
            able = (group for group in self.capacity if cell in group)
            self._order[cell] = sorted(able, key=lambda g: (len(g - also), -len(g & also), sorted(g)))
        return self._order[cell]

    def _free_path(self, cell: int) -> list[tuple[int, Group]]:
        """Return (cell, group it is to be served by) from a cell to a group with room; empty where there is none.

        Each cell after the first gives up as much of the group before it.
        """
        came: dict[int, tuple[int, Group] | None] = {cell: None}
        seen: set[Group] = set()
        waiting = deque([cell])
        while waiting:
            now = waiting.popleft()
            for group in self._groups(now):
                if group in seen:
                    continue
                seen.add(group)
                if self._used[group] < self.capacity[group]:
                    return _way_back(came, now, group)
                for other in sorted(group):
                    if other not in came and self.served[other][group]:
                        came[other] = (now, group)
                        waiting.append(other)
        return []

    def _move(self, cell: int, path: Sequence[tuple[int, Group]], amount: int) -> int:
        """Serve along a path, as often as all of it allows."""
        last = path[-1][1]
        gives = [self.served[other][group] for (other, _), (_, group) in zip(path[1:], path, strict=False)]
        moved = min([amount, self.capacity[last] - self._used[last], *gives])
        for index, (now, group) in enumerate(path):
            self.served[now][group] += moved
            if index:
                self.served[now][path[index - 1][1]] -= moved
        self._used[last] += moved
        return moved


def _way_back(
    came: Mapping[int, tuple[int, Group] | None], cell: int, group: Group
) -> list[tuple[int, Group]]:
    path = [(cell, group)]
    before = came[cell]
    while before is not None:
        path.append(before)
        before = came[before[0]]
    return path[::-1]


@dataclass(frozen=True, slots=True)
class Allocation:
    """How many pairs each cell gets.

    Attributes:
        hosts: Cell -> group of hosts -> pairs (likewise donors).
    """

    hosts: Mapping[int, Mapping[Group, int]]
    donors: Mapping[int, Mapping[Group, int]]


def allocate(
    missing: Sequence[int],
    hosts: Mapping[Group, int],
    donors: Mapping[Group, int],
    includes: Callable[[int, int], bool],
) -> Allocation:
    """Allocate pairs to cells.

    Args:
        missing: Pairs that each cell still lacks.
        hosts: Group -> how often its members may receive, together.
        donors: Group -> how often its members may give, together.
        includes: Whether whatever is given for the second cell is what the first one asks for too.

    Returns:
        What is possible; a cell that cannot be filled gets what there is.
    """
    numbers = range(len(missing))
    also = {cell: frozenset(c for c in numbers if includes(c, cell)) for cell in numbers}
    receiving, giving = Supply(hosts, also), Supply(donors, also)
    open_cells = {cell for cell, count in enumerate(missing) if count}
    while open_cells:
        filled = _filled(receiving, also)
        open_cells = {cell for cell in open_cells if filled[cell] < missing[cell]}
        if not open_cells:
            break
        cell = min(open_cells, key=lambda c: (filled[c] / missing[c], c))
        step = min(missing[cell] - filled[cell], max(1, missing[cell] // _STEPS))
        placed = receiving.place(cell, step)
        given = giving.place(cell, placed)
        receiving.take_back(cell, placed - given)
        if given < step:
            open_cells.discard(cell)
    return Allocation(receiving.served, giving.served)


def _filled(receiving: Supply, also: Mapping[int, Group]) -> dict[int, int]:
    """Return how many pairs lie in each cell: those for other cells too, whose hosts and findings it asks for."""
    filled: dict[int, int] = dict.fromkeys(also, 0)
    for cell, groups in receiving.served.items():
        for group, count in groups.items():
            for other in also[cell] & group if count else ():
                filled[other] += count
    return filled
