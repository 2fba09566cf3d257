from collections import Counter

import pytest

from medcutmix_cli.errors import UsageError
from medcutmix_cli.pairing.attributes import StatedFinding, StudyAttributes
from medcutmix_cli.planning.target_cells import expand, make_cells, value_of
from medcutmix_cli.planning.targets import TargetNames, known_values, read_targets
from medcutmix_cli.records import Side

AGES = {"age": ("young", "middle", "old")}
VALUES = known_values(AGES)


def known(finding="", state="present", side=Side.NONE, severity="", **values):
    findings = (StatedFinding(finding, state, side, severity),) if finding else ()
    return StudyAttributes(findings, tuple(sorted(values.items())))


def targets(*texts, findings=("mass", "consolidation")):
    return expand(read_targets(texts, TargetNames(values=VALUES)), findings, VALUES)


def cell(text, counts):
    [found] = make_cells(targets(text), "train", Counter(counts))
    return found


MASS = {
    known("mass", age="young"): 2,
    known("mass", age="middle"): 7,
    known("mass", age="old"): 5,
    known(age="young"): 8,
    known(age="middle"): 3,
    known(age="old"): 15,
    known("mass", "uncertain", age="young"): 4,
    known("mass"): 100,  # of no known age
}


def test_as_many_is_as_many_as_in_the_fullest_other_cell():
    found = cell("mass@age=young", MASS)
    assert (found.have, found.wanted) == (2, 7)


def test_even_is_as_frequent_as_where_it_is_most_frequent():
    found = cell("mass@age=young:even", MASS)
    assert (
        found.wanted == 19
    )  # 7 with, 3 without among the middle-aged; 8 young without: 8 * 7 / 3, rounded up


def test_where_all_of_the_others_have_it_even_is_as_many():
    counts = {known("mass", age="old"): 5, known(age="young"): 8}
    assert cell("mass@age=young:even", counts).wanted == 5


def test_a_cell_that_is_full_wants_no_fewer():
    assert cell("mass@age=middle", MASS).wanted == 7
    assert cell("mass@age=middle:3", MASS).wanted == 7


def test_several_attributes_are_compared_with_every_other_combination():
    counts = {
        known("mass", view=view, device=device): n
        for n, (view, device) in enumerate(
            [("AP", "yes"), ("AP", "no"), ("PA", "yes"), ("PA", "no")], start=1
        )
    }
    assert cell("mass@view=AP,device=yes", counts).wanted == 4


def test_side_and_severity_count():
    counts = {
        known("mass", side=Side.LEFT, severity="small", age="old"): 1,
        known("mass", side=Side.RIGHT, severity="small", age="old"): 2,
        known("mass", side=Side.LEFT, age="old"): 4,
    }
    assert cell("mass.left:9", counts).have == 5
    assert cell("mass.small:9", counts).have == 3
    assert cell("mass.small.left:9", counts).have == 1


def test_a_balance_is_a_target_for_each_finding_and_value():
    assert [target.text for target in targets("balance/device,age")] == [
        f"{finding}@{name}={value}"
        for finding in ("mass", "consolidation")
        for name, value in [("device", "yes"), ("device", "no"), *(("age", v) for v in AGES["age"])]
    ]


def test_what_is_asked_for_twice_is_one_target():
    assert [t.text for t in targets("mass@device=yes", "balance:mass/device")] == [
        "mass@device=yes",
        "mass@device=no",
    ]


def test_no_finding_is_balanced_against_itself():
    texts = [t.text for t in targets("balance/mass", findings=("mass", "consolidation"))]
    assert texts == [f"consolidation@mass={state}" for state in ("present", "uncertain", "absent", "unsaid")]


def test_a_balance_wants_nothing_where_there_is_nothing_to_balance():
    counts = {known("mass", view="PA"): 3, known(view="PA"): 3}
    cells = make_cells(targets("balance:mass/view,age"), "train", Counter(counts))
    assert [(each.have, each.wanted) for each in cells] == [(0, 0), (3, 3), (0, 0), (0, 0), (0, 0)]


def test_a_target_with_nothing_to_compare_with_is_refused_with_what_to_try():
    with pytest.raises(UsageError, match="no other study") as caught:
        cell("mass@view=PA", {known("mass", view="PA"): 3})
    assert caught.value.hint == "a number: mass@view=PA:200"


def test_a_finding_that_nobody_speaks_of_is_a_value_too():
    assert value_of(known("mass"), "consolidation") == "unsaid"
    assert value_of(known("mass"), "mass") == "present"
    assert value_of(known("mass"), "view") == ""


@pytest.mark.parametrize(
    ("one", "other", "included"),
    [
        ("mass:9", "mass.left:9", True),
        ("mass.left:9", "mass:9", False),
        ("mass.left:9", "mass.left.small:9", True),
        ("mass:9", "consolidation:9", False),
    ],
)
def test_a_wider_cell_includes_what_a_narrower_one_asks_for(one, other, included):
    assert cell(one, MASS).includes(cell(other, MASS)) == included


def test_a_cell_without_the_finding_counts_those_that_lack_it():
    found = cell("no-mass@age=young", MASS)
    assert (found.have, found.wanted) == (
        8,
        15,
    )  # what is uncertain lacks nothing; the old lack it most often
    assert found.holds(known(age="young"))
    assert not any(found.holds(known("mass", state, age="young")) for state in ("present", "uncertain"))
    assert not found.holds(known(age="old"))


def test_a_cell_without_the_finding_is_even_where_the_finding_is_as_frequent():
    counts = {
        known("mass", age="old"): 6,
        known(age="old"): 2,
        known("mass", age="young"): 2,
        known(age="young"): 9,
    }
    assert cell("no-mass@age=old:even", counts).wanted == 27  # 6 with: as 2 to 9
