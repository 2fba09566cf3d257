"""Originals and rows stand side by side, and what is broken is named."""

from dataclasses import replace

import pytest

from medcutmix_cli.run.shape import DonorCount, TraitCount
from medcutmix_cli.terminal.shapes import change_text, shape_view, shape_warnings
from tests.run.test_shape import SHAPE
from tests.terminal.printing import printed


def test_both_shares_and_the_change_are_shown():
    shown = printed(shape_view(replace(SHAPE, traits={"label: Edema": TraitCount(40, 10)})))
    assert "label: Edema" in shown
    assert all(share in shown for share in ("40.0%", "20.0%", "-50%"))
    assert "50 rows of 100 originals, 10 of them studies as they are" in shown
    assert "mass 4.5 of 5" in shown
    assert "150 different ones in planned rows, 300 in originals" in shown


def test_written_rows_are_called_so():
    shown = printed(shape_view(replace(SHAPE, written=True)))
    assert "originals against written rows" in shown
    assert "150 different ones in planned rows (those of written rows are not" in shown
    assert "Planned" not in shown


def test_a_set_that_kept_its_shape_warns_of_nothing():
    assert list(shape_warnings(SHAPE)) == []


def test_what_has_shifted_is_named_and_the_rest_counted():
    traits = {f"label: {n}": TraitCount(10 + n, 0) for n in range(8)}
    (warning,) = shape_warnings(replace(SHAPE, traits=traits))
    assert "label: 0 -100%" in warning
    assert "and 2 more" in warning


@pytest.mark.parametrize("keeps", [False, True])
def test_what_is_advised_against_a_shift_is_not_set_already(keeps):
    shifted = replace(SHAPE, traits={"label: Edema": TraitCount(10, 40)}, keeps=keeps)
    (warning,) = shape_warnings(shifted)
    assert ("--unmixed keep" in warning) is not keeps
    assert ("--reserve" in warning) is keeps


def test_a_target_asks_for_what_has_shifted_and_is_not_warned_of():
    shifted = replace(SHAPE, traits={"label: Edema": TraitCount(10, 40)})
    assert list(shape_warnings(shifted, targeted=True)) == []
    shown = " ".join(printed(shape_view(shifted, targeted=True)).split())
    assert "As a target asks, the planned rows say other things than the set: label: Edema +" in shown
    assert "--unmixed keep" not in shown
    assert "As a target asks" not in printed(shape_view(SHAPE, targeted=True))
    few = replace(shifted, donors={"mass": DonorCount(10, 5, 2.0, 7)})
    assert len(list(shape_warnings(few, targeted=True))) == 1


def test_a_finding_of_few_donors_is_named():
    (warning,) = shape_warnings(replace(SHAPE, donors={"mass": DonorCount(10, 5, 2.0, 7)}))
    assert "mass in planned rows: 2.0 effective ones of 5" in warning


def test_what_no_original_has_is_new():
    assert change_text(float("inf")) == "new"
    assert change_text(0.25) == "+25%"
