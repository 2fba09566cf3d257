from dataclasses import replace

import pytest

from medcutmix_cli.inspection.summary import status
from medcutmix_cli.run.refill import NO_RESERVE, RESERVE_EMPTY, RESERVE_UNFIT, RefillPass
from medcutmix_cli.terminal import next_steps, refill_view, status_view
from medcutmix_cli.terminal.refills import _HINTS
from tests.run_folders import write_run
from tests.terminal.printing import printed
from tests.terminal.test_targets import FULL

CELL = "train/consolidation@device=no"
FIRST = RefillPass(2, 9, {CELL: 9})


def told(text):
    return " ".join(printed(text, width=160).split())


@pytest.fixture
def found(tmp_path):
    return replace(status(write_run(tmp_path / "run", rejected=3)), targets=(FULL,), reserved=20)


def test_every_reason_has_a_hint():
    assert set(_HINTS) == {NO_RESERVE, RESERVE_EMPTY, RESERVE_UNFIT}


def test_a_run_that_was_never_looked_at_says_what_to_type(found):
    assert found.refill_due
    assert "0 of 20 pairs in reserve taken in 0 refills so far" in told(status_view(found, "RUN"))
    assert "medcutmix refill RUN" in next_steps(found, "RUN").plain


def test_full_cells_are_told(found):
    done = replace(found, refills=(FIRST, RefillPass(0, 0)))
    text = told(status_view(done, "RUN"))
    assert "9 of 20 pairs in reserve taken in 1 refill; every cell is full" in text
    assert "still lacking" not in text
    assert "refill RUN" not in next_steps(done, "RUN").plain


def test_what_is_lacking_is_told_by_cell_with_its_reason(found):
    text = told(status_view(replace(found, refills=(FIRST, RefillPass(0, 0, {CELL: 4}, RESERVE_EMPTY))), "R"))
    assert "taken in 1 refill; 4 still lacking" in text
    assert f"4 lacking: {CELL}" in text
    assert "still lacking 4 pairs: reserve-empty (plan again with a larger --reserve)" in text


def test_studies_as_they_are_stand_in_where_there_are_no_targets(found):
    cell = {"train/mass": 4}
    refills = (RefillPass(1, 4, cell, unmixed=4), RefillPass(0, 0, cell, RESERVE_UNFIT))
    text = told(status_view(replace(found, refills=refills, targets=()), "RUN"))
    assert "every rejected pair is replaced, 4 by the study as it is" in text
    assert "still lacking" not in text
    fewer = (replace(refills[0], unmixed=3), refills[1])
    text = told(status_view(replace(found, refills=fewer, targets=()), "RUN"))
    assert "4 still lacking" in text


def test_a_targeted_plan_without_a_reserve_is_warned_of(found):
    text = told(status_view(replace(found, reserved=0), "RUN"))
    assert (
        "3 of 4 pairs for targets were rejected while rendering: no-reserve (plan again with --reserve 3)"
        in text
    )


def test_a_refill_says_what_to_type_next():
    assert "9 lacking, 9 pairs of the reserve taken" in told(refill_view(FIRST, "my run"))
    assert "medcutmix render 'my run'" in told(refill_view(FIRST, "my run"))
    assert "nothing to refill: nothing is lacking" in told(refill_view(RefillPass(0, 0), "RUN"))
    short = refill_view(RefillPass(0, 0, {CELL: 4}, RESERVE_EMPTY), "RUN")
    assert "nothing to refill: reserve-empty" in told(short)
    assert CELL in told(short)
