"""The tiny checkpoints here are random, or written by hand so that attention goes where a picture is bright."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from transformers import BertTokenizer, BlipConfig, BlipForImageTextRetrieval
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

import medcutmix_cli
from medcutmix_cli.attention import attention_mass
from medcutmix_cli.configuration.plugins import build
from medcutmix_cli.encoders.base import Picture
from medcutmix_cli.encoders.blip import Blip
from medcutmix_cli.errors import EncoderError, UsageError
from medcutmix_cli.images.placement import letterbox
from medcutmix_cli.images.shrink import shrink
from medcutmix_cli.inspection.verification import verify
from tests.trees import write_manifest

SIDE, GRID, DEPTH, HEADS = 48, 6, 9, 2
SENTENCE = "There is a small right pleural effusion."
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "effusion", "right", "left", "pleural", "small", "."]
LETTERS = [chr(code) for code in range(ord("a"), ord("z") + 1)]
VOCABULARY = [*WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS), "[DEC]", "[ENC]"]


def make_config(side=SIDE, depth=DEPTH):
    text = {
        "vocab_size": len(VOCABULARY),
        "hidden_size": 16,
        "encoder_hidden_size": 16,
        "intermediate_size": 24,
        "num_hidden_layers": depth,
        "num_attention_heads": HEADS,
        "max_position_embeddings": 40,
        "bos_token_id": VOCABULARY.index("[DEC]"),
        "pad_token_id": 0,
        "sep_token_id": 3,
        "initializer_range": 0.5,
    }
    vision = {
        "hidden_size": 16,
        "intermediate_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": side,
        "patch_size": 8,
        "initializer_range": 0.5,
    }
    return BlipConfig(text_config=text, vision_config=vision, image_text_hidden_size=8)


def write_checkpoint(folder, model):
    model.save_pretrained(folder)
    side = model.config.vision_config.image_size
    BlipImageProcessorPil(size={"height": side, "width": side}).save_pretrained(folder)
    words = {word: number for number, word in enumerate(VOCABULARY)}
    BertTokenizer(vocab=words, model_max_length=40).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def random_folder(tmp_path_factory):
    torch.manual_seed(3)
    return write_checkpoint(tmp_path_factory.mktemp("blip"), BlipForImageTextRetrieval(make_config()))


@pytest.fixture(scope="module")
def bright_folder(tmp_path_factory):
    model = BlipForImageTextRetrieval(make_config(side=96, depth=1))
    look_at_what_is_bright(model)
    return write_checkpoint(tmp_path_factory.mktemp("bright"), model)


@torch.no_grad()
def look_at_what_is_bright(model):
    """A cell's state says whether it is bright, every word asks for that."""
    vision = model.vision_model
    for parameter in vision.embeddings.parameters():
        parameter.zero_()
    vision.embeddings.patch_embedding.weight[0] = 1 / 192
    vision.embeddings.patch_embedding.weight[1] = -1 / 192
    for layer in vision.encoder.layers:
        for part in (layer.self_attn.projection, layer.mlp.fc2):
            part.weight.zero_(), part.bias.zero_()
    looking = model.text_encoder.encoder.layer[0].crossattention.self
    for part in (looking.query, looking.key):
        part.weight.zero_(), part.bias.zero_()
    for first in range(0, 16, 16 // HEADS):
        looking.key.weight[first, 0] = 1.0
        looking.query.bias[first] = 4.0


def make_picture(plane, canvas=224, image_id="i"):
    place = letterbox(plane.shape[0], plane.shape[1], canvas)
    pixels = np.zeros((canvas, canvas), np.uint8)
    inside = pixels[place.top : place.top + place.height, place.left : place.left + place.width]
    inside[...] = shrink(plane, place.height, place.width)
    return Picture(image_id, pixels, place)


def noise(seed=0, height=80, width=64):
    return np.random.default_rng(seed).integers(1, 256, (height, width), dtype=np.uint8)


def own_pixels(picture):
    at = picture.placement
    return picture.pixels[at.top : at.top + at.height, at.left : at.left + at.width]


def encoded(encoder, picture, sentence=SENTENCE):
    return encoder.encode_images([picture])[0], encoder.encode_sentences([sentence])[0].features


def scores_of(encoder, picture, sentence=SENTENCE):
    return encoder.attend(*encoded(encoder, picture, sentence)).scores


def by_transformers(folder, picture, sentence=SENTENCE, first=None):
    """The same by the library's own classes: cross-attentions (layers, heads, length, 1 + cells), and ITM scores."""
    model = BlipForImageTextRetrieval.from_pretrained(folder, attn_implementation="eager").eval()
    rgb = Image.fromarray(own_pixels(picture)).convert("RGB")
    pixels = BlipImageProcessorPil.from_pretrained(folder)(rgb, return_tensors="pt")["pixel_values"]
    ids = BertTokenizer.from_pretrained(folder)(sentence, return_tensors="pt")["input_ids"]
    if first is not None:
        ids[0, 0] = first
    with torch.no_grad():
        states = model.vision_model(pixel_values=pixels).last_hidden_state
        read = model.text_encoder(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            encoder_hidden_states=states,
            encoder_attention_mask=torch.ones(states.shape[:-1], dtype=torch.long),
            output_attentions=True,
        )
        itm = model(input_ids=ids, pixel_values=pixels, attention_mask=torch.ones_like(ids)).itm_score
    return torch.cat(read.cross_attentions).numpy(), itm.numpy(), ids


@pytest.mark.parametrize(
    ("layers", "heads", "merge"),
    [
        pytest.param("7", "mean", lambda a: a[7].mean(axis=(0, 1)), id="the-default"),
        pytest.param("last", "mean", lambda a: a[-1].mean(axis=(0, 1)), id="the-last-layer"),
        pytest.param("all", "mean", lambda a: a.mean(axis=(0, 1, 2)), id="all-layers"),
        pytest.param("0, 5", "1", lambda a: a[[0, 5], 1].mean(axis=(0, 1)), id="two-layers-one-head"),
        pytest.param("6,7", "max", lambda a: a[6:8].max(axis=1).mean(axis=(0, 1)), id="the-strongest-head"),
    ],
)
def test_attention_equals_what_transformers_hands_out(random_folder, layers, heads, merge):
    picture = make_picture(noise())
    encoder = Blip(random_folder, layers=layers, heads=heads)
    reference, _, _ = by_transformers(random_folder, picture)
    wanted = merge(reference[:, :, 1:-1, 1:]).reshape(GRID, GRID)
    assert wanted.std() > 1e-3
    np.testing.assert_allclose(encoder.attention(*encoded(encoder, picture)), wanted, atol=1e-6, rtol=0)


def test_a_sentence_may_begin_with_enc_as_in_training(random_folder):
    picture, enc = make_picture(noise()), VOCABULARY.index("[ENC]")
    encoder = Blip(random_folder, begins_with="enc")
    reference, _, _ = by_transformers(random_folder, picture, first=enc)
    got = encoder.attention(*encoded(encoder, picture))
    wanted = reference[7][:, 1:-1, 1:].mean(axis=(0, 1)).reshape(GRID, GRID)
    np.testing.assert_allclose(got, wanted, atol=1e-6, rtol=0)
    assert not np.allclose(got, Blip(random_folder).attention(*encoded(Blip(random_folder), picture)))


def test_the_matching_score_is_untouched_by_reading_attention(random_folder):
    picture = make_picture(noise())
    encoder = Blip(random_folder, layers="all")
    _, wanted, ids = by_transformers(random_folder, picture)
    scores_of(encoder, picture)
    loaded = encoder._loaded
    seen = encoder._see(picture, SIDE)
    with torch.no_grad():
        got = loaded.towers(input_ids=ids, pixel_values=loaded.look.normalise(seen)[None]).itm_score
    np.testing.assert_allclose(got.numpy(), wanted, atol=1e-5)


def test_softmax_over_the_cells_gives_the_attention_back(random_folder):
    encoder = Blip(random_folder, fit="letterbox")
    image, query = encoded(encoder, make_picture(noise(height=80, width=80)))
    share = encoder.attention(image, query)
    np.testing.assert_allclose(
        attention_mass(encoder.attend(image, query).scores), share / share.sum(), rtol=0.01
    )


def test_the_card_says_cross_attention_grid_limit_and_what_to_read(random_folder):
    card = Blip(random_folder).card
    assert (card.name, card.map_kind, card.demonstration) == ("blip", "cross-attention", False)
    assert (card.grid, Blip(random_folder, fit="letterbox").card.grid) == ((2 * GRID, 2 * GRID), (GRID, GRID))
    assert (card.text_limit, card.reads, len(card.weights_sha256)) == (40, 112, 64)


def test_a_pair_does_not_know_what_else_is_encoded(random_folder):
    encoder = Blip(random_folder)
    pictures = [make_picture(noise(seed, height=60 + 9 * seed)) for seed in range(3)]
    sentences = [SENTENCE, "Effusion.", "A large left pleural effusion is seen."]
    together = zip(encoder.encode_images(pictures), encoder.encode_sentences(sentences), strict=True)
    maps = [encoder.attend(image, query.features).scores for image, query in together]
    alone = [scores_of(encoder, *pair) for pair in zip(pictures, sentences, strict=True)]
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(maps, alone, strict=True))


