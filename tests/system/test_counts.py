from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.system.counts import first_few, most_frequent, whole_share


@pytest.mark.parametrize(("most", "names"), [(None, "cabd"), (2, "ca"), (0, ""), (9, "cabd")])
def test_the_largest_come_first_and_equal_ones_by_name(most, names):
    counts = {"b": 2, "d": 1, "c": 3, "a": 2}
    assert "".join(most_frequent(counts, most)) == names
    assert most_frequent(counts, most).items() <= counts.items()


def test_of_many_names_the_first_few_are_said_and_how_many_more_there_are():
    assert (first_few([]), first_few("ab"), first_few("abcde")) == ("", "a, b", "a, b, c, d, e")
    assert first_few("abcdef", 2) == "a, b and 4 more"
    assert first_few(map(str, range(2000)), 1) == "0 and 1,999 more"


@given(st.integers(0, 1000), st.integers(0, 5000))
def test_a_share_of_many_is_what_people_reckon(thousandths, count):
    assert whole_share(thousandths / 1000, count) == thousandths * count // 1000


@given(st.floats(0, 1), st.integers(0, 10**6))
def test_a_share_is_never_more_than_was_said(share, count):
    exact = Decimal(repr(share)) * count
    assert exact - 1 < whole_share(share, count) <= exact
