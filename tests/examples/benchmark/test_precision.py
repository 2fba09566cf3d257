"""On a CPU without bf16 the benchmark trains in fp32 and says so; its page compares no precision with another."""

from dataclasses import replace

import pytest
import torch

from examples.benchmark import precision
from examples.benchmark.config import read_config
from examples.benchmark.precision import trainable
from examples.benchmark.results import Result
from examples.benchmark.tables import in_another_precision, reported


def result(whole, chunk, arm=0):
    studies, made = whole.sets[0], whole.arms[arm]
    digest = whole.digest(studies, made)
    return Result(studies.name, chunk, made.name, digest, 0, 0, 0, {}, {"supervised.mean": 0.5}, {})


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


@pytest.mark.parametrize("configured", ["bf16", "fp32"])
def test_a_chunk_counts_in_one_precision_the_configured_one_first(configured):
    whole = read_config().computed_in(configured)
    other = whole.computed_in({"bf16": "fp32", "fp32": "bf16"}[configured])
    both = [result(whole, "0"), result(other, "0"), result(other, "0", arm=1)]
    apart = [result(other, "1"), result(other, "1", arm=1)]
    assert reported([*both, *apart], whole) == sorted([both[0], *apart], key=lambda r: (r.chunk, r.arm))
    assert in_another_precision([both[0], *apart], whole) == [f"{whole.sets[0].name}:1"]


def test_only_the_precision_is_other():
    whole = read_config()
    assert whole.computed_in("fp32") == replace(whole, training=replace(whole.training, precision="fp32"))
