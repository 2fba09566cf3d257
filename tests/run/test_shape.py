"""Originals against rows: what has shifted, and whose donors are few."""

import json
from dataclasses import asdict, replace

import pytest

from medcutmix_cli.run.shape import DonorCount, SetShape, TraitCount, to_shape

SHAPE = SetShape(
    originals=100,
    rows=50,
    kept=10,
    tolerance=0.1,
    traits={"label: Edema": TraitCount(40, 20), "view: PA": TraitCount(60, 30)},
    donors={"mass": DonorCount(10, 5, 4.5, 3)},
    recipients=50.0,
    sentences=300,
    row_sentences=150,
)


def with_rows(rows, originals=40):
    return replace(SHAPE, traits={"label: Edema": TraitCount(originals, rows)})


@pytest.mark.parametrize(
    ("rows", "shifted"),
    [(20, {}), (22, {}), (18, {}), (23, {"label: Edema": 0.15}), (17, {"label: Edema": -0.15})],
)
def test_a_trait_has_shifted_beyond_the_tolerance_and_not_at_it(rows, shifted):
    assert with_rows(rows).shifts() == pytest.approx(shifted)


def test_less_than_a_row_is_no_shift():
    assert with_rows(0, originals=1).shifts() == {}  # half a row is missing
    assert with_rows(0, originals=2).shifts() == {"label: Edema": -1.0}


def test_what_no_original_has_is_a_shift_without_bound():
    assert with_rows(1, originals=0).shifts() == {"label: Edema": float("inf")}


def test_without_a_row_nothing_has_shifted():
    assert replace(with_rows(0), rows=0).shifts() == {}


def test_the_largest_shift_comes_first():
    shape = replace(SHAPE, traits={"side: left": TraitCount(40, 24), "view: PA": TraitCount(60, 50)})
    assert list(shape.shifts()) == ["view: PA", "side: left"]


@pytest.mark.parametrize(("effective", "uneven"), [(4.0, []), (3.9, ["mass"])])
def test_donors_are_uneven_below_four_fifths(effective, uneven):
    shape = replace(SHAPE, donors={"mass": DonorCount(10, 5, effective, 3)})
    assert list(shape.uneven()) == uneven


def test_groups_come_in_order_and_the_frequent_first():
    traits = {"view: AP": 1, "side: left": 2, "device: yes": 3, "label: Edema": 4, "label: Fracture": 5}
    shape = replace(SHAPE, traits={name: TraitCount(count, 1) for name, count in traits.items()})
    assert [trait for trait, *_ in shape.shares()] == [
        "label: Fracture",
        "label: Edema",
        "device: yes",
        "view: AP",
        "side: left",
    ]


def test_a_shape_comes_back_from_json():
    assert to_shape(json.loads(json.dumps(asdict(SHAPE)))) == SHAPE
    assert to_shape(None) is to_shape({}) is None
