import hashlib
import itertools
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.datasets.phantoms.draw import draw_phantom
from medcutmix_cli.datasets.phantoms.painting import paint
from medcutmix_cli.datasets.phantoms.records import LOCAL_FINDINGS
from medcutmix_cli.datasets.phantoms.reports import lesion_sentence
from medcutmix_cli.encoders import bundled_weights
from medcutmix_cli.encoders.base import Picture
from medcutmix_cli.encoders.bundled import BundledEncoder
from medcutmix_cli.encoders.bundled_inputs import MAX_TOKENS, tokens_of, windows_of
from medcutmix_cli.errors import EncoderError
from medcutmix_cli.images.placement import letterbox
from medcutmix_cli.images.shrink import shrink

FIRST_SEED = 4_000_000  # neither trained on (from 1,000,000), watched (2,000,000) nor evaluated (3,000,000)
SENTENCE = "There is a moderate left pleural effusion."


def on_canvas(plane, side=448):
    place = letterbox(plane.shape[0], plane.shape[1], side)
    canvas = np.zeros((side, side), np.uint8)
    inside = canvas[place.top : place.top + place.height, place.left : place.left + place.width]
    inside[...] = shrink(plane, place.height, place.width)
    return canvas


def make_canvas(seed=FIRST_SEED, findings=("pleural_effusion",), height=448):
    painted = paint(draw_phantom(seed, findings=findings), height)
    return on_canvas(np.round(painted.image * 255).astype(np.uint8))


def scores_of(canvas, sentence=SENTENCE, encoder=None):
    encoder = encoder or BundledEncoder()
    [query] = encoder.encode_sentences([sentence])
    [image] = encoder.encode_images([Picture("i", canvas, letterbox(*canvas.shape, canvas.shape[0]))])
    return encoder.attend(image, query.features).scores


def packaged_weights():
    return resources.files("medcutmix_cli.encoders").joinpath("weights/bundled.safetensors").read_bytes()


def test_the_map_is_a_finite_float16_grid_over_the_canvas():
    scores = scores_of(make_canvas())
    assert scores.shape == BundledEncoder().card.grid == (14, 14)
    assert scores.dtype == np.float16
    assert np.isfinite(scores).all()


def test_the_card_names_the_weights_by_their_hash_and_says_that_it_is_a_demonstration():
    card = BundledEncoder().card
    assert card.weights_sha256 == hashlib.sha256(packaged_weights()).hexdigest()
    assert card.demonstration
    assert card.map_kind == "trained-local"
    assert "phantoms" in card.note


def test_the_weights_in_the_package_are_small():
    assert len(packaged_weights()) <= 8_000_000


def test_the_same_picture_and_sentence_give_the_same_bits_every_time():
    canvas = make_canvas()
    first = scores_of(canvas)
    assert all(np.array_equal(first, scores_of(canvas)) for _ in range(3))


@pytest.fixture
def two_torch_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_torch_threads")
def test_the_number_of_threads_that_torch_was_given_changes_no_bit():
    canvas = make_canvas()
    first = scores_of(canvas)
    torch.set_num_threads(1)
    assert np.array_equal(first, scores_of(canvas))


def test_threads_that_encode_at_the_same_time_give_the_bits_of_one():
    canvases = [make_canvas(FIRST_SEED + i, height=224) for i in range(6)]
    alone = [scores_of(canvas) for canvas in canvases]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(scores_of, canvases * 3))
    assert all(np.array_equal(a, b) for a, b in zip(alone * 3, together, strict=True))


def test_a_sentence_does_not_know_which_others_are_encoded_with_it():
    encoder = BundledEncoder()
    words = [SENTENCE, "A 4 cm mass is seen in the right upper lobe, with adjacent atelectasis.", "Nodule."]
    together = encoder.encode_sentences(words)
    alone = [encoder.encode_sentences([word])[0] for word in words]
    assert all(
        np.array_equal(a.features.query, b.features.query) for a, b in zip(together, alone, strict=True)
    )


def test_a_darker_picture_of_less_contrast_keeps_its_peak_nearby():
    canvas = make_canvas()
    dim = np.round(canvas * 0.6).astype(np.uint8)
    peaks = [np.array(divmod(int(scores_of(c).argmax()), 14)) for c in (canvas, dim)]
    assert np.abs(peaks[0] - peaks[1]).max() <= 1


@pytest.mark.parametrize(
    "canvas",
    [
        pytest.param(np.zeros((448, 448), np.uint8), id="all-black"),
        pytest.param(np.full((448, 448), 255, np.uint8), id="all-white"),
        pytest.param(np.full((112, 112), 7, np.uint8), id="flat-and-smaller-than-the-network-sees"),
        pytest.param(np.eye(1008, dtype=np.uint8), id="large-and-almost-black"),
    ],
)
def test_a_picture_without_a_picture_still_gives_a_finite_map(canvas):
    assert np.isfinite(scores_of(canvas)).all()


