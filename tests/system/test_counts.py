import pytest

from medcutmix_cli.system.counts import first_few, most_frequent


@pytest.mark.parametrize(("most", "names"), [(None, "cabd"), (2, "ca"), (0, ""), (9, "cabd")])
def test_the_largest_come_first_and_equal_ones_by_name(most, names):
    counts = {"b": 2, "d": 1, "c": 3, "a": 2}
    assert "".join(most_frequent(counts, most)) == names
    assert most_frequent(counts, most).items() <= counts.items()


def test_of_many_names_the_first_few_are_said_and_how_many_more_there_are():
    assert (first_few([]), first_few("ab"), first_few("abcde")) == ("", "a, b", "a, b, c, d, e")
    assert first_few("abcdef", 2) == "a, b and 4 more"
    assert first_few(map(str, range(2000)), 1) == "0 and 1,999 more"
