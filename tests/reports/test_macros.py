"""Macros: a name in braces stands for its pattern; a count of repetitions is no name."""

from medcutmix_cli.reports.macros import expand, unknown_macros

MACROS = {"side": "(?:left )?"}


def test_a_name_in_braces_becomes_its_pattern_and_a_count_stays():
    assert expand(r"{side}lung{0,2} {side}", MACROS) == r"(?:left )?lung{0,2} (?:left )?"


def test_a_name_that_stands_for_nothing_is_told_and_a_count_is_none():
    assert unknown_macros("{side}{sid}{0,2}{3}", MACROS) == ["sid"]
