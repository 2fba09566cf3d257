"""The data card says whether its rows are shaped like the set."""

from dataclasses import replace

from medcutmix_cli.run.data_card import card_text
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import read_run
from medcutmix_cli.run.shape import TraitCount
from medcutmix_cli.run.status import run_status
from tests.run.test_shape import SHAPE
from tests.run_folders import write_run


def card_of(tmp_path, counts):
    folder = RunFolder(write_run(tmp_path / "run"))
    record = read_run(folder)
    record = replace(record, counts={**record.counts, **counts})
    status = run_status(folder)
    return card_text(record, replace(status, shape=counts.get("shape"), reserve={"shape-would-shift": 7}))


def test_both_shares_stand_side_by_side_and_a_shift_is_named(tmp_path):
    shape = replace(SHAPE, traits={"label: Edema": TraitCount(40, 10), "view: PA": TraitCount(60, 30)})
    card = card_of(tmp_path, {"shape": shape})
    assert "| label: Edema | 40.0% | 20.0% | shifted |" in card
    assert "| view: PA | 60.0% | 60.0% |  |" in card
    assert "| mass | 10 | 5 | 4.5 | 3 |" in card
    assert "| shape-would-shift | 7 |" in card


def test_an_earlier_plan_was_not_counted(tmp_path):
    assert "Not counted: an earlier version made the plan." in card_of(tmp_path, {})
