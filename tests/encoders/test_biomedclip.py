import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import BertTokenizer

import medcutmix_cli
from medcutmix_cli.attention import attention_mass
from medcutmix_cli.encoders.base import Picture
from medcutmix_cli.encoders.biomedclip import METHODS, BiomedClip
from medcutmix_cli.encoders.biomedclip_release import load_release, tokens_of
from medcutmix_cli.encoders.geometry import FITS
from medcutmix_cli.encoders.runtime import Runtime
from medcutmix_cli.errors import EncoderError
from medcutmix_cli.images.placement import letterbox
from medcutmix_cli.inspection.verification import verify
from medcutmix_cli.run.shards import read_head
from tests.reference.biomedclip import layout
from tests.trees import write_manifest

GOLDEN = Path(__file__).resolve().parents[1] / "reference" / "biomedclip"
LONG = "small pleural effusion, " * 100
EVERY_WAY = [pytest.param(method, fit, id=f"{method}-{fit}") for method in METHODS for fit in FITS]


def on_canvas(grey, side):
    place = letterbox(*grey.shape, side)
    canvas = np.zeros((side, side), np.uint8)
    inside = canvas[place.top : place.top + place.height, place.left : place.left + place.width]
    inside[...] = cv2.resize(grey, (place.width, place.height), interpolation=cv2.INTER_AREA)
    return Picture("i", canvas, place)


def make_picture(height, width, side=0):
    return on_canvas(layout.picture(height, width), side or max(height, width))


@pytest.fixture(scope="module")
def reduced(tmp_path_factory):
    return layout.write_release(tmp_path_factory.mktemp("biomedclip") / "reduced", layout.REDUCED)


@pytest.fixture(scope="module")
def brightness(tmp_path_factory):
    folder = tmp_path_factory.mktemp("biomedclip") / "brightness"
    return layout.write_release(folder, layout.TOY, changed=seeing_brightness())