def test_threads_give_the_bits_of_one(random_folder):
    encoder = Blip(random_folder)
    pictures = [make_picture(noise(seed)) for seed in range(4)] * 3
    alone = [scores_of(encoder, picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda picture: scores_of(encoder, picture), pictures))
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(alone, together, strict=True))


@settings(max_examples=25)
@given(
    size=st.sampled_from([(151, 97), (97, 151), (120, 120), (203, 131), (100, 190)]),
    y=st.floats(0.15, 0.85),
    x=st.floats(0.15, 0.85),
    fit=st.sampled_from(["published", "letterbox"]),
)
def test_a_bright_square_comes_back_where_it_was(bright_folder, size, y, x, fit):
    height, width = size
    half = min(size) // 5
    plane = np.zeros(size, np.uint8)
    top, left = round(y * (height - 2 * half)), round(x * (width - 2 * half))
    plane[top : top + 2 * half, left : left + 2 * half] = 255
    picture = make_picture(plane)
    scores = scores_of(Blip(bright_folder, layers="0", fit=fit), picture)
    assert np.array_equal(np.isnan(scores), ~inside_cells(picture.placement, len(scores)))
    mass = attention_mass(np.where(scores > 0, scores, np.nan))
    centres = (np.arange(len(scores)) + 0.5) / len(scores)
    at, scale = picture.placement, max(size)
    middle_y = at.top / 224 + (top + half) / scale
    middle_x = at.left / 224 + (left + half) / scale
    assert abs((mass.sum(axis=1) * centres).sum() - middle_y) < 1 / 12
    assert abs((mass.sum(axis=0) * centres).sum() - middle_x) < 1 / 12


