"""Studies come again as they are, until cells that want a finding absent are full."""

from collections import Counter

import pytest

from medcutmix_cli.pairing.cohort import pack_study
from medcutmix_cli.planning.plan import DEFAULT_READER
from medcutmix_cli.planning.reading import read_study
from medcutmix_cli.planning.repeats import repeat_studies
from medcutmix_cli.planning.target_cells import make_cells
from medcutmix_cli.planning.targets import TargetNames, read_targets
from tests.builders import make_report, make_study

CONSOLIDATION = "There is consolidation at the right base."
PNEUMOTHORAX = "There is a small right pneumothorax."
NEITHER = "The lungs are clear."


def packed(number, text):
    study = make_study(number, make_report(text, impression=(text,)), view="AP")
    return pack_study(read_study(study, study.images[0], DEFAULT_READER), ())


def some(neither, consolidation, pneumothorax):
    texts = [NEITHER] * neither + [CONSOLIDATION] * consolidation + [PNEUMOTHORAX] * pneumothorax
    return [packed(number, text) for number, text in enumerate(texts)]


def repeated(studies, *targets, most=5, **more):
    counts = Counter(study.attributes for study in studies)
    cells = make_cells(read_targets(targets, TargetNames()), "train", counts)
    rows = list(repeat_studies(studies, cells, most, 0, **more))
    return rows, Counter(name.rpartition("/")[2] for row in rows for name in row.cells)


A, B = "no-consolidation@view=AP", "no-pneumothorax@view=AP"


def test_a_row_counts_in_both_cells_that_it_lies_in():
    rows, counts = repeated(some(6, 2, 2), f"{A}:+6", f"{B}:+6")
    assert counts == {f"{A}:+6": 6, f"{B}:+6": 6}
    assert len({row.pair_id for row in rows}) == len(rows) < 12


@pytest.mark.parametrize("order", [1, -1])
def test_no_cell_gets_more_than_it_wants_while_another_way_is_left(order):
    """Six studies lie in the first cell alone beside eight of both: three of nine rows may lie in both."""
    rows, counts = repeated(some(8, 0, 6), *(f"{A}:+9", f"{B}:+3")[::order])
    assert counts == {f"{A}:+9": 9, f"{B}:+3": 3}
    assert len(rows) == 9


def test_a_cell_that_lies_in_another_one_fills_that_one_too():
    """Whoever has no consolidation, of those without a pneumothorax: the wider cell takes what the other cannot."""
    wide = "no-pneumothorax:+4"
    _rows, counts = repeated(some(3, 3, 0), f"{A}:+6", wide)
    assert counts == {f"{A}:+6": 6, wide: 6}


def test_all_come_once_before_any_comes_twice_and_none_oftener_than_allowed():
    uses = [
        Counter(r.recipient_study for r in repeated(some(4, 1, 1), f"{A}:+{n}", most=2)[0])
        for n in (5, 7, 50)
    ]
    assert sorted(uses[0].values()) == [1] * 5
    assert sorted(uses[1].values()) == [1] * 3 + [2] * 2
    assert sorted(uses[2].values()) == [2] * 5


def test_rows_that_the_plan_has_are_not_made_again():
    studies = some(5, 1, 1)
    before = repeated(studies, f"{A}:+6")[0]
    again = repeated(studies, f"{A}:+6", taken={row.pair_id for row in before})[0]
    assert len(again) == 6
    assert {row.pair_id for row in before}.isdisjoint(row.pair_id for row in again)
