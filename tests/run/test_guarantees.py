"""What a gate promises, in words and as a run's small files hold it."""

import json
from dataclasses import asdict, replace

import pytest

from medcutmix_cli.records import Guarantee
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.guarantees import percent, promise, read_guarantees, to_guarantees
from medcutmix_cli.run.run_record import read_run
from tests.run_folders import WHOLE, write_run

FEW = Guarantee(nulls=24, reaching=0, alpha=0.05, confidence=1 - 0.95**24, wanted=0.95)


@pytest.mark.parametrize(
    ("confidence", "said"), [(0.9489, "94%"), (0.95, "95%"), (0.999, "99%"), (1.0, "100%")]
)
def test_a_confidence_is_rounded_down(confidence, said):
    assert percent(confidence) == said


@pytest.mark.parametrize(
    ("guarantee", "said"),
    [
        pytest.param(FEW, "at most 5% of pictures without it are kept, with 70% confidence", id="few"),
        pytest.param(WHOLE, "at most 5% of pictures without it are kept, with 95% confidence", id="whole"),
        pytest.param(
            replace(WHOLE, alpha=0.025),
            "at most 2.5% of pictures without it are kept, with 95% confidence",
            id="share",
        ),
        pytest.param(
            replace(WHOLE, wanted=0.0),
            "at most 5% of pictures without it are kept on average",
            id="on-average",
        ),
        pytest.param(
            replace(FEW, reaching=-1), "too few pictures without it, so it is not mixed", id="refused"
        ),
    ],
)
def test_a_promise_in_words(guarantee, said):
    assert promise(guarantee) == said


def calibrated(run, fingerprint, guarantees):
    plain = {"fingerprint": fingerprint, "guarantees": {key: asdict(g) for key, g in guarantees.items()}}
    RunFolder(run).calibration_file.write_text(json.dumps(plain))
    return read_guarantees(RunFolder(run), read_run(RunFolder(run)))


def test_what_was_measured_counts_once_it_is(tmp_path):
    run = write_run(tmp_path / "run")
    assert calibrated(run, "f" * 64, {"train/mass": FEW}) == {
        "train/mass": FEW,
        "train/pleural_effusion": WHOLE,
    }


def test_the_calibration_of_another_run_and_a_damaged_one_say_nothing(tmp_path):
    run = write_run(tmp_path / "run")
    planned = {"train/mass": WHOLE, "train/pleural_effusion": WHOLE}
    assert calibrated(run, "0" * 64, {"train/mass": FEW}) == planned
    for content in ("", "[]", '{"fingerprint": 3}', "{"):
        RunFolder(run).calibration_file.write_text(content)
        assert read_guarantees(RunFolder(run), read_run(RunFolder(run))) == planned


def test_guarantees_are_read_as_they_were_written():
    assert to_guarantees({"b": asdict(FEW), "a": asdict(WHOLE)}) == {"a": WHOLE, "b": FEW}
    with pytest.raises(TypeError):
        to_guarantees({"a": {"nulls": 3}})
