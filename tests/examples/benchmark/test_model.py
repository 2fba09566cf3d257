import pytest
import torch

from examples.benchmark.model import Contrastive, PictureTower, vocabulary, words


def test_a_denied_sentence_has_other_words_than_the_same_asserted():
    assert words("Small effusion. No edema or mass.") == [
        "small",
        "effusion",
        "no_no",
        "edema_no",
        "or_no",
        "mass_no",
    ]


@pytest.mark.parametrize("end", [".", ";", ":", ""])
def test_a_denial_ends_with_its_sentence(end):
    said = words(f"no edema{end or '.'} effusion")
    assert said[-1] == "effusion"


def test_words_that_no_training_text_has_are_passed_over():
    known = vocabulary(["small effusion", "small effusion", "rare"])
    assert known.bags(["small unseen effusion", "unseen", "rare"]) == [[2, 1], [0], [0]]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("layer", range(5))
def test_going_on_from_any_layer_gives_the_same_states(layer, precision):
    tower = PictureTower(4, precision).eval()
    pictures = torch.linspace(-1, 1, 2 * 64 * 64).reshape(2, 1, 64, 64)
    whole = tower.onwards(pictures, 0)
    assert whole.shape == (2, 16, 8, 8)
    assert torch.equal(tower.onwards(tower.until(pictures, layer), layer), whole)


def test_numbered_texts_are_embedded_as_texts_are():
    model = Contrastive(4, 8, vocabulary(["a b", "a b"])).eval()
    both = model.texts(["a b b", "b"])
    assert both.shape == (2, 8)
    assert torch.allclose(both.norm(dim=1), torch.ones(2))
    assert torch.allclose(both[1], model.texts(["b"])[0])


def test_a_coarse_tower_rounds_and_hands_on_float32():
    fine, coarse = PictureTower(4).eval(), PictureTower(4, "bf16").eval()
    coarse.load_state_dict(fine.state_dict())
    pictures = torch.linspace(-1, 1, 64 * 64).reshape(1, 1, 64, 64)
    exact, rounded = (tower.onwards(pictures, 0).detach() for tower in (fine, coarse))
    assert exact.dtype == rounded.dtype == torch.float32
    assert not torch.equal(exact, rounded)
    assert torch.allclose(exact, rounded, rtol=0.05, atol=0.05 * float(exact.max()))
