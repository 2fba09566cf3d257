import pytest

from medcutmix_cli.system.counts import most_frequent


@pytest.mark.parametrize(("most", "names"), [(None, "cabd"), (2, "ca"), (0, ""), (9, "cabd")])
def test_the_largest_come_first_and_equal_ones_by_name(most, names):
    counts = {"b": 2, "d": 1, "c": 3, "a": 2}
    assert "".join(most_frequent(counts, most)) == names
    assert most_frequent(counts, most).items() <= counts.items()
