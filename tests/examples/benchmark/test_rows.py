"""One tiny row of everything: all arms of the configuration, a manifold arm, resumed, and a page of it."""

from dataclasses import replace

import numpy as np
import pytest

from examples.benchmark.config import Arm, StudySet, narrowed, read_config
from examples.benchmark.results import read_results
from examples.benchmark.rows import RowName, all_rows, run_row
from medcutmix_cli.errors import UsageError
from tests.examples.benchmark.tiny import tiny_training

TINY = StudySet(
    "tiny", finding="consolidation", attribute="view", together=0.75, positives=26, train=52, test=24
)
BOTH = Arm("both", options={"pairing": "identity"}, copies=0.5)
INSIDE = Arm("inside", options={"pairing": "same-finding"}, layer=1, share=0.25)


def tiny():
    whole = narrowed(read_config(), (), (), ablations=False)
    return replace(
        whole,
        sets=(TINY,),
        arms=(*whole.arms, INSIDE, BOTH),
        training=tiny_training(whole.training),
        chunks=2,
        rows=0.25,
        height=192,
        workers=2,
    )


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmark")
    said = []
    assert run_row(tiny(), RowName("tiny", "0"), folder, said.append) == len(tiny().arms)
    assert len(said) == 1 + len(tiny().arms)
    return folder


def test_every_arm_has_a_result_with_every_outcome(out):
    found = {result.arm: result for result in read_results(out)}
    assert list(found) == sorted(arm.name for arm in tiny().arms)
    wanted = {"supervised.disagree", "zero-shot.disagree", "supervised.others", "retrieval.report"}
    wanted |= {"retrieval.picture", "grounding.pointing", "calibration.ece", "calibration.brier"}
    assert all(wanted <= set(result.outcomes) for result in found.values())
    assert all(0 <= value <= 1 for result in found.values() for value in result.outcomes.values())


def test_arms_differ_in_what_they_add_alone(out):
    found = {result.arm: result for result in read_results(out)}
    assert found["none"].rows == 0
    alike = {name: result for name, result in found.items() if name not in ("none", "many")}
    assert all(1 <= result.rows <= 20 for result in alike.values())
    assert found["many"].rows > max(
        alike[name].rows for name in ("same-finding", "cross-finding", "normal-host")
    )
    assert found["identity"].outcomes != found["none"].outcomes


def test_what_is_done_is_passed_over_and_what_changed_is_not(out):
    whole = tiny()
    assert run_row(whole, RowName("tiny", "0"), out, print) == 0
    none = replace(whole, arms=whole.arms[:1], training=replace(whole.training, steps=2))
    before = len(read_results(out))
    assert run_row(none, RowName("tiny", "0"), out, lambda line: None) == 1
    assert len(read_results(out)) == before + 1


def test_the_same_settings_give_the_same_numbers(out, tmp_path):
    whole = replace(
        tiny(), arms=tuple(arm for arm in tiny().arms if arm.name in ("oversampling", "targeted"))
    )
    run_row(whole, RowName("tiny", "0"), tmp_path, lambda line: None)
    digests = {result.digest: result.outcomes for result in read_results(out)}
    assert [result.outcomes for result in read_results(tmp_path)] == [
        pytest.approx(digests[result.digest], abs=1e-4) for result in read_results(tmp_path)
    ]


def test_runs_do_not_stay(out):
    assert [path for path in (out / "work" / "runs").iterdir() if path.is_dir()] == []


def test_a_run_that_is_stopped_has_a_chunk_of_every_set_first():
    whole = replace(read_config(), chunks=2)
    names = [row.studies for row in all_rows(whole)]
    assert names == [studies.name for studies in whole.sets] * 2


@pytest.mark.parametrize("text", ["device", "device:", ":0", "device:x", "device:-1"])
def test_what_is_no_row_is_refused(text):
    with pytest.raises(UsageError, match="is no row"):
        RowName.parsed(text)


def test_the_chunks_differ(out):
    whole = replace(tiny(), arms=tiny().arms[:1])
    run_row(whole, RowName("tiny", "1"), out, lambda line: None)
    stored = sorted((out / "work").glob("tiny-*/train.npz"))
    ids = [set(np.load(path)["ids"]) for path in stored]
    assert len(ids) == 2
    assert not ids[0] & ids[1]
