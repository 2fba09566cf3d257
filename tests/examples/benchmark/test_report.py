"""A page of results that were made up here, so that what it must say is known."""

import csv
from dataclasses import replace

import pytest

from examples.benchmark.config import Arm, Benchmark, StudySet, Training
from examples.benchmark.results import FOLDER, Result, append, read_results
from examples.benchmark.tables import comparisons, primary, reported
from medcutmix_cli.errors import UsageError

DEVICE = StudySet("device", finding="consolidation", attribute="pacemaker", positives=100)
ARMS = (Arm("none", rows="none"), Arm("oversampling", rows="copies"), Arm("targeted"))
WHOLE = Benchmark((DEVICE,), ARMS, Training())
VALUES = {"none": (0.50, 0.52, 0.48), "oversampling": (0.61, 0.60, 0.59), "targeted": (0.70, 0.69, 0.71)}


def result(arm, chunk, value, **changes):
    named = next(each for each in ARMS if each.name == arm)
    outcomes = {"supervised.disagree": value, "zero-shot.disagree": 1 - value, "calibration.ece": 0.1}
    made = Result(
        "device", str(chunk), arm, WHOLE.digest(DEVICE, named), 9, 8, 7, {"training": 36.0}, outcomes, {}
    )
    return replace(made, **changes)


@pytest.fixture
def out(tmp_path):
    for arm, values in VALUES.items():
        for chunk, value in enumerate(values):
            append(tmp_path, result(arm, chunk, value))
    append(tmp_path, result("none", "tune-0", 0.9))
    append(tmp_path, result("none", 5, 0.9, digest="of other settings"))
    return tmp_path


def test_tuning_chunks_and_other_settings_are_left_out(out):
    kept = reported(read_results(out), WHOLE)
    assert len(kept) == 9
    assert {each.chunk for each in kept} == {"0", "1", "2"}


def test_half_a_line_of_a_stopped_run_is_passed_over(out):
    before = read_results(out)
    with (out / FOLDER / "device-0.jsonl").open("a") as stream:
        stream.write('{"studies": "dev')
    assert read_results(out) == before


def test_every_pair_of_arm_and_control_is_compared_once(out):
    found = comparisons(read_results(out), "device", VALUES, "supervised.disagree")
    assert [(each.arm, each.control) for each in found] == [
        ("oversampling", "none"),
        ("targeted", "none"),
        ("targeted", "oversampling"),
    ]


def test_differences_are_of_the_same_chunks(out):
    append(out, result("targeted", 3, 0.0))
    found = comparisons(reported(read_results(out), WHOLE), "device", VALUES, "supervised.disagree")
    [to_none] = [each for each in found if (each.arm, each.control) == ("targeted", "none")]
    assert to_none.difference.chunks == 3
    assert to_none.difference.mean == pytest.approx(0.2)
    assert to_none.holm >= to_none.difference.p


@pytest.mark.parametrize(
    ("studies", "kind"),
    [(DEVICE, "disagree"), (replace(DEVICE, attribute=""), "target"), (StudySet("ordinary"), "mean")],
)
def test_the_primary_outcome_follows_from_the_set(studies, kind):
    assert primary(studies) == (f"supervised.{kind}", f"zero-shot.{kind}")


def test_the_page_says_first_what_is_worse_and_draws_what_it_says(out):
    pytest.importorskip("matplotlib", reason="figures need the extra benchmark")
    from examples.benchmark.report import write_report

    page = write_report(WHOLE, out)
    text = page.read_text()
    worse, better = (
        text.index("targeted to none on device (zero-shot"),
        text.index("targeted to none on device (sup"),
    )
    assert worse < better
    assert "+.200 [" in text
    assert "nan" not in text
    assert "9 arms were trained on 3 chunks" in text
    assert "2 results of tuning chunks or of other settings" in text
    pictures = sorted(path.name for path in (out / "figures").iterdir())
    assert pictures == ["device-supervised.disagree.png", "device-zero-shot.disagree.png"]
    assert all(f"](figures/{name})" in text for name in pictures)
    with (out / "results.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 27
    assert {row["arm"] for row in rows} == set(VALUES)


def test_an_outcome_that_nothing_has_is_passed_over(tmp_path):
    pytest.importorskip("matplotlib", reason="figures need the extra benchmark")
    from examples.benchmark.report import write_report

    append(tmp_path, result("none", 0, 0.5, outcomes={"supervised.disagree": 0.5}))
    text = write_report(WHOLE, tmp_path).read_text()
    assert "### supervised.disagree" in text
    assert "### zero-shot.disagree" not in text


def test_what_a_person_wrote_of_the_results_comes_first(out):
    pytest.importorskip("matplotlib", reason="figures need the extra benchmark")
    from examples.benchmark.report import write_report

    assert "Use it so." not in write_report(WHOLE, out).read_text()
    (out / "INTRO.md").write_text("## What to use\n\nUse it so.\n")
    text = write_report(WHOLE, out).read_text()
    assert text.startswith("# Results of the benchmark\n\n## What to use\n\nUse it so.\n\nWorse than")


def test_where_nothing_was_run_there_is_no_page(tmp_path):
    pytest.importorskip("matplotlib", reason="figures need the extra benchmark")
    from examples.benchmark.report import write_report

    with pytest.raises(UsageError, match="no results under these settings"):
        write_report(WHOLE, tmp_path)
    assert not list(tmp_path.iterdir())


def test_one_chunk_has_a_difference_and_no_interval(tmp_path):
    pytest.importorskip("matplotlib", reason="figures need the extra benchmark")
    from examples.benchmark.report import write_report

    for arm, values in VALUES.items():
        append(tmp_path, result(arm, 0, values[0]))
    text = write_report(WHOLE, tmp_path).read_text()
    assert "| targeted | none | +.200 (one chunk) | - | 1 |" in text
    assert "Undecided (the interval holds 0, or there is one chunk only): 6 comparisons." in text
    assert "nan" not in text


def test_harm_beside_the_primary_outcome_is_told_first(out):
    pytest.importorskip("matplotlib", reason="figures need the extra benchmark")
    from examples.benchmark.report import write_report

    for chunk in range(3):
        for arm, ece in (("none", 0.1 + chunk / 1000), ("targeted", 0.2)):
            made = result(arm, chunk, VALUES[arm][chunk])
            append(out, replace(made, outcomes={**made.outcomes, "calibration.ece": ece}))
    text = write_report(WHOLE, out).read_text()
    assert text.index("targeted on device (calibration.ece): +.099") < text.index("Better than its control")
