"""Rows of studies as they are, for cells that want a finding absent: a study comes again, and nothing is mixed.

A row counts in every such cell that its study lies in, so that several cells need fewer rows than their sum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from medcutmix_cli.pairing.cohort import PackedStudy
from medcutmix_cli.planning.near_duplicates import NONE_COMPARED, NearDuplicates
from medcutmix_cli.planning.originals import KeptRow, kept_row, next_givers
from medcutmix_cli.planning.target_cells import TargetCell
from medcutmix_cli.seeds import stable_hash


def repeat_studies(
    studies: Sequence[PackedStudy],
    cells: Sequence[TargetCell],
    most: int,
    seed: int,
    duplicates: NearDuplicates = NONE_COMPARED,
    taken: Container[str] = frozenset(),
) -> Iterator[KeptRow]:
    """Yield rows of studies as they are, until each cell has as many as it wants.

    The cell of the fewest studies is filled first, since what is repeated for it may lie in others. Its studies come
    once before any comes twice, in an order drawn from their ids; those first whose cells all lack a row, so that no
    cell gets more than it wants while another way is left.

    Args:
        studies: That may be recipients, in the order of the cohort.
        cells: Whose studies are repeated.
        most: How often each may come.
        seed: Of the plan.
        duplicates: Studies that must not stand in one row.
        taken: Ids of rows that the plan has already.
    """
    lie_in = {n: _cells_of(study, cells) for n, study in enumerate(studies)}
    order = sorted(
        (n for n, own in lie_in.items() if own),
        key=lambda n: stable_hash(seed, "repeat", studies[n].study_id),
    )
    candidates = dict(zip(order, next_givers(studies, order, duplicates), strict=True))
    rows = {n: _new_rows(studies[n], donors, taken) for n, donors in candidates.items()}
    filling = _RepeatFilling(
        cells, {n: lie_in[n] for n in order}, rows, [cell.wanted - cell.have for cell in cells]
    )
    for cell in filling.scarcest_first():
        for turn in range(most):
            yield from filling.take(cell, turn, all)
            yield from filling.take(cell, turn, any)


def _cells_of(study: PackedStudy, cells: Sequence[TargetCell]) -> tuple[int, ...]:
    known = study.attributes
    return tuple(n for n, cell in enumerate(cells) if cell.split == study.split and cell.holds(known))


def _new_rows(study: PackedStudy, donors: Iterable[PackedStudy], taken: Container[str]) -> Iterator[KeptRow]:
    rows = (kept_row(study, donor) for donor in donors)
    return (row for row in rows if row.pair_id not in taken)


@dataclass(slots=True)
class _RepeatFilling:
    """How many rows cells still lack.

    Attributes:
        lie_in: Place of a study -> places of its cells, in the order in which studies come.
        rows: Place of a study -> its further rows.
        lacking: Rows that each cell lacks; below 0 where it has more than it wants.
        came: How often each study came.
    """

    cells: Sequence[TargetCell]
    lie_in: dict[int, tuple[int, ...]]
    rows: dict[int, Iterator[KeptRow]]
    lacking: list[int]
    came: Counter[int] = field(default_factory=Counter)

    def scarcest_first(self) -> list[int]:
        """Return the cells, those of the fewest studies first."""
        studies = Counter(cell for own in self.lie_in.values() for cell in own)
        return sorted(range(len(self.cells)), key=lambda cell: (studies[cell], cell))

    def take(self, cell: int, turn: int, rule: Callable[[Iterable[bool]], bool]) -> Iterator[KeptRow]:
        """Yield rows for one cell, of studies that came so often; their cells lack one by the rule."""
        for place, own in self.lie_in.items():
            if self.lacking[cell] <= 0:
                return
            wanted = cell in own and self.came[place] == turn and rule(self.lacking[n] > 0 for n in own)
            row = next(self.rows[place], None) if wanted else None
            if row is not None:
                self.came[place] += 1
                for n in own:
                    self.lacking[n] -= 1
                yield replace(row, cells=tuple(self.cells[n].name for n in own))