def seeing_brightness():
    """Weights of the toy size that find whatever is bright, for any sentence.

    A patch becomes level + brightness * slope, two directions that no layer norm mixes; attention is uniform and
    hands on what it sees; every sentence becomes the direction of the slope.
    """
    wide, embed, hidden = layout.TOY.width, layout.TOY.embed, (layout.TOY.text_width + layout.TOY.embed) // 2
    level = torch.tensor([1.0, -1.0]).repeat(wide // 2)
    slope = torch.tensor([1.0, -1.0]).repeat_interleave(wide // 2)
    plain = {f"{name}.weight": torch.ones(wide) for name in ("blocks.0.norm1", "blocks.0.norm2", "norm")}
    image = {
        **plain,
        **{name.replace("weight", "bias"): torch.zeros(wide) for name in plain},
        "cls_token": level.view(1, 1, wide),
        "pos_embed": torch.zeros(1, 197, wide),
        "patch_embed.proj.weight": (slope / (3 * 256)).view(wide, 1, 1, 1).repeat(1, 3, 16, 16),
        "patch_embed.proj.bias": level,
        "blocks.0.attn.qkv.weight": torch.cat([torch.zeros(2 * wide, wide), torch.eye(wide)]),
        "blocks.0.attn.qkv.bias": torch.zeros(3 * wide),
        "blocks.0.attn.proj.weight": torch.eye(wide),
        "blocks.0.attn.proj.bias": torch.zeros(wide),
        "blocks.0.mlp.fc2.weight": torch.zeros(wide, 4 * wide),
        "blocks.0.mlp.fc2.bias": torch.zeros(wide),
    }
    last = "text.transformer.encoder.layer.0.output.LayerNorm"
    first = torch.zeros(hidden, layout.TOY.text_width)
    first[0, 0] = 4
    head, second = torch.zeros(embed, wide), torch.zeros(embed, hidden)
    head[0], head[1], second[0, 0] = slope / wide, level / wide, 1
    return {
        **{f"visual.trunk.{name}": tensor for name, tensor in image.items()},
        "visual.head.proj.weight": head,
        f"{last}.weight": torch.zeros(layout.TOY.text_width),
        f"{last}.bias": torch.eye(layout.TOY.text_width)[0],
        "text.proj.0.weight": first,
        "text.proj.2.weight": second,
    }


def loaded(folder):
    return load_release(folder, Runtime("cpu"))


def scores_of(encoder, picture, sentence="Opacity."):
    [query] = encoder.encode_sentences([sentence])
    [image] = encoder.encode_images([picture])
    return encoder.attend(image, query.features).scores


def assert_equals_open_clip(folder, golden, every):
    """Pixels and token ids exactly, embeddings and patch tokens to 1e-5; logits are 85 times a cosine."""
    towers, encoder = loaded(folder).towers, BiomedClip(folder, "cpu")
    pictures = [make_picture(*shape) for shape in layout.PICTURES]
    pixels = torch.from_numpy(np.stack([encoder._look(picture, 224).pixels for picture in pictures]))
    with Runtime("cpu").scope():
        image = towers.visual.embedding(pixels)
        patches = towers.visual.patches(pixels)[:, ::every]
        fine = towers.visual.standardise(pixels)[:, :, ::37, ::41]
    texts = np.stack([query.features for query in encoder.encode_sentences(layout.SENTENCES)])
    scale = np.exp(np.float32(4.45))
    np.testing.assert_array_equal(fine, golden["normalised"])
    np.testing.assert_allclose(image, golden["image"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(patches, units(golden["patches"]), rtol=0, atol=1e-5)
    np.testing.assert_allclose(texts / scale, units(golden["text"]), rtol=0, atol=1e-5)
    np.testing.assert_allclose(units(image.numpy()) @ texts.T, golden["logits"], rtol=0, atol=1e-5 * scale)


def units(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def test_both_towers_equal_those_of_open_clip(reduced):
    assert_equals_open_clip(reduced, np.load(GOLDEN / "reduced.npz"), every=2)


@pytest.mark.skipif(
    os.environ.get("MEDCUTMIX_REFERENCE") != "full", reason="MEDCUTMIX_REFERENCE is not 'full'"
)
def test_both_towers_equal_those_of_open_clip_at_the_released_size(tmp_path):
    folder = layout.write_release(tmp_path / "released", layout.RELEASED)
    assert_equals_open_clip(folder, np.load(GOLDEN / "released.npz"), every=28)


def test_pixels_are_those_of_open_clips_transform(reduced):
    seen = [BiomedClip(reduced)._look(make_picture(*shape), 224).pixels for shape in layout.PICTURES]
    np.testing.assert_array_equal(np.stack(seen), np.load(GOLDEN / "reduced.npz")["pixels"])


@pytest.mark.parametrize("files", ["vocab.txt", "tokenizer.json"])
def test_tokens_are_those_of_open_clips_tokenizer(reduced, tmp_path, files):
    folder = layout.write_release(tmp_path / "own", layout.REDUCED)
    if files == "tokenizer.json":
        BertTokenizer.from_pretrained(str(reduced), model_max_length=8).save_pretrained(str(folder))
        (folder / "vocab.txt").unlink(missing_ok=True)
    for sentence, padded in zip(layout.SENTENCES, np.load(GOLDEN / "reduced.npz")["ids"], strict=True):
        ids = tokens_of(loaded(folder).tokenizer, sentence)
        assert ids == padded[: len(ids)].tolist()
        assert not padded[len(ids) :].any()


def test_the_value_path_is_attention_of_each_patch_to_itself_alone(reduced):
    visual = loaded(reduced).towers.visual
    pixels = torch.from_numpy(layout.picture(224, 224))[None]
    with Runtime("cpu").scope():
        tokens = visual.before_last(pixels)
        values = visual.trunk.last.attn.values(visual.trunk.last.norm1(tokens))
        alone = visual.project_tokens(visual.trunk.last.mix_tokens(tokens, values, torch.eye(197)))
        np.testing.assert_allclose(visual.value_path(pixels), units(alone[:, 1:].numpy()), rtol=0, atol=1e-6)


def test_relevance_is_attention_times_how_much_more_of_it_would_help(reduced):
    visual = loaded(reduced).towers.visual
    [image] = BiomedClip(reduced, "cpu", method="gradient").encode_images([make_picture(224, 224)])
    [query] = BiomedClip(reduced, "cpu").encode_sentences(layout.SENTENCES[:1])
    tokens, wanted = torch.from_numpy(image.tokens)[None], torch.from_numpy(query.features)
    last = visual.trunk.last
    attention, values = last.attention(tokens)[:, :, :1], last.attn.values(last.norm1(tokens))

    def logit(changed):
        whole = visual.project_tokens(last.mix_tokens(tokens[:, :1], values, changed))[0, 0]
        return float(torch.nn.functional.normalize(whole, dim=0).double() @ wanted.double())

    found = visual.relevance(tokens, wanted).numpy()
    for cell in (int(found.argmax()), 0, 100):
        slopes = []
        for head in range(3):
            step = torch.zeros_like(attention)
            step[0, head, 0, 1 + cell] = 0.02
            slopes.append((logit(attention + step) - logit(attention - step)) / 0.04)
        helped = np.maximum(np.array(slopes) * attention[0, :, 0, 1 + cell].numpy(), 0).mean()
        assert found[cell] == pytest.approx(helped, rel=0.02, abs=1e-4)


def test_softmax_gives_the_gradient_map_back(reduced):
    encoder = BiomedClip(reduced, "cpu", method="gradient", fit="letterbox")
    picture = make_picture(224, 224)
    [image], [query] = encoder.encode_images([picture]), encoder.encode_sentences(layout.SENTENCES[:1])
    visual = loaded(reduced).towers.visual
    relevance = visual.relevance(
        torch.from_numpy(image.tokens)[None], torch.from_numpy(query.features)
    ).numpy()
    mass = attention_mass(encoder.attend(image, query.features).scores.astype(np.float32))
    np.testing.assert_allclose(mass.ravel(), relevance / relevance.sum(), rtol=0.01, atol=1e-5)


@settings(max_examples=60)
@given(
    shape=st.sampled_from([(336, 279), (271, 336), (335, 335), (901, 667), (150, 151)]),
    place=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    way=st.sampled_from([(method, fit) for method in METHODS for fit in FITS]),
)
def test_a_bright_square_on_black_comes_back_where_it_was(brightness, shape, place, way):
    encoder = BiomedClip(brightness, "cpu", method=way[0], fit=way[1])
    height, width = shape
    seen = shape if way[1] == "letterbox" else (min(shape), min(shape))
    size = round(max(shape) * 3 / 14)
    top, left = (
        (whole - part) // 2 + int(share * (part - size))
        for whole, part, share in zip(shape, seen, place, strict=True)
    )
    grey = np.zeros(shape, np.uint8)
    grey[top : top + size, left : left + size] = 255
    picture = on_canvas(grey, encoder.card.reads)
    y, x = middle(scores_of(encoder, picture), way[0]) * picture.placement.canvas
    at = picture.placement
    half_a_cell = encoder.card.reads / 14 / 2
    assert abs(y - at.top - (top + size / 2) * at.height / height) <= half_a_cell + 1
    assert abs(x - at.left - (left + size / 2) * at.width / width) <= half_a_cell + 1


def middle(scores, method):
    """Where the middle of the evidence is, (y, x) in canvas fractions; a cell weighs what it has above the least."""
    evidence = np.exp(scores.astype(np.float32)) if method == "gradient" else scores.astype(np.float32)
    weights = np.nan_to_num(evidence - np.nanmin(evidence))
    centres = (np.indices(scores.shape) + 0.5) / len(scores)
    return (centres * weights).sum(axis=(1, 2)) / weights.sum()


@pytest.mark.parametrize(
    ("shape", "fit", "rows", "columns"),
    [
        pytest.param((336, 224), "published", (5, 23), (5, 23), id="tall-loses-top-and-bottom"),
        pytest.param((224, 336), "published", (5, 23), (5, 23), id="wide-loses-its-sides"),
        pytest.param((224, 224), "letterbox", (0, 14), (0, 14), id="whole-square"),
        pytest.param((224, 128), "letterbox", (0, 14), (3, 11), id="bars-hold-nothing"),
    ],
)
def test_cells_that_were_not_seen_hold_nan(brightness, shape, fit, rows, columns):
    encoder = BiomedClip(brightness, "cpu", fit=fit)
    scores = scores_of(encoder, make_picture(*shape, side=encoder.card.reads))
    expected = np.zeros(scores.shape, np.bool_)
    expected[slice(*rows), slice(*columns)] = True
    np.testing.assert_array_equal(np.isfinite(scores), expected)


@pytest.mark.parametrize(("method", "fit"), EVERY_WAY)
def test_what_else_is_encoded_changes_no_bit(reduced, method, fit):
    encoder = BiomedClip(reduced, "cpu", method=method, fit=fit)
    pictures = [make_picture(240 + 19 * i, 250, 336) for i in range(2)]
    sentences = layout.SENTENCES
    together = encoder.encode_images(pictures), encoder.encode_sentences(sentences)
    for picture, image in zip(pictures, together[0], strict=True):
        [alone] = encoder.encode_images([picture])
        for sentence, query in zip(sentences, together[1], strict=True):
            [own] = encoder.encode_sentences([sentence])
            maps = encoder.attend(image, query.features), encoder.attend(alone, own.features)
            np.testing.assert_array_equal(maps[0].scores, maps[1].scores)


@pytest.mark.parametrize("method", METHODS)
def test_threads_that_encode_at_the_same_time_give_the_bits_of_one(tmp_path, method):
    folder = layout.write_release(tmp_path / "own", layout.REDUCED)  # not loaded before: they race for it
    encoder = BiomedClip(folder, "cpu", method=method)
    pictures = [make_picture(240 + 7 * i, 250, 336) for i in range(4)]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda picture: scores_of(encoder, picture), pictures))
    for picture, scores in zip(pictures, together, strict=True):
        np.testing.assert_array_equal(scores, scores_of(encoder, picture))


def test_the_card_says_what_the_release_is(reduced):
    card = BiomedClip(reduced, "cpu").card
    assert (card.name, card.map_kind, card.licence) == ("biomedclip", "untrained-local", "MIT")
    assert (card.grid, card.reads, card.text_limit) == ((28, 28), 336, 256)
    assert len(card.weights_sha256) == 64
    whole = BiomedClip(reduced, "cpu", fit="letterbox").card
    assert (whole.grid, whole.reads) == ((14, 14), 224)
    assert whole.weights_sha256 == card.weights_sha256


def test_other_weights_have_another_hash(reduced, brightness):
    assert BiomedClip(reduced, "cpu").card.weights_sha256 != BiomedClip(brightness, "cpu").card.weights_sha256


def test_a_sentence_beyond_the_limit_is_refused_by_name(reduced):
    short, long = BiomedClip(reduced, "cpu").encode_sentences(["No effusion.", LONG])
    assert (short.refused, long.refused, long.features) == ("", "sentence-too-long", None)


def test_a_sentence_beyond_the_limit_is_cut_and_counted_where_asked(reduced):
    encoder = BiomedClip(reduced, "cpu", long_text="truncate")
    [query] = encoder.encode_sentences([LONG])
    count = len(tokens_of(loaded(reduced).tokenizer, LONG))
    assert query.cut_tokens == count - 256 > 0
    with_end = loaded(reduced).tokenizer.decode(tokens_of(loaded(reduced).tokenizer, LONG)[1:255])
    [same] = encoder.encode_sentences([with_end])
    np.testing.assert_array_equal(query.features, same.features)


def test_a_sentence_without_a_word_is_refused(reduced):
    with pytest.raises(EncoderError, match="no word"):
        BiomedClip(reduced, "cpu").encode_sentences(["Opacity.", " \n"])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("precision", "bits"), [("bf16", 8), ("fp16", 11)])
def test_half_precision_gives_nearly_the_same_map_with_its_peak_in_the_same_cell(
    reduced, method, precision, bits
):
    exact = BiomedClip(reduced, "cpu", method=method, fit="letterbox")
    picture = make_picture(224, 224)
    full, half = (scores_of(encoder, picture) for encoder in (exact, replace(exact, precision=precision)))
    error = np.abs(full - half) / np.ptp(full)
    assert 0 < error.mean() < 8 * 2.0**-bits  # in units of the mantissa, of the map's range
    # A gradient near 0 may change its sign, and what was cut off by the rectifier then shows in a few cells.
    assert error.max() < (0.25 if method == "gradient" else 8 * 2.0**-bits)
    assert full.argmax() == half.argmax()


@pytest.mark.parametrize(
    "options", [{"method": "rollout"}, {"fit": "squash"}, {"long_text": "cut"}, {"device": "tpu"}], ids=str
)
def test_an_option_there_is_not_is_refused(options):
    with pytest.raises(ValueError, match="must be"):
        BiomedClip(**options)


@pytest.mark.parametrize(
    "name", ["open_clip_config.json", "open_clip_pytorch_model.bin", "vocab.txt", "tokenizer_config.json"]
)
def test_a_missing_file_is_one_error_with_the_command_that_fetches_it(tmp_path, name):
    folder = layout.write_release(tmp_path / "own", layout.TOY)
    (folder / name).unlink()
    with pytest.raises(EncoderError) as raised:
        _ = BiomedClip(folder, "cpu").card
    told = str(raised.value)
    assert name in told
    command = "hf download microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224 --local-dir biomedclip"
    assert command in f"{told} {raised.value.hint}"


def without(name):
    def spoil(folder):
        path = folder / "open_clip_pytorch_model.bin"
        tensors = torch.load(path, weights_only=True)
        torch.save({key: value for key, value in tensors.items() if key != name}, path)

    return spoil


def cut_short(folder):
    path = folder / "open_clip_pytorch_model.bin"
    path.write_bytes(path.read_bytes()[:5000])


def configured(part, **changes):
    def spoil(folder):
        path = folder / "open_clip_config.json"
        config = json.loads(path.read_text())
        (config if part == "preprocess_cfg" else config["model_cfg"])[part].update(changes)
        path.write_text(json.dumps(config))

    return spoil


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        pytest.param(cut_short, "cannot be read", id="cut-short"),
        pytest.param(
            without("visual.trunk.blocks.0.mlp.fc2.bias"), "another architecture", id="a-bias-is-missing"
        ),
        pytest.param(without("visual.head.proj.weight"), "another architecture", id="a-size-is-missing"),
        pytest.param(configured("vision_cfg", image_size=384), "another architecture", id="other-input"),
        pytest.param(configured("vision_cfg", timm_model_name="resnet50"), "timm_model_name", id="no-vit"),
        pytest.param(
            configured("text_cfg", hf_pooler_type="mean_pooler"), "hf_pooler_type", id="other-pooling"
        ),
        pytest.param(configured("preprocess_cfg", resize_mode="squash"), "resize_mode", id="other-resize"),
        pytest.param(configured("preprocess_cfg", mean=[0.5]), "mean and std", id="one-channel"),
        pytest.param(lambda f: (f / "vocab.txt").write_text("word\n"), "tokenizer", id="no-word-list"),
    ],
)
def test_what_is_not_the_release_is_one_clear_error(tmp_path, spoil, told):
    folder = layout.write_release(tmp_path / "own", layout.TOY)
    spoil(folder)
    with pytest.raises(EncoderError, match=told):
        _ = BiomedClip(folder, "cpu").card


@pytest.mark.parametrize("method", METHODS)
def test_a_random_checkpoint_augments_a_data_set(tmp_path, method):
    folder = layout.write_release(tmp_path / "release", layout.TOY)
    source = write_manifest(tmp_path / "in")
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(f'[encoder.options]\nmethod = "{method}"\n')
    out = tmp_path / "out"
    status = medcutmix_cli.augment(
        source,
        out,
        config=recipe,
        encoder="biomedclip",
        weights=folder,
        device="cpu",
        gate="none",
        align="none",
        unmixed="drop",
        workers=2,
    )
    assert status.planned == status.written + sum(status.rejected.values()) > 0
    assert status.written > 0
    assert verify(out, deep=True).ok
    [shard] = (out / "data").glob("*.parquet")
    assert "biomedclip" in str(read_head(shard))
