from dataclasses import replace

import pytest

from medcutmix_cli.inspection.summary import status
from medcutmix_cli.inspection.verification import Level, Problem, Verification
from medcutmix_cli.run.bounds import Bounds
from medcutmix_cli.terminal import (
    next_steps,
    settings_view,
    status_view,
    verification_view,
)
from tests.run_folders import make_row, write_run
from tests.terminal.printing import printed


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    rows = [make_row(n, ("mass", "pleural_effusion")[n % 2]) for n in range(6)]
    return write_run(tmp_path_factory.mktemp("terminal") / "run", (rows,), rejected=2, failed=1)


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


def test_what_bounds_the_speed_is_said_with_what_would_help(run):
    timed = replace(status(run), bounds=Bounds(0.71, 0.96, 140.25, 104.0, "more CPU workers would help"))
    text = " ".join(printed(status_view(timed, "RUN")).split())
    assert (
        "the encoder was busy 71% of the time (alone 140.2 pairs/s), the workers were busy 96% of the time "
        "(alone 104.0 pairs/s); more CPU workers would help" in text
    )
    idle = replace(timed, bounds=replace(timed.bounds, encoder=0.0, encoder_pairs=None))
    assert "the encoder was busy 0% of the time, the" in " ".join(printed(status_view(idle, "RUN")).split())
    assert "Bounds" not in printed(status_view(replace(timed, bounds=None), "RUN"))


def test_each_table_of_reasons_says_where_a_name_is_explained(run):
    text = " ".join(printed(status_view(status(run), "RUN")).split())
    assert "medcutmix reasons recipient-mask-too-small" in text or "medcutmix reasons report-empty" in text


def test_what_was_told_when_planning_is_not_told_again(run, tmp_path):
    whole = printed(status_view(status(run), "RUN", after_plan=True))
    assert "12 in: 9 planned, 3 left out" in whole
    assert "report-empty" not in whole
    assert "2  rejected: recipient-mask-too-small" in whole
    assert "medcutmix status RUN lists every reason" in whole
    half = status(write_run(tmp_path / "run", missing=1, rejected=2))
    told = printed(status_view(half, "RUN", after_plan=True))
    assert "2 rejected" in told
    assert "recipient-mask-too-small" not in told


def test_too_many_failures_are_said(run):
    assert "11.1% of the pairs failed, more than the 1.0% allowed" in printed(status_view(status(run), "RUN"))


def test_next_commands_can_be_copied(run):
    text = next_steps(status(run), "my runs/first").plain
    assert "medcutmix inspect 'my runs/first' --html 'my runs/first/report.html'" in text


def test_an_unfinished_run_is_to_be_rendered(tmp_path):
    found = status(write_run(tmp_path / "run", missing=1))
    assert "medcutmix render RUN" in next_steps(found, "RUN").plain


@pytest.mark.parametrize("missing", [0, 1])
def test_one_task_of_several_leaves_the_rest_to_the_finish_job(tmp_path, missing):
    found = status(write_run(tmp_path / "run", missing=missing))
    told = next_steps(found, "my run", num_tasks=3).plain
    assert "When all 3 tasks have ended, the finish job of batch slurm refills, renders and verifies." in told
    assert "medcutmix refill" not in told
    assert told.index("Where there is none:") < told.index("medcutmix render 'my run'")


def test_what_planning_told_of_lists_and_tables_is_a_warning(run):
    told = printed(status_view(replace(status(run), warnings=("2 of 3 ids match nothing",)), "RUN"))
    assert "2 of 3 ids match nothing" in told


def test_problems_are_told_by_place_and_rule():
    problems = tuple(Problem(f"part-{n}", "hash", "is another file") for n in range(25))
    text = printed(verification_view(Verification(1, 9, Level.THOROUGH, problems)))
    assert "25 problems" in text
    assert "part-0, part-1, part-2 and 22 more" in text
    assert "25 times: is another file" in text
    each = tuple(Problem(f"part-{n}", "hash", f"is file {n}") for n in range(25))
    text = printed(verification_view(Verification(1, 9, Level.THOROUGH, each)))
    assert "part-0 " in text
    assert "5 problems more" in text


def test_settings_are_told_with_their_origin():
    assert "plan.seed   7       flag" in printed(settings_view({"plan": {"seed": 7}}, {"plan.seed": "flag"}))


def test_a_deep_check_names_the_columns_that_it_did_not_make_again():
    found = Verification(1, 9, Level.DEEP, (), remade=("lam", "mask"), not_remade=("map_a", "map_b"))
    text = printed(verification_view(found))
    assert "made again and compared: 2 of 4 columns, all but map_a, map_b" in text
    assert "--maps" in text
    whole = printed(verification_view(Verification(1, 9, Level.DEEP, (), remade=("lam", "mask"))))
    assert "all 2 columns" in whole
    assert "--maps" not in whole


def test_files_without_a_seal_are_counted_beside_the_verdict():
    text = printed(
        verification_view(Verification(1, 9, Level.THOROUGH, (), unsealed=("run.json", "README.md")))
    )
    assert "verified" in text
    assert "unsealed: 2 files of an earlier version" in " ".join(text.split())
