"""What a device is asked, with one that is not there (`tests.fake_gpu`): copies and waits a batch, and the maps."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from medcutmix_cli.encoders.base import Query, encode_sentences, in_groups, look, map_of, see_pictures
from medcutmix_cli.encoders.bundled import BundledEncoder, BundledSentence
from medcutmix_cli.encoders.groups import BLOCK, Questions, Readout, answer, products
from medcutmix_cli.encoders.runtime import Runtime
from medcutmix_cli.errors import EncoderError
from tests.fake_gpu import plugged_in
from tests.gpu import claims, networks
from tests.toy_encoder import ToyEncoder

BATCH = 3
PICTURES = 4  # a whole batch and one that is filled up
FAMILIES = {
    "bundled": ("bundled", {}),
    **{name: (name, {}) for name in networks.NAMES},
    **{f"{name} gradient": (name, {"method": "gradient"}) for name in networks.NAMES[1:4]},
}


@pytest.fixture
def gpu(monkeypatch):
    with plugged_in(monkeypatch) as counted:
        yield counted


@pytest.fixture(scope="module", params=sorted(FAMILIES))
def family(request):
    """Give the same tiny network on the CPU and on the device, by name."""
    name, options = FAMILIES[request.param]
    if name == "bundled":
        yield Family(BundledEncoder(device="cpu"), BundledEncoder(device="cuda:0", batch_size=BATCH), 12.0)
        return
    made = networks.make(name, "cpu", tiny=True)
    here = replace(made, encoder=replace(made.encoder, **options))
    yield Family(here.encoder, None, made.unit, here)
    networks.forget(made)


class Family:
    def __init__(self, here, there, unit, network=None):
        self.here, self._there, self.unit, self._network = here, there, unit, network

    @property
    def there(self):
        """Return the encoder on the device; to be asked for where there is one."""
        if self._there is None:
            self._there = replace(networks.on(self._network, "cuda:0").encoder, batch_size=BATCH)
        return self._there

    def queries(self, count):
        """Return as many different queries, by sentence."""
        return {f"sentence {n}": Query(self._features(n)) for n in range(count)}

    def _features(self, number):
        like = self._network.query if self._network else np.empty(96, np.float32)
        if isinstance(like, tuple):
            return (2, *[7 + number] * (1 + number % 3), 3)
        vector = np.random.default_rng(number).standard_normal(len(like)).astype(np.float32)
        vector *= (np.linalg.norm(like) if self._network else self.unit) / np.linalg.norm(vector)
        return vector if self._network else BundledSentence(vector)


def seen_by(encoder, seen, asked, **how):
    return see_pictures(encoder, [look(encoder, picture) for picture in seen], asked, **how)


def test_a_group_has_the_maps_that_the_cpu_makes_one_after_the_other(family, gpu):
    """Within .001 of a cosine beyond the rounding to float16; BLIP: of the log of a share."""
    seen, queries = claims.pictures(PICTURES, canvas=224), family.queries(5)
    asked = [dict(list(queries.items())[: n % 4]) for n in range(PICTURES)]  # the first, and others, nothing
    found = seen_by(family.there, seen, asked, keep=False)
    images = family.here.encode_images(seen)
    assert [list(own.maps) for own in found] == [list(own) for own in asked]
    for image, own, questions in zip(images, found, asked, strict=True):
        for sentence, query in questions.items():
            expected = family.here.attend(image, query.features).scores.astype(np.float32)
            told = own.maps[sentence].scores.astype(np.float32)
            assert claims.difference(told[None], expected[None], family.unit).within("fp32")


def test_copies_and_waits_of_a_batch_do_not_grow_with_its_pairs(family, gpu):
    seen = claims.pictures(PICTURES, canvas=224)
    looks, batches = [look(family.there, picture) for picture in seen], -(-PICTURES // BATCH)
    found = []
    for count in (1, 9):
        asked = [family.queries(count)] * PICTURES
        gpu.taken()
        assert len(see_pictures(family.there, looks, asked, keep=False)[0].maps) == count
        found.append(gpu.taken())
    assert found[0] == found[1]
    assert found[0]["to the host"] == found[0]["events waited for"] == batches
    assert found[0]["to the device"] == found[0]["pinned"] <= 4 * batches
    assert not found[0].keys() & {"values", "waited for"}


def test_a_map_does_not_know_what_else_is_in_its_group(family, gpu):
    seen, queries = claims.pictures(4, canvas=224), family.queries(5)
    together = seen_by(family.there, seen, [queries] * 4, keep=False)[::3]
    for number, picture in enumerate(seen[::3]):
        for sentence, query in list(queries.items())[1::2]:
            (alone,) = seen_by(family.there, [picture], [{sentence: query}], keep=False)
            pair = together[number].maps[sentence].scores, alone.maps[sentence].scores
            assert np.array_equal(*pair, equal_nan=True)


def test_what_a_device_keeps_comes_back_where_it_is_asked_for(family, gpu):
    seen, query = claims.pictures(2, canvas=224), family.queries(1)
    gpu.taken()
    kept = seen_by(family.there, seen, [query, {}], keep=True)
    assert gpu.taken()["to the host"] == 2  # scores, and what the network made of the pictures
    assert "sentence 0" not in kept[1].maps
    again = map_of(family.there, kept[1], "sentence 0", query["sentence 0"]).scores
    (expected,) = seen_by(family.there, seen[1:], [query], keep=False)
    told = expected.maps["sentence 0"].scores
    assert claims.difference(
        again[None].astype(np.float32), told[None].astype(np.float32), family.unit
    ).within("fp32")


def test_sentences_of_the_bundled_encoder_come_back_in_one_copy(gpu):
    here, there = BundledEncoder(device="cpu"), BundledEncoder(device="cuda:0")
    words = [f"There is a small left effusion number {n}." for n in range(6)]
    expected = encode_sentences(here, words)
    there.encode_sentences(words[:1])
    gpu.taken()
    found = encode_sentences(there, words)
    assert gpu.taken()["to the host"] == 1
    for sentence in words:
        assert np.allclose(found[sentence].features.query, expected[sentence].features.query, atol=1e-5)
    assert encode_sentences(there, []) == {}


def test_on_a_cpu_nothing_is_asked_ahead(family):
    picture, query = claims.pictures(1, canvas=224)[0], family.queries(1)
    assert not in_groups(family.here)
    assert look(family.here, picture) is picture
    (own,) = see_pictures(family.here, [picture], [query])
    assert own.maps == {}


@pytest.mark.parametrize("count", [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 5])
def test_products_are_those_of_each_pair(count):
    rng = np.random.default_rng(0)
    cells, rows = (rng.standard_normal(size).astype(np.float32) for size in ((3, 5, 8), (count, 8)))
    pairs = [(n % 3, n) for n in range(count)]
    scoring = products(Questions(list(rows), pairs))
    found = scoring.score(torch.from_numpy(cells), *scoring.inputs).numpy()
    expected = [cells[picture] @ rows[sentence] for picture, sentence in pairs]
    assert np.allclose(found, expected, atol=1e-5)


def test_a_sentence_that_many_are_asked_goes_to_the_device_once():
    own, other = np.zeros(4), np.ones(4)
    questions = Questions.of([[own, other], [], [other], [own, own]])
    assert questions.pairs == [(0, 0), (0, 1), (2, 1), (3, 0), (3, 0)]
    assert len(questions.features) == 2


def test_a_group_that_does_not_fit_is_halved_and_every_map_stays(gpu):
    rng = np.random.default_rng(0)
    pixels = torch.from_numpy(rng.standard_normal((7, 5, 4)).astype(np.float32))
    asked = [[rng.standard_normal(4).astype(np.float32)] * (n % 3) for n in range(7)]

    def network(given):
        if len(given) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return given

    found = answer(Runtime("cuda", batch_size=4), Readout(network, products), pixels, asked, keep=True)
    assert Runtime("cuda", batch_size=4).batch == 2
    for own, plane, questions in zip(found, pixels, asked, strict=True):
        assert torch.equal(own.seen, plane)
        assert np.allclose(own.scores, [plane.numpy() @ one for one in questions], atol=1e-5)


def test_one_picture_that_does_not_fit_ends_in_one_clear_error_and_gives_its_place_back(gpu):
    def network(_):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    for _ in range(9):  # more than there are places
        with pytest.raises(EncoderError, match="does not hold one input"):
            answer(Runtime("cuda"), Readout(network, products), torch.zeros(1, 2, 2), [[]])


def test_an_encoder_that_is_asked_nothing_is_not_called():
    class Refusing(ToyEncoder):
        def encode_images(self, pictures):
            raise IndexError

        encode_sentences = encode_images

    assert encode_sentences(Refusing(), ()) == {}
    assert see_pictures(Refusing(), (), ()) == []
