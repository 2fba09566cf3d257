import pytest

from medcutmix_cli.gallery import write_gallery
from medcutmix_cli.gallery.catalogue import CataloguePair
from medcutmix_cli.gallery.choice import spread_over_findings, spread_over_rules
from medcutmix_cli.run.contents import open_contents, read_columns
from tests.run_folders import make_row, write_run


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run", ([make_row(n) for n in range(3)],), rejected=1)


def test_findings_take_turns(tmp_path):
    rows = [make_row(n) for n in range(8)] + [make_row(8, "mass"), make_row(9, "pneumothorax")]
    contents = open_contents(write_run(tmp_path / "run", (rows,)))
    found = [row["finding"] for row in read_columns(contents, ["finding"])]
    chosen = [found[index] for index in spread_over_findings(contents, 4)]
    assert sorted(chosen) == ["mass", "pleural_effusion", "pleural_effusion", "pneumothorax"]


def test_rows_in_which_nothing_comes_are_shown_where_there_is_room(tmp_path):
    rows = [make_row(n, finding="") for n in range(6)] + [make_row(n, "mass") for n in range(6, 9)]
    contents = open_contents(write_run(tmp_path / "run", (rows,)))
    found = [row["finding"] for row in read_columns(contents, ["finding"])]
    assert [found[index] for index in spread_over_findings(contents, 3)] == ["mass"] * 3
    assert sorted(found[index] for index in spread_over_findings(contents, 5)) == ["", ""] + ["mass"] * 3


def test_a_small_run_is_shown_whole(run, tmp_path):
    assert write_gallery(run, tmp_path / "page.html", 10) == 3


@pytest.mark.parametrize(("count", "rules"), [(0, ""), (2, "ab"), (3, "abc"), (4, "aabc"), (9, "aaabc")])
def test_rules_take_turns(count, rules):
    rule_of = {"p3": "a", "p1": "a", "p2": "a", "p9": "b", "p0": "c"}
    pairs = [unwritten(pair, rule) for pair, rule in rule_of.items()]
    chosen = spread_over_rules(pairs, count)
    assert sorted(rule_of[pair] for pair in chosen) == list(rules)
    assert spread_over_rules(pairs[::-1], count) == chosen


def unwritten(pair, rule):
    return CataloguePair(pair, "rejected", rule, *[""] * 8)
