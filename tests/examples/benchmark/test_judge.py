"""The judge of mixes: roles and shares on made-up answers, and the whole of it on a tiny chunk."""

from dataclasses import replace

import numpy as np
import pytest

from examples.benchmark.cases import originals
from examples.benchmark.config import Arm, StudySet, read_config
from examples.benchmark.judge import HEAD, judge_mixes, mixes_alone, thresholds, verdicts
from medcutmix_cli.findings import CHEXPERT
from tests.examples.benchmark.tiny import tiny_training

NAME = "Edema"
COLUMN = CHEXPERT.index(NAME)


def cases(ids, having):
    labels = np.full((len(ids), len(CHEXPERT)), np.nan, np.float32)
    labels[:, COLUMN] = having
    pictures = [np.zeros((4, 4), np.uint8)] * len(ids)
    return originals(ids, pictures, [""] * len(ids), labels, [False] * len(ids))


def answers(values):
    found = np.zeros((len(values), len(CHEXPERT)), np.float32)
    found[:, COLUMN] = values
    return found


def test_a_role_is_what_the_mix_says_against_what_its_recipient_said():
    parents = cases(["a", "b"], [1, 0])
    mixes = cases(["a", "a", "b", "b", "b"], [1, np.nan, 1, 0, 1])
    (said,) = verdicts(answers([0.9, 0.8, 0.2, 0.1, 0.7]), mixes, parents, {NAME: 0.5})
    assert (said.came.rows, said.came.share) == (2, 0.5)
    assert (said.left.rows, said.left.share) == (1, 1.0)
    assert (said.stayed.rows, said.stayed.share) == (1, 1.0)


def test_what_may_have_come_with_a_doubt_has_neither_left_nor_never_been_there():
    parents = cases(["a", "b"], [1, 0])
    mixes = cases(["a", "b", "a", "b"], [-1, -1, np.nan, np.nan])
    (said,) = verdicts(answers([0.9, 0.9, 0.1, 0.1]), mixes, parents, {NAME: 0.5})
    assert (said.left.rows, said.left.share, said.without.rows, said.without.share) == (1, 0.0, 1, 0.0)


@pytest.mark.parametrize("flipped", range(4))
def test_a_wrong_picture_is_seen_in_its_role_alone(flipped):
    """Of four mixes, one of each role, the answer of one is turned round."""
    parents = cases(["a", "b"], [1, 0])
    mixes = cases(["b", "a", "a", "b"], [1, 0, 1, 0])
    right = np.array([0.9, 0.1, 0.9, 0.1])
    right[flipped] = 1 - right[flipped]
    (said,) = verdicts(answers(right), mixes, parents, {NAME: 0.5})
    wrong = [said.came.share != 1, said.left.share != 0, said.stayed.share != 1, said.without.share != 0]
    assert wrong == [flipped == number for number in range(4)]


def test_of_originals_nothing_came_and_nothing_left():
    parents = cases([str(n) for n in range(20)], [n % 2 for n in range(20)])
    values = [0.6 + n / 100 if n % 2 else 0.4 - n / 100 for n in range(20)]
    least = thresholds(answers(values), parents, (NAME, "Fracture"))
    assert list(least) == [NAME]  # of the other there is none
    (said,) = verdicts(answers(values), parents, parents, least)
    assert (said.came.rows, said.left.rows, said.stayed.share, said.auc) == (0, 0, 1.0, 1.0)
    assert said.line("originals") == (
        "originals",
        NAME,
        "20",
        "1.000",
        "0",
        "",
        "0",
        "",
        "10",
        "1.00",
        "10",
        "0.00",
    )
    assert len(said.line("originals")) == len(HEAD)


def test_an_arm_that_is_judged_has_mixes_alone():
    arm = mixes_alone(Arm("x", options={"pairing": "cross-finding", "unmixed": "keep"}))
    assert arm.options["unmixed"] == "drop"
    assert arm.options["pairing"] == "cross-finding"


def test_mixes_of_a_chunk_are_judged_by_others(tmp_path):
    whole = read_config()
    mixing, copying = Arm("swap", options={"pairing": "cross-finding"}), Arm("again", rows="copies")
    studies = StudySet("tiny", train=52, test=12)
    whole = replace(
        whole,
        sets=(studies,),
        arms=(copying, mixing),
        training=tiny_training(whole.training),
        height=192,
        workers=2,
    )
    said = []
    lines = judge_mixes(whole, studies, ("tune-0",), ("tune-1",), tmp_path, said.append)
    assert {line[0] for line in lines} == {"originals", "swap"}
    swapped = [line for line in lines if line[0] == "swap"]
    assert len(said) == 1
    assert all(line[2] == swapped[0][2] for line in swapped)
    assert any(int(line[4]) for line in swapped)
    assert not list((tmp_path / "work" / "runs").iterdir())
