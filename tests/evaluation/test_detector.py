"""The network: same seed, same weights; nobody else's draws change; what is blamed is what differs."""

import pytest
import torch

from medcutmix_cli.evaluation.detector import SeamDetector, blame, score, train


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def features(count, seed, size=14):
    return torch.randn((count, 4, size, size), generator=torch.Generator().manual_seed(seed))


def test_a_seed_decides_the_network():
    original = features(6, 0)
    mixed = original + 0.5

    def scores(seed):
        network = SeamDetector(seed)
        train(network, mixed, original, 2, seed, lambda: None)
        return score(network, mixed)

    first, again, other = (scores(seed) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_global_draws_are_left_alone():
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    train(SeamDetector(0), features(4, 0), features(4, 1), 1, 0, lambda: None)
    assert torch.equal(torch.rand(3), expected)


def test_each_epoch_is_told():
    told = []
    train(SeamDetector(0), features(9, 0), features(9, 1), 3, 0, lambda: told.append(1))
    assert len(told) == 3


def test_patches_that_do_not_differ_are_not_blamed():
    original = features(1, 0)[0]
    mixed = original.clone()
    mixed[:, :7, :7] += 3.0
    network = SeamDetector(0).eval()
    found = blame(network, mixed, original, 2)
    assert found.shape == (2, 2)
    # Scores of a batch and of one picture differ in their last bits.
    assert max(found[0, 1], found[1, 0], found[1, 1]) < 1e-5
    assert blame(network, original, original, 2).max() < 1e-5
    assert max(found[0, 0], blame(network, original, mixed, 2)[0, 0]) > 1e-3
