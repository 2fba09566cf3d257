import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.inspection.pair_view import pair_view
from medcutmix_cli.terminal import (
    pair_panel,
)
from medcutmix_cli.terminal.pairs import ASCII, map_text, pool_map
from tests.run_folders import INSERTED, REMOVED, make_row, write_run
from tests.terminal.printing import printed


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    rows = [make_row(n, ("mass", "pleural_effusion")[n % 2]) for n in range(6)]
    return write_run(tmp_path_factory.mktemp("terminal") / "run", (rows,), rejected=2, failed=1)


def test_a_pair_is_told_with_ids_sentences_and_weights(run):
    text = printed(pair_panel(pair_view(run, index=1), 6))
    for said in (
        "pleural_effusion",
        "s1001",
        "p1 ",
        f"- {REMOVED}",
        f"+ {INSERTED}",
        "0.750",
        "Pleural Effusion",
    ):
        assert said in text


def test_a_pair_is_told_with_its_evidence(run):
    assert re.search(r"ground_p +0\.005 +0\.005", printed(pair_panel(pair_view(run), 6)))


@pytest.fixture
def shown(tmp_path):
    """Return a function that shows the only pair of a run, with changes to its row."""

    def show(**changes):
        text = printed(pair_panel(pair_view(write_run(tmp_path / "run", ([make_row(0, **changes)],))), 1))
        return " ".join(text.split())

    return show


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param(
            {"finding_a": "mass"}, "mass -> pleural_effusion, split train", id="another-finding-left"
        ),
        pytest.param({"finding_a": ""}, "pleural_effusion put in", id="nothing-left"),
        pytest.param({"finding": "", "finding_a": "mass"}, "mass taken out", id="nothing-came"),
        pytest.param({"finding": "", "finding_a": ""}, "no finding exchanged", id="neither"),
        pytest.param({"image_mode": "keep"}, "! recipient's picture kept", id="a-picture-that-was-kept"),
        pytest.param({"image_mode": "average"}, "! pictures averaged everywhere", id="mixgen"),
        pytest.param({"impression_consistent": False}, "! impression not consistent", id="impression"),
        pytest.param(
            {"label_state": ["never-denied"] * 14}, "never-denied", id="what-a-loss-may-take-it-for"
        ),
        pytest.param({"prompted_b": True}, "! donor's report made from labels", id="a-prompted-donor"),
        pytest.param(
            {"shift_y": -12, "shift_x": 5}, "moved 12 px up, 5 px to the right", id="a-donor-that-was-moved"
        ),
        pytest.param({"sentence_b": ""}, "no sentence", id="a-donor-without-a-map"),
    ],
)
def test_what_is_unusual_about_a_pair_is_said(shown, changes, said):
    assert said in shown(**({"finding": "pleural_effusion"} | changes))


def test_a_usual_pair_has_no_badge(shown):
    text = shown()
    assert "! " not in text
    assert "moved" not in text
    assert "no sentence" not in text


def test_without_colour_the_diff_has_markers(run):
    text = printed(pair_panel(pair_view(run), 6))
    assert f"[-{REMOVED}-] {{+{INSERTED}+}}" in " ".join(text.split())


def test_with_colour_the_diff_has_no_markers(run):
    text = printed(pair_panel(pair_view(run), 6), colour=True)
    assert "[-" not in text
    assert "\x1b[9;31m" in text  # struck through, red


def test_a_terminal_without_utf8_gets_ascii(run):
    assert printed(pair_panel(pair_view(run), 6), encoding="ascii").isascii()


def test_the_mask_is_drawn_between_brackets():
    scores = [0.0, 1.0, 2.0, 4.0]
    assert map_text(scores, [0, 0, 1, 1], (2, 2), ASCII).plain == "  ..\n[:#]"


def test_cells_outside_the_field_of_view_are_blank():
    assert map_text([math.nan, 1.0, 0.0, 1.0], [0] * 4, (2, 2), ASCII).plain == "  ##\n  ##"


@given(st.integers(1, 40), st.integers(1, 40))
def test_any_grid_is_drawn_in_16_cells_at_most(height, width):
    rows = pool_map([0.0] * (height * width), [0] * (height * width), (height, width))
    assert len(rows) <= 16
    assert all(len(row) <= 16 for row in rows)


def test_pooling_keeps_the_peak_and_the_mask():
    scores, mask = [0.0] * 400, [0] * 400
    scores[399], mask[399] = 5.0, 1
    assert pool_map(scores, mask, (20, 20))[-1][-1] == (5.0, True)