@pytest.mark.parametrize(
    "canvas",
    [
        pytest.param(np.zeros((448, 447), np.uint8), id="not-square"),
        pytest.param(np.zeros((448, 448), np.uint16), id="16-bits"),
        pytest.param(np.zeros((448, 448, 3), np.uint8), id="colour"),
        pytest.param(np.zeros((0, 0), np.uint8), id="empty"),
    ],
)
def test_what_is_no_canvas_is_refused(canvas):
    with pytest.raises(EncoderError, match="square uint8 canvas"):
        BundledEncoder().encode_images([Picture("i", canvas, letterbox(448, 448, 448))])


def test_a_sentence_without_a_word_is_refused():
    with pytest.raises(EncoderError, match="no word"):
        BundledEncoder().encode_sentences([SENTENCE, " ___ "])


@given(st.text(min_size=1, max_size=400))
def test_any_sentence_with_a_word_has_a_finite_query(text):
    [query] = BundledEncoder().encode_sentences([text + " x"])
    assert np.isfinite(query.features.query).all()


@given(st.integers(min_value=1, max_value=400))
def test_windows_hold_every_token_and_none_is_too_long(count):
    tokens = tokens_of(" ".join(str(i) for i in range(count)))
    windows = list(windows_of(tokens))
    assert max(map(len, windows)) <= MAX_TOKENS
    assert {token for window in windows for token in window} == set(tokens)


def test_words_after_the_first_window_still_count():
    filler = "the study is otherwise as it was before " * 12
    encoder = BundledEncoder()
    left, right = encoder.encode_sentences([filler + "left effusion", filler + "right effusion"])
    assert not np.array_equal(left.features.query, right.features.query)


def test_missing_weights_are_one_clear_error(tmp_path):
    with pytest.raises(EncoderError, match="cannot be read") as raised:
        _ = BundledEncoder(tmp_path / "none.safetensors").card
    assert "none.safetensors" in str(raised.value)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda content: content[: len(content) // 2], id="cut-short"),
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda _: b"\x02\x00\x00\x00\x00\x00\x00\x00{}", id="of-no-tensors"),
    ],
)
def test_damaged_weights_are_one_clear_error(tmp_path: Path, spoil):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(spoil(packaged_weights()))
    with pytest.raises(EncoderError, match="damaged or of another model"):
        BundledEncoder(path).encode_sentences([SENTENCE])


def peak_is_near(scores, mask):
    """The middle of the peak cell is at most half a cell from a lesion pixel."""
    cell = mask.shape[0] // 14
    row, column = divmod(int(scores.argmax()), 14)
    ys, xs = np.nonzero(mask)
    apart = np.hypot(ys + 0.5 - (row + 0.5) * cell, xs + 0.5 - (column + 0.5) * cell)
    return apart.min() <= cell / 2


def pointed(finding, seed):
    """Whether the map of a held-out sentence peaks in the lesion of a fresh phantom."""
    phantom = draw_phantom(seed, findings=[finding])
    painted = paint(phantom, 448)
    index = next(i for i in painted.masks if phantom.lesions[i].finding == finding)
    sentence = lesion_sentence(phantom.lesions[index], np.random.default_rng(seed), "held-out")
    scores = scores_of(on_canvas(np.round(painted.image * 255).astype(np.uint8)), sentence)
    return peak_is_near(scores, on_canvas(painted.masks[index].astype(np.uint8) * 255) >= 128)


def test_the_peak_lies_in_the_lesion_of_most_fresh_phantoms():
    shares = {f: np.mean([pointed(f, FIRST_SEED + i) for i in range(10)]) for f in LOCAL_FINDINGS}
    assert np.mean(list(shares.values())) >= 0.85
    assert min(shares.values()) >= 0.5  # ten phantoms a finding: one lesion is a tenth


def bilateral_effusions(count):
    seeds = range(FIRST_SEED, FIRST_SEED + 1000)
    phantoms = (draw_phantom(seed, findings=["pleural_effusion"]) for seed in seeds)
    return list(itertools.islice((p for p in phantoms if p.lesions[0].side == "bilateral"), count))


def test_the_side_in_the_sentence_moves_the_peak():
    right = []
    for phantom in bilateral_effusions(8):
        canvas = on_canvas(np.round(paint(phantom, 320).image * 255).astype(np.uint8))
        for side in ("left", "right"):
            column = int(scores_of(canvas, f"There is a moderate {side} pleural effusion.").argmax()) % 14
            right.append((column >= 7) == (side == "left"))  # the patient's left is the picture's right
    assert np.mean(right) >= 0.85


def test_the_packaged_weights_are_read_once_for_hash_and_network(monkeypatch):
    monkeypatch.setattr(bundled_weights, "_packaged", cache(bundled_weights._packaged.__wrapped__))
    content = bundled_weights.read_weights(None)
    assert bundled_weights.read_weights(None) is content
    assert bundled_weights.weights_sha256(None, content) == hashlib.sha256(content).hexdigest()
    assert bundled_weights.weights_sha256(Path("other"), b"x") == hashlib.sha256(b"x").hexdigest()
