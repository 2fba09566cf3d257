"""On a CPU without bf16 the benchmark trains in fp32 and says so; its page is of what was trained."""

from dataclasses import replace

import pytest
import torch

from examples.benchmark import precision
from examples.benchmark.config import read_config
from examples.benchmark.precision import as_trained, in_fp32, trainable
from examples.benchmark.results import Result, append


def result(whole):
    studies, arm = whole.sets[0], whole.arms[0]
    digest = whole.digest(studies, arm)
    return Result(studies.name, "0", arm.name, digest, 0, 0, 0, {}, {"supervised.mean": 0.5}, {})


@pytest.mark.parametrize("gpu", [False, True])
@pytest.mark.parametrize("there", [False, True])
def test_bf16_is_trained_in_where_the_machine_computes_in_it(monkeypatch, gpu, there):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(precision, "computes_in", lambda name: there or name == "fp32")
    whole, said = read_config(), []
    assert whole.training.precision == "bf16"
    found = trainable(whole, said.append)
    assert found.training.precision == ("bf16" if gpu or there else "fp32")
    assert len(said) == (not gpu and not there)
    assert trainable(found, print) == found


def test_results_in_fp32_are_kept_apart_and_have_a_page(tmp_path):
    whole = read_config()
    assert as_trained(whole, tmp_path) == whole
    append(tmp_path, result(in_fp32(whole)))
    assert as_trained(whole, tmp_path) == in_fp32(whole)
    append(tmp_path, result(whole))
    assert as_trained(whole, tmp_path) == whole


def test_only_the_precision_is_other():
    whole = read_config()
    assert in_fp32(whole) == replace(whole, training=in_fp32(whole).training)
