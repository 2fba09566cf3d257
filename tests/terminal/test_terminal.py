import io
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from medcutmix_cli.inspection.pair_view import pair_view
from medcutmix_cli.inspection.schema import schema_view
from medcutmix_cli.inspection.summary import inspect, status
from medcutmix_cli.inspection.verification import Level, Problem, Verification
from medcutmix_cli.terminal import (
    inspection_view,
    next_steps,
    pair_panel,
    schema_table,
    settings_view,
    status_view,
    verification_view,
)
from medcutmix_cli.terminal.pairs import ASCII, map_text, pool_map
from medcutmix_cli.terminal.words import printable, quantity, size
from tests.run_folders import INSERTED, REMOVED, make_row, write_run


def printed(view, *, width=80, colour=False, encoding="utf-8"):
    """Return what a terminal of this width shows."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    system = {"color_system": "standard", "force_terminal": True} if colour else {"color_system": None}
    console = Console(file=stream, width=width, highlight=False, _environ={}, **system)
    console.print(view)
    stream.seek(0)
    return stream.read()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    rows = [make_row(n, ("mass", "pleural_effusion")[n % 2]) for n in range(6)]
    return write_run(tmp_path_factory.mktemp("terminal") / "run", (rows,), rejected=2, failed=1)


@pytest.mark.parametrize("width", [pytest.param(80, id="80-columns"), pytest.param(140, id="140-columns")])
def test_nothing_is_wider_than_the_terminal(run, width):
    views = [inspection_view(inspect(run)), pair_panel(pair_view(run), 6), schema_table(schema_view())]
    lines = [line for view in views for line in printed(view, width=width).splitlines()]
    assert max(map(len, lines)) <= width


def test_a_run_is_told_with_every_reason(run):
    text = printed(status_view(status(run), "RUN"))
    for said in (
        "12 in: 9 planned, 3 left out",
        "2  report-empty",
        "9 planned: 6 written, 2 rejected, 1 failed",
        "2  rejected: recipient-mask-too-small",
        "1  failed: image:image-missing",
        "3.0 pairs/s",
    ):
        assert said in text


def test_too_many_failures_are_said(run):
    assert "11.1% of the pairs failed, more than the 1.0% allowed" in printed(status_view(status(run), "RUN"))


@pytest.mark.parametrize("demonstration", [True, False])
def test_the_demonstration_encoder_is_never_shown_without_a_word_on_it(tmp_path, demonstration):
    run = write_run(tmp_path / "run", demonstration=demonstration)
    assert ("Demonstration encoder" in printed(inspection_view(inspect(run)))) == demonstration


def test_next_commands_can_be_copied(run):
    text = next_steps(status(run), "my runs/first").plain
    assert "medcutmix inspect 'my runs/first' --html 'my runs/first/report.html'" in text


def test_an_unfinished_run_is_to_be_rendered(tmp_path):
    found = status(write_run(tmp_path / "run", missing=1))
    assert "medcutmix render RUN" in next_steps(found, "RUN").plain


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
        pytest.param({"prompted_b": True}, "! donor's report made from labels", id="a-prompted-donor"),
        pytest.param(
            {"shift_y": -12, "shift_x": 5}, "moved: 12 px up, 5 px to the right", id="a-donor-that-was-moved"
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


def test_a_run_says_how_many_pairs_are_flagged(tmp_path):
    rows = [
        make_row(0, impression_consistent=False),
        make_row(1, prompted_a=True, prompted_b=True),
        make_row(2),
    ]
    text = " ".join(printed(inspection_view(inspect(write_run(tmp_path / "run", (rows,))))).split())
    assert "1 impression not consistent, 1 report made from labels" in text


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


def test_problems_are_told_by_place_and_rule():
    problems = tuple(Problem(f"part-{n}", "hash", "is another file") for n in range(25))
    text = printed(verification_view(Verification(1, 9, Level.THOROUGH, problems)))
    assert "25 problems" in text
    assert "part-0 " in text
    assert "5 problems more" in text


def test_settings_are_told_with_their_origin():
    assert "plan.seed   7       flag" in printed(settings_view({"plan": {"seed": 7}}, {"plan.seed": "flag"}))


@given(st.text())
def test_no_text_can_steer_the_terminal(text):
    shown = printable(text)
    assert not any(ord(character) < 32 and character not in "\n\t" for character in shown)
    assert "\x1b" not in shown
    assert "\x9b" not in shown
    assert len(shown) == len(text.replace("\r", ""))


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (5_300_000, "5.3 MB"), (2 * 10**12, "2.0 TB")],
)
def test_sizes_are_written_as_people_do(count, said):
    assert size(count) == said


def test_one_is_singular():
    assert (quantity(1, "shard"), quantity(1024, "shard")) == ("1 shard", "1,024 shards")
