from dataclasses import replace

from medcutmix_cli.inspection.summary import status
from medcutmix_cli.records import TargetOutcome
from medcutmix_cli.run.data_card import card_text
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import read_run
from medcutmix_cli.terminal import status_view
from medcutmix_cli.terminal.targets import targets_table
from tests.run_folders import write_run
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


def test_what_rendering_rejected_without_a_reserve_is_said_with_what_would_make_up_for_it(tmp_path):
    run = write_run(tmp_path / "run", rejected=2)  # one was written
    told = " ".join(printed(status_view(replace(status(run), targets=(FULL,)), "RUN")).split())
    assert "consolidation@device=no: 10 there" in told
    assert "2 of 3 pairs for targets were rejected while rendering: no-reserve (plan again with --res" in told
    assert "--reserve" not in printed(status_view(status(run), "RUN"))


def test_the_card_has_a_row_a_cell_and_says_nothing_without_targets(tmp_path):
    folder = RunFolder(write_run(tmp_path / "run"))
    record, found = read_run(folder), status(folder.root)
    card = card_text(record, replace(found, targets=(FULL, SHORT)))
    assert "| `consolidation@device=no` | train | 10 | 90 | 80 | - |" in card
    assert "| `mass@view=AP` | train | 2 | 50 | 40 | hosts-used-up |" in card
    assert "## Targets" not in card_text(record, found)
