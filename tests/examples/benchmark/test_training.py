from dataclasses import replace

import numpy as np
import torch

from examples.benchmark.cases import States, originals
from examples.benchmark.config import Training
from examples.benchmark.training import (
    Batch,
    Material,
    Movement,
    _common,
    _mixed_inside,
    _targets,
    as_tensor,
    batches,
    fit_classifier,
)

TRAINING = Training(side=16, steps=7, batch=8, width=2, embedding=4)


def cases(count, side=16, **changes):
    rng = np.random.default_rng(count)
    names = [f"s{number}" for number in range(count)]
    pictures = list(rng.integers(0, 256, (count, side, side), dtype=np.uint8))
    labels = rng.integers(0, 2, (count, 14)).astype(np.float32)
    return replace(originals(names, pictures, names, labels, [False] * count), **changes)


def test_every_arm_has_as_many_rows_in_as_many_batches():
    own, extra = cases(10), cases(5)
    for material in (Material(own, None, 0.0), Material(own, extra, 0.25), Material(own, extra, 0.5)):
        made = list(batches(material, TRAINING, "x"))
        assert [len(batch.own) + len(batch.extra) for batch in made] == [8] * 7
        assert {len(batch.extra) for batch in made} == {round(8 * material.share)}


def test_all_rows_are_gone_through_before_one_comes_again():
    made = batches(Material(cases(10), cases(5), 0.25), TRAINING, "x")
    times = np.bincount(np.concatenate([batch.own for batch in made]), minlength=10)
    assert times.max() - times.min() <= 1


def test_first_weights_and_batches_depend_on_the_name_alone():
    material = Material(cases(10), cases(5), 0.25)
    one, same, other = (fit_classifier(material, TRAINING, name).head.weight for name in ("x", "x", "y"))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_what_is_not_said_counts_as_told_and_what_is_uncertain_has_no_loss():
    labels = np.full((2, 14), np.nan, np.float32)
    labels[0, :3] = (1, 0, -1)
    material = Material(cases(2, labels=labels), None, 0.0)
    batch = Batch(0, np.array([0, 1]), np.zeros(0, np.intp))
    absent, unknown = (_targets(material, batch, value) for value in (0.0, float("nan")))
    assert absent.targets[0, :4].tolist() == [1, 0, 0, 0]
    assert absent.said[0, :4].tolist() == [True, True, False, True]
    assert unknown.said.sum() == 2


def test_rows_with_a_common_parent_are_no_negatives():
    own = cases(3)
    extra = cases(2, ids=np.array(["s0", "s1"]), donors=np.array(["s1", "s2"]))
    batch = Batch(0, np.array([0, 2]), np.array([0, 1]))
    assert _common(Material(own, extra, 0.5), batch).tolist() == [
        [False, False, True, False],
        [False, False, False, True],
        [True, False, False, True],
        [False, True, True, False],
    ]


def test_in_pixels_a_manifold_mix_is_the_paste():
    own, given = cases(2).pictures, cases(3).pictures[:2]
    weights = np.zeros((2, 16, 16), np.float32)
    weights[:, 4:9, 2:7] = 1
    material = Material(cases(2), cases(2), 0.5, States(own, given, weights), layer=0)
    tower = fit_classifier(Material(cases(2), None, 0.0), replace(TRAINING, steps=1), "x").tower
    still = Movement(torch.tensor([[[1.0, 0, 0], [0, 1, 0]]] * 2))
    mixed = _mixed_inside(tower, material, np.array([0, 1]), still)
    pasted = np.where(weights > 0, given, own).astype(np.uint8)
    assert torch.allclose(mixed, as_tensor(pasted), atol=1e-4)


def test_a_movement_is_small_and_the_same_again():
    one, same = Movement.drawn(50, "x", 1), Movement.drawn(50, "x", 1)
    assert torch.equal(one.matrices, same.matrices)
    assert not torch.equal(one.matrices, Movement.drawn(50, "x", 2).matrices)
    assert (one.matrices - torch.eye(2, 3)).abs().mean() < 0.1
