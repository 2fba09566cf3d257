from medcutmix_cli.records import TargetOutcome
from medcutmix_cli.terminal.targets import targets_table
from tests.terminal.printing import printed

FULL = TargetOutcome("consolidation@device=no", "train", 10, 90, 80, 300, 100)
SHORT = TargetOutcome(
    "mass@view=AP", "train", 2, 50, 40, 44, 9, "hosts-used-up", {"same-patient": 1, "a": 7, "b": 5, "c": 3}
)
FILLED = TargetOutcome("mass@view=PA", "train", 50, 50, 0, 10, 9)


def test_a_cell_is_told_with_what_there_was_and_what_is_planned():
    assert printed(targets_table([FULL])).strip() == (
        "consolidation@device=no: 10 there, 90 wanted, 80 planned"
    )


def test_a_cell_that_is_short_says_by_how_much_and_why():
    text = " ".join(printed(targets_table([SHORT]), width=200).split())
    assert "8 short: hosts-used-up (44 could receive, 9 could give; refused: a 7, b 5, c 3)" in text
    assert "same-patient" not in text


def test_cells_that_lacked_nothing_share_a_line():
    assert (
        printed(targets_table([FULL, FILLED, FILLED])).splitlines()[-1].strip()
        == "2 of 3 cells lacked nothing"
    )


def test_the_split_is_told_where_there_are_several():
    other = TargetOutcome("mass@view=AP", "validate", 1, 2, 1, 1, 1)
    assert "validate: mass@view=AP" in printed(targets_table([FULL, other]))
