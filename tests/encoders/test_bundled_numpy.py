from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save
from threadpoolctl import threadpool_limits

from medcutmix_cli.encoders.bundled import BundledEncoder
from medcutmix_cli.encoders.bundled_inputs import SIDE
from medcutmix_cli.encoders.bundled_network import load_network
from medcutmix_cli.encoders.bundled_numpy import load_numpy_network
from medcutmix_cli.encoders.bundled_weights import read_weights
from medcutmix_cli.encoders.runtime import Runtime
from medcutmix_cli.errors import EncoderError
from tests.encoders.test_bundled import SENTENCE, scores_of

CLOSE = 1e-6  # of numbers that are at most 1: a few units in the last place of float32


def draw_pixels(seed, spread=1.0):
    return np.random.default_rng(seed).normal(scale=spread, size=(SIDE, SIDE)).astype(np.float32)


def seen_by_torch(pixels):
    with Runtime("cpu").scope():
        return load_network(None, Runtime("cpu")).model.image(torch.from_numpy(pixels)[None, None])[0].numpy()


def read_by_torch(sentences):
    with Runtime("cpu").scope():
        return load_network(None, Runtime("cpu")).encode(sentences)


def edge(row, column):
    """Return a picture of one bright pixel."""
    pixels = np.zeros((SIDE, SIDE), np.float32)
    pixels[row, column] = 8
    return pixels


@pytest.mark.parametrize(
    "pixels",
    [
        *(pytest.param(draw_pixels(seed), id=f"noise-{seed}") for seed in range(3)),
        pytest.param(draw_pixels(4, spread=40), id="strong"),
        pytest.param(np.zeros((SIDE, SIDE), np.float32), id="nothing"),
        *(
            pytest.param(edge(*place), id=f"pixel-{place}")
            for place in ((0, 0), (0, 223), (223, 0), (97, 130))
        ),
    ],
)
def test_a_picture_is_seen_as_the_trained_network_sees_it(pixels):
    assert np.abs(load_numpy_network(None).see(pixels) - seen_by_torch(pixels)).max() <= CLOSE


@settings(max_examples=60)
@given(st.text(min_size=1, max_size=600))
def test_any_sentence_is_read_as_the_trained_network_reads_it(text):
    scale = load_numpy_network(None).tensors["scale"]
    words = [text + " x"]
    assert np.abs(load_numpy_network(None).encode(words) - read_by_torch(words)).max() <= CLOSE * scale


def test_the_maps_differ_from_those_of_torch_by_less_than_half_precision_shows():
    canvas = np.random.default_rng(7).integers(0, 255, (448, 448)).astype(np.uint8)
    by_numpy = scores_of(canvas).astype(np.float32)
    by_torch = scores_of(canvas, encoder=_InTorch()).astype(np.float32)
    assert np.abs(by_numpy - by_torch).max() <= np.spacing(np.abs(by_torch).max().astype(np.float16))


class _InTorch(BundledEncoder):
    """The same encoder, which does on a CPU what it does on a GPU."""

    @property
    def _by_numpy(self):
        return False


def test_the_number_of_threads_of_blas_changes_no_bit():
    pixels, network = draw_pixels(1), load_numpy_network(None)
    found = []
    for threads in (1, 2, 4):
        with threadpool_limits(threads, user_api="blas"):
            found.append((network.see(pixels), network.encode([SENTENCE])))
    assert all(np.array_equal(a, b) for other in found[1:] for a, b in zip(found[0], other, strict=True))


def test_threads_that_see_at_the_same_time_see_what_one_does():
    pictures, network = [draw_pixels(seed) for seed in range(6)], load_numpy_network(None)
    alone = [network.see(pixels) for pixels in pictures]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(network.see, pictures * 4))
    assert all(np.array_equal(a, b) for a, b in zip(alone * 4, together, strict=True))


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_is_left_to_torch(precision):
    assert not BundledEncoder(device="cpu", precision=precision)._by_numpy


NAMES = sorted(load(read_weights(None)))


def renamed(tensors, name):
    return {("x." + key if key == name else key): own for key, own in tensors.items()}


def longer(tensors, name):
    return {**tensors, name: np.concatenate([np.atleast_1d(tensors[name])] * 2)}


SPOILS = {
    "missing": lambda tensors, name: {key: own for key, own in tensors.items() if key != name},
    "renamed": renamed,
    "longer": longer,
    "one-more": lambda tensors, name: {**tensors, f"{name}.x": tensors[name]},
}


@pytest.mark.parametrize("name", NAMES[:: len(NAMES) // 7])
@pytest.mark.parametrize("spoil", SPOILS.values(), ids=list(SPOILS))
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_weights_of_another_architecture_are_one_clear_error(tmp_path, name, spoil, precision):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(save(spoil(load(read_weights(None)), name)))
    with pytest.raises(EncoderError, match="damaged or of another model"):
        BundledEncoder(path, device="cpu", precision=precision).encode_sentences([SENTENCE])
