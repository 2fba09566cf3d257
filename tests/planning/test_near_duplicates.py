import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.configuration.registry import load
from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.images.perceptual_hash import BITS, NEAR
from medcutmix_cli.planning.near_duplicates import NEAR_DUPLICATE, NONE_COMPARED, NearDuplicates, with_near
from medcutmix_cli.planning.plan import make_plan
from tests.builders import make_report, make_study


@st.composite
def families(draw):
    """Return hashes by study id: some equal, some near, some not."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    seeds = rng.integers(0, 2, (3, BITS), dtype=np.uint8)
    rows = seeds[rng.integers(0, 3, draw(st.integers(0, 14)))]
    for row in rows:
        row[rng.choice(BITS, rng.integers(0, NEAR + 2), replace=False)] ^= 1
    return {f"s{n}": np.packbits(row) for n, row in enumerate(rows)}


@given(families())
@settings(max_examples=60, deadline=None)
def test_two_studies_are_barred_where_their_hashes_are_near_and_nowhere_else(hashes):
    found = with_near(hashes, {})
    for one, a in hashes.items():
        for other, b in hashes.items():
            if one != other:
                assert found.bar(one, other) == (np.unpackbits(a ^ b).sum() <= NEAR)


@given(families())
@settings(max_examples=20, deadline=None)
def test_the_order_of_studies_decides_nothing(hashes):
    assert with_near(hashes, {}) == with_near(dict(reversed(hashes.items())), {})


def test_a_study_whose_picture_was_not_read_is_barred_from_nobody():
    assert not NONE_COMPARED.bar("a", "b")
    assert not NearDuplicates({"a": 0}, frozenset()).bar("a", "b")


@pytest.mark.parametrize("number", [1, 3])
def test_what_a_run_keeps_are_counts(number):
    same = {f"s{n}": np.zeros(BITS // 8, np.uint8) for n in range(number)}
    counts = with_near(same, {"image-missing": 2}).counts()
    assert counts == {
        "compared": number,
        "studies": number if number > 1 else 0,
        "unreadable:image-missing": 2,
    }


FINDING, NORMAL = "There is a small right pleural effusion.", "Heart size is normal."
PAIRINGS = ("identity", "image-only", "mixgen", "normal-host", "random", "same-finding", "sentence-only")


def cohort(count=24):
    return [make_study(n, make_report((FINDING, NORMAL)[n % 2])) for n in range(count)]


def planned(pairing, refuse=True, **changes):
    """Plan where the first nine studies have one picture."""
    studies = cohort()
    ids = [study.study_id for study in studies][:9]

    def search(_packed, _report):
        return NearDuplicates(dict.fromkeys(ids, 0), compared=len(studies))

    settings = PlanSettings(**{"pairs_per_study": 2, "reserve": 2.0, **changes})
    result = make_plan(studies, settings, load("pairing", pairing)(), duplicates=search if refuse else None)
    rows = [*result.pairs, *result.reserved]
    return result, [row for row in rows if {row.recipient.study_id, row.donor.study_id} <= set(ids)]


@pytest.mark.parametrize("unmixed", ["drop", "keep"])
@pytest.mark.parametrize("pairing", PAIRINGS)
def test_no_row_has_two_studies_of_one_picture_whatever_the_pairing(pairing, unmixed):
    free, met = planned(pairing, refuse=False, unmixed=unmixed)
    assert met
    result, met = planned(pairing, unmixed=unmixed)
    assert met == []
    assert len(result.pairs) > 0
    assert result.inputs == 24
    assert len({pair.recipient.study_id for pair in result.pairs}) + len(result.dropped) == 24
    assert (result.duplicates, free.duplicates) == ({"compared": 24, "studies": 9}, {})


@pytest.mark.parametrize(
    "target", [("pleural_effusion:+12",), ("pleural_effusion:+6", "no-pleural_effusion:+12")]
)
def test_no_row_of_a_targeted_plan_has_two_studies_of_one_picture(target):
    result, met = planned("normal-host", target=target)
    assert met == []
    assert len(result.pairs) > 0


def test_a_pair_of_one_picture_is_refused_by_name():
    result, _ = planned("same-finding", unmixed="drop")
    assert result.refused[NEAR_DUPLICATE] > 0
    assert NEAR_DUPLICATE not in planned("same-finding", refuse=False, unmixed="drop")[0].refused
