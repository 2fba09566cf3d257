import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.pairing.attributes import StatedFinding, StudyAttributes
from medcutmix_cli.planning.associations import FourCells, find_associations
from medcutmix_cli.planning.target_cells import expand, make_cells
from medcutmix_cli.planning.targets import TargetNames, read_targets


def known(finding="", state="present", **values):
    return StudyAttributes((StatedFinding(finding, state),) if finding else (), tuple(sorted(values.items())))


def table(a, b, c, d, finding="mass", name="view", values=("AP", "PA")):
    one, other = ({name: value} for value in values)
    return Counter({known(finding, **one): a, known(finding, **other): b, known(**one): c, known(**other): d})


def of(counts, finding="mass"):
    return [pair for pair in find_associations(counts) if pair.finding == finding]


def test_an_odds_ratio_is_that_of_the_books():
    # Woolf's interval for 20, 10, 30, 60: exp(ln 4 -+ 1.959964 sqrt(1/20 + 1/10 + 1/30 + 1/60))
    ratio, low, high = FourCells(20, 10, 30, 60).odds_ratio(0.95)
    assert ratio == pytest.approx(4.0)
    assert (low, high) == pytest.approx((1.6649, 9.6101), rel=1e-4)


def test_an_empty_cell_adds_a_half_to_each():
    ratio, low, high = FourCells(9, 0, 4, 9).odds_ratio(0.95)
    assert ratio == pytest.approx(9.5 * 9.5 / (0.5 * 4.5))
    assert 1 < low < ratio < high < math.inf


def test_what_goes_together_is_found_with_its_four_counts():
    [pair] = of(table(90, 10, 10, 90))
    assert (pair.attribute, pair.value, pair.clear) == ("view", "AP", True)
    assert pair.cells == FourCells(90, 10, 10, 90)
    assert pair.odds_ratio == pytest.approx(81)


def test_what_goes_together_by_chance_is_not_clear():
    [pair] = of(table(12, 10, 95, 90))
    assert not pair.clear
    assert pair.low < 1 < pair.high


def test_intervals_are_wider_the_more_is_looked_at():
    alone = of(table(30, 10, 10, 30))[0]
    more = table(30, 10, 10, 30) + table(5, 6, 7, 8, "edema") + table(5, 6, 7, 8, "pneumonia")
    beside = next(pair for pair in find_associations(more) if pair.cells == FourCells(30, 10, 34, 58))
    own = FourCells(30, 10, 34, 58)
    assert beside.low == pytest.approx(own.odds_ratio(1 - 0.05 / 3)[1])
    assert alone.low == pytest.approx(FourCells(30, 10, 10, 30).odds_ratio(0.95)[1])


def test_the_strongest_come_first():
    counts = table(30, 10, 10, 30) + table(40, 1, 1, 40, "edema")
    assert [pair.finding for pair in find_associations(counts)] == ["edema", "mass"]


def test_a_finding_that_is_uncertain_and_a_value_that_is_not_known_are_in_no_cell():
    counts = table(9, 3, 4, 8)
    counts += Counter({known("mass", "uncertain", view="AP"): 50, known("mass"): 50})
    assert of(counts)[0].cells == FourCells(9, 3, 4, 8)


def test_a_device_is_not_compared_with_itself():
    counts = table(9, 3, 4, 8, "support_devices", "device", ("yes", "no"))
    assert of(counts, "support_devices") == []


def test_each_of_several_values_is_compared_with_the_rest():
    counts = table(9, 3, 4, 8) + Counter({known("mass", view="LL"): 2, known(view="LL"): 5})
    assert {pair.value: pair.cells for pair in of(counts)} == {
        "AP": FourCells(9, 5, 4, 13),
        "PA": FourCells(3, 11, 8, 9),
        "LL": FourCells(2, 12, 5, 12),
    }


@pytest.mark.parametrize(
    ("counts", "target"),
    [
        pytest.param(table(90, 10, 10, 90), "mass@view=PA", id="fewer-elsewhere"),
        pytest.param(table(30, 40, 10, 400), "mass@view=PA:even", id="more-elsewhere-but-rarer"),
        pytest.param(table(90, 10, 10, 90, "cardiomegaly"), "", id="what-is-a-size"),
    ],
)
def test_the_option_that_would_break_it_is_named(counts, target):
    pair = find_associations(counts)[0]
    assert pair.target == target
    assert math.isnan(pair.after) == (not target)


def test_of_several_values_all_are_balanced_and_a_rare_one_is_filled():
    counts = table(90, 10, 10, 90) + Counter({known("mass", view="LL"): 20, known(view="LL"): 20})
    targets = {pair.value: pair.target for pair in of(counts)}
    assert targets["AP"] == "balance:mass/view:even"
    assert targets["PA"] == "mass@view=PA:+320"  # 110 of 140 elsewhere, so 330 beside the 90 without


def filled(counts, pair, values):
    """Return what of each value has the finding and what lacks it, when the option's target is full."""
    names = TargetNames(values={"site": values})
    cells = make_cells(expand(read_targets([pair.target], names), (), {"site": values}), "train", counts)
    having = {value: counts[known("mass", site=value)] for value in values}
    having |= {dict(cell.target.where)["site"]: cell.wanted for cell in cells}
    return having, {value: counts[known(site=value)] for value in values}


def sites(**counts):
    return Counter(
        {
            known(*has, site=site): n
            for site, two in counts.items()
            for has, n in zip((("mass",), ()), two, strict=True)
        }
    )


def test_a_rare_value_of_several_gets_as_many_as_make_it_as_likely_as_elsewhere():
    """As frequent as at the most frequent site alone would turn the association round."""
    by_site = {pair.value: pair for pair in of(sites(a=(50, 50), b=(10, 90), c=(1, 99)))}
    assert by_site["c"].target == "mass@site=c:+41"  # 60 of 200 elsewhere
    assert by_site["c"].after == pytest.approx(1, abs=0.02)
    assert by_site["a"].after == pytest.approx(1, abs=0.02)


CELL = st.tuples(st.integers(0, 120), st.integers(0, 120))


@given(st.lists(CELL, min_size=2, max_size=5))
def test_a_filled_target_leaves_the_odds_ratio_that_is_told(cells):
    """Fill what the option asks for, and compare again."""
    values = tuple("abcde"[: len(cells)])
    counts = sites(**dict(zip(values, cells, strict=True)))
    for pair in of(counts):
        having, lacking = filled(counts, pair, values)
        a, c = having.pop(pair.value), lacking.pop(pair.value)
        again = FourCells(a, sum(having.values()), c, sum(lacking.values()))
        assert again.odds_ratio(0.95)[0] == pytest.approx(pair.after)
        made_as_likely = pair.target.endswith(":even") or ":+" in pair.target
        if made_as_likely and min(map(min, cells)) >= 10:
            assert pair.after == pytest.approx(1, abs=0.12)  # counts are whole