def inside_cells(at, cells):
    edges = np.linspace(0, 224, cells + 1)
    shares = [
        np.clip(np.minimum(edges[1:], first + length) - np.maximum(edges[:-1], first), 0, None) * cells / 224
        for first, length in ((at.top, at.height), (at.left, at.width))
    ]
    return np.outer(*shares) >= 0.5


def test_a_sentence_that_is_too_long_is_refused_or_cut_and_counted(random_folder):
    long = "left pleural effusion " * 14  # 42 tokens and two marks; the model takes 40
    [refused] = Blip(random_folder).encode_sentences([long])
    assert (refused.features, refused.refused) == (None, "sentence-too-long")
    [cut] = Blip(random_folder, long_text="truncate").encode_sentences([long])
    assert (len(cut.features), cut.cut_tokens, cut.features[-1]) == (40, 4, VOCABULARY.index("[SEP]"))


def test_a_sentence_without_a_word_is_refused(random_folder):
    with pytest.raises(EncoderError, match="no word"):
        Blip(random_folder).encode_sentences(["  "])


def test_missing_weights_are_one_error_with_the_command(tmp_path):
    with pytest.raises(EncoderError) as raised:
        _ = Blip(tmp_path).card
    assert "hf download Salesforce/blip-itm-base-coco --local-dir blip" in str(raised.value)


def spoilt(folder, tmp_path, name, **changes):
    copy = shutil.copytree(folder, tmp_path / "copy")
    path = copy / name
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return copy


def test_a_model_of_another_kind_is_refused(random_folder, tmp_path):
    with pytest.raises(EncoderError, match="not a 'blip'"):
        _ = Blip(spoilt(random_folder, tmp_path, "config.json", model_type="clip")).card


def test_weights_of_another_architecture_are_refused(random_folder, tmp_path):
    with pytest.raises(EncoderError, match="another architecture"):
        _ = Blip(spoilt(random_folder, tmp_path, "config.json", image_text_hidden_size=9)).card


def test_a_processor_of_another_size_is_refused(random_folder, tmp_path):
    size = {"height": 32, "width": 32}
    with pytest.raises(EncoderError, match="wants 48 x 48"):
        _ = Blip(spoilt(random_folder, tmp_path, "preprocessor_config.json", size=size)).card


def test_a_pickle_of_tensors_gives_the_same_map(random_folder, tmp_path):
    copy = shutil.copytree(random_folder, tmp_path / "copy")
    (copy / "model.safetensors").unlink()
    model = BlipForImageTextRetrieval.from_pretrained(random_folder)
    torch.save(model.state_dict(), copy / "pytorch_model.bin")
    picture = make_picture(noise())
    assert np.array_equal(
        scores_of(Blip(copy), picture), scores_of(Blip(random_folder), picture), equal_nan=True
    )


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"layers": "eighth"}, id="a-layer-in-words"),
        pytest.param({"layers": "-1"}, id="a-negative-layer"),
        pytest.param({"heads": ""}, id="no-head"),
        pytest.param({"fit": "crop"}, id="an-unknown-fit"),
        pytest.param({"begins_with": "bos"}, id="an-unknown-beginning"),
        pytest.param({"long_text": "ignore"}, id="an-unknown-rule"),
        pytest.param({"device": "tpu"}, id="an-unknown-device"),
    ],
)
def test_options_without_a_meaning_are_refused(options):
    with pytest.raises(UsageError, match="refuses its options"):
        build("encoder", "blip", options)


@pytest.mark.parametrize("option", ["layers", "heads"])
def test_a_layer_or_head_that_the_model_has_not_is_refused(random_folder, option):
    with pytest.raises(EncoderError, match=f"the model has {option} 0 to"):
        _ = Blip(random_folder, **{option: "12"}).card


def test_a_tiny_checkpoint_runs_the_whole_augment(random_folder, tmp_path):
    source = write_manifest(tmp_path / "in")
    status = medcutmix_cli.augment(
        source,
        tmp_path / "out",
        encoder="blip",
        weights=random_folder,
        gate="none",
        align="none",
        shard_size=5,
        workers=2,
    )
    assert status.balanced
    assert not status.failed
    assert status.planned == status.written + sum(status.rejected.values()) > 0
    assert verify(tmp_path / "out", deep=True).ok
