from dataclasses import replace

import numpy as np
import pytest
import torch

from examples.benchmark.cases import States, originals
from examples.benchmark.config import Training
from examples.benchmark.model import vocabulary
from examples.benchmark.statements import Agreement
from examples.benchmark.training import (
    Batch,
    Material,
    Movement,
    _common,
    _mixed_inside,
    _numbered,
    _shown,
    _targets,
    as_tensor,
    batches,
    contrast,
    fit_classifier,
    fit_contrastive,
)

TRAINING = Training(side=16, steps=7, contrastive_steps=5, batch=8, contrastive_batch=8, width=2, embedding=4)


def cases(count, side=16, **changes):
    rng = np.random.default_rng(count)
    names = [f"s{number}" for number in range(count)]
    pictures = list(rng.integers(0, 256, (count, side, side), dtype=np.uint8))
    labels = rng.integers(0, 2, (count, 14)).astype(np.float32)
    return replace(originals(names, pictures, names, labels, [False] * count), **changes)


def test_extra_rows_may_count_for_one_observation_alone():
    material = Material(cases(10), cases(5), 0.25, alone=3)
    [batch] = list(batches(material, replace(TRAINING, steps=1), "x"))
    targets, every = (_targets(each, batch, 0.0) for each in (material, replace(material, alone=-1)))
    first = len(batch.own)
    assert torch.equal(targets.said[:first], every.said[:first])
    assert every.said[first:].all()
    assert targets.said[first:].any(0).nonzero().flatten().tolist() == [3]


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


def test_what_was_removed_may_be_left_out_of_the_loss_of_extra_rows():
    """An original's silence counts as absent, whatever its number; so does that of a mix, unless the arm says so."""
    extra = cases(5)
    removed = np.zeros((5, 14), bool)
    removed[:, 2] = True
    extra = replace(extra, labels=np.full((5, 14), np.nan, np.float32), removed=removed)
    originals = replace(cases(10), labels=np.full((10, 14), np.nan, np.float32))
    material = Material(originals, extra, 0.25, removed="left out")
    batch = Batch(0, np.array([2, 0, 1]), np.array([4, 1]))
    out, zeros = (_targets(each, batch, 0.0) for each in (material, replace(material, removed="absent")))
    assert zeros.said.all()
    assert not zeros.targets.any()
    assert (out.said != zeros.said).nonzero().tolist() == [[3, 2], [4, 2]]
    assert _targets(replace(material, extra=None), Batch(0, batch.own, batch.extra[:0]), 0.0).said.all()


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


def test_where_labels_decide_a_mix_is_told_from_its_own_recipient():
    extra = cases(2, ids=np.array(["s0", "s1"]), donors=np.array(["s1", "s2"]))
    material = Material(cases(3), extra, 0.5, negatives="labels")
    assert not _common(material, Batch(0, np.array([0, 2]), np.array([0, 1]))).any()


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


TEXT = "No pleural effusion. Right pneumothorax. Mild edema. The ribs are intact."


def test_all_sentences_that_name_a_finding_are_shown_of_originals_and_of_extra_rows():
    own, extra = cases(2, texts=np.array(["Mild edema.", TEXT])), cases(1, texts=np.array(["No effusion."]))
    known = vocabulary([TEXT] * 2)
    told = [_numbered(each, known) for each in (own, extra)]
    shown = _shown(told, Batch(0, np.array([1, 0]), np.array([0])))
    assert [place for place, _ in shown] == [0, 0, 0, 1, 2]
    sentences = ["No pleural effusion.", "Right pneumothorax.", "Mild edema.", "Mild edema.", "No effusion."]
    assert [each.bag for _, each in shown] == known.bags(sentences)


def agreed(true, unknown=None):
    true = np.array(true, np.float32)
    return Agreement(true, np.zeros(true.shape, bool) if unknown is None else np.array(unknown))


def test_the_contrast_is_that_of_info_nce_where_each_sentence_is_of_one_row():
    logits = torch.tensor([[2.0, 0.0], [1.0, 3.0]])
    target = torch.arange(2)
    plain = sum(torch.nn.functional.cross_entropy(each, target) for each in (logits, logits.T)) / 2
    found = contrast(logits, agreed([[1, 0], [0, 1]]), torch.zeros(2, 2, dtype=torch.bool))
    assert torch.isclose(found, plain)


def test_rows_that_say_the_same_do_not_repel_each_other():
    true = [[1, 1, 0], [1, 1, 0], [0, 0, 1]]
    logits = torch.zeros(3, 3, requires_grad=True)
    contrast(logits, agreed(true), torch.zeros(3, 3, dtype=torch.bool)).backward()
    assert (logits.grad < 0).equal(torch.tensor(true, dtype=torch.bool))


@pytest.mark.parametrize("way", ["unknown", "common"])
def test_what_is_unknown_or_of_a_common_parent_has_no_part_in_the_loss(way):
    passed = torch.tensor([[False, True], [False, False]])
    logits = torch.tensor([[1.0, 5.0], [0.0, 1.0]], requires_grad=True)
    nothing = torch.zeros(2, 2, dtype=torch.bool)
    unknown, common = (passed, nothing) if way == "unknown" else (nothing, passed)
    loss = contrast(logits, agreed([[1, 0], [0, 1]], unknown.numpy()), common)
    loss.backward()
    assert torch.isfinite(loss)
    assert logits.grad[0, 1] == 0 != logits.grad[1, 0]


def test_a_sentence_that_is_true_of_both_is_kept_though_they_share_a_parent():
    common = torch.tensor([[False, True], [True, False]])
    logits = torch.zeros(2, 2, requires_grad=True)
    contrast(logits, agreed([[1, 1], [1, 1]]), common).backward()
    assert (logits.grad == 0).all()
    assert contrast(logits, agreed([[1, 1], [1, 1]]), common) > 0


@pytest.mark.parametrize("layer", [-1, 0, 2])
def test_a_contrastive_model_depends_on_the_name_alone_in_every_kind_of_arm(layer):
    texts = np.array([TEXT] * 6)
    own, extra = cases(6, texts=texts), cases(3, texts=texts[:3])
    grid = 16 // 2 ** max(layer, 0)
    weights = np.full((3, grid, grid), 0.5, np.float32)
    states = States(own.pictures[:3], own.pictures[3:], weights) if layer >= 0 else None
    material = Material(own, extra, 0.25, states, max(layer, 0))
    for precision in ("fp32", "bf16"):
        training = replace(TRAINING, precision=precision)
        one, same, other = (
            fit_contrastive(material, training, name).project.weight for name in ("x", "x", "y")
        )
        assert torch.isfinite(one).all()
        assert torch.equal(one, same)
        assert not torch.equal(one, other)
