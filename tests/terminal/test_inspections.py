import pytest

from medcutmix_cli.inspection.pair_view import pair_view
from medcutmix_cli.inspection.schema import schema_view
from medcutmix_cli.inspection.summary import inspect
from medcutmix_cli.terminal import (
    inspection_view,
    pair_panel,
    schema_table,
)
from tests.run_folders import make_row, write_run
from tests.terminal.printing import printed


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    rows = [make_row(n, ("mass", "pleural_effusion")[n % 2]) for n in range(6)]
    return write_run(tmp_path_factory.mktemp("terminal") / "run", (rows,), rejected=2, failed=1)


@pytest.mark.parametrize("width", [pytest.param(80, id="80-columns"), pytest.param(140, id="140-columns")])
def test_nothing_is_wider_than_the_terminal(run, width):
    views = [inspection_view(inspect(run)), pair_panel(pair_view(run), 6), schema_table(schema_view())]
    lines = [line for view in views for line in printed(view, width=width).splitlines()]
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("demonstration", [True, False])
def test_the_demonstration_encoder_is_never_shown_without_a_word_on_it(tmp_path, demonstration):
    run = write_run(tmp_path / "run", demonstration=demonstration)
    assert ("Demonstration encoder" in printed(inspection_view(inspect(run)))) == demonstration


def test_a_run_says_how_many_pairs_are_flagged(tmp_path):
    rows = [
        make_row(0, impression_consistent=False),
        make_row(1, prompted_a=True, prompted_b=True),
        make_row(2),
    ]
    text = " ".join(printed(inspection_view(inspect(write_run(tmp_path / "run", (rows,))))).split())
    assert "1 impression not consistent, 1 report made from labels" in text
